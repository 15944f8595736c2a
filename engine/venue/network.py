"""The way out of this computer: whose certificates count, and which proxy stands in between.

A company's network may read what goes by, and then shows a certificate of its own, which this computer trusts and the
authorities that come with the program do not. PAPER stays on this machine and knows neither.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from engine.venue.options import SYSTEM_PROXY, Trust


def certificates(trust: Trust, bundled: str) -> ssl.SSLContext:
    """What the certificates of servers are checked by. bundled: the file of those that come with the program."""
    if trust is Trust.SYSTEM:
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return ssl.create_default_context(cafile=bundled)


def proxy_for(address: str, proxy: str) -> str | None:
    """The proxy on the way to `address`; None for none. proxy: as `venue.proxy` has it.

    The system's is the one for https, for sockets too: they are tunnelled through it alike.
    """
    if proxy != SYSTEM_PROXY:
        return proxy or None
    if proxy_bypass(urlsplit(address).hostname or ""):
        return None
    known = getproxies()
    found = known.get("https") or known.get("all")
    return found if found is None or "//" in found else f"http://{found}"


def set_proxies(client: Any, proxy: str) -> None:
    """Send REST and sockets of a ccxt client through the proxies that they need."""
    api = client.urls["api"]
    client.aiohttp_proxy = proxy_for(api["private"], proxy)
    client.wss_proxy = proxy_for(api["ws"]["privateV2"], proxy)
