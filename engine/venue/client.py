"""Builds the ccxt client away from the event loop, and takes it down within a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.venue import addresses as address_book
from engine.venue.addresses import Addresses
from engine.venue.network import certificates, set_proxies
from engine.venue.nonces import Nonces
from engine.venue.options import Trust


@dataclass(frozen=True, slots=True)
class Keys:
    """An API key pair of Kraken; without one only public data can be read."""

    key: Secret
    secret: Secret


async def build(
    mode: Mode,
    where: Addresses,
    nonces: Nonces,
    keys: Keys | None = None,
    request_timeout_s: float = 10.0,
    trust: Trust = Trust.BUNDLED,
    proxy: str = "",
) -> Any:
    """A `wire.KrakenWire` that talks to `where`.

    ccxt is imported and instantiated, and certificates are read, in a worker thread. PAPER goes through no proxy.
    Raises AddressRefused when the mode forbids the addresses.
    """
    address_book.check(mode, where)
    client = await asyncio.to_thread(_build, where, nonces, keys, request_timeout_s, trust)
    if mode is Mode.PAPER:
        address_book.check_loopback(_leaves(client.urls["api"]))
    else:
        set_proxies(client, proxy)
    client.open()
    return client


async def close(client: Any) -> None:
    """Close every socket and the connection pool."""
    for url in list(client.clients or {}):
        await client.hang_up(url)
    await client.close()


_WIRE = "engine.venue.wire"


def _build(where: Addresses, nonces: Nonces, keys: Keys | None, request_timeout_s: float, trust: Trust) -> Any:
    with _collector_resting():
        wire = importlib.import_module(_WIRE)
    # At level DEBUG ccxt logs request headers, and the API key is one of them.
    logging.getLogger("ccxt").setLevel(logging.WARNING)
    config: dict[str, Any] = {
        "enableRateLimit": False,
        "timeout": round(request_timeout_s * 1000),
        "options": {"maxRetriesOnFailure": 0},
    }
    if keys is not None:
        config["apiKey"], config["secret"] = keys.key.reveal(), keys.secret.reveal()
    client = wire.KrakenWire(config, nonces)
    client.ssl_context = certificates(trust, client.cafile)
    _point(client.urls["api"], where)
    return client


@contextlib.contextmanager
def _collector_resting() -> Iterator[None]:
    """Walking the 200,000 objects that ccxt makes, again and again as they come, would hold the event loop up.

    They stay for as long as the program runs, so they are put where the collector does not walk: left among the young
    ones they would be walked once more, a few hundred orders later, and an order waited a tenth of a second for that.
    """
    was_on, new = gc.isenabled(), _WIRE not in sys.modules
    gc.disable()
    try:
        yield
    finally:
        if new:
            gc.freeze()
        if was_on:
            gc.enable()


def _point(urls: dict[str, Any], where: Addresses) -> None:
    """Put the addresses in; once one is given, no other address of Kraken's is left."""
    if where == address_book.LIVE:
        return
    sockets = dict(urls["ws"])
    rest = where.rest or urls["private"]
    ws = {"publicV2": where.ws_public or sockets["publicV2"], "privateV2": where.ws_private or sockets["privateV2"]}
    urls.clear()
    urls.update({"public": rest, "private": rest, "ws": ws})


def _leaves(urls: Any) -> list[Any]:
    if isinstance(urls, dict):
        return [leaf for value in urls.values() for leaf in _leaves(value)]
    return [urls]
