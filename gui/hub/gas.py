"""The gas-adjusted soft limit beside the gas price, in figures and over time (panel spec 4, hub spec 8 and 9)."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from engine.hub.messages import GasView, HubSnapshot
from gui import formats
from gui.hub.known import KnownHub
from gui.labels import Figure, Prose
from gui.plots.link import PlotLink
from gui.plots.live import LivePlot
from gui.plots.quantity import USD, Quantity
from gui.plots.thresholds import level
from gui.reflow import Reflow
from gui.sentences import sentence
from gui.sentences.figures import gwei_text
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
GWEI = Quantity("gwei", decimals=2)
HOUR_S = 3600.0
SPANS_S = (HOUR_S, 6 * HOUR_S, 24 * HOUR_S, 168 * HOUR_S)
FIGURES_LEAST_PX = 300


def countdown(until_s: float | None, now_s: float) -> str:
    """`in 2 min 10 s`; `due now` once the time has come."""
    if until_s is None:
        return formats.UNKNOWN
    if until_s <= now_s:
        return translate("HubGas", "due now")
    return translate("HubGas", "in {left}").format(left=formats.duration(until_s - now_s))


def limit_sentence(gas: GasView | None) -> str:
    """Why the limit is held, and why nobody can rebalance; else what the limit came from."""
    if gas is None:
        return translate("HubGas", "Gas and prices have not been read yet, so there is no soft limit.")
    said = " ".join(filter(None, (sentence(gas.stops), sentence(gas.held))))
    if said:
        return said
    text = translate("HubGas", "A rebalance must be worth {minimum} at least. Set at {time} for a gas price of {gas}.")
    return text.format(
        minimum=formats.usd(gas.effective_usd), time=formats.clock_time(gas.limit_at_s), gas=gwei_text(gas.limit_gwei)
    )


class GasFigures(QFrame):
    """Gas price and soft limit, large and side by side; what follows from them, smaller; in words what holds them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("HubGas", "Gas price and soft limit"))
        self.price = Figure(translate("HubGas", "Gas price now"), ratio=1.9)
        self.limit = Figure(translate("HubGas", "Soft limit"), ratio=1.9)
        self.minimum = Figure(translate("HubGas", "Effective minimum"), ratio=1.1)
        self.again = Figure(translate("HubGas", "Set anew"), ratio=1.1)
        self.read = Figure(translate("HubGas", "Gas read"), ratio=1.1)
        self.native = Figure(translate("HubGas", "Native coin"), ratio=1.1)
        self.words = Prose(lines=3)
        self.span = QComboBox()
        self._compose()
        self.show_snapshot(None)

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The large ones first."""
        return (self.price, self.limit, self.minimum, self.again, self.read, self.native)

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show what the engine told; dashes before it."""
        gas = None if known is None else known.gas
        self.words.say(limit_sentence(gas))
        if gas is None:
            for figure in self.figures:
                figure.say(formats.UNKNOWN)
            self.setAccessibleDescription(self.words.text())
            return
        stopped = Tone.DANGER if gas.stops is not None else None
        held = Tone.DAMPED if gas.held is not None else None
        set_look(self.words, tone=stopped or held, role=None)
        self.price.say(gwei_text(gas.price_gwei), stopped)
        self.limit.say(formats.usd(gas.soft_limit_usd), stopped or held, self._limit_tip(gas))
        self.minimum.say(formats.usd(gas.effective_usd))
        self.native.say(formats.usd_price(gas.native_usd))
        self.setAccessibleDescription(
            translate("HubGas", "Gas {gas}, soft limit {limit}. {words}").format(
                gas=gwei_text(gas.price_gwei), limit=formats.usd(gas.soft_limit_usd), words=self.words.text()
            )
        )

    def show_times(self, gas: GasView | None, now_s: float) -> None:
        """Bring countdown and age up to date; now_s: the engine's clock."""
        if gas is None:
            return
        held = Tone.DAMPED if gas.held is not None else None
        self.again.say(countdown(gas.next_limit_at_s, now_s), held, formats.date_time(gas.next_limit_at_s))
        age = translate("HubGas", "{age} ago").format(age=formats.duration(now_s - gas.at_s))
        self.read.say(age, tip=formats.date_time(gas.at_s))

    def _limit_tip(self, gas: GasView) -> str:
        return translate("HubGas", "Set at {time} for a gas price of {gas}").format(
            time=formats.date_time(gas.limit_at_s), gas=gwei_text(gas.limit_gwei)
        )

    def _compose(self) -> None:
        self.span.setAccessibleName(translate("HubGas", "Time shown in the plots"))
        self.span.addItems(
            [
                translate("HubGas", "Last hour"),
                translate("HubGas", "Last 6 hours"),
                translate("HubGas", "Last day"),
                translate("HubGas", "Last 7 days"),
            ]
        )
        large = QHBoxLayout()
        large.setSpacing(Space.WIDE)
        large.addWidget(self.price)
        large.addWidget(self.limit)
        large.addStretch(1)
        small = QGridLayout()
        small.setHorizontalSpacing(Space.WIDE)
        small.setVerticalSpacing(Space.SMALL)
        for at, figure in enumerate(self.figures[2:]):
            small.addWidget(figure, at // 2, at % 2)
        small.setColumnStretch(2, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(large)
        column.addLayout(small)
        column.addWidget(self.words, 1)
        column.addWidget(self.span, 0, Qt.AlignmentFlag.AlignLeft)
        self.setMinimumWidth(max(FIGURES_LEAST_PX, column.minimumSize().width()))


class HubGas(QWidget):
    """The figures, and two plots under one another that show the same stretch of time."""

    def __init__(self, known: KnownHub, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures = GasFigures()
        self.price = LivePlot(translate("HubGas", "Gas price"), GWEI, span_s=SPANS_S[0], now=now)
        self.price.add_curve(translate("HubGas", "Gas price"), known.gas_gwei)
        self.limit = LivePlot(translate("HubGas", "Soft limit"), USD, span_s=SPANS_S[0], now=now)
        self.limit.add_curve(translate("HubGas", "Soft limit"), known.soft_limit_usd)
        minimum = translate("HubGas", "Effective minimum")
        self.limit.add_curve(minimum, known.minimum_usd, tone=Tone.NEUTRAL, dashed=True)
        cap = translate("HubGas", "Cap")
        self.price.set_option(cap, level("hub.max_gas_gwei"), Tone.DANGER, in_view=False)
        self.plots = (self.price, self.limit)
        for plot in self.plots:
            plot.set_happenings(known.happened)
        self._link = PlotLink(self.plots, self)
        self.figures.span.currentIndexChanged.connect(lambda at: self.set_span(SPANS_S[at]))
        both = QWidget()
        curves = QVBoxLayout(both)
        curves.setContentsMargins(0, 0, 0, 0)
        curves.setSpacing(Space.SMALL)
        for plot in self.plots:
            curves.addWidget(plot, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(Reflow((self.figures, both), ((((0, 2), (1, 5)),), (((0, 1),), ((1, 1),)))))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def set_span(self, span_s: float) -> None:
        """Show so much time in both, up to now."""
        for plot in self.plots:
            plot.set_span(span_s)

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show what the engine told."""
        self.figures.show_snapshot(known)

    def redraw(self, known: HubSnapshot | None, now_s: float) -> None:
        """Bring plots and countdowns up to date."""
        self.figures.show_times(None if known is None else known.gas, now_s)
        for plot in self.plots:
            plot.redraw()
