"""What the operator may set of the paper exchange."""

from __future__ import annotations

from decimal import Decimal

from engine.core.options import Options, Risk, option
from engine.paper.config import Regime, Tier


class PaperOptions(Options, section="paper"):
    """The embedded exchange that PAPER trades on.

    Account, market and seed are what a new world begins with; a kept one goes on with its own.
    """

    keep: bool = option(
        False,
        restart=True,
        text=(
            "Keep the paper world in the profile, so that the next start goes on with its account, market and clock; "
            "off, each start is a fresh world. --fresh sets a kept world aside and starts a new one."
        ),
    )
    usd: Decimal = option(
        Decimal(42),
        ge=0,
        le=1_000_000_000,
        unit="USD",
        restart=True,
        text="US dollars in the account at the start; with the grid's defaults 42 is an idle ratio on target.",
    )
    doge: Decimal = option(
        Decimal(1000), ge=0, le=1_000_000_000, unit="DOGE", restart=True, text="DOGE in the account at the start."
    )
    maker_fee_bps: Decimal = option(
        Decimal(25), ge=0, le=100, unit="bps", restart=True, text="Fee of an order that rested before it filled."
    )
    taker_fee_bps: Decimal = option(
        Decimal(40), ge=0, le=100, unit="bps", restart=True, text="Fee of an order that filled at once."
    )
    tier: Tier = option(
        "starter",
        restart=True,
        risk=Risk.LIMIT,
        text="Verification tier of the account; it decides open orders (60, 80 or 225) and rate limits.",
    )
    regime: Regime = option(
        "flat", restart=True, text="How the market moves: flat, up, down, spike, gap, or after a price file."
    )
    price_file: str = option(
        "", restart=True, text="For the regime `file`: a CSV of seconds from the start and price in US dollars."
    )
    seed: int = option(1, ge=0, le=1_000_000_000, restart=True, text="The same seed gives the same market.")
    start_price: Decimal = option(
        Decimal("0.0966"),
        ge=Decimal("0.00001"),
        le=1_000_000,
        unit="USD",
        restart=True,
        text="Price of one DOGE at the start.",
    )
    spread_bps: float = option(2.0, ge=0, le=1000, unit="bps", restart=True, text="Ask over bid.")
    liquidity: Decimal = option(
        Decimal(2000),
        ge=Decimal("0.01"),
        le=1_000_000_000,
        unit="DOGE",
        restart=True,
        text="Mean volume on offer at one price in one second.",
    )
    speed: float = option(
        1.0,
        gt=0,
        le=3600,
        restart=True,
        risk=Risk.TIMING,
        text="How many times faster than the machine paper time runs.",
    )
    faults: str = option("", restart=True, text="Faults committed on purpose, as `lose-answer:0.05,delay:2s:0.1`.")
    happen: str = option(
        "",
        restart=True,
        text="What happens at the exchange, as `600s:amend:buy:+45%; ~2h:deposit:usd:50`; --help lists the kinds.",
    )
    chain_volatility: float = option(
        0.002,
        ge=0,
        le=0.2,
        unit="ratio",
        restart=True,
        text="How much fair prices on the paper chain wander in two seconds, beside the jumps that come now and then.",
    )
    hub_users: int = option(
        20, ge=0, le=200, unit="users", restart=True, text="How many users the paper hub has; 0 for none."
    )
    gas_spike_every_s: int = option(
        600,
        ge=0,
        le=86_400,
        unit="s",
        restart=True,
        text="How often gas on the paper hub's chain spikes to 500 gwei, for 40 s; 0 for never.",
    )
