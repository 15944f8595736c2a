"""Idle ratio, skew, sizes, error and velocity over time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.governor.messages import GovernorSnapshot
from gui.plots.link import PlotLink
from gui.plots.live import LivePlot
from gui.plots.quantity import MULTIPLIER, RATIO, SIGNED_RATIO, Quantity
from gui.plots.thresholds import around, level
from gui.read_model import Plotted, ReadModel
from gui.reflow import Reflow
from gui.theme import Tone

POINTS = Quantity(unit="points", scale=100.0, decimals=1, signed=True)
POINTS_PER_HOUR = Quantity(unit="points/h", scale=360_000.0, decimals=2, signed=True)


class GovernorPlots(QWidget):
    """Five plots, made once; marks move with the snapshot."""

    def __init__(
        self, model: ReadModel, now: Callable[[], float], span_s: float, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        series = model.series

        def plot(title: str, quantity: Quantity) -> LivePlot:
            return LivePlot(title, quantity, span_s=span_s, now=now)

        self.idle = plot(self.tr("Idle ratio"), RATIO)
        self.idle.add_curve(self.tr("Idle ratio"), series[Plotted.IDLE_RATIO])
        self.skew = plot(self.tr("Skew"), SIGNED_RATIO)
        self.skew.add_curve(self.tr("Skew"), series[Plotted.SKEW])
        self.skew.add_curve(self.tr("Cap"), series[Plotted.CAP_HIGH], tone=Tone.DAMPED, dashed=True)
        self.skew.add_curve(self.tr("−Cap"), series[Plotted.CAP_LOW], tone=Tone.DAMPED, dashed=True)
        self.sizes = plot(self.tr("Size multipliers"), MULTIPLIER)
        self.sizes.add_curve(self.tr("B buys"), series[Plotted.SIZE_MULT_B])
        self.sizes.add_curve(self.tr("A sells"), series[Plotted.SIZE_MULT_A])
        self.error = plot(self.tr("Smoothed error"), replace(POINTS, unit=self.tr("points")))
        self.error.add_curve(self.tr("Smoothed error"), series[Plotted.SMOOTHED_ERROR])
        self.velocity = plot(self.tr("Velocity"), replace(POINTS_PER_HOUR, unit=self.tr("points/h")))
        self.velocity.add_curve(self.tr("Velocity"), series[Plotted.VELOCITY])
        self.velocity.set_target(self.tr("Still"), 0.0)
        self.skew.set_option(self.tr("Largest skew"), around("governor.max_skew"), Tone.DAMPED)
        for shown, what in (
            (self.idle, Plotted.IDLE_RATIO),
            (self.skew, Plotted.SKEW),
            (self.sizes, Plotted.SIZE_MULT_B),
            (self.error, Plotted.SMOOTHED_ERROR),
            (self.velocity, Plotted.VELOCITY),
        ):
            shown.set_happenings(model.happened[what])
        self.all = (self.idle, self.skew, self.sizes, self.error, self.velocity)
        self._link = PlotLink(self.all, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(
            Reflow(
                self.all,
                (
                    (((0, 1), (1, 1)), ((2, 1), (3, 1), (4, 1))),
                    (((0, 1), (1, 1)), ((2, 1), (3, 1)), ((4, 1),)),
                    tuple(((n, 1),) for n in range(5)),
                ),
                shares=(6, 5),
            )
        )

    def show_snapshot(self, known: GovernorSnapshot | None) -> None:
        """Move target and band to where they are now."""
        if known is None:
            return
        target, band = known.target_idle_ratio, known.neutral_band
        neutral = "governor.neutral_band"
        self.idle.set_target(self.tr("Target"), target, threshold=level("governor.target_idle_ratio"))
        low, high = target - band, target + band
        self.idle.set_band(self.tr("Neutral"), low, high, Tone.ACTING, threshold=around(neutral, target))
        self.error.set_band(self.tr("Neutral"), -band, band, Tone.ACTING, threshold=around(neutral))

    def set_span(self, span_s: float) -> None:
        """Show so much time, up to now."""
        for plot in self.all:
            plot.set_span(span_s)

    def redraw(self) -> None:
        """Bring every plot up to date."""
        for plot in self.all:
            plot.redraw()
