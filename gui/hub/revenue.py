"""What the hub earned and what it refused; what is left of its budgets (panel spec 4, hub spec 2, 6 and 12)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.core.messages import Answer, Refused
from engine.hub.messages import AuditView, HubSnapshot
from gui import formats
from gui.labels import Prose
from gui.reflow import Reflow
from gui.sentences import sentence
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
MOST_REFUSED_RATIO = 0.05
"""Hub spec 2: in normal traffic fewer are refused."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure: its name, its text, what it means or why it is not known, and a tone where it has one."""

    name: str
    text: str
    hint: str = ""
    tone: Tone | None = None


def money_rows(known: HubSnapshot | None) -> list[FigureRow]:
    """What came in and what went out since the record began."""
    totals = None if known is None else known.totals
    untold = translate("HubRevenue", "The engine has told nothing of its totals yet.")

    def usd(name: str, value: Decimal | None) -> FigureRow:
        return FigureRow(name, formats.usd(value), untold if value is None else "")

    profit = None if totals is None else totals.profit_usd
    ratio = None if totals is None else totals.return_ratio
    return [
        FigureRow(translate("HubRevenue", "Batches"), formats.UNKNOWN if totals is None else f"{totals.batches:,}"),
        usd(translate("HubRevenue", "Pushed"), totals and totals.pushed_usd),
        usd(translate("HubRevenue", "Pulled"), totals and totals.pulled_usd),
        usd(translate("HubRevenue", "Hub fees"), totals and totals.hub_fees_usd),
        usd(translate("HubRevenue", "Gas taken"), totals and totals.gas_taken_usd),
        usd(translate("HubRevenue", "Gas paid"), totals and totals.gas_paid_usd),
        usd(translate("HubRevenue", "Refunded"), totals and totals.refunded_usd),
        FigureRow(
            translate("HubRevenue", "Profit"),
            formats.usd_change(profit),
            translate("HubRevenue", "Hub fees and gas taken, less gas paid and what went back"),
            Tone.DANGER if profit is not None and profit < 0 else None,
        ),
        FigureRow(
            translate("HubRevenue", "Return on rebalances"),
            formats.percent_change(ratio, 2),
            translate("HubRevenue", "No batch has settled yet.")
            if ratio is None
            else translate("HubRevenue", "Profit over what was pushed"),
            Tone.DANGER if ratio is not None and ratio < 0 else None,
        ),
    ]


def request_rows(known: HubSnapshot | None) -> list[FigureRow]:
    """What became of those who asked."""
    totals = None if known is None else known.totals
    ratio = None if totals is None else totals.refusal_ratio
    hint = translate("HubRevenue", "Nobody has asked yet.")
    if totals is not None and ratio is not None:
        text = translate("HubRevenue", "Of the newest {answers} answers; {most} is the most that normal traffic gives.")
        hint = text.format(answers=f"{totals.answers:,}", most=formats.percent(MOST_REFUSED_RATIO))
    return [
        FigureRow(translate("HubRevenue", "Accepted"), formats.UNKNOWN if totals is None else f"{totals.accepted:,}"),
        FigureRow(translate("HubRevenue", "Refused"), formats.UNKNOWN if totals is None else f"{totals.refused:,}"),
        FigureRow(
            translate("HubRevenue", "Refusal rate"),
            formats.percent(ratio, 1),
            hint,
            Tone.DAMPED if ratio is not None and ratio > MOST_REFUSED_RATIO else None,
        ),
    ]


