"""Hub: how it stands, gas and soft limit, queue, fees, settlements, pulls, revenue and tokens (panel spec 4)."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.messages import Answer, Command
from engine.core.supervisor import EngineSnapshot
from engine.core.tasks import Tasks
from engine.hub.messages import AuditHub, QuoteRebalance, ResumeHub, StopHub
from gui.dialogs import Dialog
from gui.hub.fees import HubFees
from gui.hub.gas import HubGas
from gui.hub.known import KnownHub
from gui.hub.line import HubLine
from gui.hub.pulls import HubPulls
from gui.hub.queue import HubQueue
from gui.hub.revenue import HubRevenue
from gui.hub.settlements import HubSettlements
from gui.hub.state import hub_sentence
from gui.hub.tokens import HubTokens
from gui.looks import Look
from gui.notices import NoticeBar
from gui.plots.readings import Readings
from gui.sentences import word
from gui.theme import Space, Tone

ANSWER_WITHIN_S = 10.0
TABS_LEAST_PX = 310
_RESUME = Look("run", "▶", Tone.ACTING)


class _Tabs(QTabWidget):
    """Takes the height that is left; pages that wrap their text would ask for theirs at their least width."""

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def hasHeightForWidth(self) -> bool:
        return False


class HubPage(QScrollArea):
    """Needs a running session: made when one is attached. It shows what the engine told and asks through the bus."""

    def __init__(
        self, known: KnownHub, bus: Bus, tasks: Tasks, notices: NoticeBar, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._known = known
        self._bus = bus
        self._tasks = tasks
        self._notices = notices
        self._drawn: tuple[int, EngineSnapshot | None, int] | None = None
        self._asking_to_resume = False
        self.line = HubLine()
        self.gas = HubGas(known, self._now)
        self.queue = HubQueue(self._now)
        self.fees = HubFees()
        self.settlements = HubSettlements()
        self.pulls = HubPulls(self._now)
        self.revenue = HubRevenue()
        self.tokens = HubTokens()
        self.readings = Readings(self.gas.plots)
        self.tabs = _Tabs()
        self._compose()
        self._bind()

    def redraw(self) -> None:
        """Show what is known; ages and countdowns run on between two words of the engine."""
        known, life = self._known.snapshot, self._known.life
        wanted = (self._known.revision, life, self.tabs.currentIndex())
        if wanted != self._drawn:
            self._drawn = wanted
            self.line.show_snapshot(known, life)
            self.gas.show_snapshot(known)
            self.queue.show_snapshot(known)
            self._show_tab()
        now_s = self._now()
        self.line.show_times(known, now_s, self._known.silent_s)
        self.gas.redraw(known, now_s)
        if self.tabs.currentWidget() is self.queue:
            self.queue.show_times(known)
        elif self.tabs.currentWidget() is self.pulls:
            self.pulls.pulls.age()
        elif self.tabs.currentWidget() is self.readings:
            self.readings.redraw()

    def stop(self) -> None:
        """Set the hub's kill switch; nothing more is asked, for stopping is always safe."""
        self._tasks.start(
            self._switch(StopHub(), self.tr("The engine has stopped the hub. What was sent goes on to its end.")),
            name="stop-hub",
        )

    def resume(self) -> None:
        """Ask whether the hub may act again, then the engine."""
        if self._known.snapshot is None or not self._known.snapshot.stopped:
            self._notices.warn(self.tr("The hub is not stopped, so there is nothing to resume."))
        elif not self._asking_to_resume:
            self._asking_to_resume = True
            self._tasks.start(self._resume_if_agreed(), name="resume-hub")

    def copy_address(self) -> None:
        """The address for wallets goes to the clipboard."""
        self.line.copy_address()

    def ask_fees(self) -> None:
        """Go to the form that says what an amount costs."""
        self.tabs.setCurrentWidget(self.fees)
        self.fees.amount.setFocus()
        self.fees.amount.selectAll()

    def audit(self) -> None:
        """Have every account held against the index."""
        self.tabs.setCurrentWidget(self.revenue)
        self._tasks.start(self._audit(), name="audit-hub")

    def _now(self) -> float:
        return self._known.now_s

    def _show_tab(self) -> None:
        """Bring the tab in sight up to date; the others are when they come into sight."""
        known, part = self._known.snapshot, self.tabs.currentWidget()
        if part is self.settlements:
            self.settlements.show_records(self._known.records)
        elif part is self.fees:
            self.fees.show_snapshot(known)
            self.fees.show_request(self.queue.chosen)
        elif isinstance(part, HubPulls | HubRevenue | HubTokens):
            part.show_snapshot(known)

    async def _resume_if_agreed(self) -> None:
        try:
            agreed = await self._resume_dialog().answer()
        finally:
            self._asking_to_resume = False
        if agreed:
            await self._switch(ResumeHub(), self.tr("The engine has resumed the hub."))

    def _resume_dialog(self) -> Dialog:
        text = self.tr("It will accept requests and send batches again. Now: {why}")
        return Dialog(
            self.window(),
            self.tr("Resume the hub?"),
            text.format(why=hub_sentence(self._known.snapshot, self._known.life)),
            agree=self.tr("Resume the hub"),
            decline=self.tr("Leave it stopped"),
            look=_RESUME,
        )

    async def _switch(self, command: StopHub | ResumeHub, done: str) -> None:
        self.line.say_asked()
        answer: Answer | None = None
        try:
            answer = await self._ask(command)
        finally:
            self.line.say_answer(done, answer)

    async def _audit(self) -> None:
        self.revenue.say_asked()
        answer: Answer | None = None
        try:
            answer = await self._ask(AuditHub())
        finally:
            self.revenue.say_answer(answer)

    async def _quote(self, command: QuoteRebalance) -> None:
        answer: Answer | None = None
        try:
            answer = await self._ask(command)
        finally:
            self.fees.say_answer(command, answer)

    async def _ask(self, command: Command) -> Answer | None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await self._bus.ask(command)
        except TimeoutError:
            text = self.tr(
                "{command} was not answered within {seconds} s. Whether it was taken is not known; what stands here is "
                "what the engine acknowledged."
            )
            self._notices.grave(text.format(command=word(type(command).__name__), seconds=f"{ANSWER_WITHIN_S:g}"))
            return None

    def _bind(self) -> None:
        self.line.stop.connect(self.stop)
        self.line.resume.connect(self.resume)
        self.revenue.audit.connect(self.audit)
        self.queue.opened.connect(self.ask_fees)
        self.fees.quote.connect(lambda command: self._tasks.start(self._quote(command), name="quote-rebalance"))
        self.tabs.currentChanged.connect(lambda _: self.redraw())

    def _compose(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Queue, fees, settlements, pulls, revenue, tokens and readings"))
        for part, title in (
            (self.queue, self.tr("Queue")),
            (self.fees, self.tr("Fees")),
            (self.settlements, self.tr("Settlements")),
            (self.pulls, self.tr("Pulls")),
            (self.revenue, self.tr("Revenue")),
            (self.tokens, self.tr("Tokens")),
            (self.readings, self.tr("Readings")),
        ):
            self.tabs.addTab(part, title)
        self.tabs.setMinimumHeight(TABS_LEAST_PX)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(self.line)
        column.addWidget(self.gas, 2)
        column.addWidget(self.tabs, 3)
        self.setWidget(inside)
