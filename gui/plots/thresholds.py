"""Lines of a plot that stand for an option, and one of them on its way to another value (panel spec 5).

What is dragged is a draft: nothing changes until it was shown as a difference and agreed to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gui.plots.marks import Marks
from gui.plots.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Threshold:
    """An option that a mark stands for. path: of the option. value_at: what the option is with an edge of the mark at
    a plotted value; edges: where both edges are then."""

    path: str
    value_at: Callable[[float], float]
    edges: Callable[[float], tuple[float, float]]


def level(path: str) -> Threshold:
    """A line at the option's own value."""
    return Threshold(path, lambda at: at, lambda value: (value, value))


def around(path: str, centre: float = 0.0) -> Threshold:
    """Two lines at the option's distance from `centre`."""
    return Threshold(path, lambda at: abs(at - centre), lambda value: (centre - value, centre + value))


class Mover:
    """At most one mark is moved at a time. Its `draft` shows where it would be; `cancel` puts it back."""

    def __init__(self, marks: Marks, quantity: Quantity) -> None:
        self._marks = marks
        self._quantity = quantity
        self._value = 0.0
        self.name: str | None = None

    def take(self, name: str) -> None:
        """Begin where the mark stands. Raises KeyError when it is no threshold."""
        self.cancel()
        mark = self._marks.marks[name]
        if mark.threshold is None:
            raise KeyError(name)
        self.name = name
        self._value = mark.threshold.value_at(mark.high)

    def to(self, at: float) -> None:
        """Bring the edge that is held to a plotted value."""
        if self._threshold is not None:
            self._set(self._threshold.value_at(at))

    def by(self, steps: int) -> None:
        """Go on by so many steps of what the plot can write."""
        self._set(self._value + steps * self._quantity.step)

    @property
    def moved(self) -> bool:
        """Whether it stands elsewhere than it did."""
        return self.name is not None and self._marks.marks[self.name].draft is not None

    @property
    def text(self) -> str:
        """The value as it would be typed into a form."""
        text = f"{self._value:.{self._quantity.kept_decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    @property
    def path(self) -> str:
        """The option; empty while nothing is moved."""
        return "" if self._threshold is None else self._threshold.path

    def release(self) -> None:
        """Let go; the draft stays in sight."""
        self.name = None

    def cancel(self) -> None:
        """Put every mark back where it stands."""
        self.name = None
        for mark in self._marks.marks.values():
            mark.draft = None
        self._marks.update()

    @property
    def _threshold(self) -> Threshold | None:
        mark = None if self.name is None else self._marks.marks.get(self.name)
        return None if mark is None else mark.threshold

    def _set(self, value: float) -> None:
        if self.name is None or self._threshold is None:
            return
        mark, step = self._marks.marks[self.name], self._quantity.step
        self._value = round(value / step) * step
        edges = self._threshold.edges(self._value)
        same = all(abs(new - old) < step / 2 for new, old in zip(edges, (mark.low, mark.high), strict=True))
        mark.draft = None if same else edges
        self._marks.update()
