"""What live plots cost: a frame of six plots at three lengths of history, and what they do to the event loop.

Run from the project's root, on a real X server where there is one:

    xvfb-run -a -s "-screen 0 1600x1200x24" .venv/bin/python tests/bench/frames.py

A frame is one beat of the window's `Redraw` with the painting that follows from it. The lengths take turns in short
rounds, so that noise of the machine hits all alike. Floors: for a frame of 3,600 points, plain pyqtgraph plots that are
given as many points as they have pixels; for longer histories, the frame of 3,600 points; for the lateness of the
loop, the same loop while the window is hidden.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from gui import qt as qt  # isort: skip
import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget
from report import figure, quantile

from engine.core.series import Series
from gui.loop import run
from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO
from gui.redraw import INTERVAL_MS, Redraw
from gui.theme import LIGHT, apply_theme

LENGTHS = (3_600, 86_400, 604_800)
PLOTS = 6
RATE_HZ = 10
PERIOD_S = 1 / RATE_HZ
FRAMES_A_ROUND = 10
EPOCH_S = 1.8e9
SAMPLE_EVERY_S = 0.01
NEVER_MS = 2**30


class Feed:
    """A value that wanders around its mean, 10 points a second."""

    def __init__(self, series: Series, length: int, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._series = series
        self._now_s = EPOCH_S
        self.give(length)

    def give(self, count: int) -> None:
        noise = self._random.normal(0.5, 0.05, count)
        slow = 0.2 * np.sin(np.arange(count) / max(count, 1000) * 20)
        self._series.extend(self._now_s + PERIOD_S * np.arange(1, count + 1), noise + slow)
        self._now_s += PERIOD_S * count

    def give_live(self) -> None:
        """Points as they come in, one by one."""
        for value in self._random.normal(0.5, 0.05, 1).tolist():
            self._now_s += PERIOD_S
            self._series.append(self._now_s, value)


class Panel(QWidget):
    """Six live plots of one length of history, all of it in view."""

    def __init__(self, length: int, interval_ms: int = INTERVAL_MS) -> None:
        super().__init__()
        self.length = length
        self.resize(1280, 900)
        grid = QGridLayout(self)
        self.beat = Redraw(self, interval_ms)
        self.feeds: list[Feed] = []
        self.plots: list[LivePlot] = []
        for number in range(PLOTS):
            series = Series(PERIOD_S, max_points=max(2 * length, 100_000))
            self.feeds.append(Feed(series, length, number))
            plot = LivePlot(f"Series {number}", RATIO, span_s=length * PERIOD_S)
            plot.add_curve("Value", series)
            plot.set_target("Target", 0.4)
            grid.addWidget(plot, number // 2, number % 2)
            self.beat.add(plot)
            self.plots.append(plot)

    def frame_s(self, app: QApplication, appends: int) -> float:
        """Let points come in, then the time of one frame in seconds."""
        for feed in self.feeds:
            for _ in range(appends):
                feed.give_live()
        started = time.perf_counter()
        self.beat.draw()
        app.processEvents()
        return time.perf_counter() - started


class BarePanel(QWidget):
    """Six plain pyqtgraph plots, given ready arrays with two points a pixel."""

    def __init__(self, points: int) -> None:
        super().__init__()
        self.resize(1280, 900)
        grid = QGridLayout(self)
        self._curves = []
        self._turn = 0
        noise = np.random.default_rng(0)
        self._pictures = [noise.normal(0.5, 0.05, points) for _ in range(8)]
        self._t = np.linspace(EPOCH_S, EPOCH_S + 360, points)
        for number in range(PLOTS):
            plot = pg.PlotWidget(background=LIGHT.surface)
            plot.disableAutoRange()
            plot.setXRange(EPOCH_S, EPOCH_S + 360, padding=0)
            plot.setYRange(0.2, 0.8)
            grid.addWidget(plot, number // 2, number % 2)
            self._curves.append(plot.plot(pen=pg.mkPen("#1b66ac")))

    def frame_s(self, app: QApplication) -> float:
        """The time of one frame in seconds."""
        self._turn += 1
        started = time.perf_counter()
        for number, curve in enumerate(self._curves):
            curve.setData(self._t, self._pictures[(self._turn + number) % len(self._pictures)])
        app.processEvents()
        return time.perf_counter() - started


def measure_frames(app: QApplication, rounds: int) -> None:
    """Print the frame figures for every length."""
    panels = [Panel(length, NEVER_MS) for length in LENGTHS]
    for panel in panels:
        panel.show()
    app.processEvents()
    screen_points = len(panels[0].plots[0]._curves["Value"].item.xData)
    bare = BarePanel(screen_points)
    bare.show()
    app.processEvents()
    times: dict[int, list[float]] = {length: [] for length in (0, *LENGTHS)}
    for turn in range(rounds + 1):
        order = panels[turn % 3 :] + panels[: turn % 3]
        for panel in order:
            gc.collect()
            frames = [panel.frame_s(app, appends=2 + n % 2) for n in range(FRAMES_A_ROUND)]
            times[panel.length] += frames if turn else []
        frames = [bare.frame_s(app) for _ in range(FRAMES_A_ROUND)]
        times[0] += frames if turn else []
    for share, word in ((0.5, "p50"), (0.99, "p99")):
        for length in LENGTHS:
            floor = times[0 if length == LENGTHS[0] else LENGTHS[0]]
            value = quantile(times[length], share)
            figure(f"frame_{length}_points_{word}", value * 1000, "ms", quantile(floor, share) * 1000)
    for widget in (*panels, bare):
        widget.close()
        widget.deleteLater()


async def lateness(seconds: float) -> list[float]:
    """How late a task woke that wished to wake every 10 ms; each missed deadline counts."""
    late: list[float] = []
    begin = time.perf_counter()
    for number in range(1, int(seconds / SAMPLE_EVERY_S) + 1):
        deadline = begin + number * SAMPLE_EVERY_S
        left = deadline - time.perf_counter()
        if left > 0:
            await asyncio.sleep(left)
        late.append(max(time.perf_counter() - deadline, 0.0))
    return late


async def measure_lateness(rounds: int, seconds: float) -> int:
    """Print how late the loop runs with six plots of 86,400 points, against the same loop with none in sight."""
    panel = Panel(LENGTHS[1])

    async def live() -> None:
        while True:
            for feed in panel.feeds:
                feed.give_live()
            await asyncio.sleep(PERIOD_S)

    feeding = asyncio.create_task(live())
    late: dict[bool, list[float]] = {True: [], False: []}
    panel.show()
    await asyncio.sleep(1.0)
    for _ in range(rounds):
        for shown in (True, False):
            panel.setVisible(shown)
            await asyncio.sleep(0.3)
            late[shown] += await lateness(seconds)
    feeding.cancel()
    await asyncio.gather(feeding, return_exceptions=True)
    for share, word in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
        value, floor = (quantile(late[shown], share) * 1000 for shown in (True, False))
        figure(f"loop_lateness_six_plots_{word}", value, "ms", floor)
    panel.close()
    panel.deleteLater()
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30, help="rounds of ten frames for each length")
    parser.add_argument("--loop-rounds", type=int, default=4, help="rounds of the loop with and without plots")
    parser.add_argument("--loop-seconds", type=float, default=3.0, help="how long each such round lasts")
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    apply_theme(LIGHT)
    measure_frames(app, options.rounds)
    app.setQuitOnLastWindowClosed(False)
    sys.exit(run(measure_lateness(options.loop_rounds, options.loop_seconds), app, on_problem=print))


if __name__ == "__main__":
    main()
