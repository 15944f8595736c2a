"""What is in the package and under which terms: the software bill of materials, and the licences' texts."""

from __future__ import annotations

import base64
import json
import platform
import re
import shutil
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[2]
CHAIN = Path(sys.prefix) / "chain"
IN_THE_CHAIN = ("@foundry-rs/", "@metamask/", "@uniswap/")
BUILD_ONLY = {"setuptools"}
_PIN = re.compile(r"([\w.-]+)==([\w.!+-]+)(?: ; ([^\\]+))?")


def bill_of_materials(version: str, epoch_s: int, libraries: list[tuple[str, str]]) -> str:
    """CycloneDX JSON of the locks and of the system's libraries that were bundled (name, version). No addresses."""
    components = [*_python_components(), *_node_components(), *_system_components(libraries)]
    body: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": f"evenkeel@{version}",
                "name": "evenkeel",
                "version": version,
                "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
            },
        },
        "components": components,
    }
    body["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(body, sort_keys=True))}"
    return json.dumps(body, indent=1, sort_keys=True) + "\n"


def pins(lock: str) -> list[tuple[str, str, str | None]]:
    """Name, version and marker of each line of a lock."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    return [(found[1], found[2], found[3]) for line in lines if (found := _PIN.match(line))]


def bundled_libraries(folder: Path) -> list[tuple[str, str]]:
    """Debian packages, each with its version, whose libraries were taken along."""
    names = sorted(path.name for path in folder.glob("*.so*") if not path.is_symlink())
    if shutil.which("dpkg-query") is None or not names:
        return []
    search = ["dpkg-query", "--search", *(f"*/{name}" for name in names)]
    found = subprocess.run(search, capture_output=True, text=True, check=False).stdout
    packages = sorted({line.split(":")[0] for line in found.splitlines() if "/gdb/" not in line})
    show = ["dpkg-query", "--show", "--showformat", "${Package} ${Version}\n", *packages]
    shown = subprocess.run(show, capture_output=True, text=True, check=True).stdout if packages else ""
    pairs = [line.split() for line in shown.splitlines()]
    return sorted({(name, version) for name, version in pairs})


def copy_licences(target: Path, libraries: list[tuple[str, str]]) -> None:
    """One folder for each part, with the texts that it came with; ours for those that came without."""
    target.mkdir(parents=True)
    for text in sorted((ROOT / "packaging" / "licences").glob("*.txt")):
        shutil.copyfile(text, target / text.name)
    shutil.copyfile(ROOT / "LICENSE", target / "GPL-3.0.txt")
    python = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    places = (Path(sys.base_prefix) / "lib" / python / "LICENSE.txt", Path("/usr/share/doc") / python / "copyright")
    shutil.copyfile(next(place for place in places if place.is_file()), target / "python.txt")
    for name, _, _ in _installed():
        _copy_texts(_texts_of(name), target / "python" / name)
    for folder in _node_folders():
        texts = [path for path in sorted(folder.iterdir()) if re.match(r"(?i)licen[cs]e|copying", path.name)]
        _copy_texts(texts, target / "node" / folder.name)
    for name, _ in libraries:
        _copy_texts([Path("/usr/share/doc") / name / "copyright"], target / "system" / name)


def _python_components() -> list[dict[str, Any]]:
    found = [_component("library", "python", platform.python_version(), "PSF-2.0", "pkg:generic/python")]
    found += [_component("library", name, version, terms, "pkg:pypi/" + name) for name, version, terms in _installed()]
    return found


def _installed() -> list[tuple[str, str, str]]:
    """Name, version and terms of what the lock puts on this system; PyInstaller's start code is in the executables."""
    here = [(name, version) for name, version, marker in pins("requirements.lock") if not marker or _holds(marker)]
    here += [(name, version) for name, version, _ in pins("requirements-dev.lock") if name == "pyinstaller"]
    return [(name, version, _terms(name)) for name, version in sorted(here) if name not in BUILD_ONLY]


def _holds(marker: str) -> bool:
    return Marker(marker.strip()).evaluate()


def _terms(name: str) -> str:
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        return ""
    return (about.get("License-Expression") or about.get("License") or "").partition("\n")[0]


def _texts_of(name: str) -> list[Path]:
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return []
    texts = [file for file in files if ".dist-info/" in str(file)]
    wanted = [file for file in texts if re.match(r"(?i)(licen[cs]e|copying|notice|authors)", file.name)]
    return sorted(Path(str(file.locate())) for file in wanted)


def _copy_texts(texts: list[Path], folder: Path) -> None:
    for text in texts:
        if text.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, folder / text.name)


def _node_components() -> list[dict[str, Any]]:
    lock = json.loads((ROOT / "packaging" / "chain" / "package-lock.json").read_text("utf-8"))
    found = []
    for place, entry in sorted(lock["packages"].items()):
        name = place.removeprefix("node_modules/")
        if name.startswith(IN_THE_CHAIN):
            kind, digest = entry["integrity"].split("-", 1)
            component = _component(
                "library", name, entry["version"], entry["license"], f"pkg:npm/{name.replace('@', '%40')}"
            )
            content = base64.b64decode(digest).hex()
            component["hashes"] = [{"alg": kind.upper().replace("SHA", "SHA-"), "content": content}]
            found.append(component)
    return found


def _node_folders() -> list[Path]:
    folders = [path for scope in IN_THE_CHAIN for path in (CHAIN / "node_modules" / scope).glob("*") if path.is_dir()]
    return sorted(folders)


def _system_components(libraries: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [_component("library", name, version, "", f"pkg:deb/debian/{name}") for name, version in libraries]


def _component(kind: str, name: str, version: str, terms: str, purl: str) -> dict[str, Any]:
    address = f"{purl}@{version.replace('+', '%2B').replace(':', '%3A')}"
    component: dict[str, Any] = {"type": kind, "bom-ref": address, "name": name, "version": version, "purl": address}
    if terms:
        component["licenses"] = [{"license": {"name": terms}}]
    return component
