"""What a plot has done for it by the window that it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gui.plots.live import LivePlot


class PlotService(Protocol):
    """What a plot has done for it. `propose` ends with `LivePlot.settle`, whatever was answered."""

    def propose(self, plot: LivePlot, path: str, value: str) -> None:
        """Ask whether an option shall have another value."""

    def save_picture(self, plot: LivePlot) -> None:
        """Ask for a file, and write the picture to it."""

    def save_numbers(self, plot: LivePlot) -> None:
        """Ask for a file, and write the numbers to it."""
