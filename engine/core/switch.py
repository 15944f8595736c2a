"""The master switch: Pause, Stop, Resume; a stop is latched over restarts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.core.bus import Bus
from engine.core.messages import Reason, plain
from engine.core.modes import Exposure, Mode, ModeSnapshot, Switch, SwitchMoved, switch_lets_through

Remember = Callable[[dict[str, Any]], None]


class MasterSwitch:
    """Moves at once in memory, then on disk: whoever asks after `stop` returned is held back.

    `remember` makes the position durable (it may take its time); `restore` sets what an earlier run remembered.
    """

    def __init__(self, mode: Mode, bus: Bus, remember: Remember, now_s: float) -> None:
        self._mode = mode
        self._bus = bus
        self._remember = remember
        self._position = Switch.RUNNING
        self._why: Reason | None = None
        self._since_s = now_s

    @property
    def position(self) -> Switch:
        return self._position

    @property
    def why(self) -> Reason | None:
        """What moved it last in this run."""
        return self._why

    def lets_through(self, exposure: Exposure) -> bool:
        """Whether an intent of this exposure may leave now."""
        return switch_lets_through(self._position, exposure)

    def restore(self, remembered: dict[str, Any] | None, now_s: float) -> None:
        """Take up the position of an earlier run. What cannot be read counts as stopped."""
        if remembered is not None:
            try:
                self._position = Switch(remembered["position"])
            except (KeyError, TypeError, ValueError):
                self._position = Switch.STOPPED
        self._since_s = now_s
        self.publish(now_s)

    def pause(self, why: Reason, now_s: float) -> None:
        """Nothing new. A stopped switch stays stopped."""
        if self._position is not Switch.STOPPED:
            self._move(Switch.PAUSED, why, now_s)

    def stop(self, why: Reason, now_s: float) -> None:
        """Only cancels leave from here on, over restarts too."""
        self._move(Switch.STOPPED, why, now_s)

    def resume(self, why: Reason, now_s: float) -> None:
        """A person lets the engines act again."""
        self._move(Switch.RUNNING, why, now_s)

    def publish(self, now_s: float) -> None:
        """Say where the switch stands."""
        snapshot = ModeSnapshot(
            at_s=now_s, mode=self._mode, switch=self._position, why=self._why, since_s=self._since_s
        )
        self._bus.publish(snapshot)

    def _move(self, position: Switch, why: Reason, now_s: float) -> None:
        if position is self._position:
            return
        before, self._position = self._position, position
        self._why, self._since_s = why, now_s
        self.publish(now_s)
        self._bus.emit(SwitchMoved(at_s=now_s, before=before, after=position, why=why))
        # Last, so that a journal that fails does not keep anyone from seeing where the switch stands.
        self._remember({"position": position.value, "why": plain(why), "since_s": now_s})
