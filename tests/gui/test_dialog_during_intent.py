"""A dialog must not disturb what is on its way (panel spec 11)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from engine.core.bus import Bus
from engine.core.clock import WallClock
from engine.core.gate import Delivered, Gate, Intent
from engine.core.journal import Journal
from engine.core.modes import AskedByPerson, Exposure, Mode, Stop
from engine.core.switch import MasterSwitch
from gui.confirmations import ResumeDialog
from gui.dialogs import Dialog
from gui.looks import STARTING
from tests.gui.conftest import Panel


class SlowExchange:
    """A real server on loopback that answers when it is told to, and counts what it was sent."""

    def __init__(self) -> None:
        self.orders: list[str] = []
        self.may_answer = asyncio.Event()

    async def place(self, request: web.Request) -> web.Response:
        self.orders.append(await request.text())
        await self.may_answer.wait()
        return web.json_response({"taken": True})


@dataclass
class Outgoing:
    """A gate whose one port speaks HTTP with the slow exchange."""

    gate: Gate
    journal: Journal
    exchange: SlowExchange


@pytest.fixture
async def outgoing(tmp_path: Path) -> AsyncIterator[Outgoing]:
    exchange = SlowExchange()
    app = web.Application()
    app.router.add_post("/orders", exchange.place)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    journal = Journal(tmp_path / "journal.sqlite", "paper")
    await asyncio.to_thread(journal.open)
    clock = WallClock()
    switch = MasterSwitch(Mode.PAPER, Bus(), lambda position: None, clock.now())
    gate = Gate(mode=Mode.PAPER, switch=switch, journal=journal, clock=clock, revision=lambda: 1)
    async with ClientSession() as session:

        async def port_of_orders(intent: Intent) -> dict[str, bool]:
            async with session.post(f"http://127.0.0.1:{port}/orders", data=intent.key) as answer:
                taken: dict[str, bool] = await answer.json()
                return taken

        gate.connect("order", port_of_orders)
        yield Outgoing(gate, journal, exchange)
        exchange.may_answer.set()
    await runner.cleanup()
    await asyncio.to_thread(journal.close)


def an_order() -> Intent:
    return Intent("grid-paper-0-B-1", "grid", "order", Exposure.OPENS, {"side": "buy"}, AskedByPerson("test"))


def open_dialog(panel: Panel) -> Dialog:
    """The dialog that is open over the window."""
    dialogs = [child for child in panel.window.findChildren(Dialog) if child.isVisible()]
    assert len(dialogs) == 1
    return dialogs[0]


async def test_a_dialog_opened_while_an_intent_is_on_its_way_disturbs_neither_it_nor_any_other_task(
    panel: Panel, outgoing: Outgoing, until
) -> None:
    """Panel spec 11: sent once, and every other task goes on."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.001)
            ticks += 1

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        sending = group.create_task(outgoing.gate.send(an_order()))
        await until(lambda: outgoing.exchange.orders)

        await panel.bus.ask(Stop(where="test"))
        panel.window.actions_table["switch.resume"].trigger()
        await until(lambda: panel.window.findChildren(ResumeDialog))
        dialog = open_dialog(panel)
        ticks_when_opened = ticks
        await until(lambda: ticks >= ticks_when_opened + 20)
        assert not sending.done()
        assert dialog.isVisible()

        outgoing.exchange.may_answer.set()
        outcome = await sending
        assert dialog.isVisible()
        assert outcome == Delivered({"taken": True})
        assert outgoing.exchange.orders == ["grid-paper-0-B-1"]

        QTest.mouseClick(dialog.agree_button, Qt.MouseButton.LeftButton)
        ticks_when_closed = ticks
        await until(lambda: ticks >= ticks_when_closed + 20)
        ticking.cancel()
    await until(lambda: panel.scene.asked[-1].where == "panel")
    assert [type(asked).__name__ for asked in panel.scene.asked] == ["Stop", "Resume"]
    await asyncio.to_thread(outgoing.journal.close)  # what was posted is durable now
    await asyncio.to_thread(outgoing.journal.open)
    assert [row.state for row in await outgoing.journal.intents("grid")] == ["delivered"]


async def test_two_intents_sent_around_a_dialog_each_arrive_once(panel: Panel, outgoing: Outgoing, until) -> None:
    review = panel.page("settings")
    field = review.form.rows["governor.kd"].editor
    field.field.setText("900")
    field.edited.emit()
    review.review()
    await until(lambda: [d for d in panel.window.findChildren(Dialog) if d.isVisible()])
    first = Intent("grid-paper-1-B-1", "grid", "order", Exposure.OPENS, {}, AskedByPerson("test"))
    async with asyncio.TaskGroup() as group:
        sending = [group.create_task(outgoing.gate.send(intent)) for intent in (an_order(), first)]
        await until(lambda: len(outgoing.exchange.orders) == 2)
        open_dialog(panel).reject()
        outgoing.exchange.may_answer.set()
    assert [task.result() for task in sending] == [Delivered({"taken": True})] * 2
    assert sorted(outgoing.exchange.orders) == ["grid-paper-0-B-1", "grid-paper-1-B-1"]


async def test_a_dialog_goes_when_its_task_is_cancelled(panel: Panel, until) -> None:
    dialog = Dialog(panel.window, "Title", "Text", agree="Yes", decline="No", look=STARTING)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(dialog.answer())
        await until(dialog.isVisible)
        asking.cancel()
    await until(lambda: not panel.window.findChildren(Dialog))


async def test_exec_is_refused(panel: Panel) -> None:
    dialog = Dialog(panel.window, "Title", "Text", agree="Yes", decline="No", look=STARTING)
    with pytest.raises(RuntimeError, match="never with exec"):
        dialog.exec()
    dialog.deleteLater()


def test_control_a_nested_event_loop_in_a_task_does_break_another_task() -> None:
    """The reason for the rule, shown where it can do no harm: in a process of its own."""
    script = """
        import asyncio, os
        from PySide6.QtCore import QEventLoop, QTimer
        from PySide6.QtWidgets import QApplication
        from gui.loop import run

        async def other():
            while True:
                await asyncio.sleep(0.002)

        async def nest():
            nested = QEventLoop()
            QTimer.singleShot(60, nested.quit)
            nested.exec()

        async def main():
            tasks = [asyncio.create_task(other()), asyncio.create_task(nest())]
            await asyncio.wait(tasks, timeout=0.5)
            os._exit(0)

        run(main(), QApplication([]), on_problem=lambda problem: print(problem.error, flush=True))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=30, check=False
    )
    assert "Cannot enter into task" in done.stdout, done.stdout + done.stderr
