"""From the button of a way to the engine and back: confirm, ask, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from engine.core.bus import Bus
from engine.core.messages import Refused
from engine.core.modes import ModeSnapshot
from engine.core.tasks import Tasks
from engine.core.troubles import TakeWay, Trouble, TroublesSnapshot, Way
from engine.grid.messages import ForeignOrderView, GridSnapshot
from engine.grid.troubles import CANCEL, CancelsOrders
from gui.notices import NoticeBar
from gui.sentences import sentence
from gui.troubles.confirmation import WayDialog
from gui.troubles.words import way_word

PLACE = "panel"
ANSWER_WITHIN_S = 10.0


class Chooser(QObject):
    """One for a session, which every page that shows a way shares: one question is open at a time."""

    def __init__(self, parent: QWidget, bus: Bus, tasks: Tasks, notices: NoticeBar) -> None:
        super().__init__(parent)
        self._window = parent
        self._bus = bus
        self._tasks = tasks
        self._notices = notices
        self._asking = False

    def choose(self, trouble: Trouble, way: Way) -> None:
        """Ask about a way out of a trouble, and take it if a person agrees."""
        self._begin(sentence(trouble.reason), way, lambda: self._offers(trouble.name, way))

    def cancel_foreign(self, order: ForeignOrderView, words: str) -> None:
        """Ask about taking an order off the book that is not the grid's. words: which one it is."""
        way = Way(CANCEL, order.order_id, CancelsOrders(1))
        self._begin(words, way, lambda: self._rests(order.order_id))

    def _begin(self, cause: str, way: Way, stands: Callable[[], bool]) -> None:
        if not self._asking:
            self._asking = True
            self._tasks.start(self._choose(cause, way, stands), name=f"way {way.verb}")

    async def _choose(self, cause: str, way: Way, stands: Callable[[], bool]) -> None:
        try:
            if await self._agreed(cause, way, stands):
                await self._take(way)
        finally:
            self._asking = False

    async def _agreed(self, cause: str, way: Way, stands: Callable[[], bool]) -> bool:
        dialog = WayDialog(self._window, cause, way, self._bus.latest(ModeSnapshot))

        def look(_: object) -> None:
            if not stands():
                dialog.withdraw()

        stops = [self._bus.watch(TroublesSnapshot, look), self._bus.watch(GridSnapshot, look)]
        try:
            agreed = await dialog.answer()
        finally:
            for stop in stops:
                stop()
        if dialog.withdrawn:
            self._notices.warn(
                self.tr("“{way}” was not done: things changed meanwhile. Look at it again.").format(way=way_word(way))
            )
        return agreed

    async def _take(self, way: Way) -> None:
        name = way_word(way)
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                answer = await self._bus.ask(TakeWay(verb=way.verb, target=way.target, where=PLACE))
        except TimeoutError:
            self._notices.grave(
                self.tr("“{way}” was not answered within {seconds} s. It may still be done: look at it again.").format(
                    way=name, seconds=f"{ANSWER_WITHIN_S:g}"
                )
            )
            return
        if isinstance(answer, Refused):
            self._notices.grave(self.tr("“{way}” was refused. {why}").format(way=name, why=sentence(answer.reason)))
            return
        self._notices.done(self.tr("“{way}”: done. {effect}").format(way=name, effect=sentence(way.effect)))

    def _offers(self, name: str, way: Way) -> bool:
        known = self._bus.latest(TroublesSnapshot, "grid")
        return known is not None and any(way in trouble.ways for trouble in known.troubles if trouble.name == name)

    def _rests(self, order_id: str) -> bool:
        known = self._bus.latest(GridSnapshot)
        return known is not None and any(order.order_id == order_id for order in known.foreign)
