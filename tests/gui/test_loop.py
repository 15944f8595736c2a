"""The panel's loop keeps asyncio's promises, and `run` leaves nothing of the program behind."""

import asyncio
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from gui.loop import EXIT_FAILED, EXIT_STUCK

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def loop():
    return asyncio.get_running_loop()


async def test_a_wait_never_ends_before_its_time(loop):
    for delay_s in (0.0004, 0.0019, 0.0251):
        started_s = loop.time()
        await asyncio.sleep(delay_s)
        assert loop.time() - started_s >= delay_s


async def test_what_is_due_first_runs_first(loop):
    order = []
    for delay_s in (0.03, 0.01, 0.02):
        loop.call_later(delay_s, order.append, delay_s)
    loop.call_soon(order.append, 0)
    await asyncio.sleep(0.05)
    assert order == [0, 0.01, 0.02, 0.03]


async def test_a_cancelled_timer_leaves_qt_at_once(loop):
    before = loop.scheduled_timers
    for _ in range(100):
        await asyncio.wait_for(asyncio.sleep(0), timeout=3600)
    assert loop.scheduled_timers == before


async def test_a_timer_that_fired_may_be_cancelled_again(loop):
    before = loop.scheduled_timers
    fired = asyncio.Event()
    handle = loop.call_later(0.001, fired.set)
    await fired.wait()
    handle.cancel()
    assert loop.scheduled_timers == before


async def test_an_error_in_a_timer_reaches_the_loop_and_other_timers_go_on(loop, loop_errors):
    loop.call_later(0.001, lambda: 1 / 0)
    await asyncio.sleep(0.01)
    assert [error for error in loop_errors if "ZeroDivisionError" in error]
    loop_errors.clear()


async def test_blocking_work_runs_in_a_named_python_thread():
    assert (await asyncio.to_thread(lambda: threading.current_thread().name)).startswith("worker")


async def test_a_server_and_a_client_talk_over_a_socket():
    async def echo(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
        return socket

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with (
            ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{runner.addresses[0][1]}") as socket,
        ):
            await socket.send_str("tick")
            assert await socket.receive_str(timeout=5) == "TICK"
    finally:
        await runner.cleanup()


PROGRAM = """
import asyncio, gc, time
from PySide6.QtWidgets import QApplication, QWidget
from gui.loop import leave, run

async def main():
{main}

app = QApplication([])
code = run(main(), app, on_problem=lambda problem: print(problem.what, repr(problem.error)), stop_within_s=0.5)
print("tasks left:", sum(isinstance(it, asyncio.Task) and not it.done() for it in gc.get_objects()))
leave(code)
"""


def start(main: str) -> subprocess.Popen[str]:
    body = "\n".join(f"    {line}" for line in main.strip().splitlines())
    return subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", PROGRAM.replace("{main}", body)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """`(exit code, standard output, standard error)` of a program that ends by itself."""
    with process:
        try:
            said, complained = process.communicate(timeout=30)
        finally:
            process.kill()
    return process.returncode, said, complained


def test_the_programs_answer_is_its_exit_code_and_nothing_is_said():
    assert ended(start("return 3")) == (3, "tasks left: 0\n", "")


def test_an_error_of_the_program_is_reported_and_fails_it():
    code, said, complained = ended(start("raise ValueError('no desk')"))
    assert (code, complained) == (EXIT_FAILED, "")
    assert "main ended in an error ValueError('no desk')" in said


def test_a_closed_window_lets_the_program_stop_in_its_own_time():
    program = """
window = QWidget()
window.show()
asyncio.get_running_loop().call_later(0.01, window.close)
try:
    await asyncio.Event().wait()
except asyncio.CancelledError:
    await asyncio.sleep(0.05)
    print("stopped")
    return 4
"""
    assert ended(start(program)) == (4, "stopped\ntasks left: 0\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_the_program_stop_in_its_own_time(number):
    process = start("""
print("up", flush=True)
try:
    await asyncio.Event().wait()
finally:
    await asyncio.sleep(0.05)
    print("stopped")
""")
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    assert ended(process) == (0, "stopped\ntasks left: 0\n", "")


def test_a_task_left_behind_is_named_and_ended():
    code, said, complained = ended(
        start("asyncio.get_running_loop().keep = asyncio.create_task(asyncio.sleep(3600), name='forgotten')\nreturn 0")
    )
    assert (code, complained) == (0, "")
    assert "'forgotten' was left behind by its owner" in said
    assert said.endswith("tasks left: 0\n")


def test_an_exception_that_nobody_awaited_is_reported():
    code, said, _ = ended(
        start("asyncio.get_running_loop().call_soon(lambda: 1 / 0)\nawait asyncio.sleep(0.01)\nreturn 0")
    )
    assert code == 0
    assert "ZeroDivisionError" in said


def test_a_program_that_will_not_stop_is_left_at_its_deadline_and_shown():
    program = """
asyncio.get_running_loop().call_soon(app.quit)
while True:
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        pass
"""
    code, said, _ = ended(start(program))
    assert code == EXIT_STUCK
    assert "main did not stop within 0.5 s of being asked" in said


def test_a_thread_that_hangs_is_named_and_does_not_hold_the_process():
    program = """
asyncio.get_running_loop().run_in_executor(None, time.sleep, 3600)
await asyncio.sleep(0)
return 0
"""
    code, said, _ = ended(start(program))
    assert code == EXIT_STUCK
    assert "thread 'worker_0' is still at work" in said
