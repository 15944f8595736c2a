"""From PyInstaller's folder to the portable archive, the Debian package, and the lists beside them.

python packaging/linux/assemble.py FROZEN OUT [--staged-only]   (SOURCE_DATE_EPOCH has to be set)
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from archives import manifest, md5_of, sha256_of, write_deb, write_tar
from contents import bill_of_materials, bundled_libraries, copy_licences

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MOST_BYTES = 120_000_000
DEPENDS = (
    "libc6 (>= 2.36), libgcc-s1, fontconfig, fonts-dejavu-core | fonts-freefont-ttf | fonts-noto-core, libdbus-1-3, "
    "libegl1, libfontconfig1, libfreetype6, libgl1, libglib2.0-0 | libglib2.0-0t64, libgssapi-krb5-2, "
    "libx11-6, libx11-xcb1, libxcb1, libxcb-glx0, libxcb-randr0, libxcb-render0, libxcb-shape0, libxcb-shm0, "
    "libxcb-sync1, libxcb-xfixes0, libxcb-xkb1, libxkbcommon0, libxkbcommon-x11-0, "
    "libwayland-client0, libwayland-cursor0, libwayland-egl1"
)
CONTROL = """\
Package: evenkeel
Version: {version}
Architecture: {architecture}
Maintainer: Evenkeel <evenkeel@localhost>
Installed-Size: {size_kib}
Depends: {depends}
Recommends: gnome-keyring | kwalletmanager | keepassxc
Section: misc
Priority: optional
Description: control panel that keeps balanced what drifts
 A maker grid whose entry sizes a governor skews, on-chain portfolios that are
 brought back to their weights, and a payment hub, in one window; and the same
 engines without a window. It starts in PAPER, on an exchange and a chain of
 its own. Removing the package leaves profiles alone.
"""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("frozen", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--staged-only", action="store_true", help="stop at the folders, before anything is compressed")
    asked = parser.parse_args()
    epoch_s = int(os.environ["SOURCE_DATE_EPOCH"])
    version = version_of_tree()
    machine = platform.machine().lower()
    program, system = asked.out / "stage" / "program", asked.out / "stage" / "system"
    shutil.rmtree(asked.out / "stage", ignore_errors=True)
    stage_program(asked.frozen, program, version, epoch_s)
    stage_system(program, system, version, epoch_s)
    (asked.out / "MANIFEST").write_text("\n".join(manifest(system)) + "\n")
    if asked.staged_only:
        return 0
    deb = asked.out / f"evenkeel_{version}_{ARCHITECTURES.get(machine, machine)}.deb"
    portable = asked.out / f"evenkeel-{version}-linux-{machine}.tar.xz"
    data = asked.out / "stage" / "data.tar.xz"
    write_tar(system, ".", data, epoch_s)
    write_deb(control_files(system, version, ARCHITECTURES.get(machine, machine)), data, deb, epoch_s)
    write_tar(program, f"evenkeel-{version}", portable, epoch_s)
    bill = asked.out / f"evenkeel-{version}.cdx.json"
    shutil.copyfile(program / "sbom.cdx.json", bill)
    shutil.copyfile(ROOT / "packaging" / "verify", asked.out / "verify")
    listed = sorted([deb, portable, bill, asked.out / "MANIFEST"])
    (asked.out / "SHA256SUMS").write_text("".join(f"{sha256_of(path)}  {path.name}\n" for path in listed))
    shutil.rmtree(asked.out / "stage")
    if "EVENKEEL_XZ" not in os.environ and deb.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{deb.name} has {deb.stat().st_size / 1e6:.0f} MB, and {MOST_BYTES / 1e6:.0f} MB is the most")
    for path in listed:
        sys.stdout.write(f"{path.stat().st_size / 1e6:8.1f} MB  {path}\n")
    return 0


def version_of_tree() -> str:
    found = re.search(r'__version__ = "(.+)"', (ROOT / "engine" / "__init__.py").read_text("utf-8"))
    assert found is not None
    return found[1]


def stage_program(frozen: Path, target: Path, version: str, epoch_s: int) -> None:
    """The program's folder, as the portable archive has it."""
    shutil.copytree(frozen, target, symlinks=True)
    for path in target.rglob("*"):
        if path.is_file() and not path.is_symlink():
            without_paths_of_this_machine(path)
            if ".so" in path.name:
                path.chmod(0o644)
    python = next(iter(target.glob("_internal/libpython3.*.so*")), None)
    if python is not None:
        subprocess.run(["strip", "--strip-debug", "--enable-deterministic-archives", str(python)], check=True)
    libraries = bundled_libraries(target / "_internal")
    copy_licences(target / "licences", libraries)
    (target / "sbom.cdx.json").write_text(bill_of_materials(version, epoch_s, libraries))
    shutil.copyfile(HERE / "PORTABLE.md", target / "README.md")
    stage_share(target / "share", version, epoch_s)


