"""`packaging/verify` passes what was published, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from archives import sha256_of

from tests.packaging.conftest import ROOT


@pytest.fixture
def published(tmp_path: Path) -> Path:
    folder = tmp_path / "published"
    folder.mkdir()
    shutil.copyfile(ROOT / "packaging" / "verify", folder / "verify")
    for name in ("one.deb", "two.tar.xz"):
        (folder / name).write_text(name)
    lines = [f"{sha256_of(folder / name)}  {name}\n" for name in ("one.deb", "two.tar.xz")]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def verify(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", folder / "verify", *words], capture_output=True, text=True, check=False)


def test_what_was_published_passes_and_what_was_not_downloaded_is_named(published: Path) -> None:
    (published / "two.tar.xz").unlink()
    said = verify(published)
    assert (said.returncode, said.stdout) == (0, "one.deb: as published\ntwo.tar.xz: not here\n")


def test_one_other_byte_fails(published: Path) -> None:
    (published / "one.deb").write_text("one.dec")
    said = verify(published)
    assert (said.returncode, said.stderr) == (1, "one.deb: is not what was published\n")


def test_nothing_to_check_is_no_success(published: Path) -> None:
    for name in ("one.deb", "two.tar.xz"):
        (published / name).unlink()
    assert verify(published).returncode == 2


def test_another_build_is_compared(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(published, other)
    assert verify(published, str(other)).returncode == 0
    (other / "SHA256SUMS").write_text("0  one.deb\n")
    assert verify(published, str(other)).returncode == 1
