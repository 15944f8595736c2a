"""The same files make the same archives, whenever and wherever they were laid down, and Debian's tools read them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from archives import manifest, sha256_of, write_deb, write_tar

EPOCH_S = 1_767_225_600
CONTROL = b"""Package: evenkeel
Version: 1.2.3
Architecture: all
Maintainer: Evenkeel <evenkeel@localhost>
Description: a trial
"""


def packed(tree: Path, target: Path) -> Path:
    write_tar(tree, ".", target, EPOCH_S)
    return target


def deb(tree: Path, target: Path) -> Path:
    data = packed(tree, target.with_suffix(".data"))
    write_deb({"control": CONTROL, "md5sums": b""}, data, target, EPOCH_S)
    return target


def test_times_and_the_order_of_making_do_not_show(tree: Path, tmp_path: Path) -> None:
    later = tmp_path / "elsewhere" / "later"
    later.mkdir(parents=True)
    for path in sorted(tree.rglob("*"), reverse=True):
        place = later / path.relative_to(tree)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            place.symlink_to(os.readlink(path))
        elif path.is_file():
            shutil.copyfile(path, place)
            place.chmod(0o700 if os.access(path, os.X_OK) else 0o600)
    assert sha256_of(deb(tree, tmp_path / "a.deb")) == sha256_of(deb(later, tmp_path / "b.deb"))
    assert manifest(tree) == manifest(later)


def test_everything_is_roots_and_of_one_time(tree: Path, tmp_path: Path) -> None:
    with tarfile.open(packed(tree, tmp_path / "tree.tar.xz")) as tar:
        entries = tar.getmembers()
    assert {(entry.uid, entry.gid, entry.uname, entry.mtime) for entry in entries} == {(0, 0, "root", EPOCH_S)}
    assert {oct(entry.mode) for entry in entries if entry.isfile()} == {"0o755", "0o644"}


def test_debians_own_tools_read_the_package(tree: Path, tmp_path: Path) -> None:
    package = deb(tree, tmp_path / "a.deb")
    said = subprocess.run(["dpkg-deb", "--info", package], capture_output=True, text=True, check=True).stdout
    assert "Version: 1.2.3" in said
    subprocess.run(["dpkg-deb", "--extract", package, tmp_path / "out"], check=True)
    assert manifest(tmp_path / "out") == manifest(tree)


@pytest.mark.parametrize("change", ["content", "right", "link"])
def test_the_manifest_tells_what_differs(tree: Path, change: str) -> None:
    before = manifest(tree)
    if change == "content":
        (tree / "usr/lib/text").write_text("other\n")
    elif change == "right":
        (tree / "usr/lib/text").chmod(0o755)
    else:
        (tree / "usr/link").unlink()
        (tree / "usr/link").symlink_to("lib/text")
    assert len(set(before) ^ set(manifest(tree))) == 2
