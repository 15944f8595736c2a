"""The scripts of `packaging/linux` are no package; tests import them from where they lie."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging" / "linux"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder as a program's might be: a text, an executable, a link, a folder in a folder."""
    folder = tmp_path / "tree"
    (folder / "usr" / "lib").mkdir(parents=True)
    (folder / "usr" / "lib" / "text").write_text("text\n")
    (folder / "usr" / "lib" / "program").write_text("#!/bin/sh\n")
    (folder / "usr" / "lib" / "program").chmod(0o755)
    (folder / "usr" / "link").symlink_to("lib/program")
    return folder
