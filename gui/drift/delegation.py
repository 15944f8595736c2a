"""Who may act for a portfolio without a signature for each plan, and what that puts at risk (drift spec 12)."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.core.messages import Answer, Refused
from engine.drift.messages import (
    MOST_DAYS,
    MOST_USES,
    SIGNATURE,
    EndStanding,
    GrantStanding,
    PortfolioSnapshot,
    RevokedElsewhere,
    RevokePlan,
    StandingToSign,
    StandingView,
)
from gui import formats
from gui.labels import Prose
from gui.sentences import sentence
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
DelegationCommand = GrantStanding | EndStanding | RevokePlan


def standing_text(standing: StandingView | None) -> str:
    """Whether one stands, for how much longer, and for whom."""
    if standing is None:
        return translate(
            "DriftDelegation",
            "No standing delegation: the owner signs each plan by itself, for exactly its swaps.",
        )
    return translate(
        "DriftDelegation",
        "A delegation stands: {delegate} may make {uses} more swaps until {until}, each within the bounds below, "
        "at any price, and only into the account itself.",
    ).format(delegate=standing.delegate, uses=standing.uses_left, until=formats.date_time(standing.until_s))


def risk_text(standing: StandingView | None) -> str:
    """What a leaked key could take; empty where nothing stands."""
    if standing is None:
        return ""
    text = translate("DriftDelegation", "With a leaked delegate key somebody could take up to {usd}.").format(
        usd=formats.usd(standing.could_take_usd)
    )
    unpriced = translate("DriftDelegation", "Not all of it could be valued, so it may be more.")
    return text if standing.priced else f"{text} {unpriced}"


class BoundsTable(LiveTable):
    """What one swap may sell of each token."""

    def __init__(self) -> None:
        self.bounds: RowsModel[tuple[str, Decimal]] = RowsModel(
            (
                Column(translate("DriftDelegation", "Token"), lambda row: row[0]),
                Column(
                    translate("DriftDelegation", "At most in one swap"),
                    lambda row: formats.units(row[1], 6),
                    right=True,
                ),
            ),
            key=lambda row: row[0],
        )
        super().__init__(self.bounds, translate("DriftDelegation", "Bounds of the standing delegation"))


class DriftDelegation(QWidget):
    """asked: a person wants this command to go to the engine; the page asks once more where it has to."""

    asked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._portfolio = ""
        self._plan = ""
        self._to_sign: StandingToSign | None = None
        self.text, self.risk, self.answer = Prose(lines=2), Prose(), Prose(lines=2)
        self.risk.setFont(scaled_font(self.risk.font(), 1.25, bold=True))
        set_look(self.risk, tone=Tone.DANGER)
        self.bounds = BoundsTable()
        self.uses, self.days = QSpinBox(), QDoubleSpinBox()
        self.grant_button = QPushButton(translate("DriftDelegation", "Grant…"))
        self.end_button = QPushButton(translate("DriftDelegation", "End it…"))
        self.revoke_button = QPushButton(translate("DriftDelegation", "Revoke the plan's delegation…"))
        self.copy_button = QPushButton(translate("DriftDelegation", "Copy"))
        self.signatures = (QLineEdit(), QLineEdit())
        self._copied = ""
        self._compose()
        self.show_snapshot(None)

    def show_snapshot(self, known: PortfolioSnapshot | None) -> None:
        """Show the picked portfolio's."""
        name = "" if known is None else known.name
        if name != self._portfolio:
            self.forget()
        self._portfolio = name
        self._plan = "" if known is None or known.plan is None else known.plan.id
        standing = None if known is None else known.standing
        self.text.say(standing_text(standing))
        self.risk.say(risk_text(standing))
        self.risk.setVisible(standing is not None)
        self.bounds.bounds.show_rows(() if standing is None else standing.most)
        self.end_button.setEnabled(standing is not None)
        self.grant_button.setEnabled(bool(name))
        self.revoke_button.setEnabled(bool(self._plan))

    def forget(self) -> None:
        """Nothing was asked for the portfolio that is shown now."""
        self._to_sign, self._copied = None, ""
        self.answer.say("")
        self._show_signing()

    def say_answer(self, command: DelegationCommand, answer: Answer) -> None:
        """Say what the engine answered, with what is to be copied where it asks for something."""
        refused = isinstance(answer, Refused)
        set_look(self.answer, tone=Tone.DANGER if refused else Tone.ACTING)
        self._copied = ""
        if isinstance(answer, Refused):
            self.answer.say(f"✕ {sentence(answer.reason)}")
            if isinstance(answer.reason, StandingToSign):
                self._to_sign = answer.reason
                self._copied = f"{answer.reason.approvals}\n{answer.reason.swaps}"
            elif isinstance(answer.reason, RevokedElsewhere):
                self._copied = answer.reason.data
        else:
            self._to_sign = None
            self.answer.say(translate("DriftDelegation", "✓ The engine has done it."))
        self._show_signing()

    def _show_signing(self) -> None:
        for field in self.signatures:
            field.setVisible(self._to_sign is not None)
            if self._to_sign is None:
                field.clear()
        self.copy_button.setVisible(bool(self._copied))

    def _grant(self) -> None:
        given = tuple(field.text().strip() for field in self.signatures)
        signed = self._to_sign is not None
        if signed and not all(SIGNATURE.fullmatch(one) for one in given):
            self.answer.say(translate("DriftDelegation", "✕ Each signature is 0x and 130 hexadecimal digits."))
            return
        self.asked.emit(
            GrantStanding(
                portfolio=self._portfolio,
                uses=self.uses.value(),
                days=self.days.value(),
                signatures=given if signed else (),
            )
        )

    def _compose(self) -> None:
        self.uses.setRange(1, MOST_USES)
        self.uses.setValue(20)
        self.days.setRange(0.1, MOST_DAYS)
        self.days.setValue(7.0)
        self.days.setDecimals(1)
        warning = Prose(muted=True, lines=2)
        warning.say(
            translate(
                "DriftDelegation",
                "Opt-in: it spares a signature for each plan, and trusts the sending account's key with more than a "
                "plan does. Each swap may sell at most the largest trade of now, and half of what is held.",
            )
        )
        form = QGridLayout()
        form.setHorizontalSpacing(Space.SMALL)
        named = (
            (translate("DriftDelegation", "Swaps in all"), self.uses),
            (translate("DriftDelegation", "Days"), self.days),
            (translate("DriftDelegation", "Signature of the approvals"), self.signatures[0]),
            (translate("DriftDelegation", "Signature of the swaps"), self.signatures[1]),
        )
        for at, (name, field) in enumerate(named[:2]):
            form.addWidget(QLabel(name), 0, 2 * at)
            form.addWidget(field, 0, 2 * at + 1)
        form.setColumnStretch(4, 1)
        for name, field in named:
            field.setAccessibleName(name)
            if isinstance(field, QLineEdit):
                field.setPlaceholderText(name)
        buttons = QHBoxLayout()
        buttons.setSpacing(Space.SMALL)
        for button in (self.grant_button, self.end_button, self.revoke_button, self.copy_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.grant_button.clicked.connect(self._grant)
        self.end_button.clicked.connect(lambda: self.asked.emit(EndStanding(portfolio=self._portfolio)))
        self.revoke_button.clicked.connect(
            lambda: self.asked.emit(RevokePlan(portfolio=self._portfolio, plan=self._plan))
        )
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._copied))
        self.answer.setAccessibleName(translate("DriftDelegation", "What the engine answered"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        for part in (self.text, self.risk):
            column.addWidget(part)
        column.addWidget(self.bounds, 1)
        column.addWidget(warning)
        column.addLayout(form)
        for field in self.signatures:
            column.addWidget(field)
        column.addLayout(buttons)
        column.addWidget(self.answer)


def question(command: DelegationCommand) -> tuple[str, str, str]:
    """What is asked once more before it goes to the engine: title, text, and the word to agree."""
    if isinstance(command, GrantStanding):
        text = translate(
            "DriftDelegation",
            "The sending account may make {uses} swaps within {days} days without another signature. Whoever has its "
            "key could sell within the bounds at a price of their own making.",
        ).format(uses=command.uses, days=formats.quantity(Decimal(str(command.days))))
        title = translate("DriftDelegation", "Let plans of {portfolio} go out without a signature?")
        return title.format(portfolio=command.portfolio), text, translate("DriftDelegation", "Grant it")
    if isinstance(command, EndStanding):
        title = translate("DriftDelegation", "End the standing delegation of {portfolio}?")
        text = translate("DriftDelegation", "Two transactions of the account itself disable it on the chain.")
        return title.format(portfolio=command.portfolio), text, translate("DriftDelegation", "End it")
    title = translate("DriftDelegation", "Revoke the delegation of plan {plan}?").format(plan=command.plan)
    text = translate(
        "DriftDelegation", "A transaction of the account itself disables it; a plan that is not mined by then fails."
    )
    return title, text, translate("DriftDelegation", "Revoke it")
