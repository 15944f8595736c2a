"""What a rebalance costs: of an amount that a person types, and of a request that waits (panel spec 4, hub spec 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.core.messages import Answer, Refused
from engine.hub.messages import HubSnapshot, QuoteRebalance, RequestView
from gui import formats
from gui.labels import Prose
from gui.reflow import Reflow
from gui.sentences import sentence
from gui.sentences.figures import short_id
from gui.theme import Space, Tone, number_font, scaled_font, set_look

translate = QCoreApplication.translate
CARD_LEAST_PX = 300


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What a user pays, in whole tokens, and what the amount is worth."""

    symbol: str
    amount: Decimal
    hub_fee: Decimal
    miner_fee: Decimal
    buffer: Decimal
    total: Decimal
    usd: Decimal | None


def breakdown_of(request: RequestView) -> Breakdown:
    """As the request's fees were taken."""
    return Breakdown(
        request.symbol,
        request.amount,
        request.hub_fee,
        request.miner_fee,
        request.buffer,
        request.total,
        request.usd,
    )


def quoted(symbol: str, detail: Mapping[str, Any]) -> Breakdown | None:
    """The engine's answer to QuoteRebalance; None where it is not what was agreed."""
    names = ("amount", "hub_fee", "miner_fee", "buffer", "total", "usd")
    try:
        return Breakdown(symbol, *(Decimal(str(detail[name])) for name in names))
    except (KeyError, InvalidOperation):
        return None


def comes_back(one: Breakdown) -> str:
    """What of it the user gets back once the batch's gas is known."""
    return translate(
        "HubFees",
        "Comes back: up to {most} {symbol}, what the batch does not use of gas and buffer, once its receipt is known "
        "(nothing where the settings say to keep it). Everything comes back when the request is not carried out.",
    ).format(most=formats.units(one.miner_fee + one.buffer), symbol=one.symbol)


