"""The network is closed but for this machine: loopback addresses, `localhost` and Unix sockets.

A test that reaches further gets a `NetworkClosed` at the place, and fails at its end even where that was swallowed.
Sockets of Qt and of child processes are not seen here.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rig.origin import origin

_attempts: list[str] = []


class NetworkClosed(RuntimeError):
    """Not an OSError, so that no code takes it for a network that is down and tries again."""


@pytest.fixture(scope="session", autouse=True)
def _closed_network() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded_method(getattr(socket.socket, name), lambda args: args[0]))
        patch.setattr(socket.socket, "sendto", _guarded_method(socket.socket.sendto, lambda args: args[-1]))
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
            patch.setattr(socket, name, _guarded_lookup(getattr(socket, name)))
        yield


@pytest.fixture(autouse=True)
def _no_one_called_out(_closed_network: None) -> Iterator[None]:
    _attempts.clear()
    yield
    if _attempts:
        pytest.fail("reached beyond this machine:\n" + "\n".join(f"- {line}" for line in _attempts), pytrace=False)


def _guarded_method(method: Callable[..., Any], address_of: Callable[[Any], Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *args: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            _admit(address_of(args)[0])
        return method(self, *args)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        _admit(host)
        return lookup(host, *args, **kwargs)

    return guarded


def _admit(host: Any) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name is None or name in ("localhost", ""):
        return
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        address = None
    # An unspecified address is looked up to listen, and as a destination it means this machine.
    if address is None or not (address.is_loopback or address.is_unspecified):
        _attempts.append(f"{name}, at {origin()}")
        raise NetworkClosed(f"tests reach this machine only, not {name!r}")
