"""What a process with a panel holds at a moment: memory, Qt objects, timers, tasks; and how late its loop wakes."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import getAllValidWrappers

from gui.loop import PanelLoop

SAMPLE_EVERY_S = 0.02
STALLS_KEPT = 20


@dataclass(frozen=True, slots=True)
class Held:
    """resident_mb: of this process alone. objects: QObjects under the application and its windows; wrappers: those that
    Python holds. timers: what waits in the loop; qtimers: active QTimers. late_ms: since the last look, the median, the
    99th of 100 and the longest; samples: how many."""

    at_s: float
    resident_mb: float
    python_objects: int
    objects: int
    wrappers: int
    timers: int
    qtimers: int
    tasks: int
    threads: int
    files: int
    samples: int
    late_p50_ms: float
    late_p99_ms: float
    late_max_ms: float


class Lateness:
    """A task that wishes to wake every 20 ms, and notes how much later it did."""

    def __init__(self) -> None:
        self._late_s: list[float] = []

    async def run(self) -> None:
        """Until cancelled. Deadlines that passed while the loop stood still are one late sample, not many."""
        while True:
            deadline_s = time.perf_counter() + SAMPLE_EVERY_S
            await asyncio.sleep(SAMPLE_EVERY_S)
            self._late_s.append(max(time.perf_counter() - deadline_s, 0.0))

    def take(self) -> tuple[int, float, float, float]:
        """Number, median, 99th of 100 and maximum in milliseconds since the last call."""
        ranked = sorted(self._late_s)
        self._late_s = []
        if not ranked:
            return 0, 0.0, 0.0, 0.0
        p50, p99 = (ranked[min(int(share * len(ranked)), len(ranked) - 1)] for share in (0.5, 0.99))
        return len(ranked), 1e3 * p50, 1e3 * p99, 1e3 * ranked[-1]


def held(late: Lateness) -> Held:
    """Look now. The numbers of the loop are read before the look, which itself takes time."""
    samples, p50_ms, p99_ms, max_ms = late.take()
    gc.collect()
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PanelLoop)
    wrappers = [wrapper for wrapper in getAllValidWrappers() if isinstance(wrapper, QObject)]
    found = Held(
        at_s=round(time.time(), 1),
        resident_mb=round(resident_mb(), 2),
        python_objects=len(gc.get_objects()),
        objects=_objects(),
        wrappers=len(wrappers),
        timers=loop.scheduled_timers,
        qtimers=sum(isinstance(wrapper, QTimer) and wrapper.isActive() for wrapper in wrappers),
        tasks=len(asyncio.all_tasks()),
        threads=len(list(Path("/proc/self/task").iterdir())),
        files=len(list(Path("/proc/self/fd").iterdir())),
        samples=samples,
        late_p50_ms=round(p50_ms, 2),
        late_p99_ms=round(p99_ms, 2),
        late_max_ms=round(max_ms, 2),
    )
    late.take()
    return found


def resident_mb(pid: int | str = "self") -> float:
    """What a process has in memory, MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _objects() -> int:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    roots = [app, *(widget for widget in app.topLevelWidgets() if widget.parent() is None)]
    return sum(1 + len(root.findChildren(QObject)) for root in roots)
