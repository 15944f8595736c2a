"""Archives that have the same bytes for the same files: sorted, owned by root, with one time for everything."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

AR_MAGIC = b"!<arch>\n"


def write_tar(folder: Path, prefix: str, target: Path, epoch_s: int) -> None:
    """All of `folder` under `prefix`, compressed by xz; in blocks, whose bytes do not depend on how many cores work.

    EVENKEEL_XZ: another level than 6, for packages that are made to be tried and not to be published.
    """
    xz = ["xz", "--compress", "--stdout", f"-{os.environ.get('EVENKEEL_XZ', '6')}", "--threads=2"]
    with target.open("wb") as packed:
        process = subprocess.Popen(xz, stdin=subprocess.PIPE, stdout=packed)
        assert process.stdin is not None
        with tarfile.open(fileobj=process.stdin, mode="w|", format=tarfile.GNU_FORMAT) as tar:
            for path, name in _entries(folder, prefix):
                _add(tar, path, name, epoch_s)
        process.stdin.close()
        if process.wait() != 0:
            raise SystemExit(f"xz ended with {process.returncode} on {target}")


def write_deb(control: dict[str, bytes], data: Path, target: Path, epoch_s: int) -> None:
    """A Debian package of control files and a finished data.tar.xz."""
    members = ((b"debian-binary", io.BytesIO(b"2.0\n"), 4), _control_member(control, epoch_s))
    with target.open("wb") as deb, data.open("rb") as packed:
        deb.write(AR_MAGIC)
        for name, content, size in (*members, (b"data.tar.xz", packed, data.stat().st_size)):
            deb.write(b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name, epoch_s, 0, 0, b"100644", size))
            while piece := content.read(1 << 20):
                deb.write(piece)
            if size % 2:
                deb.write(b"\n")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def md5_of(path: Path) -> str:
    """What dpkg lists its files by; nothing relies on it for safety."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def manifest(folder: Path) -> list[str]:
    """One line for each file below `folder`: what it is, whether it may be run, and the digest of its content."""
    lines = []
    for path, name in _entries(folder, "."):
        if path.is_symlink():
            lines.append(f"link {os.readlink(path)} {name}")
        elif path.is_file():
            lines.append(f"{'program' if _runs(path) else 'file'} {sha256_of(path)} {name}")
    return lines


def _entries(folder: Path, prefix: str) -> Iterator[tuple[Path, str]]:
    yield folder, prefix
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        yield path, f"{prefix}/{path.relative_to(folder).as_posix()}"


def _add(tar: tarfile.TarFile, path: Path, name: str, epoch_s: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.uname, entry.gname = epoch_s, "root", "root"
    if path.is_symlink():
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, os.readlink(path), 0o777
        tar.addfile(entry)
    elif path.is_dir():
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(entry)
    else:
        entry.size, entry.mode = path.stat().st_size, 0o755 if _runs(path) else 0o644
        with path.open("rb") as content:
            tar.addfile(entry, content)


def _control_member(control: dict[str, bytes], epoch_s: int) -> tuple[bytes, io.BytesIO, int]:
    import lzma

    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in sorted(control):
            entry = tarfile.TarInfo(f"./{name}")
            entry.mtime, entry.uname, entry.gname, entry.size = epoch_s, "root", "root", len(control[name])
            tar.addfile(entry, io.BytesIO(control[name]))
    packed = lzma.compress(raw.getvalue(), preset=6)
    return b"control.tar.xz", io.BytesIO(packed), len(packed)


def _runs(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IXUSR)
