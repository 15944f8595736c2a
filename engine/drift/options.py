"""What the operator may set of the drift engine (drift seed, environment variables; spec 1, 4, 6, 8, 9, 14)."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from engine.core.options import Options, Risk, option
from engine.drift.legs import Oversize
from engine.drift.plan import Policy
from engine.drift.prices import PriceRules


class PriceSource(Enum):
    """Where the prices come from that a portfolio is valued at."""

    ORACLE = "ORACLE"
    ROUTER = "ROUTER"


class Confirm(Enum):
    """When a person reads a plan before it is sent."""

    LIVE = "live"
    ALWAYS = "always"


class DriftOptions(Options, section="drift"):
    """When a portfolio is rebalanced and how much may be traded; `source` names are those of the seed."""

    threshold: Decimal = option(
        Decimal("0.15"),
        gt=0,
        le=1,
        unit="ratio",
        source="DRIFT_THRESHOLD",
        risk=Risk.SIZE,
        text="The relative drift of one token that triggers a rebalance: 0.15 on test networks, 0.05 on main networks.",
    )
    destination_band: Decimal = option(
        Decimal(0),
        ge=0,
        lt=1,
        unit="ratio of the threshold",
        risk=Risk.SIZE,
        text=(
            "The fraction of the threshold at which trading stops. At 0 every token is brought to its exact target; "
            "at 0.5 far fewer swaps do."
        ),
    )
    cooldown_minutes: Decimal = option(
        Decimal(15),
        ge=0,
        le=10_080,
        unit="min",
        source="COOLDOWN_MINUTES",
        risk=Risk.TIMING,
        text="How long a portfolio rests after a plan of its own that reached the chain, whatever came of it.",
    )
    slippage_tolerance: Decimal = option(
        Decimal("0.01"),
        ge=0,
        le=Decimal("0.5"),
        unit="ratio",
        source="SLIPPAGE_TOLERANCE",
        risk=Risk.LIMIT,
        text="How much less than quoted a swap may give before it reverts; whole basis points.",
    )
    max_trade_usd: Decimal = option(
        Decimal(10_000),
        gt=0,
        le=1_000_000_000,
        unit="USD",
        source="MAX_TRADE_SIZE_USD",
        risk=Risk.LIMIT,
        text="The largest single swap.",
    )
    min_trade_usd: Decimal = option(
        Decimal(50),
        ge=0,
        le=1_000_000_000,
        unit="USD",
        source="MIN_TRADE_SIZE_USD",
        risk=Risk.SIZE,
        text="The smallest single swap; what is smaller stays as it is.",
    )
    oversize: Oversize = option(
        Oversize.SLICE,
        risk=Risk.SIZE,
        text=(
            "What becomes of a swap above the maximum: `slice` takes the maximum now and the rest after the next "
            "cooldown; `skip` never makes it, so that a large portfolio may never trade."
        ),
    )
    price_impact_threshold: float = option(
        0.05,
        gt=0,
        lt=1,
        unit="ratio",
        source="PRICE_IMPACT_THRESHOLD",
        risk=Risk.LIMIT,
        text="How far one swap may move its pools' price.",
    )
    price_source: PriceSource = option(
        PriceSource.ROUTER,
        source="PRICE_SOURCE",
        risk=Risk.SIZE,
        text="What a portfolio is valued at: ORACLE is CoinGecko, ROUTER the mid price of the pools' reserves.",
    )
    uniswap_v2_router: str = option(
        "",
        source="UNISWAP_V2_ROUTER",
        restart=True,
        risk=Risk.ACCESS,
        text="The router's address; empty for the one that is known for the chain.",
    )

    numeraire: str = option(
        "USDC",
        risk=Risk.SIZE,
        text="The token that the pools' prices are counted in; its own price in USD comes from CoinGecko.",
    )
    max_price_age_s: float = option(
        300.0, gt=0, le=86_400, unit="s", risk=Risk.LIMIT, text="Prices older than this block the portfolio."
    )
    max_deviation: float = option(
        0.05,
        ge=0,
        lt=1,
        unit="ratio",
        risk=Risk.LIMIT,
        text="How far the two price sources may be from each other; at 0 one source is enough.",
    )
    twap_window_s: float = option(
        300.0, gt=0, le=86_400, unit="s", risk=Risk.LIMIT, text="How long the pools' prices are averaged over."
    )
    max_twap_deviation: float = option(
        0.2,
        ge=0,
        lt=1,
        unit="ratio",
        risk=Risk.LIMIT,
        text="How far a pool's price may be from its own average before it counts as moved by somebody; 0 is off.",
    )
    max_peg_deviation: float = option(
        0.03,
        gt=0,
        lt=1,
        unit="ratio",
        risk=Risk.LIMIT,
        text="How far a token with a peg may be from it before it is no longer traded.",
    )
    max_gas_gwei: Decimal = option(
        Decimal(200),
        gt=0,
        le=1_000_000,
        unit="gwei",
        risk=Risk.LIMIT,
        text="The most that one gas may cost; above it a plan waits.",
    )
    batch_portfolios: int = option(
        4,
        ge=1,
        le=16,
        risk=Risk.TIMING,
        text="How many portfolios' plans may share one transaction.",
    )
    confirm: Confirm = option(
        Confirm.LIVE,
        risk=Risk.ACCESS,
        text="When a person confirms a plan before it is sent: `live` in LIVE alone, `always` in every mode.",
    )
    plan_valid_s: float = option(
        300.0, ge=10, le=3600, unit="s", risk=Risk.TIMING, text="How long a plan waits for its confirmation."
    )
    delegation_valid_s: float = option(
        1200.0,
        ge=60,
        le=86_400,
        unit="s",
        risk=Risk.ACCESS,
        text="How long the delegation for one plan may be used after it was signed.",
    )
    look_every_s: float = option(
        12.0, ge=1, le=3600, unit="s", risk=Risk.TIMING, text="How often the chain is looked at."
    )
    prices_every_s: float = option(
        60.0, ge=1, le=3600, unit="s", risk=Risk.TIMING, text="How often CoinGecko is asked."
    )
    sample_every_s: float = option(
        300.0, ge=1, le=86_400, unit="s", risk=Risk.TIMING, text="How often a portfolio's value is kept for analytics."
    )
    webhook_url: str = option(
        "",
        restart=True,
        risk=Risk.ACCESS,
        text="Where alerts are posted to, signed with the secret drift.webhook_secret; empty for nowhere.",
    )

    @property
    def price_rules(self) -> PriceRules:
        """When a price may be used."""
        return PriceRules(self.max_price_age_s, self.max_deviation or None, self.max_twap_deviation or None)

    @property
    def max_gas_wei(self) -> int:
        """The cap in wei."""
        return int(self.max_gas_gwei * 10**9)

    @property
    def slippage_bps(self) -> int:
        """The slippage in basis points, rounded down to whole ones."""
        return int(self.slippage_tolerance * 10_000)

    @property
    def policy(self) -> Policy:
        """What the planner needs of these."""
        return Policy(
            threshold=self.threshold,
            destination_band=self.destination_band,
            min_trade_usd=self.min_trade_usd,
            max_trade_usd=self.max_trade_usd,
            oversize=self.oversize,
            slippage_bps=self.slippage_bps,
            max_impact=self.price_impact_threshold,
        )
