"""How a plotted value is written: the same on axis, legend and table, and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gui.formats import UNKNOWN
from gui.formats import signed as with_true_minus


@dataclass(frozen=True, slots=True)
class Quantity:
    """unit: shown beside the title. scale: shown value per kept value (100 for a ratio in percent). signed: a value
    above 0 carries a plus. prefix, suffix: what stands around a single number, spaces included; the unit, after a
    space, unless said otherwise.
    """

    unit: str = ""
    scale: float = 1.0
    decimals: int = 2
    signed: bool = False
    prefix: str = ""
    suffix: str | None = None

    @property
    def kept_decimals(self) -> int:
        """How many decimals a kept value has when it is written with `decimals`."""
        return self.decimals + math.ceil(math.log10(self.scale) - 1e-9)

    @property
    def step(self) -> float:
        """The least difference between two kept values that are written differently."""
        return float(10.0**-self.kept_decimals)

    def number(self, value: float, decimals: int | None = None) -> str:
        """The number alone; a dash for NaN."""
        return self._written(value, self.decimals if decimals is None else decimals, "", "")

    def text(self, value: float) -> str:
        """The number as a text or legend shows it."""
        own_suffix = f" {self.unit}" if self.unit else ""
        return self._written(value, self.decimals, self.prefix, own_suffix if self.suffix is None else self.suffix)

    def _written(self, value: float, decimals: int, prefix: str, suffix: str) -> str:
        if math.isnan(value):
            return UNKNOWN
        shown = round(value * self.scale, decimals)
        sign = "-" if shown < 0 else "+" if shown > 0 and self.signed else ""
        return f"{with_true_minus(sign)}{prefix}{abs(shown):,.{decimals}f}{suffix}"


RATIO = Quantity("%", scale=100.0, decimals=1, suffix="%")
SIGNED_RATIO = Quantity("%", scale=100.0, decimals=1, suffix="%", signed=True)
MULTIPLIER = Quantity("×", prefix="×", suffix="")
USD = Quantity("USD", prefix="$", suffix="")


def span_text(span_s: float) -> str:
    """A stretch of time in its largest fitting unit: `6 h`, `90 s`, `2.5 d`."""
    for unit, seconds in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if span_s >= 2 * seconds or span_s == seconds:
            return f"{span_s / seconds:.3g} {unit}"
    return f"{span_s:.3g} s"
