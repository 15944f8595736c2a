"""The hub's tokens in numbers: price, reserve, what waits and what could be pulled."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.hub.messages import HubSnapshot, TokenView
from gui import formats
from gui.labels import Prose
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate


def _short(token: TokenView) -> bool:
    return token.reserve is not None and token.waiting > token.reserve


def _short_of(token: TokenView) -> str:
    if not _short(token):
        return ""
    return translate("HubTokens", "More waits than the reserve has; pulls are to bring the rest.")


def token_columns() -> tuple[Column[TokenView], ...]:
    """One token, in whole tokens."""
    unread = translate("HubTokens", "Not read yet.")
    unpriced = translate("HubTokens", "No price that may be used is known: nothing of it is accepted or sent.")
    return (
        Column(
            translate("HubTokens", "Token"),
            lambda token: token.symbol,
            hint=lambda token: translate("HubTokens", "Number {id} of the contract").format(id=token.token_id),
        ),
        Column(
            translate("HubTokens", "Price"),
            lambda token: formats.usd_price(token.price_usd),
            right=True,
            hint=lambda token: unpriced if token.price_usd is None else "",
        ),
        Column(
            translate("HubTokens", "Reserve"),
            lambda token: formats.units(token.reserve),
            right=True,
            tip=translate("HubTokens", "What the hub may push"),
            hint=lambda token: unread if token.reserve is None else "",
        ),
        Column(
            translate("HubTokens", "Least"),
            lambda token: formats.units(token.least),
            right=True,
            tip=translate("HubTokens", "The least that may be asked for at this soft limit"),
            hint=lambda token: unread if token.least is None else "",
        ),
        Column(
            translate("HubTokens", "Waiting"),
            lambda token: formats.units(token.waiting),
            right=True,
            tip=translate("HubTokens", "What accepted requests ask for"),
            tone=lambda token: Tone.DAMPED if _short(token) else None,
            hint=_short_of,
        ),
        Column(
            translate("HubTokens", "Pullable"),
            lambda token: formats.units(token.pullable),
            right=True,
            tip=translate("HubTokens", "What users who have spent could sign back"),
        ),
        Column(translate("HubTokens", "Accounts"), lambda token: f"{token.accounts:,}", right=True),
    )


class HubTokens(QWidget):
    """A row each token."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = Prose(muted=True)
        self.tokens: RowsModel[TokenView] = RowsModel(token_columns(), key=lambda token: token.token_id)
        view = LiveTable(self.tokens, translate("HubTokens", "Tokens in numbers"), stretch=0)
        view.setMinimumHeight(130)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addWidget(self.words)
        column.addWidget(view, 1)
        self.show_snapshot(None)

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show them; a sentence where there are none."""
        tokens = () if known is None else known.tokens
        self.tokens.show_rows(tokens)
        self.words.say("" if tokens else translate("HubTokens", "The engine has told no token yet."))
        self.words.setVisible(not tokens)
