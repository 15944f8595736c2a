"""The plan before it is sent: what would be swapped, at what cost, and who could take what (panel spec 3)."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.core.messages import Answer, Refused
from engine.drift.messages import LegView, PlanView, PortfolioSnapshot
from gui import formats
from gui.drift.standing import remaining_s
from gui.labels import Prose
from gui.sentences import sentence
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
DIGITS = 5


def path_text(path: tuple[str, ...]) -> str:
    """`WETH → USDC → DAI`."""
    return " → ".join(path)


def plan_title(plan: PlanView) -> str:
    """Which plan it is, what it comes to, and what it was made of."""
    total = sum((leg.usd for leg in plan.legs), Decimal(0))
    text = translate(
        "DriftPlan",
        "Plan {id}: swaps: {legs}, {total} in all. Made at {made}, under revision {revision} of the options.",
    )
    return text.format(
        id=plan.id,
        legs=len(plan.legs),
        total=formats.usd(total),
        made=formats.clock_time(plan.made_at_s),
        revision=plan.revision,
    )


def gas_text(plan: PlanView) -> str:
    """What its transaction is expected to cost."""
    return translate("DriftPlan", "{usd} expected ({gas} gas at the price of now)").format(
        usd=formats.usd(plan.gas_usd), gas=f"{plan.gas:,}"
    )


def who_may_take_what(plan: PlanView) -> str:
    """What is delegated to whom, and until when."""
    return translate(
        "DriftPlan",
        "{delegate} may make exactly these swaps, once, until {until}; nothing else, and to no other receiver.",
    ).format(delegate=plan.delegate, until=formats.date_time(plan.until_s))


def leg_columns() -> tuple[Column[LegView], ...]:
    """One swap."""
    return (
        Column(translate("DriftPlan", "Path"), lambda leg: path_text(leg.path)),
        Column(
            translate("DriftPlan", "Amount in"),
            lambda leg: f"{formats.units(leg.amount_in, DIGITS)} {leg.path[0]}",
            right=True,
            hint=lambda leg: formats.quantity(leg.amount_in),
        ),
        Column(
            translate("DriftPlan", "Quote"),
            lambda leg: f"{formats.units(leg.quote_out, DIGITS)} {leg.path[-1]}",
            right=True,
            hint=lambda leg: formats.quantity(leg.quote_out),
        ),
        Column(
            translate("DriftPlan", "At least"),
            lambda leg: f"{formats.units(leg.min_out, DIGITS)} {leg.path[-1]}",
            right=True,
            tip=translate("DriftPlan", "With less than this the whole plan reverts (amountOutMin)."),
            hint=lambda leg: formats.quantity(leg.min_out),
        ),
        Column(
            translate("DriftPlan", "Impact"),
            lambda leg: formats.percent(leg.price_impact, 2),
            right=True,
            tip=translate("DriftPlan", "How far the swap moves its pools against itself."),
        ),
        Column(translate("DriftPlan", "Worth"), lambda leg: formats.usd(leg.usd), right=True),
    )


class LegsTable(LiveTable):
    """The swaps of a plan, in order."""

    def __init__(self) -> None:
        self.legs: RowsModel[tuple[int, LegView]] = RowsModel(
            tuple(_of_numbered(column) for column in leg_columns()), key=lambda row: row[0]
        )
        super().__init__(self.legs, translate("DriftPlan", "Swaps of the plan"))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def show_plan(self, plan: PlanView | None) -> None:
        """Show its swaps."""
        self.legs.show_rows(() if plan is None else tuple(enumerate(plan.legs)))


def _of_numbered(column: Column[LegView]) -> Column[tuple[int, LegView]]:
    hint = column.hint
    return Column(
        column.title,
        lambda row: column.text(row[1]),
        right=column.right,
        tip=column.tip,
        hint=None if hint is None else lambda row: hint(row[1]),
    )


class PlanFacts(QWidget):
    """What a plan costs and who could take what, a name and a sentence each."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.gas, self.who, self.until = Prose(), Prose(lines=2), Prose()
        rows = QGridLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setHorizontalSpacing(Space.MEDIUM)
        rows.setVerticalSpacing(Space.TIGHT)
        rows.setColumnStretch(1, 1)
        named = (
            (translate("DriftPlan", "Gas"), self.gas),
            (translate("DriftPlan", "Who could take what"), self.who),
            (translate("DriftPlan", "Can be confirmed"), self.until),
        )
        for at, (name, text) in enumerate(named):
            label = QLabel(name)
            label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            set_look(label, role="muted")
            rows.addWidget(label, at, 0)
            rows.addWidget(text, at, 1)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setAccessibleName(name)

    def show_plan(self, plan: PlanView, now_s: float) -> None:
        """Show them; now_s: the engine's clock."""
        self.gas.say(gas_text(plan))
        self.who.say(who_may_take_what(plan))
        left_s = remaining_s(plan.valid_until_s, now_s)
        if left_s is None:
            self.until.say(
                translate("DriftPlan", "no more: it ended at {at}").format(at=formats.clock_time(plan.valid_until_s))
            )
        else:
            text = translate("DriftPlan", "for {left} more, until {at}")
            self.until.say(text.format(left=formats.duration(left_s), at=formats.clock_time(plan.valid_until_s)))


