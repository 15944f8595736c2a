"""What the journal page costs with a million rows: open, jump, scroll, filter, follow, export, memory.

Run from the project's root, on a real X server where there is one:

    xvfb-run -a -s "-screen 0 1600x1200x24" .venv/bin/python tests/bench/journal.py

Floors: for the list, its pages and its filter, bare SQL over the same file that does the same work and shows nothing;
for a step of scrolling, the same table over a model that has its texts ready; for memory, the numbers of the rows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
if "DISPLAY" not in os.environ:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from gui import qt as qt  # isort: skip
from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtWidgets import QApplication
from report import figure, quantile

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Batch, Fact, Journal
from engine.core.tasks import Tasks
from engine.desk.journal_desk import JournalDesk
from engine.desk.journal_messages import ExportFormat, ExportSnapshot, WorkState
from gui.journal.model import PAGE
from gui.journal.table import JournalTable
from gui.loop import run
from gui.notices import NoticeBar
from gui.pages.journal import JournalPage
from gui.theme import LIGHT, apply_theme

EPOCH_S = 1.8e9
STEPS, STEP_ROWS = 1_000, 3
RARE = "a-word-that-three-rows-have"
WORLD = "paper:1"


def fill_file(file: Path, rows: int) -> None:
    """Half intents, half facts, in turns, as a grid writes them; RARE stands in three of them."""
    journal = Journal(file, WORLD)
    journal.open()
    journal.close()
    order = {"client_id": "186a4b3e-5d4e-5b69-ab17-384ebbe7328b", "side": "buy", "price": "0.0985955"}
    order |= {"quantity": "26.37037187", "deadline_s": 1767287361.9999995, "expires_s": None}
    reason = json.dumps({"code": "entry", "cause": "cycle", "base_usd": "2.00", "size_usd": "2.60", "skew": 0.3})
    answer = json.dumps({"answer": {"order_id": "OP6RLR-DP7UL-IVRG7H", "price": None, "quantity": None}})
    half = rows // 2

    def payload(number: int, key: str) -> str:
        rare = {"words": RARE} if number in (5, half // 2, half - 5) else {}
        filled = {"key": key, "trade_id": f"T{number}", "side": "sell", "price": "0.0972224", "quantity": "26.7428"}
        return json.dumps({**filled, "fee_usd": "0.0065", "maker": True, "at_s": EPOCH_S + number, **rare})

    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.executemany(
            "INSERT INTO intents (world, key, engine, kind, exposure, payload, reason, mode, revision, state, at_s, "
            "outcome, answered_s) "
            "VALUES (?, ?, 'grid', 'place_order', 'opens', ?, ?, 'paper', 1, 'delivered', ?, ?, ?)",
            (
                (WORLD, f"k1.{n}", json.dumps(order), reason, EPOCH_S + n, answer, EPOCH_S + n + 0.3)
                for n in range(half)
            ),
        )
        connection.executemany(
            "INSERT INTO facts (world, engine, kind, key, payload, at_s) VALUES (?, 'grid', 'fill', ?, ?, ?)",
            ((WORLD, f"T{n}", payload(n, f"k1.{n}"), EPOCH_S + n + 0.5) for n in range(half)),
        )
    connection.close()


def bare(file: Path, sql: str, values: tuple[Any, ...] = ()) -> float:
    """Seconds of a question and of fetching its answer, with a connection of its own; the better of two."""
    times = []
    for _ in range(2):
        began = time.perf_counter()
        connection = sqlite3.connect(file)
        for _row in connection.execute(sql, values):
            pass
        connection.close()
        times.append(time.perf_counter() - began)
    return min(times)


def rss_mb() -> float:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize() / 1e6


class ReadyModel(QAbstractTableModel):
    """The same rows and columns, with nothing behind them."""

    def __init__(self, like: JournalPage) -> None:
        super().__init__()
        model = like.model
        self._rows = model.rowCount()
        self._texts = [str(model.index(0, column).data()) for column in range(model.columnCount())]

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008
        return len(self._texts)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        return self._texts[index.column()] if role == Qt.ItemDataRole.DisplayRole else None

    def line(self, row: int) -> None:
        return None


async def until(condition: Callable[[], bool]) -> float:
    """Seconds until `condition` holds, looked at each millisecond: a loop without rest would starve the workers."""
    began = time.perf_counter()
    while not condition():  # noqa: ASYNC110  (the loop is what is measured)
        await asyncio.sleep(0.001)
    return time.perf_counter() - began


class Lateness:
    """How late a task is that wishes to wake every 5 ms, while something else goes on."""

    def __init__(self) -> None:
        self.late_s: list[float] = []
        self._task = asyncio.create_task(self._sample())

    async def _sample(self) -> None:
        while True:
            due = time.perf_counter() + 0.005
            await asyncio.sleep(0.005)
            self.late_s.append(max(0.0, time.perf_counter() - due))

    async def end(self) -> list[float]:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return self.late_s


async def measure(file: Path, rows: int) -> int:
    """Print every figure."""
    listing = (
        "SELECT number FROM (SELECT id * 2 AS number, at_s, id FROM intents UNION ALL "
        "SELECT id * 2 + 1, at_s, id FROM facts ORDER BY at_s DESC, id DESC)"
    )
    list_floor = bare(file, listing)
    first_floor = bare(file, f"{listing} LIMIT 500") + bare(file, f"SELECT * FROM facts ORDER BY id DESC LIMIT {PAGE}")
    page_floor = bare(file, f"SELECT * FROM facts WHERE id BETWEEN {rows // 8} AND {rows // 8 + PAGE - 1}")
    like = f"%{RARE}%"
    text_floor = bare(file, "SELECT count(*) FROM facts WHERE payload LIKE ? UNION ALL SELECT count(*) FROM intents "
                      "WHERE payload LIKE ? OR reason LIKE ? OR outcome LIKE ?", (like,) * 4)  # fmt: skip
    bus, clock = Bus(), ManualClock(EPOCH_S + rows)
    journal = Journal(file, WORLD)
    await asyncio.to_thread(journal.open)
    desk = JournalDesk(journal, lambda text: text, bus, clock)
    desk.start()
    tasks = Tasks("bench", lambda failure: print(failure, file=sys.stderr))
    page = JournalPage(bus, tasks, NoticeBar(), clock.now)
    page.resize(1080, 720)
    page.show()
    await asyncio.sleep(0.1)
    before_mb = rss_mb()

    late = Lateness()
    page.redraw()
    figure("first_rows", await until(lambda: page.model.line(0) is not None) * 1000, "ms", first_floor * 1000)
    began = time.perf_counter()
    await until(lambda: page.source.state is WorkState.DONE)
    figure(f"list_{rows}_rows_whole", (time.perf_counter() - began) * 1000, "ms", list_floor * 1000)
    late_s = await late.end()
    figure("loop_lateness_while_listing_p99", quantile(late_s, 0.99) * 1000, "ms", 0)
    figure("loop_lateness_while_listing_max", max(late_s) * 1000, "ms", 0)
    assert page.model.rowCount() == rows

    for name, row in (("middle", rows // 2), ("end", rows - 1), ("top", 0)):
        page.model.age() if name == "top" else None
        page.table.scrollTo(page.model.index(row, 0), page.table.ScrollHint.PositionAtCenter)
        await asyncio.sleep(0)
        figure(f"jump_to_{name}", await until(lambda at=row: page.model.line(at) is not None) * 1000, "ms",
               page_floor * 1000)  # fmt: skip

    await scroll(page, rows)
    figure("memory_of_page_and_listing", rss_mb() - before_mb, "MB", rows * 8 / 1e6)
    figure("pages_in_memory", page.model.pages, "pages", 0)
    await follow(page, journal)
    await explain(page)

    late = Lateness()
    page.filters.text.setText(RARE)
    began = time.perf_counter()
    page.filters.text.returnPressed.emit()
    await until(lambda: page.model.line(0) is not None)
    figure("filter_by_text_first_row", (time.perf_counter() - began) * 1000, "ms", text_floor * 1000)
    await until(lambda: page.source.state is WorkState.DONE)
    figure("filter_by_text_whole", (time.perf_counter() - began) * 1000, "ms", text_floor * 1000)
    figure("loop_lateness_while_filtering_max", max(await late.end()) * 1000, "ms", 0)
    assert page.model.rowCount() == 3

    await export(page, bus, file, rows)
    page.hide()
    await tasks.close()
    await desk.close()
    await asyncio.to_thread(journal.close)
    page.deleteLater()
    return 0


async def scroll(page: JournalPage, rows: int) -> None:
    """STEPS steps of STEP_ROWS rows from the middle on, each painted; and how many were painted with a gap."""
    ready = JournalTable(ReadyModel(page))  # type: ignore[arg-type]
    ready.resize(page.table.size())
    ready.show()
    await asyncio.sleep(0.1)
    found: dict[bool, list[float]] = {True: [], False: []}
    gaps = 0
    for table, real in ((page.table, True), (ready, False)):
        bar = table.verticalScrollBar()
        begin = rows // 2 * table.row_px
        bar.setValue(begin)
        await asyncio.sleep(0.1)
        for step in range(STEPS):
            began = time.perf_counter()
            bar.setValue(begin + step * STEP_ROWS * table.row_px)
            table.viewport().repaint()
            found[real].append(time.perf_counter() - began)
            await asyncio.sleep(0.004)
            if real:
                gaps += page.model.line(table.rowAt(table.viewport().height() - 5)) is None
    for share, word in ((0.5, "p50"), (0.99, "p99"), (1.0, "max")):
        figure(f"scroll_step_{word}", quantile(found[True], share) * 1000, "ms", quantile(found[False], share) * 1000)
    figure("scroll_steps_with_a_gap", gaps, f"of {STEPS}", 0)
    ready.hide()
    ready.deleteLater()


async def follow(page: JournalPage, journal: Journal) -> None:
    """From a commit to its row in the list, with the follow asked at once."""
    page.table.scrollToTop()
    times, rounds = [], []
    for number in range(20):
        count = page.model.rowCount()
        began = time.perf_counter()
        await journal.commit(Batch(facts=(Fact("grid", "fill", f"n{number}", {"key": "k", "n": number}, EPOCH_S * 2),)))
        rounds.append(time.perf_counter() - began)

        def come(count: int = count) -> bool:
            page.source.follow()
            return page.model.rowCount() > count

        await until(come)
        times.append(time.perf_counter() - began)
    figure("follow_a_new_row_p50", quantile(times, 0.5) * 1000, "ms", quantile(rounds, 0.5) * 1000)


async def explain(page: JournalPage) -> None:
    """From choosing an order to its explanation, fills included."""
    row = page.model.rowCount() // 2
    page.table.scrollTo(page.model.index(row, 0))
    await until(lambda: page.model.line(row) is not None)
    began = time.perf_counter()
    page.table.selectRow(row)
    await until(lambda: page.explanation.row is not None)
    figure("explain_a_row", (time.perf_counter() - began) * 1000, "ms", 0)


async def export(page: JournalPage, bus: Bus, file: Path, rows: int) -> None:
    """All rows as CSV; the floor is the same without redaction, names or a panel beside it."""
    page.filters.clear()
    await until(lambda: page.source.state is WorkState.DONE)
    path = file.with_name("out.csv")
    late = Lateness()
    began = time.perf_counter()
    page._export_to(str(path), ExportFormat.CSV)

    def done() -> bool:
        snapshot = bus.latest(ExportSnapshot)
        return snapshot is not None and snapshot.state is not WorkState.UNDER_WAY

    await until(done)
    took_s = time.perf_counter() - began
    floor = bare(file, "SELECT * FROM facts") + bare(file, "SELECT * FROM intents")
    figure(f"export_{rows}_rows", took_s, "s", floor)
    figure("loop_lateness_while_exporting_p99", quantile(await late.end(), 0.99) * 1000, "ms", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    app.setQuitOnLastWindowClosed(False)
    apply_theme(LIGHT)
    with tempfile.TemporaryDirectory(prefix="evenkeel-bench-") as folder:
        file = Path(folder) / "journal.sqlite"
        fill_file(file, options.rows)
        sys.exit(run(measure(file, options.rows), app, on_problem=print))


if __name__ == "__main__":
    main()
