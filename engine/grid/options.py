"""What the operator may set of the grid (grid spec 11 to 17)."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum

from pydantic import field_validator

from engine.core.options import Options, Replaced, Risk, option

AUTO = "auto"
LONGEST_ORPHAN_AFTER_S = 604_800.0


class Evict(Enum):
    """When a recovery order is given up (grid spec 14)."""

    BY_CAPACITY = "by_capacity"
    BY_AGE = "by_age"


class SurplusRule(Enum):
    """What becomes of what somebody else added to an order of ours."""

    ASK = "ask"
    ADOPT = "adopt"


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
    orphan_after: str = option(
        AUTO,
        unit="s",
        risk=Risk.TIMING,
        text=(
            "How long an exit waits before it becomes a recovery order: `auto`, or a number of seconds. `auto` is the "
            "age at which a move of profit_pct has had a 60 % chance at the volatility of the last day, within 1 to "
            "48 hours, 4 hours while there is no data."
        ),
        replaces=(
            Replaced("orphan_single_s", 600.0, "S1_ORPHAN_AFTER_SEC"),
            Replaced("orphan_double_s", 1800.0, "S2_ORPHAN_AFTER_SEC"),
        ),
    )
    evict: Evict = option(
        Evict.BY_CAPACITY,
        risk=Risk.LIMIT,
        text=(
            "When a recovery order is given up. `by_capacity`: only where places for open orders run out, fewer are "
            "allowed, or a person says so; an exit is orphaned only while there is a place. `by_age`: each exit that "
            "grew too old takes a place, and the oldest recovery order goes for it with its loss booked."
        ),
    )
    recoveries_per_slot: int = option(
        2,
        ge=0,
        le=10,
        unit="orders",
        risk=Risk.LIMIT,
        text="Recovery orders a slot may keep.",
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
    surplus: SurplusRule = option(
        SurplusRule.ASK,
        risk=Risk.SIZE,
        text=(
            "When somebody else makes one of our orders larger: `ask` lets the slot wait for one click, `adopt` makes "
            "the whole order ours, with an exit for all that is filled, which may be more than 1.5 times the base size."
        ),
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

    @field_validator("orphan_after", mode="before")
    @classmethod
    def _is_auto_or_seconds(cls, value: object) -> object:
        """A number may come as a number (an option that this one replaced had those) or as the text of a form."""
        word = str(value).strip().lower()
        if word == AUTO:
            return AUTO
        try:
            seconds = float(word)
        except ValueError:
            seconds = -1.0
        if isinstance(value, bool) or not 0 < seconds <= LONGEST_ORPHAN_AFTER_S:
            raise ValueError(
                f"orphan_after is `{AUTO}` or seconds above 0 and at most {LONGEST_ORPHAN_AFTER_S:g}, got {value!r}"
            )
        return word

    @property
    def orphan_after_s(self) -> float | None:
        """The seconds that a person set; None where the market is followed."""
        return None if self.orphan_after == AUTO else float(self.orphan_after)