class DriftPlan(QWidget):
    """The plan that stands for the picked portfolio. confirm, dismiss: a person asked for it."""

    confirm = Signal()
    dismiss = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = Prose()
        self.none = Prose(muted=True)
        self.legs = LegsTable()
        self.legs.setMinimumHeight(110)
        self.facts = PlanFacts()
        self.confirm_button = QPushButton(translate("DriftPlan", "Confirm…"))
        self.dismiss_button = QPushButton(translate("DriftPlan", "Dismiss"))
        self.answer = Prose()
        self.answer.setAccessibleName(translate("DriftPlan", "What the engine answered"))
        self._compose()
        self.show_snapshot(None, None, 0.0, waiting=False)

    def show_snapshot(
        self, known: PortfolioSnapshot | None, plan: PlanView | None, now_s: float, *, waiting: bool
    ) -> None:
        """Show `plan` of the portfolio. waiting: whether a person may confirm or dismiss it now."""
        self._stack.setCurrentIndex(0 if plan is None else 1)
        self.legs.show_plan(plan)
        for button in (self.confirm_button, self.dismiss_button):
            button.setEnabled(waiting)
        if plan is None:
            why = "" if known is None else sentence(known.reason)
            self.none.say(translate("DriftPlan", "No plan stands. {why}").format(why=why).strip())
            return
        self.title.say(plan_title(plan))
        self.facts.show_plan(plan, now_s)

    def say_asked(self, text: str) -> None:
        """Say that the engine was asked and has not answered yet; empty for nothing."""
        set_look(self.answer, tone=None, role="muted")
        self.answer.say(text)

    def say_answer(self, done: str, answer: Answer) -> None:
        """Say what the engine answered; `done` where it agreed."""
        refused = isinstance(answer, Refused)
        set_look(self.answer, tone=Tone.DANGER if refused else Tone.ACTING, role=None)
        text = (
            translate("DriftPlan", "✕ Refused. {why}").format(why=sentence(answer.reason)) if refused else f"✓ {done}"
        )
        self.answer.say(text)

    def _compose(self) -> None:
        self.confirm_button.setToolTip(translate("DriftPlan", "Read it once more, then send exactly this plan"))
        self.dismiss_button.setToolTip(translate("DriftPlan", "Do not send it; the portfolio rests"))
        set_look(self.confirm_button, primary=True)
        self.confirm_button.clicked.connect(self.confirm)
        self.dismiss_button.clicked.connect(self.dismiss)
        none, stands = QWidget(), QWidget()
        empty = QVBoxLayout(none)
        empty.setContentsMargins(0, Space.SMALL, 0, 0)
        empty.addWidget(self.none)
        empty.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.SMALL)
        buttons.addStretch(1)
        buttons.addWidget(self.dismiss_button)
        buttons.addWidget(self.confirm_button)
        column = QVBoxLayout(stands)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.title)
        column.addWidget(self.legs, 1)
        column.addWidget(self.facts)
        column.addLayout(buttons)
        pages = QWidget()
        self._stack = QStackedLayout(pages)
        self._stack.addWidget(none)
        self._stack.addWidget(stands)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(Space.TIGHT)
        whole.addWidget(pages, 1)
        whole.addWidget(self.answer)
