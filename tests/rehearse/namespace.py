"""A network and a view of the file system of this process's own: no way out, its own names and its own certificates.

Linux alone. Root makes them at once, anybody else inside a user namespace where the system allows that.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import ssl
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_MNT_DETACH = 2
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_INTERFACE = "16sh14x"
_LOOPBACK = b"lo"
NO_NAMESPACE = 3
"""Exit code where this system gives the process no namespaces."""

BUNDLE = "ca-certificates.crt"
_BUNDLES = ("/etc/ssl/cert.pem", "/etc/pki/tls/cert.pem", "/etc/ssl/ca-bundle.pem", "/usr/lib/ssl/cert.pem")


_bound: list[Path] = []


class NamespaceRefusedError(RuntimeError):
    """This system gives the process no namespaces of its own; the text says which call it refused."""


def enter() -> None:
    """Move this process, which must have one thread, into namespaces in which only loopback is there, and is up.

    Raises NamespaceRefusedError.
    """
    user, group = os.geteuid(), os.getegid()
    _call("unshare", (_CLONE_NEWUSER if user else 0) | _CLONE_NEWNS | _CLONE_NEWNET)
    if user:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)
    set_loopback(up=True)


def set_loopback(*, up: bool) -> None:
    """Take the machine off its only network, or put it back: as a cable that is pulled, nothing is refused or reset."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = struct.pack(_INTERFACE, _LOOPBACK, 0)
        (_, flags) = struct.unpack(_INTERFACE, fcntl.ioctl(control, _SIOCGIFFLAGS, asked))
        flags = flags | _IFF_UP if up else flags & ~_IFF_UP
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack(_INTERFACE, _LOOPBACK, flags))


def name_hosts(addresses: Mapping[str, str], folder: Path) -> None:
    """These names have these addresses from now on, and no other name has one. folder: where the files are made."""
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in addresses.items())]
    files = {"hosts": "\n".join(lines) + "\n", "resolv.conf": "", "nsswitch.conf": "hosts: files\n"}
    for name, text in files.items():
        made, there = folder / name, Path("/etc") / name
        made.write_text(text)
        if there.exists():
            bind(made, there.resolve())


def trust_alone(certificate: Path, folder: Path) -> None:
    """The system trusts what this authority signed and nothing else. folder: where the system's copy is made."""
    text = certificate.read_text()
    (folder / BUNDLE).write_text(text)
    asked = ["openssl", "x509", "-noout", "-hash", "-in", str(certificate)]
    name = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    (folder / f"{name}.0").write_text(text)
    paths = ssl.get_default_verify_paths()
    for there in {Path(paths.openssl_capath).resolve(), Path("/etc/ssl/certs").resolve()}:
        if there.is_dir():
            bind(folder, there)
    for there in {Path(file).resolve() for file in (*_BUNDLES, paths.openssl_cafile)}:
        if there.is_file() and not (there.parent / name).exists():
            bind(folder / BUNDLE, there)


def bind(what: Path, over: Path) -> None:
    """Let `what` be seen where `over` is, until `unbind_all`."""
    _call("mount", bytes(what), bytes(over), None, _MS_BIND, None)
    _bound.append(over)


def unbind_all() -> None:
    """Let everything be seen again that `bind` had covered."""
    while _bound:
        _call("umount2", bytes(_bound.pop()), _MNT_DETACH)


def _call(name: str, *arguments: bytes | int | None) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise NamespaceRefusedError(f"{name}: {os.strerror(number)}")
