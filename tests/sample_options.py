"""Options of two invented engines, for tests of what is made from a declaration."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import Literal, Self

from pydantic import model_validator

from engine.core.option_catalogue import Catalogue
from engine.core.options import Options, Risk, option


class Floor(Enum):
    ENTRIES = "entries"
    COMMITTED = "committed"


class SteerOptions(Options, section="steer"):
    """How the sample steers.

    This paragraph is for readers of the code.
    """

    enabled: bool = option(True, source="STEER_ENABLED", risk=Risk.SIZE, text="Whether it steers at all.")
    kp: float = option(
        2.0, ge=0, le=50, unit="skew per ratio", source="STEER_KP", risk=Risk.SIZE, text="How hard it pushes."
    )
    interval_s: int = option(
        300, ge=10, unit="s", risk=Risk.TIMING, old_names=("interval", "period_s"), text="Time between two updates."
    )
    band: float = option(0.05, ge=0, lt=1, unit="ratio", text="Errors below it are left alone.")
    widest: float = option(0.3, gt=0, le=1, unit="ratio", text="The widest error that is acted on.")
    floor: Floor = option(Floor.ENTRIES, text="What counts as spoken for.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.band >= self.widest:
            raise ValueError(f"band {self.band} leaves nothing below widest {self.widest}; lower it")
        return self


class SpendOptions(Options, section="spend"):
    """What the sample may spend."""

    hourly_cap_usd: Decimal = option(
        Decimal("3.00"), ge=0, unit="USD", risk=Risk.LIMIT, text="Spending stops above it | for an hour."
    )
    label: str = option("", text="A word for the journal.")
    note: str | None = option(None, text="A remark that may be left out.")
    retries: int | None = option(None, ge=0, le=9, restart=True, text="How often a call is repeated.")
    side: Literal["buy", "sell"] = option("buy", text="The side that is spent on.")


SECTIONS = (SteerOptions, SpendOptions)
CATALOGUE = Catalogue(SECTIONS)
