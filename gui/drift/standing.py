"""The picked portfolio in one card: its state and why, what it is worth, how far it has drifted, how long it rests."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.drift.messages import PortfolioSnapshot
from gui import formats
from gui.labels import Figure, Prose
from gui.looks import PORTFOLIO_STATES, STARTING
from gui.pill import Pill
from gui.reflow import Reflow
from gui.sentences import sentence, word
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate


def remaining_s(until_s: float | None, now_s: float) -> float | None:
    """What is left until a time of the engine, by the engine's own clock; None where nothing is waited for."""
    return None if until_s is None or until_s <= now_s else until_s - now_s


class PortfolioStanding(QFrame):
    """`show_snapshot` fills it; times run with the engine's clock and stand still with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("PortfolioStanding", "The picked portfolio"))
        self.title = QLabel()
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        self.title.setFont(scaled_font(self.title.font(), 1.15, bold=True))
        self.account = QLabel()
        self.account.setTextFormat(Qt.TextFormat.PlainText)
        self.account.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.account.setAccessibleName(translate("PortfolioStanding", "Account"))
        self.account.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_look(self.account, role="muted")
        self.state = Pill()
        self.why = Prose(lines=2)
        self.value = Figure(translate("PortfolioStanding", "Value"), ratio=1.1)
        self.drift = Figure(translate("PortfolioStanding", "Largest drift"), ratio=1.1)
        self.threshold = Figure(translate("PortfolioStanding", "Threshold"), ratio=1.1)
        self.destination = Figure(translate("PortfolioStanding", "Destination"), ratio=1.1)
        self.cooldown = Figure(translate("PortfolioStanding", "Cooldown"), ratio=1.1)
        self.failures = Figure(translate("PortfolioStanding", "Failures in a row"), ratio=1.1)
        self.seen = Figure(translate("PortfolioStanding", "Seen"), ratio=1.1)
        self._compose()

    def show_snapshot(self, name: str, known: PortfolioSnapshot | None, now_s: float) -> None:
        """Show how `name` stands; now_s: the engine's clock."""
        self.title.setText(name)
        if known is None:
            self.account.setText("")
            self.state.say(STARTING, translate("PortfolioStanding", "Asked for"))
            self.why.say(translate("PortfolioStanding", "The engine has not told this portfolio in full yet."))
            for figure in self._figures:
                figure.say(formats.UNKNOWN)
            return
        self.account.setText(known.account)
        self.state.say(PORTFOLIO_STATES[known.state.value], word(known.state))
        self.why.say(sentence(known.reason))
        unpriced = translate("PortfolioStanding", "Not known without every price; the tokens say which one is missing.")
        beyond = known.max_drift is not None and known.max_drift >= known.threshold
        self.value.say(formats.usd(known.value_usd), tip=unpriced if known.value_usd is None else "")
        self.drift.say(
            formats.percent(known.max_drift, 1),
            Tone.DAMPED if beyond else None,
            unpriced if known.max_drift is None else "",
        )
        self.threshold.say(f"±{formats.percent(known.threshold, 1)}")
        self.destination.say(f"±{formats.percent(known.destination, 1)}")
        rest_s = remaining_s(known.cooldown_until_s, now_s)
        none = translate("PortfolioStanding", "None")
        self.cooldown.say(
            none if rest_s is None else formats.duration(rest_s),
            tip="" if rest_s is None else formats.date_time(known.cooldown_until_s),
        )
        self.failures.say(str(known.failures), Tone.DAMPED if known.failures else None)
        age = translate("PortfolioStanding", "{age} ago").format(age=formats.duration(now_s - known.at_s))
        self.seen.say(age, tip=formats.date_time(known.at_s))
        self.setAccessibleDescription(f"{name}: {self.state.text}. {self.why.text()}")

    @property
    def _figures(self) -> tuple[Figure, ...]:
        return (
            self.value,
            self.drift,
            self.threshold,
            self.destination,
            self.cooldown,
            self.failures,
            self.seen,
        )

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(Space.MEDIUM)
        top.addWidget(self.title)
        top.addWidget(self.account, 1)
        top.addWidget(self.state)
        one_row = (tuple((n, 1) for n in range(7)),)
        two_rows = (((0, 1), (1, 1), (2, 1), (3, 1)), ((4, 1), (5, 1), (6, 2)))
        three_rows = (((0, 1), (1, 1), (2, 1)), ((3, 1), (4, 1)), ((5, 1), (6, 1)))
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        column.addWidget(self.why)
        column.addWidget(Reflow(self._figures, (one_row, two_rows, three_rows)))
