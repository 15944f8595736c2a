"""Where Kraken is: the real one, or a Kraken-speaking exchange on this machine.

PAPER and LIVE run the same code; only these addresses and the keys differ (architecture page, "Modes").
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from engine.core.modes import Mode


@dataclass(frozen=True, slots=True)
class Addresses:
    """Base addresses; None leaves the one that ccxt has for Kraken.

    ccxt appends `/0/public/...` and `/0/private/...` to `rest`. The socket addresses must contain `v2`: ccxt chooses
    the form of its pings by that.
    """

    rest: str | None = None
    ws_public: str | None = None
    ws_private: str | None = None


LIVE = Addresses()


class AddressRefused(ValueError):
    """An address that must not be used in this mode."""


def loopback(port: int) -> Addresses:
    """The paper exchange that listens on `port` of this machine."""
    return Addresses(
        rest=f"http://127.0.0.1:{port}",
        ws_public=f"ws://127.0.0.1:{port}/v2",
        ws_private=f"ws://127.0.0.1:{port}/v2",
    )


def check(mode: Mode, addresses: Addresses) -> None:
    """Raise AddressRefused in mode OFF, and in mode PAPER when an address is missing or not on this machine."""
    if mode is Mode.OFF:
        raise AddressRefused("in mode OFF nothing talks to an exchange; choose OBSERVE, PAPER or LIVE")
    if mode is Mode.PAPER:
        check_loopback((addresses.rest, addresses.ws_public, addresses.ws_private))


def check_loopback(addresses: Iterable[str | None]) -> None:
    """Raise AddressRefused unless each address names this machine by a loopback number.

    A name is refused, `localhost` too: what a name means is decided outside this program.
    """
    for address in addresses:
        if not _is_loopback(address):
            raise AddressRefused(
                f"PAPER talks to this machine alone (an address like http://127.0.0.1:8080), got {address!r}"
            )


def _is_loopback(address: str | None) -> bool:
    if not address:
        return False
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("http", "https", "ws", "wss")
            and parts.username is None
            and parts.hostname is not None
            and ipaddress.ip_address(parts.hostname).is_loopback
        )
    except ValueError:
        return False
