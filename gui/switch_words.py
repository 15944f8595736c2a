"""The master switch in words: stopped is said alone only when nothing of ours is known to rest (panel spec 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from engine.core.modes import Mode, ModeSnapshot, Switch
from gui import formats
from gui.looks import STARTING, SWITCHES, Look
from gui.sentences import sentence, word

if TYPE_CHECKING:  # the first frame is painted before any engine's messages are loaded
    from engine.grid.messages import GridSnapshot

translate = QCoreApplication.translate

PATIENCE_S = 10.0
"""An order that rests so long after Stop may need a person at the exchange itself."""


@dataclass(frozen=True, slots=True)
class SwitchWords:
    """short: as it fits a badge. detail: what belongs to it. advice: what a person can do, where it lasts.

    unsettled: orders may still rest after a Stop, and the words change with time.
    """

    look: Look
    short: str
    detail: str = ""
    advice: str = ""
    unsettled: bool = False

    @property
    def full(self) -> str:
        """All of it."""
        return ". ".join(filter(None, (", ".join(filter(None, (self.short, self.detail))), self.advice)))


def switch_words(standing: ModeSnapshot | None, grid: GridSnapshot | None, now_s: float) -> SwitchWords:
    """What is said of the switch. grid: as it told last, None where no grid has told anything."""
    if standing is None:
        return SwitchWords(STARTING, translate("SwitchWords", "Not connected yet"))
    look = SWITCHES[standing.switch]
    if standing.switch is not Switch.STOPPED:
        return SwitchWords(look, word(standing.switch), _since(standing))
    if grid is None:
        short = translate("SwitchWords", "Stopped; what rests is not known")
        return SwitchWords(look, short, _since(standing), unsettled=True)
    left, earlier = _left(grid)
    if left:
        return _stopping(standing, grid, left, max(0.0, now_s - _stopped_s(standing, grid)), now_s)
    if earlier:
        return SwitchWords(
            look,
            translate("SwitchWords", "Stopped; 1 order of an earlier life still rests")
            if earlier == 1
            else translate("SwitchWords", "Stopped; {count} orders of an earlier life still rest").format(
                count=earlier
            ),
            _since(standing),
            translate("SwitchWords", "Adopt or cancel them under “Waits for you”."),
            unsettled=True,
        )
    if grid.why is not None and grid.why.code == "reconciling":
        short = translate("SwitchWords", "Stopped; what rests is being read")
        return SwitchWords(look, short, _since(standing), unsettled=True)
    return SwitchWords(look, word(standing.switch), _since(standing))


def _left(grid: GridSnapshot) -> tuple[int, int]:
    """How many orders of the grid, and of earlier lives, may rest; before the grid has seen the Stop, all it has."""
    if grid.stopping is None:
        return grid.open_orders, sum(order.earlier for order in grid.foreign)
    return grid.stopping.left, grid.stopping.earlier


def _stopped_s(standing: ModeSnapshot, grid: GridSnapshot) -> float:
    return standing.since_s if grid.stopping is None else grid.stopping.since_s


def _stopping(standing: ModeSnapshot, grid: GridSnapshot, left: int, for_s: float, now_s: float) -> SwitchWords:
    look = SWITCHES[Switch.STOPPED]
    detail = translate("SwitchWords", "for {time}").format(time=formats.duration(for_s))
    next_s = None if grid.stopping is None else grid.stopping.next_try_s
    if next_s is not None:
        detail += translate("SwitchWords", ", next try in {seconds} s").format(
            seconds=f"{max(0.0, next_s - now_s):.1f}"
        )
    if for_s < PATIENCE_S:
        if left == 1:
            short = translate("SwitchWords", "Stopping: 1 order still rests")
        else:
            short = translate("SwitchWords", "Stopping: {count} orders still rest").format(count=left)
        return SwitchWords(look, short, detail, unsettled=True)
    place, advice = _where_to_act(standing.mode)
    if left == 1:
        short = translate("SwitchWords", "Stopped; 1 order still rests at {place}")
    else:
        short = translate("SwitchWords", "Stopped; {count} orders still rest at {place}")
    return SwitchWords(look, short.format(count=left, place=place), detail, advice, unsettled=True)


def _where_to_act(mode: Mode) -> tuple[str, str]:
    """The exchange's name, and what a person can do there."""
    if mode is Mode.PAPER:
        return translate("SwitchWords", "the paper exchange"), translate(
            "SwitchWords", "Evenkeel goes on trying. In LIVE you would sign in at Kraken and cancel them there."
        )
    return translate("SwitchWords", "Kraken"), translate(
        "SwitchWords",
        "Evenkeel goes on trying. To be sure, sign in at Kraken (kraken.com), open the orders page and cancel them "
        "there.",
    )


def _since(standing: ModeSnapshot) -> str:
    if standing.why is None:
        return ""
    return translate("SwitchWords", "since {time}. {why}").format(
        time=formats.clock_time(standing.since_s), why=sentence(standing.why)
    )
