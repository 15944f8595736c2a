"""What the operator may set of the hub engine (hub seed, "CONFIGURATION"; spec 4 to 14)."""

from __future__ import annotations

from decimal import Decimal

from engine.core.options import Options, Risk, option
from engine.hub.batch import BatchPolicy, Priority
from engine.hub.fees import FeePolicy, GasSurplus
from engine.hub.limits import Caps, SoftLimitBasis
from engine.hub.tokens import GWEI


class HubOptions(Options, section="hub"):
    """Fees, limits, batches and how users reach the hub; `source` names are those of the seed."""

    depository: str = option(
        "",
        restart=True,
        risk=Risk.ACCESS,
        text="Address of the Depository contract of OBSERVE and LIVE; empty for no hub. PAPER deploys its own.",
    )
    http_port: int = option(
        0,
        ge=0,
        le=65535,
        restart=True,
        risk=Risk.ACCESS,
        text="Port on 127.0.0.1 at which users' wallets reach the hub; 0: one that is free.",
    )
    rebalance_fee_bps: int = option(
        100, ge=0, le=10_000, unit="bps", source="rebalanceFeeBPS", risk=Risk.SIZE, text="The hub's fee on the amount."
    )
    gas_buffer: Decimal = option(
        Decimal("1.2"),
        ge=1,
        le=10,
        unit="ratio",
        source="gasBufferMultiplier",
        risk=Risk.SIZE,
        text="What the estimate for gas is multiplied by when it is taken; what is not used comes back.",
    )
    gas_surplus: GasSurplus = option(
        GasSurplus.REFUND,
        risk=Risk.SIZE,
        text="Whether what was taken for gas and not used goes back to the user or is kept.",
    )
    interval_s: float = option(
        10.0,
        ge=1,
        le=3600,
        unit="s",
        risk=Risk.TIMING,
        text="How long the oldest request waits before a batch goes; also the interval that its cap counts.",
    )
    batch_size_threshold: int = option(
        10,
        ge=1,
        le=64,
        unit="requests",
        source="batchSizeThreshold",
        risk=Risk.TIMING,
        text="So many waiting requests send a batch at once.",
    )
    batch_max: int = option(10, ge=1, le=64, unit="requests", risk=Risk.SIZE, text="The most that go in one batch.")
    priority: Priority = option(
        Priority.AMOUNT, text="Who goes first: the largest amount, the oldest, or who pays the hub most."
    )
    age_weight: float = option(
        0.5, ge=0, le=100, unit="ratio per minute", text="By what share each minute of waiting raises a request's rank."
    )
    starves_after_s: float = option(
        300.0,
        ge=1,
        le=86_400,
        unit="s",
        risk=Risk.TIMING,
        text="After this a request goes before all that are younger.",
    )
    request_valid_s: float = option(
        3600.0,
        ge=10,
        le=604_800,
        unit="s",
        risk=Risk.TIMING,
        text="A request that could not be carried out for so long ends, and its fees go back.",
    )
    most_waiting: int = option(
        1000, ge=1, le=100_000, unit="requests", risk=Risk.LIMIT, text="More requests than this do not wait."
    )
    min_rebalance_usd: Decimal = option(
        Decimal(100),
        ge=0,
        le=1_000_000_000,
        unit="USD",
        source="minRebalanceAmount",
        risk=Risk.LIMIT,
        text="The least that a request may be worth, however cheap gas is.",
    )
    max_rebalance_usd: Decimal = option(
        Decimal(100_000),
        gt=0,
        le=1_000_000_000,
        unit="USD",
        source="maxRebalanceAmount",
        risk=Risk.LIMIT,
        text="The most that one request may be worth.",
    )
    max_user_usd: Decimal = option(
        Decimal(10_000),
        gt=0,
        le=1_000_000_000,
        unit="USD",
        source="maxPerUser",
        risk=Risk.LIMIT,
        text="The most that a user's collateral may be worth, what is on its way included.",
    )
    max_interval_usd: Decimal = option(
        Decimal(100_000),
        gt=0,
        le=1_000_000_000_000,
        unit="USD",
        source="maxPerInterval",
        risk=Risk.LIMIT,
        text="The most that is pushed within one interval.",
    )
    max_day_usd: Decimal = option(
        Decimal(1_000_000),
        gt=0,
        le=1_000_000_000_000,
        unit="USD",
        risk=Risk.LIMIT,
        text="The most that is pushed within any 24 hours.",
    )
    soft_limit_every_s: float = option(
        300.0,
        ge=1,
        le=86_400,
        unit="s",
        risk=Risk.TIMING,
        text="How often the gas-adjusted minimum is set anew.",
    )
    gas_multiple: int = option(
        100,
        ge=1,
        le=100_000,
        source="gasMultiplierForSoftLimit",
        risk=Risk.LIMIT,
        text="How many times its own gas a rebalance must be worth.",
    )
    soft_limit_basis: SoftLimitBasis = option(
        SoftLimitBasis.SINGLE,
        risk=Risk.LIMIT,
        text="Which gas that is: of a request that goes alone, or its share of a full batch.",
    )
    max_gas_gwei: Decimal = option(
        Decimal(100),
        gt=0,
        le=100_000,
        unit="gwei",
        risk=Risk.LIMIT,
        text="The most that one gas may cost; above it nothing is sent and everybody waits.",
    )
    pull: bool = option(
        True, text="Ask users who have spent to sign their collateral back when the reserve does not cover what waits."
    )
    min_pull_usd: Decimal = option(
        Decimal(100),
        ge=0,
        le=1_000_000_000,
        unit="USD",
        risk=Risk.SIZE,
        text="The least that is asked back from a user.",
    )
    pull_valid_s: float = option(
        600.0, ge=10, le=604_800, unit="s", risk=Risk.TIMING, text="How long a user has to sign what is asked back."
    )
    most_pulls: int = option(
        20, ge=1, le=49, unit="pulls", risk=Risk.SIZE, text="The most that are asked for at a time."
    )
    user_credit_usd: Decimal = option(
        Decimal(0),
        ge=0,
        le=1_000_000_000,
        unit="USD",
        risk=Risk.LIMIT,
        text="What a user may owe the hub beyond what is secured; given when an account is opened.",
    )
    hub_credit_usd: Decimal = option(
        Decimal(100_000),
        ge=0,
        le=1_000_000_000_000,
        unit="USD",
        risk=Risk.LIMIT,
        text="What the hub may owe a user beyond what is secured; given when an account is opened.",
    )
    look_every_s: float = option(
        2.0, ge=0.2, le=600, unit="s", risk=Risk.TIMING, text="How often the chain is looked at."
    )
    prices_every_s: float = option(
        30.0, ge=1, le=3600, unit="s", risk=Risk.TIMING, text="How often prices are asked for."
    )
    max_price_age_s: float = option(
        900.0,
        ge=1,
        le=86_400,
        unit="s",
        risk=Risk.TIMING,
        text="Older prices hold the soft limit where it is; four times as old, and nothing is accepted or sent.",
    )
    audit_every_s: float = option(
        3600.0, ge=10, le=604_800, unit="s", risk=Risk.TIMING, text="How often every account is held against the index."
    )

    @property
    def caps(self) -> Caps:
        return Caps(
            min_usd=self.min_rebalance_usd,
            max_request_usd=self.max_rebalance_usd,
            max_user_usd=self.max_user_usd,
            max_interval_usd=self.max_interval_usd,
            max_day_usd=self.max_day_usd,
            gas_multiple=self.gas_multiple,
        )

    @property
    def fees(self) -> FeePolicy:
        return FeePolicy(self.rebalance_fee_bps, self.gas_buffer, self.gas_surplus)

    @property
    def max_gas_wei(self) -> int:
        return int(self.max_gas_gwei * GWEI)

    def batches(self, *, stopped: bool) -> BatchPolicy:
        """stopped: the kill switch."""
        return BatchPolicy(
            window_s=self.interval_s,
            threshold=self.batch_size_threshold,
            batch_max=self.batch_max,
            priority=self.priority,
            age_weight=self.age_weight,
            starves_after_s=self.starves_after_s,
            stopped=stopped,
        )
