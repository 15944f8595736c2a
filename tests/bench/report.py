"""One figure, one line of JSON: the value beside the cheapest thing that could do the same work in the same run."""

from __future__ import annotations

import json
from collections.abc import Sequence


def figure(name: str, value: float, unit: str, floor: float) -> None:
    """Print `{"name", "value", "unit", "floor", "ratio"}`; floor: in the same unit, measured in the same run."""
    line = {
        "name": name,
        "value": round(value, 4),
        "unit": unit,
        "floor": round(floor, 4),
        "ratio": round(value / floor, 3) if floor else None,
    }
    print(json.dumps(line), flush=True)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all stay at or below; share: 0 to 1."""
    ranked = sorted(values)
    return ranked[min(int(share * len(ranked)), len(ranked) - 1)]