class BreakdownCard(QFrame):
    """Amount, hub fee, gas, buffer and total under one another, and in words what comes back."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(title)
        heading = QLabel(title)
        set_look(heading, role="title")
        self.about = Prose(muted=True)
        self.back = Prose(muted=True, lines=2)
        self.rows = QGridLayout()
        self.rows.setHorizontalSpacing(Space.WIDE)
        self.rows.setVerticalSpacing(Space.HAIR)
        self.rows.setColumnStretch(2, 1)
        self.values: dict[str, QLabel] = {}
        for at, (field, name) in enumerate(
            (
                ("amount", translate("HubFees", "Amount")),
                ("hub_fee", translate("HubFees", "Hub fee")),
                ("miner_fee", translate("HubFees", "Gas")),
                ("buffer", translate("HubFees", "Buffer")),
                ("total", translate("HubFees", "Total")),
                ("usd", translate("HubFees", "Amount is worth")),
            )
        ):
            self._add_row(at, field, name)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        self.column.setSpacing(Space.SMALL)
        self.column.addWidget(heading)
        self.column.addWidget(self.about)
        self.column.addLayout(self.rows)
        self.column.addWidget(self.back)
        self.column.addStretch(1)
        self.setMinimumWidth(CARD_LEAST_PX)
        self.show_breakdown(None, "")

    def show_breakdown(self, one: Breakdown | None, about: str) -> None:
        """Show it; about: whose it is, or why there is none."""
        self.about.say(about)
        self.back.say("" if one is None else comes_back(one))
        self.back.setVisible(one is not None)
        for field, label in self.values.items():
            label.setText(formats.UNKNOWN if one is None else _text(one, field))

    def _add_row(self, at: int, field: str, name: str) -> None:
        label, value = QLabel(name), QLabel()
        set_look(label, role="muted")
        bold = field == "total"
        value.setFont(number_font(scaled_font(value.font(), 1.1 if bold else 1.0, bold=bold)))
        value.setTextFormat(Qt.TextFormat.PlainText)
        value.setAccessibleName(name)
        value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.values[field] = value
        self.rows.addWidget(label, at, 0)
        self.rows.addWidget(value, at, 1, Qt.AlignmentFlag.AlignRight)


def _text(one: Breakdown, field: str) -> str:
    if field == "usd":
        return formats.usd(one.usd)
    return f"{formats.units(getattr(one, field))} {one.symbol}"


class HubFees(QWidget):
    """quote: a person asks what securing an amount would cost now."""

    quote = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.token = QComboBox()
        self.amount = QLineEdit()
        self.ask_button = QPushButton(translate("HubFees", "What it costs"))
        self.answer = Prose(muted=True)
        self.asked = BreakdownCard(translate("HubFees", "An amount, now"))
        self.waiting = BreakdownCard(translate("HubFees", "The request selected in the queue"))
        self._tokens: tuple[tuple[int, str], ...] = ()
        self._compose()
        self.ask_button.clicked.connect(self.ask)
        self.amount.returnPressed.connect(self.ask)
        self.show_snapshot(None)
        self.show_request(None)
        self.asked.show_breakdown(None, translate("HubFees", "Nothing was asked yet."))

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Offer the hub's tokens."""
        tokens = () if known is None else tuple((token.token_id, token.symbol) for token in known.tokens)
        if tokens != self._tokens:
            kept = self.token.currentData()
            self._tokens = tokens
            self.token.clear()
            for token_id, symbol in tokens:
                self.token.addItem(symbol or str(token_id), token_id)
            self.token.setCurrentIndex(max(0, self.token.findData(kept)))
        for part in (self.token, self.amount, self.ask_button):
            part.setEnabled(bool(tokens))

    def show_request(self, one: RequestView | None) -> None:
        """Show the fees of a request that waits."""
        if one is None:
            self.waiting.show_breakdown(
                None, translate("HubFees", "No request is selected; choose a row of the queue.")
            )
            return
        text = translate("HubFees", "Request {id} of {user}, made at {time}; its fees are taken.")
        about = text.format(id=short_id(one.id), user=short_id(one.user), time=formats.clock_time(one.made_at_s))
        self.waiting.show_breakdown(breakdown_of(one), about)

    def ask(self) -> None:
        """Have the typed amount quoted, if it is one."""
        amount = self._typed()
        if amount is None:
            self._say(translate("HubFees", "Write a number above 0, like 1000 or 12.5."), Tone.DAMPED)
            return
        if not self.ask_button.isEnabled():
            return
        self.ask_button.setEnabled(False)
        self._say(translate("HubFees", "Asked for; not acknowledged yet."))
        self.quote.emit(QuoteRebalance(token_id=self.token.currentData(), amount=amount))

    def say_answer(self, command: QuoteRebalance, answer: Answer | None) -> None:
        """Show what the engine answered; None where no answer came."""
        self.ask_button.setEnabled(bool(self._tokens))
        self._say("")
        if answer is None:
            return
        if isinstance(answer, Refused):
            self._say(translate("HubFees", "✕ Refused. {why}").format(why=sentence(answer.reason)), Tone.DANGER)
            return
        symbol = dict(self._tokens).get(command.token_id, str(command.token_id))
        found = quoted(symbol, answer.detail)
        if found is None:
            self._say(translate("HubFees", "The engine's answer could not be read; see the log."), Tone.DANGER)
            return
        self.asked.show_breakdown(found, translate("HubFees", "As it would be taken now; gas and prices move it."))

    def _typed(self) -> Decimal | None:
        try:
            amount = Decimal(self.amount.text().strip())
        except InvalidOperation:
            return None
        return amount if amount.is_finite() and amount > 0 else None

    def _say(self, text: str, tone: Tone | None = None) -> None:
        set_look(self.answer, tone=tone, role=None if tone else "muted")
        self.answer.say(text)
        self.answer.setVisible(bool(text))

    def _compose(self) -> None:
        self.token.setAccessibleName(translate("HubFees", "Token"))
        self.amount.setAccessibleName(translate("HubFees", "Amount in whole tokens"))
        self.amount.setPlaceholderText(translate("HubFees", "Amount, like 1000"))
        self.amount.setMinimumWidth(110)
        self.ask_button.setToolTip(translate("HubFees", "Ask the engine; nothing is taken or sent"))
        set_look(self.ask_button, primary=True)
        form = QHBoxLayout()
        form.setSpacing(Space.SMALL)
        form.addWidget(self.token)
        form.addWidget(self.amount, 1)
        form.addWidget(self.ask_button)
        self.asked.column.insertLayout(1, form)
        self.asked.column.insertWidget(2, self.answer)
        self.asked.setMinimumWidth(max(CARD_LEAST_PX, self.asked.column.minimumSize().width()))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        cards = QScrollArea()
        cards.setWidgetResizable(True)
        cards.setFrameShape(QFrame.Shape.NoFrame)
        cards.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        cards.setWidget(Reflow((self.asked, self.waiting), ((((0, 1), (1, 1)),), (((0, 1),), ((1, 1),)))))
        column.addWidget(cards, 1)
