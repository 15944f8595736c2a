"""Plots that show the same stretch of time and are read at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject

from gui.plots.live import LivePlot


class PlotLink(QObject):
    """What an operator does to the time axis of one plot happens to all of them; so does the crosshair."""

    def __init__(self, plots: Sequence[LivePlot], parent: QObject) -> None:
        super().__init__(parent)
        self._plots = tuple(plots)
        for plot in self._plots:
            plot.looked_at.connect(partial(self._look, plot))
            plot.pointed_at.connect(partial(self._point, plot))

    def _look(self, source: LivePlot, start_s: float, end_s: float, following: bool) -> None:
        for plot in self._plots:
            if plot is not source:
                plot.look_at(start_s, end_s, following=following)

    def _point(self, source: LivePlot, t_s: float | None) -> None:
        for plot in self._plots:
            if plot is not source:
                plot.point_at(t_s)
