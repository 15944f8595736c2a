"""Drift: every portfolio in a list; of the picked one its tokens, plan, history and analytics (panel spec 3)."""

from __future__ import annotations

import asyncio

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from engine.core.bus import Bus
from engine.core.messages import Answer, Command, Refused
from engine.core.supervisor import EngineSnapshot
from engine.core.tasks import Tasks
from engine.drift.messages import ConfirmPlan, DismissPlan, PlanView, ShowPortfolio
from gui.dialogs import Dialog
from gui.drift.analytics import DriftAnalytics
from gui.drift.confirmation import PlanDialog
from gui.drift.delegation import DelegationCommand, DriftDelegation, question
from gui.drift.engine_line import EngineLine
from gui.drift.history import DriftHistory
from gui.drift.over_time import DriftOverTime
from gui.drift.plan import DriftPlan
from gui.drift.portfolios import PortfolioList
from gui.drift.standing import PortfolioStanding
from gui.drift.tokens import DriftTokens
from gui.looks import PORTFOLIO_STATES
from gui.notices import NoticeBar
from gui.read_model import ReadModel
from gui.reflow import Reflow
from gui.sentences import sentence, word
from gui.theme import Space

ANSWER_WITHIN_S = 10.0
CHAIN_ANSWERS_WITHIN_S = 120.0


class _Tabs(QTabWidget):
    """Asks for no more than its pages need: one that wraps its text would ask for its height at its least width."""

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()


