"""What is told once, whichever connection or reading it came by."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

from engine.grid.ports import AccountTrouble, RowSetAside

_REMEMBERED = 10_000
_WAITING = 1_000

Notice = RowSetAside | AccountTrouble


class Notices:
    """Hands notices to the one who listens, each once; keeps those that come before anybody does."""

    def __init__(self) -> None:
        self._told: OrderedDict[Notice, None] = OrderedDict()
        self._waiting: deque[Notice] = deque(maxlen=_WAITING)
        self._listener: Callable[[Notice], None] | None = None

    def listen(self, listener: Callable[[Notice], None]) -> None:
        """From here on `listener` is told, in place of the one before."""
        self._listener = listener
        while self._waiting:
            listener(self._waiting.popleft())

    def tell(self, notice: Notice) -> None:
        """Say it, unless the same was said before."""
        if notice in self._told:
            return
        self._told[notice] = None
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        if self._listener is None:
            self._waiting.append(notice)
        else:
            self._listener(notice)
