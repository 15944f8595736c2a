"""What a year at 1 Hz costs: memory of six series, and frames of six plots that show all of it, against an hour.

Run from the project's root, on a real X server where there is one:

    xvfb-run -a -s "-screen 0 1600x1200x24" .venv/bin/python tests/bench/year.py

Each plot shows one series with a target and 2,000 signs of what happened. A frame is one beat of the window's `Redraw`
with the painting that follows from it, after new points came in; in a pan, the stretch moves by a fiftieth with each
frame too. Each has its time on the wall and its time on the processor (cpu), which other programs disturb less. Floor
of every figure of the year: the same of an hour, in the same run, in turns.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from gui import qt as qt  # isort: skip
import numpy as np
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget
from report import figure, quantile

from engine.core.series import Series
from engine.governor.messages import SkewChanged
from engine.governor.reasons import Disabled
from gui.plots.happenings import KEPT, Happenings
from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO
from gui.redraw import Redraw
from gui.theme import LIGHT, apply_theme

HOUR, YEAR = 3_600, 31_536_000
PLOTS = 6
FRAMES_A_ROUND = 10
EPOCH_S = 1.8e9
AT_ONCE = 1_000_000
NEVER_MS = 2**30


class Took(NamedTuple):
    """One frame, in seconds."""

    wall: float
    cpu: float


def filled(length: int, seed: int) -> Series:
    """A value that wanders around its mean, a point a second."""
    chance, series = np.random.default_rng(seed), Series(1.0)
    for begin in range(0, length, AT_ONCE):
        count = min(AT_ONCE, length - begin)
        at = np.arange(begin, begin + count)
        series.extend(EPOCH_S + at, chance.normal(0.5, 0.05, count) + 0.2 * np.sin(at / length * 20))
    return series


def happened(length: int) -> Happenings:
    """As many as are kept, evenly."""
    made = Happenings()
    for at_s in np.linspace(EPOCH_S, EPOCH_S + length, KEPT).tolist():
        made.take(SkewChanged(at_s=at_s, previous_skew=0.1, skew=0.15, reason=Disabled()))
    return made


class Panel(QWidget):
    """Six plots of one length, all of it in view."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.resize(1280, 900)
        self._now_s = EPOCH_S + length - 1
        self._chance = np.random.default_rng(99)
        self.beat = Redraw(self, NEVER_MS)
        self.series = [filled(length, number) for number in range(PLOTS)]
        signs = happened(length)
        grid = QGridLayout(self)
        self.plots: list[LivePlot] = []
        for number, series in enumerate(self.series):
            plot = LivePlot(f"Series {number}", RATIO, span_s=float(length))
            plot.add_curve("Value", series)
            plot.set_target("Target", 0.4)
            plot.set_happenings(signs)
            grid.addWidget(plot, number // 2, number % 2)
            self.beat.add(plot)
            self.plots.append(plot)

    def frame_s(self, app: QApplication) -> Took:
        """Let a point come into each series, then one frame."""
        self._now_s += 1.0
        for series in self.series:
            series.append(self._now_s, float(self._chance.normal(0.5, 0.05)))
        return self._timed(app)

    def pan_s(self, app: QApplication, turn: int) -> Took:
        """One frame of a pan."""
        for plot in self.plots:
            start_s, end_s = plot.stretch
            by_s = (end_s - start_s) / 50 * (1 if turn % 2 else -1)
            plot.canvas.show_stretch(start_s + by_s, end_s + by_s)
        return self._timed(app)

    def _timed(self, app: QApplication) -> Took:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        self.beat.draw()
        app.processEvents()
        return Took(time.perf_counter() - wall_s, time.process_time() - cpu_s)


def measure(app: QApplication, rounds: int) -> None:
    """Print memory, frames and frames of a pan."""
    panels = {HOUR: Panel(HOUR), YEAR: Panel(YEAR)}
    held = {length: sum(series.nbytes for series in panel.series) / 1e6 for length, panel in panels.items()}
    bound = sum(series.max_nbytes for series in panels[YEAR].series) / 1e6
    figure("year_of_six_series_memory", held[YEAR], "MB", bound)
    for panel in panels.values():
        panel.show()
    app.processEvents()
    for kind in ("frame", "pan"):
        times: dict[int, list[Took]] = {HOUR: [], YEAR: []}
        for panel in panels.values():
            for plot in panel.plots:
                plot.follow() if kind == "frame" else plot.look(*plot.stretch)
        for turn in range(rounds + 1):
            for length in (HOUR, YEAR) if turn % 2 else (YEAR, HOUR):
                gc.collect()
                panel = panels[length]
                took = [panel.frame_s(app) if kind == "frame" else panel.pan_s(app, n) for n in range(FRAMES_A_ROUND)]
                times[length] += took if turn else []
        for clock in Took._fields:
            for share, word in ((0.5, "p50"), (0.99, "p99")):
                hour, year = (
                    quantile([getattr(took, clock) for took in times[length]], share) * 1000 for length in (HOUR, YEAR)
                )
                figure(f"{kind}_{HOUR}_points_{clock}_{word}", hour, "ms", hour)
                figure(f"{kind}_{YEAR}_points_{clock}_{word}", year, "ms", hour)
    held_after = sum(series.nbytes for series in panels[YEAR].series) / 1e6
    figure("year_of_six_series_memory_after", held_after, "MB", bound)
    for panel in panels.values():
        panel.close()
        panel.deleteLater()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="rounds of ten frames for each length")
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    apply_theme(LIGHT)
    measure(app, options.rounds)


if __name__ == "__main__":
    main()
