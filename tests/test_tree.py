"""What the tree must not carry, and what must be in it for the commands that the README names."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
MADE_HERE = {".git", ".venv", "__pycache__", "node_modules", "build", "dist", "run", ".hypothesis"}

# Written in pieces, so that this file does not match itself.
REGISTRIES = re.compile("|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs", "index" + "-url"]))
MACHINE_PATHS = re.compile("|".join(f"/{name}/" for name in ("work", "farm", "root")) + r"|/opt/py" + "pi")


def tree() -> list[Path]:
    """The project's own files: what git has or would take, or, in a tree without git, all but what is made here."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (ROOT / ".git").exists():
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        paths = [ROOT / name for name in listed.split("\0") if name]
    else:
        paths = [
            path
            for path in ROOT.rglob("*")
            if not MADE_HERE & set(path.relative_to(ROOT).parts) and not re.search(r"_cache|\.egg-info", str(path))
        ]
    return [path for path in paths if path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in tree():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture or a font
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    return found


def pins(lock: str) -> dict[str, str]:
    """`{name with its marker: version}` of a lock file."""
    found = re.findall(r"^([\w.-]+)==(\S+)(.*?) *\\?$", (ROOT / lock).read_text(), re.MULTILINE)
    return {name + marker: version for name, version, marker in found}


def test_the_tree_is_found():
    assert {ROOT / "pyproject.toml", ROOT / "engine" / "__init__.py"} <= set(tree())


def test_no_file_carries_the_address_of_a_package_registry():
    assert lines_with(REGISTRIES) == []


def test_no_file_carries_a_path_of_the_machine_it_was_written_on():
    assert lines_with(MACHINE_PATHS) == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_nothing_but_pins_and_their_hashes(lock):
    pin = re.compile(r"[\w.-]+==[\w.!+-]+( ; [^\\]+)? \\")
    digest = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
    odd = [
        line for line in (ROOT / lock).read_text().splitlines() if not (pin.fullmatch(line) or digest.fullmatch(line))
    ]
    assert odd == []


def test_the_tests_lock_pins_all_that_the_programs_lock_pins_alike():
    program, tests = (pins(lock) for lock in LOCKS)
    assert len(program) > 30
    assert program.items() <= tests.items()


def test_every_declared_dependency_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for lock, extras in zip(LOCKS, (["build"], ["build", "dev"]), strict=True):
        declared = project["dependencies"] + [
            line for extra in extras for line in project["optional-dependencies"][extra]
        ]
        names = {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in declared}
        assert names <= {re.match(r"[\w.-]+", name)[0].lower() for name in pins(lock)}


def test_continuous_integration_calls_the_command_that_a_person_calls():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text().rstrip().endswith("exec make test")


@pytest.mark.parametrize(
    "target", ["help", "run", "test", "setup", "lint", "bench", "package", "package-twice", "smoke", "lock", "clean"]
)
def test_make_knows_the_target(target):
    subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True, timeout=30)
