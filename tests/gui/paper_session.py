"""The window on a real session in PAPER: its own engines, its own paper exchange, nothing stood in for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from engine.core.messages import Acknowledged, Answer
from engine.desk.desk import Desk
from engine.desk.messages import LetHappen
from engine.desk.worlds import paper_world
from engine.grid.messages import GridSnapshot, OrderView
from engine.grid.slot import Role, Stage
from engine.paper.options import PaperOptions
from gui.context import PanelContext
from gui.theme import DARK, apply_theme
from gui.window import MainWindow
from tests.engine.desk.running_desk import acquired

SPEED = 4.0


@dataclass(frozen=True, slots=True)
class PaperSession:
    """The window and the session behind it."""

    window: MainWindow
    desk: Desk

    @property
    def grid(self) -> GridSnapshot:
        """How the grid stands."""
        known = self.desk.bus.latest(GridSnapshot)
        assert known is not None
        return known

    def orders(self, role: Role = Role.ENTRY) -> list[OrderView]:
        """What rests now in this role."""
        known = self.desk.bus.latest(GridSnapshot)
        slots = () if known is None else known.slots
        return [o for slot in slots for o in slot.orders if o.role is role and o.stage is Stage.OPEN]

    async def happen(self, text: str) -> None:
        """Be somebody else at the paper exchange."""
        answer: Answer = await self.desk.bus.ask(LetHappen(text=text))
        assert isinstance(answer, Acknowledged), answer

    def page(self, name: str):  # type: ignore[no-untyped-def]
        """Bring a page into sight and draw it."""
        self.window.show_page(name)
        self.window.redraw.draw()
        return self.window.page_widget(name)


@asynccontextmanager
async def paper_session(folder: Path) -> AsyncIterator[PaperSession]:
    """A session on a new profile, without chains, and the window attached to it."""
    apply_theme(DARK)
    async with acquired(folder) as place:
        place.arguments = replace(place.arguments, speed=SPEED)
        place.world = await paper_world(place.arguments, PaperOptions(usd=Decimal(400), doge=Decimal(3000)))
        session = AsyncExitStack()
        session.push_async_callback(place.world.close)
        async with session:
            desk = await session.enter_async_context(place.session())
            window = MainWindow()
            window.resize(1366, 768)
            window.show()
            window.attach(
                PanelContext(desk.bus, desk.clock, desk.mode, desk.configuration, desk.secrets, desk.profile.name)
            )
            try:
                yield PaperSession(window, desk)
            finally:
                await window.detach()
                window.hide()
                window.deleteLater()
