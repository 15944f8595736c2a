"""What the operator may set of the way to Kraken (governor spec 19 to 21)."""

from __future__ import annotations

from enum import Enum

from engine.core.options import Options, Risk, option
from engine.venue.rates import Tier


class OrdersBy(Enum):
    """Which way orders, amendments and cancels leave."""

    SOCKET = "socket"
    REST = "rest"


class VenueOptions(Options, section="venue"):
    """Pair, account tier, deadlines, and what happens to orders when this program dies."""

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
