"""What the operator may set of the way to Kraken (governor spec 19 to 21)."""

from __future__ import annotations

from enum import Enum
from urllib.parse import urlsplit

from pydantic import field_validator

from engine.core.options import Options, Risk, option
from engine.venue.rates import Tier


class OrdersBy(Enum):
    """Which way orders, amendments and cancels leave."""

    SOCKET = "socket"
    REST = "rest"


class Trust(Enum):
    """Whose word counts for the certificate of a server."""

    BUNDLED = "bundled"
    SYSTEM = "system"


SYSTEM_PROXY = "system"


class VenueOptions(Options, section="venue"):
    """Pair, account tier, way out, deadlines, and what happens to orders when this program dies."""

    pair: str = option(
        "DOGE/USD",
        restart=True,
        risk=Risk.SIZE,
        text="The pair that is traded, written BASE/QUOTE as Kraken's WebSocket v2 writes it.",
    )
    tier: Tier = option(
        Tier.STARTER,
        restart=True,
        risk=Risk.LIMIT,
        text=(
            "The account's verification tier: it sets how fast orders may be sent and how many may rest. "
            "A tier above the real one makes Kraken refuse orders; one below it only makes this program slower."
        ),
    )
    orders_by: OrdersBy = option(
        OrdersBy.SOCKET,
        restart=True,
        risk=Risk.TIMING,
        text=(
            "The way on which orders leave: socket sends them at once, side by side, and falls back on REST while the "
            "socket is down; rest sends them one after the other, each waiting for the answer to the one before it."
        ),
    )
    trust: Trust = option(
        Trust.BUNDLED,
        restart=True,
        text=(
            "Whose certificate authorities count on the way to Kraken: bundled are those that come with this program, "
            "system those of this computer. A company's network that reads what goes by needs system."
        ),
    )
    proxy: str = option(
        "",
        restart=True,
        text=(
            "The proxy on the way to Kraken, as http://HOST:PORT; system takes the one that this computer is set to, "
            "and empty is none. A name and a password belong into the computer's setting, not here."
        ),
    )
    request_timeout_s: float = option(
        10.0,
        ge=1,
        le=60,
        unit="s",
        restart=True,
        risk=Risk.TIMING,
        text="How long an answer is waited for; without one an order is looked up, never simply sent again.",
    )
    connect_timeout_s: float = option(
        10.0,
        ge=1,
        le=60,
        unit="s",
        restart=True,
        risk=Risk.TIMING,
        text="How long the sockets may take to connect and be subscribed before they are tried again.",
    )
    dead_man_s: float = option(
        0.0,
        ge=0,
        le=86_400,
        unit="s",
        restart=True,
        risk=Risk.SIZE,
        text=(
            "Kraken's dead man's switch: if this program is silent for this long, Kraken cancels ALL orders of the "
            "whole account: exits too, and orders placed by hand or by other programs. Kraken recommends 60. "
            "0 switches it off; to let only entries end, set grid.entry_lease_s instead."
        ),
    )
    dead_man_renew_s: float = option(
        20.0,
        ge=5,
        le=30,
        unit="s",
        restart=True,
        risk=Risk.TIMING,
        text="How often the dead man's switch is pushed back; Kraken recommends every 15 to 30 seconds.",
    )

    @field_validator("proxy")
    @classmethod
    def _is_an_address_without_a_password(cls, value: str) -> str:
        word = value.strip()
        if word in ("", SYSTEM_PROXY):
            return word
        try:
            parts = urlsplit(word)
            fits = parts.scheme in ("http", "https") and parts.hostname and parts.port and parts.path in ("", "/")
        except ValueError:
            fits = False
        if not fits or "@" in word:
            raise ValueError("write http://HOST:PORT without a name and a password, system, or nothing")
        return word