def without_paths_of_this_machine(path: Path) -> None:
    """Where this machine's Python lies is in its compiled parts (as their search path, and as a constant); the same
    number of other characters takes its place, for nothing of it is looked for in the packaged program. The last part
    stays: a linker lets a shorter text (`3.11.7`, the version) be the end of a longer one."""
    content = path.read_bytes()
    cleaned = content
    for place in sorted({sys.base_prefix, sys.prefix, str(ROOT)}, key=len, reverse=True):
        parent, _, last = place.rpartition("/")
        if parent not in ("", "/usr"):
            other = "/python".ljust(len(parent), "_")[: len(parent)]
            cleaned = cleaned.replace(place.encode(), f"{other}/{last}".encode())
    if cleaned != content:
        path.write_bytes(cleaned)


def stage_share(share: Path, version: str, epoch_s: int) -> None:
    """Desktop entry, icons, AppStream metadata, and a service to begin with."""
    places = {
        "applications/evenkeel.desktop": (HERE / "evenkeel.desktop").read_bytes(),
        "doc/evenkeel/examples/evenkeel.service": (HERE / "evenkeel.service").read_bytes(),
        "icons/hicolor/scalable/apps/evenkeel.svg": (HERE / "evenkeel.svg").read_bytes(),
        "metainfo/io.evenkeel.Evenkeel.metainfo.xml": (HERE / "evenkeel.metainfo.xml")
        .read_text("utf-8")
        .replace("@VERSION@", version)
        .replace("@DATE@", datetime.fromtimestamp(epoch_s, UTC).date().isoformat())
        .encode(),
    }
    for size in (48, 128, 256):
        places[f"icons/hicolor/{size}x{size}/apps/evenkeel.png"] = (HERE / f"evenkeel-{size}.png").read_bytes()
    for place, content in places.items():
        (share / place).parent.mkdir(parents=True, exist_ok=True)
        (share / place).write_bytes(content)


def stage_system(program: Path, target: Path, version: str, epoch_s: int) -> None:
    """The same laid out as a Debian system has it."""
    place, share = target / "usr" / "lib" / "evenkeel", target / "usr" / "share"
    shutil.copytree(program, place, symlinks=True, ignore=shutil.ignore_patterns("share", "licences", "README.md"))
    (place / "sbom.cdx.json").unlink()
    shutil.copytree(program / "share", share)
    document = share / "doc" / "evenkeel"
    shutil.copytree(program / "licences", document / "licences")
    shutil.copyfile(program / "sbom.cdx.json", document / "sbom.cdx.json")
    (document / "copyright").write_text(
        "Evenkeel is free software under the GNU General Public License, version 3 or later\n"
        "(/usr/share/common-licenses/GPL-3). The terms of all that travels with it are in the folder\n"
        "licences beside this file; sbom.cdx.json lists it.\n"
    )
    changes = (ROOT / "CHANGELOG.md").read_bytes()
    (document / "changelog.gz").write_bytes(gzip.compress(changes, mtime=0))
    programs = target / "usr" / "bin"
    programs.mkdir(parents=True)
    for name in ("evenkeel", "evenkeel-engine"):
        (programs / name).symlink_to(f"../lib/evenkeel/{name}")


def control_files(system: Path, version: str, architecture: str) -> dict[str, bytes]:
    files = [path for path in sorted(system.rglob("*")) if path.is_file() and not path.is_symlink()]
    size_kib = sum(-(-path.stat().st_size // 1024) for path in files)
    sums = "".join(f"{md5_of(path)}  {path.relative_to(system).as_posix()}\n" for path in files)
    control = CONTROL.format(version=version, architecture=architecture, size_kib=size_kib, depends=DEPENDS)
    return {"control": control.encode(), "md5sums": sums.encode()}


if __name__ == "__main__":
    sys.exit(main())
