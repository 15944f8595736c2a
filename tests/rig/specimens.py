"""Tests that misbehave, one way each. Run by tests/test_rig.py, which reads what the rig says; not collected else."""

import asyncio
import contextlib
import socket
import threading

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QWidget

_kept = []  # what would otherwise be collected at once


async def forgotten():
    await asyncio.sleep(3600)


async def test_leaves_a_task():
    _kept.append(asyncio.create_task(forgotten(), name="the-forgotten-one"))


@pytest.mark.qasync
async def test_leaves_a_task_on_the_panels_loop():
    _kept.append(asyncio.create_task(forgotten(), name="the-forgotten-one"))


@pytest.fixture
async def served():
    task = asyncio.create_task(forgotten())
    yield
    task.cancel()
    await asyncio.wait([task])


async def test_uses_a_fixture_that_ends_its_own_task(served):
    pass


def test_takes_a_task_from_a_fixture_without_being_async(served):
    pass


@pytest.fixture
async def ticking():
    async def tick():
        while not stopped.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.0005):
                    await stopped.wait()

    stopped = asyncio.Event()
    tasks = [asyncio.create_task(tick()) for _ in range(20)]
    yield
    stopped.set()
    await asyncio.gather(*tasks)


@pytest.mark.qasync
@pytest.mark.parametrize("again", range(5))
async def test_uses_a_fixture_that_ticks_between_the_parts_of_a_test(ticking, again):
    await asyncio.sleep(0)


async def test_loses_an_exception():
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)


async def test_provokes_an_exception_and_takes_it(loop_errors):
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0.01)
    loop_errors.clear()


@pytest.mark.parametrize("daemon", [False, True])
def test_leaves_a_thread(daemon):
    release = threading.Event()
    _kept.append(release)
    threading.Thread(target=release.wait, args=(1.5,), name="the-lingering-one", daemon=daemon).start()


async def test_uses_a_worker_thread():
    await asyncio.to_thread(int)


def test_leaves_a_timer(qapp):
    timer = QTimer(interval=60_000)
    timer.start()
    _kept.append(timer)


def test_stops_its_timer(qapp):
    timer = QTimer(interval=60_000)
    timer.start()
    _kept.append(timer)
    timer.stop()


def test_leaves_a_window(qapp):
    window = QDialog(objectName="forgotten", windowTitle="Forgotten")
    window.show()
    _kept.append(window)


def test_hands_its_window_to_qtbot(qtbot):
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    _kept.append(window)


def test_fails_and_leaves_a_window(qapp):
    _kept.append(QWidget(objectName="consequence"))
    pytest.fail("the news")


def test_connects_to_the_world():
    with socket.socket() as client:
        client.connect(("192.0.2.1", 443))


def test_looks_up_a_name_and_swallows_the_answer():
    with contextlib.suppress(Exception):
        socket.getaddrinfo("exchange.example", 443)


def test_sends_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(b"?", ("192.0.2.1", 53))


async def test_connects_to_the_world_from_a_task():
    await asyncio.open_connection("exchange.example", 443)


async def test_reaches_this_machine():
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


def test_looks_this_machine_up():
    with contextlib.suppress(socket.gaierror):  # a machine may lack the name; asking for it is allowed
        socket.getaddrinfo("localhost", 443)


def test_reaches_a_unix_socket(tmp_path):
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))


def test_gets_a_warning_of_qt(qapp):
    QTimer().start(-1)
    QWidget().setMinimumSize(-1, -1)


@pytest.mark.qasync
async def test_waits_for_a_signal_inside_the_loop(qtbot):
    qtbot.waitUntil(lambda: True)


@pytest.mark.parametrize("loop", ["asyncio", pytest.param("qasync", marks=pytest.mark.qasync)])
async def test_hangs(loop):
    await forgotten()


def test_runs_after_one_that_hung():
    pass