class DriftPage(QScrollArea):
    """Needs a running session: made when one is attached. It shows what the engine told and asks through the bus."""

    def __init__(
        self, model: ReadModel, bus: Bus, tasks: Tasks, notices: NoticeBar, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._known = model.drift
        self._bus = bus
        self._tasks = tasks
        self._notices = notices
        self._drawn: tuple[int, EngineSnapshot | None, str] | None = None
        self._asked_for: tuple[str, int] | None = None
        self._dialog: PlanDialog | None = None
        self._answered = ""
        self.engine = EngineLine()
        self.portfolios = PortfolioList()
        self.standing = PortfolioStanding()
        self.tokens = DriftTokens()
        self.plan = DriftPlan()
        self.history = DriftHistory()
        self.analytics = DriftAnalytics()
        self.delegation = DriftDelegation()
        self.over_time = DriftOverTime(self._known.largest, self._now)
        self.tabs = _Tabs()
        self._compose()
        self.portfolios.picked.connect(self._picked)
        self.plan.confirm.connect(self.confirm)
        self.plan.dismiss.connect(self.dismiss)
        self.delegation.asked.connect(self._delegate)
        self._known.on_change(self._watch_dialog)

    def redraw(self) -> None:
        """Show what the read model holds."""
        life = self._model.engines.get("drift")
        crashes = 0 if life is None else life.crashes
        wanted = (self._known.revision, life, self.portfolios.name)
        if wanted != self._drawn:
            known = self._known.engine
            self.engine.show_snapshot(known, life)
            self.portfolios.show_rows(() if known is None else known.rows)
            self._body.setVisible(known is not None and bool(known.rows))
            self._show_picked()
            self._drawn = (self._known.revision, life, self.portfolios.name)
        name = self.portfolios.name
        if name and self._asked_for != (name, crashes) and self._is_watched(name):
            self._asked_for = (name, crashes)
            self._tasks.start(self._show(name), name="show-portfolio")
        self.over_time.redraw()

    def find(self) -> None:
        """Go to the search."""
        self.portfolios.search.setFocus()
        self.portfolios.search.selectAll()

    def show_plan(self) -> None:
        """Bring the plan of the picked portfolio into sight."""
        self.tabs.setCurrentWidget(self.plan)

    def confirm(self) -> None:
        """Ask once more whether the plan that stands may be sent."""
        self.show_plan()
        plan = self._plan_to_answer()
        if plan is None:
            self._notices.warn(self.tr("No plan of the picked portfolio waits for you."))
        elif self._dialog is None:
            self._tasks.start(self._confirm(self.portfolios.name, plan), name="confirm-plan")

    def dismiss(self) -> None:
        """Tell the engine not to send the plan that stands."""
        self.show_plan()
        plan = self._plan_to_answer()
        if plan is None:
            self._notices.warn(self.tr("No plan of the picked portfolio waits for you."))
            return
        command = DismissPlan(portfolio=self.portfolios.name, plan=plan.id)
        self._tasks.start(self._answer(command, self.tr("The engine has dropped plan {plan}.")), name="dismiss-plan")

    def _now(self) -> float:
        return self._known.now_s or 0.0

    def _is_watched(self, name: str) -> bool:
        known = self._known.engine
        return known is not None and any(row.name == name for row in known.rows)

    def _plan_to_answer(self) -> PlanView | None:
        plan = self._known.waiting_plan(self.portfolios.name)
        return None if plan is None or plan.id == self._answered else plan

    def _show_picked(self) -> None:
        name = self.portfolios.name
        if not name:
            return
        known = self._known.portfolio(name)
        now_s = self._now() if known is None else max(self._now(), known.at_s)
        self.standing.show_snapshot(name, known, now_s)
        self.plan.show_snapshot(
            known, None if known is None else known.plan, now_s, waiting=self._plan_to_answer() is not None
        )
        waits = self._known.waiting_plan(name) is not None
        self.tabs.setTabText(1, self.tr("Plan (waits for you)") if waits else self.tr("Plan"))
        records = self._known.records(name)
        self.history.show_records(records)
        self.over_time.show_snapshot(known, self._known.series(name), records)
        self.tokens.show_snapshot(known)
        self.delegation.show_snapshot(known)
        self.analytics.show_snapshot(known)

    def _picked(self, name: str) -> None:
        self.plan.say_asked("")
        self._drawn = None

    async def _show(self, name: str) -> None:
        answer = await self._ask(ShowPortfolio(portfolio=name))
        if isinstance(answer, Refused):
            self._notices.warn(
                self.tr("{portfolio} cannot be shown in full. {why}").format(
                    portfolio=name, why=sentence(answer.reason)
                )
            )

    async def _confirm(self, portfolio: str, plan: PlanView) -> None:
        dialog = self._dialog = PlanDialog(self.window(), portfolio, plan, self._model.mode, self._now())
        try:
            agreed = await dialog.answer()
        finally:
            self._dialog = None
        if dialog.withdrawn:
            self._notices.warn(
                self.tr("Plan {plan} of {portfolio} no longer stands, so the question about it was taken back.").format(
                    plan=plan.id, portfolio=portfolio
                )
            )
        elif agreed:
            signature = dialog.signature.text().strip()
            command = ConfirmPlan(portfolio=portfolio, plan=plan.id, signature=signature)
            await self._answer(command, self.tr("The engine has taken plan {plan}; it is sent once."))

    async def _answer(self, command: ConfirmPlan | DismissPlan, done: str) -> None:
        """Ask, and show at the plan what the engine answered."""
        self._answered, self._drawn = command.plan, None
        self.plan.say_asked(self.tr("Asked for; not acknowledged yet."))
        answer = await self._ask(command)
        if answer is None or isinstance(answer, Refused):
            self._answered, self._drawn = "", None
        if answer is None:
            self.plan.say_asked("")
            return
        if self.portfolios.name == command.portfolio:
            self.plan.say_answer(done.format(plan=command.plan), answer)
        elif isinstance(answer, Refused):
            self._notices.grave(f"{command.portfolio}: {sentence(answer.reason)}")

    def _delegate(self, command: DelegationCommand) -> None:
        self._tasks.start(self._delegated(command), name="delegation")

    async def _delegated(self, command: DelegationCommand) -> None:
        """Ask a person once more, then the engine, and show what it answered."""
        title, text, agree = question(command)
        dialog = Dialog(
            self.window(), title, text, agree=agree, decline=self.tr("Leave it"), look=PORTFOLIO_STATES["proposed"]
        )
        if not await dialog.answer():
            return
        answer = await self._ask(command, CHAIN_ANSWERS_WITHIN_S)
        if answer is not None and self.portfolios.name == command.portfolio:
            self.delegation.say_answer(command, answer)

    async def _ask(self, command: Command, within_s: float | None = None) -> Answer | None:
        within_s = ANSWER_WITHIN_S if within_s is None else within_s
        try:
            async with asyncio.timeout(within_s):
                return await self._bus.ask(command)
        except TimeoutError:
            self._notices.grave(
                self.tr(
                    "{command} was not answered within {seconds} s. Whether it was taken is not known: see the history "
                    "before you ask again."
                ).format(command=word(type(command).__name__), seconds=f"{within_s:g}")
            )
            return None

    def _watch_dialog(self) -> None:
        """A question about a plan goes away with the plan."""
        dialog = self._dialog
        if dialog is None:
            return
        plan = self._known.waiting_plan(dialog.portfolio)
        if plan is None or plan.id != dialog.plan:
            dialog.withdraw()

    def _compose(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Tokens, plan, history, analytics, drift over time and delegation"))
        for part, title in (
            (self.tokens, self.tr("Tokens")),
            (self.plan, self.tr("Plan")),
            (self.history, self.tr("History")),
            (self.analytics, self.tr("Analytics")),
            (self.over_time, self.tr("Over time")),
            (self.delegation, self.tr("Delegation")),
        ):
            self.tabs.addTab(part, title)
        picked = QWidget()
        right = QVBoxLayout(picked)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(Space.MEDIUM)
        right.addWidget(self.standing)
        right.addWidget(self.tabs, 1)
        picked.setMinimumWidth(420)
        self.portfolios.setMinimumWidth(340)
        self._body = Reflow((self.portfolios, picked), ((((0, 4), (1, 7)),), (((0, 1),), ((1, 1),))), shares=(1, 3))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(self.engine)
        column.addWidget(self._body, 1)
        column.addStretch(0)
        self.setWidget(inside)