def standing_rows(known: HubSnapshot | None) -> list[FigureRow]:
    """What may still be pushed, and how the accounts stand."""
    audit = None if known is None else known.audit
    wrong = audit is not None and audit.differences > 0
    return [
        FigureRow(
            translate("HubRevenue", "Left in this interval"),
            formats.usd(None if known is None else known.budget.interval_left_usd),
        ),
        FigureRow(
            translate("HubRevenue", "Left within 24 hours"),
            formats.usd(None if known is None else known.budget.day_left_usd),
        ),
        FigureRow(translate("HubRevenue", "Accounts"), formats.UNKNOWN if known is None else f"{known.accounts:,}"),
        FigureRow(
            translate("HubRevenue", "Newest audit"),
            formats.UNKNOWN if audit is None else formats.date_time(audit.at_s),
            "" if audit is not None else translate("HubRevenue", "No full scan was made yet."),
        ),
        FigureRow(
            translate("HubRevenue", "It found"),
            audit_text(audit),
            tone=Tone.DANGER if wrong else None,
        ),
    ]


def audit_text(audit: AuditView | None) -> str:
    """`312 accounts, all as in the index`."""
    if audit is None:
        return formats.UNKNOWN
    if not audit.differences:
        return translate("HubRevenue", "{accounts} accounts, all right").format(accounts=f"{audit.accounts:,}")
    text = translate("HubRevenue", "{accounts} accounts, {differences} wrong in the index")
    return text.format(accounts=f"{audit.accounts:,}", differences=f"{audit.differences:,}")


def _columns(title: str) -> tuple[Column[FigureRow], ...]:
    return (
        Column(title, lambda row: row.name, hint=lambda row: row.hint),
        Column("", lambda row: row.text, right=True, hint=lambda row: row.hint, tone=lambda row: row.tone),
    )


class HubRevenue(QWidget):
    """Three tables of figures. audit: a person wants every account held against the index now."""

    audit = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        titles = (
            translate("HubRevenue", "Revenue, since the record began"),
            translate("HubRevenue", "Requests"),
            translate("HubRevenue", "Budgets and accounts"),
        )
        self.money, self.requests, self.standing = (
            RowsModel[FigureRow](_columns(title), key=lambda row: row.name) for title in titles
        )
        tables = [
            LiveTable(model, title, stretch=0)
            for model, title in zip((self.money, self.requests, self.standing), titles, strict=True)
        ]
        for table in tables:
            table.setMinimumSize(260, 110)
            table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.audit_button = QPushButton(translate("HubRevenue", "Check every account now"))
        self.audit_button.setToolTip(translate("HubRevenue", "Hold every account against the index (Ctrl+Shift+A)"))
        self.audit_button.clicked.connect(self.audit)
        self.answer = Prose(muted=True)
        self.answer.setAccessibleName(translate("HubRevenue", "What the engine answered"))
        right = Reflow(tables[1:], ((((0, 1),), ((1, 1),)),), shares=(3, 5))
        right.setMinimumWidth(270)
        foot = QHBoxLayout()
        foot.addWidget(self.answer, 1)
        foot.addWidget(self.audit_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(Reflow((tables[0], right), ((((0, 1), (1, 1)),), (((0, 1),), ((1, 1),)))), 1)
        column.addLayout(foot)
        self.show_snapshot(None)

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show them; dashes before they were told."""
        self.money.show_rows(money_rows(known))
        self.requests.show_rows(request_rows(known))
        self.standing.show_rows(standing_rows(known))

    def say_asked(self) -> None:
        """The engine was asked and has not answered yet."""
        self.audit_button.setEnabled(False)
        set_look(self.answer, tone=None, role="muted")
        self.answer.say(translate("HubRevenue", "Asked for; not acknowledged yet."))

    def say_answer(self, answer: Answer | None) -> None:
        """Show what it answered; None where no answer came."""
        self.audit_button.setEnabled(True)
        if answer is None:
            self.answer.say("")
            return
        refused = isinstance(answer, Refused)
        set_look(self.answer, tone=Tone.DANGER if refused else Tone.ACTING, role=None)
        self.answer.say(
            translate("HubRevenue", "✕ Refused. {why}").format(why=sentence(answer.reason))
            if refused
            else translate("HubRevenue", "✓ The engine has taken it; what it finds stands above.")
        )
