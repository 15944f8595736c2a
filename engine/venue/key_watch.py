"""Tells days before it that the API key in use ends."""

from __future__ import annotations

from engine.core.clock import Clock
from engine.grid.ports import AccountTrouble
from engine.venue.notices import Notices
from engine.venue.permissions import EXPIRY_WARNED_S, KeyExpires, KeyPermissions

_TOLD_AT_S = (EXPIRY_WARNED_S, 86_400.0, 3600.0)


class KeyWatch:
    """Once at each of a week, a day and an hour before the end, the nearest alone where several have passed."""

    def __init__(self, clock: Clock, notices: Notices) -> None:
        self._clock = clock
        self._notices = notices
        self._ends_s: float | None = None
        self._told = 0

    def learn(self, key: KeyPermissions) -> None:
        """This is the key that is used."""
        if key.valid_until_s != self._ends_s:
            self._ends_s, self._told = key.valid_until_s, 0
        self.look()

    def look(self) -> None:
        """See whether there is something to tell; to be called now and then."""
        if self._ends_s is None:
            return
        now_s = self._clock.now()
        left_s = max(0.0, self._ends_s - now_s)
        due = sum(left_s < warned_s for warned_s in _TOLD_AT_S)
        if due > self._told:
            self._told = due
            self._notices.tell(AccountTrouble(KeyExpires(self._ends_s, left_s), now_s, waits=False))
