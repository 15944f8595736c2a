"""What the operator may set of the grid (grid spec 11 to 17)."""

from __future__ import annotations

from decimal import Decimal

from engine.core.options import Options, Risk, option


class GridOptions(Options, section="grid"):
    """The slot machine's options; `entry_pct` is the maker boundary and no engine ever moves it."""

    slots: int = option(
        5,
        ge=1,
        le=50,
        unit="slots",
        restart=True,
        risk=Risk.SIZE,
        text="How many slots the grid runs, two trades each.",
    )
    order_size_usd: Decimal = option(
        Decimal("2.00"),
        gt=Decimal(0),
        le=Decimal(100000),
        unit="USD",
        source="ORDER_SIZE_USD",
        risk=Risk.SIZE,
        text="Base size of one entry; a slot's realised profit is added to it.",
    )
    entry_pct: Decimal = option(
        Decimal("0.2"),
        ge=Decimal("0.05"),
        le=Decimal(5),
        unit="%",
        source="ENTRY_PCT",
        restart=True,
        risk=Risk.LIMIT,
        text="Distance of an entry from the market; set by a person only, never touched by the governor.",
    )
    profit_pct: Decimal = option(
        Decimal("1.0"),
        gt=Decimal(0),
        le=Decimal(50),
        unit="%",
        source="PROFIT_PCT",
        risk=Risk.LIMIT,
        text="Distance of an exit from its entry; must be more than the round trip of maker fees.",
    )
    refresh_pct: Decimal = option(
        Decimal("1.0"),
        gt=Decimal(0),
        le=Decimal(50),
        unit="%",
        source="REFRESH_PCT",
        risk=Risk.TIMING,
        text="An entry further than this from the market is moved, one a tick and slot.",
    )
    chase_moves: int = option(
        3, ge=1, le=100, unit="moves", risk=Risk.TIMING, text="This many moves in one direction in a row start a rest."
    )
    chase_rest_s: float = option(
        300.0,
        ge=0,
        le=86400,
        unit="s",
        risk=Risk.TIMING,
        text="How long an entry that chased the market is left alone.",
    )
    orphan_single_s: float = option(
        600.0,
        gt=0,
        le=604800,
        unit="s",
        source="S1_ORPHAN_AFTER_SEC",
        risk=Risk.TIMING,
        text="A lone exit older than this, with the market gone further away, becomes a recovery order.",
    )
    orphan_double_s: float = option(
        1800.0,
        gt=0,
        le=604800,
        unit="s",
        source="S2_ORPHAN_AFTER_SEC",
        risk=Risk.TIMING,
        text="When both trades wait for their exits longer than this, the worse one becomes a recovery order.",
    )
    recoveries_per_slot: int = option(
        2,
        ge=0,
        le=10,
        unit="orders",
        risk=Risk.LIMIT,
        text="Recovery orders a slot may keep; the oldest is evicted and its loss booked.",
    )
    entries_per_tick: int = option(
        2, ge=1, le=50, unit="entries", risk=Risk.LIMIT, text="How many new entries may be placed in one pass."
    )
    capacity_share_ratio: float = option(
        0.75,
        gt=0,
        le=1,
        unit="ratio",
        risk=Risk.LIMIT,
        text="Share of the open orders that the account's tier allows on the pair which the grid may use.",
    )
    headroom_stop: int = option(
        10, ge=0, le=200, unit="orders", risk=Risk.LIMIT, text="With fewer free places than this no entry is placed."
    )
    headroom_caution: int = option(
        20,
        ge=0,
        le=200,
        unit="orders",
        risk=Risk.LIMIT,
        text="With fewer free places than this one entry a pass is placed.",
    )
    partial_cancel_stop_s: float = option(
        3600.0,
        ge=0,
        le=86400,
        unit="s",
        risk=Risk.LIMIT,
        text="After an order was cancelled with a part filled, capacity counts as stop for this long.",
    )
    daily_loss_usd: Decimal = option(
        Decimal("3.00"),
        gt=Decimal(0),
        le=Decimal(1000000),
        unit="USD",
        source="DAILY_LOSS_LIMIT",
        risk=Risk.LIMIT,
        text="Realised loss of one UTC day after which no entry is placed until the day ends.",
    )
    loss_backoff_from: int = option(
        3,
        ge=1,
        le=100,
        unit="losses",
        risk=Risk.LIMIT,
        text="From this many losses in a row a trade waits before re-entry.",
    )
    loss_backoff_s: float = option(
        60.0,
        ge=0,
        le=86400,
        unit="s",
        risk=Risk.TIMING,
        text="The first wait after losses; each further loss doubles it.",
    )
    loss_cooldown_from: int = option(
        5, ge=1, le=100, unit="losses", risk=Risk.LIMIT, text="From this many losses in a row a trade rests."
    )
    loss_cooldown_s: float = option(
        3600.0, ge=0, le=604800, unit="s", risk=Risk.TIMING, text="How long a trade rests after that many losses."
    )
    price_age_limit_s: float = option(
        60.0, gt=0, le=3600, unit="s", risk=Risk.LIMIT, text="A price older than this pauses entries, exits and moves."
    )
    stop_floor_usd: Decimal = option(
        Decimal(0),
        ge=Decimal(0),
        le=Decimal(10000000),
        unit="USD",
        source="STOP_FLOOR",
        risk=Risk.LIMIT,
        text="Total value of the account below which the grid stops; 0 switches it off.",
    )
    retry_s: float = option(
        15.0, ge=1, le=3600, unit="s", risk=Risk.TIMING, text="Wait before a refused order is tried again."
    )
    order_deadline_s: float = option(
        15.0,
        ge=2,
        le=60,
        unit="s",
        risk=Risk.TIMING,
        text="The exchange must not take an order that reaches it later than this after it was decided.",
    )
    entry_lease_s: float = option(
        0.0,
        ge=0,
        le=2_592_000,
        unit="s",
        risk=Risk.TIMING,
        text=(
            "Gives each entry an expiry at Kraken this long after it was placed, so that entries end by themselves "
            "if this program dies; exits stay. 0 switches it off."
        ),
    )
