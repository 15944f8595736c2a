"""The tokens of a portfolio: bars beside the reasons, and every number in a table."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHeaderView, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from engine.drift.messages import PortfolioSnapshot, TokenView
from gui import formats
from gui.drift.bars import DriftBars
from gui.reflow import Reflow
from gui.sentences import sentence, word
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate
HEALTHY = "HEALTHY"


def why(token: TokenView) -> str:
    """Every reason of a token, in the engine's order."""
    return " ".join(sentence(reason) for reason in token.reasons)


def _unpriced(token: TokenView) -> str:
    return translate("DriftTokens", "Not known without every price.") if token.value_usd is None else ""


def _unplanned(token: TokenView) -> str:
    return translate("DriftTokens", "No plan was made.") if token.residual_drift is None else ""


def _exact(token: TokenView) -> str:
    return formats.quantity(token.units)


def _health_tone(token: TokenView) -> Tone | None:
    return None if token.health == HEALTHY else Tone.DAMPED


def why_columns() -> tuple[Column[TokenView], ...]:
    """A token, whether it is healthy, and in words why it is traded or not."""
    return (
        Column(translate("DriftTokens", "Token"), lambda token: token.symbol),
        Column(translate("DriftTokens", "Health"), lambda token: word(token.health), tone=_health_tone),
        Column(translate("DriftTokens", "Why it is traded or left"), why),
    )


def number_columns() -> tuple[Column[TokenView], ...]:
    """A token in numbers."""
    missing = translate("DriftTokens", "The source has no price for it.")
    return (
        Column(translate("DriftTokens", "Token"), lambda token: token.symbol),
        Column(translate("DriftTokens", "Units"), lambda token: formats.units(token.units), right=True, hint=_exact),
        Column(
            translate("DriftTokens", "Value"), lambda token: formats.usd(token.value_usd), right=True, hint=_unpriced
        ),
        Column(
            translate("DriftTokens", "Share"), lambda token: formats.percent(token.share, 2), right=True, hint=_unpriced
        ),
        Column(translate("DriftTokens", "Target"), lambda token: formats.percent(token.target, 2), right=True),
        Column(
            translate("DriftTokens", "Drift"),
            lambda token: formats.percent_change(token.drift, 2),
            right=True,
            tip=translate("DriftTokens", "(value − target value) / target value"),
            hint=_unpriced,
        ),
        Column(
            translate("DriftTokens", "Then"),
            lambda token: formats.percent_change(token.residual_drift, 2),
            right=True,
            tip=translate("DriftTokens", "The drift that is left after the plan."),
            hint=_unplanned,
        ),
        Column(
            translate("DriftTokens", "Price"),
            lambda token: formats.usd_price(token.price_usd),
            right=True,
            tip=translate("DriftTokens", "Of the source that the portfolio is valued at."),
            hint=lambda token: missing if token.price_usd is None else "",
        ),
        Column(
            translate("DriftTokens", "Second price"),
            lambda token: formats.usd_price(token.second_usd),
            right=True,
            tip=translate("DriftTokens", "Of the source that only confirms the first."),
            hint=lambda token: missing if token.second_usd is None else "",
        ),
    )


class DriftTokens(QWidget):
    """Bars and reasons side by side where there is room, the numbers below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars = DriftBars()
        self.reasons: RowsModel[TokenView] = RowsModel(why_columns(), key=lambda token: token.symbol)
        self.numbers: RowsModel[TokenView] = RowsModel(number_columns(), key=lambda token: token.symbol)
        reasons = LiveTable(self.reasons, translate("DriftTokens", "Why each token is traded or left"), stretch=2)
        reasons.setWordWrap(True)
        reasons.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        reasons.setMinimumSize(280, 130)
        numbers = LiveTable(self.numbers, translate("DriftTokens", "Tokens in numbers"))
        numbers.setMinimumHeight(130)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.bars)
        scroll.setMinimumSize(260, 130)
        for part in (scroll, reasons, numbers):
            part.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.bars.legend)
        column.addWidget(Reflow((scroll, reasons), ((((0, 1), (1, 1)),), (((0, 1),), ((1, 1),)))), 1)
        column.addWidget(numbers, 1)

    def show_snapshot(self, known: PortfolioSnapshot | None) -> None:
        """Show its tokens; none before they were told."""
        tokens = () if known is None else known.tokens
        if known is not None:
            self.bars.show_tokens(known.tokens, known.threshold, known.destination)
        for part in (self.bars, self.bars.legend):
            part.setVisible(known is not None)
        self.reasons.show_rows(tokens)
        self.numbers.show_rows(tokens)
