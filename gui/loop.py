"""asyncio on Qt's event loop: the one module that knows qasync.

What qasync 0.28 leaves to its user, and how it is met here:

- its timers are coarse, truncate to milliseconds (a wait may end early) and stay in Qt when cancelled: `PanelLoop` has
  precise one-shot timers that round up and go when cancelled;
- its default executor of QThreads is waited for without a deadline, and a QThread that logs leaves a dummy Python
  thread behind: `PanelLoop` has named Python threads, and `run` waits for them with a deadline;
- `asyncSlot` and `asyncClose` keep no reference to their task or spin: not used. A slot starts its work through
  `engine.core.tasks.Tasks`, and shutting down is a task of our own;
- `run_until_complete` lets Qt handle events once more after the loop has stopped, and steps of tasks that are due then
  find no running loop: `PanelLoop` leaves them for its next run;
- when anything quits the application, `run_until_complete` gives up on a program still at work: `run` takes it as a
  request to stop, and goes on until the program has.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import io
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from PySide6.QtCore import QObject, Qt, QTimerEvent
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

WORKER_THREADS = 4
EXIT_FAILED = 1
EXIT_STUCK = 70  # EX_SOFTWARE: the program had to be left while a part of it was still at work

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class LoopProblem:
    """Something that went wrong in the loop itself, with nobody else to tell it to."""

    what: str
    error: BaseException | None = None


class _PreciseTimers(QObject):
    """One Qt timer for each handle: fires once, not before its time, and is killed with its handle."""

    def __init__(self) -> None:
        super().__init__()
        self._handles: dict[int, asyncio.TimerHandle] = {}
        self._timer_ids: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._handles)

    def add(self, handle: asyncio.TimerHandle, delay_s: float) -> None:
        timer_id = self.startTimer(math.ceil(delay_s * 1000), Qt.TimerType.PreciseTimer)
        self._handles[timer_id] = handle
        self._timer_ids[id(handle)] = timer_id

    def drop(self, handle: asyncio.TimerHandle) -> None:
        timer_id = self._timer_ids.pop(id(handle), None)
        if timer_id is not None:
            self.killTimer(timer_id)
            del self._handles[timer_id]

    def drop_all(self) -> None:
        for handle in tuple(self._handles.values()):
            self.drop(handle)

    def timerEvent(self, event: QTimerEvent) -> None:
        handle = self._handles.get(event.timerId())
        if handle is None:  # killed while its event was already queued
            return
        self.drop(handle)
        handle._run()


class PanelLoop(QEventLoop):  # type: ignore[misc]  # qasync has no types
    """qasync's loop with timers and worker threads that keep asyncio's promises. Needs a QApplication."""

    def __init__(self, app: QApplication) -> None:
        self._precise_timers = _PreciseTimers()
        super().__init__(app)
        self.workers = concurrent.futures.ThreadPoolExecutor(WORKER_THREADS, thread_name_prefix="worker")
        self.set_default_executor(self.workers)

    @property
    def scheduled_timers(self) -> int:
        """How many timers wait for their time."""
        return len(self._precise_timers)

    def call_later(
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        self._check_closed()
        if delay <= 0:
            handle: asyncio.Handle = super().call_later(0, callback, *args, context=context)
            return handle
        timer = asyncio.TimerHandle(self.time() + delay, callback, args, self, context)
        self._precise_timers.add(timer, delay)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Called by `TimerHandle.cancel`."""
        self._precise_timers.drop(handle)

    def run_until_complete(self, future: Awaitable[_Result]) -> _Result:
        """Raises RuntimeError when the application was quit before the future was done."""
        awaited = asyncio.ensure_future(future, loop=self)
        awaited.add_done_callback(self._stop)
        try:
            self.run_forever()
        finally:
            awaited.remove_done_callback(self._stop)
        if not awaited.done():
            raise RuntimeError("the loop was stopped before its future was done; run it again for the rest")
        return awaited.result()

    def _stop(self, _: asyncio.Future[Any]) -> None:
        self.stop()

    def close(self) -> None:
        if not self.is_closed():
            super().close()  # waits for the workers, unless they were taken away before
            self._precise_timers.drop_all()


def run(
    main: Coroutine[Any, Any, int],
    app: QApplication,
    *,
    on_problem: Callable[[LoopProblem], None],
    stop_within_s: float = 15.0,
) -> int:
    """Run `main` on Qt's loop until it returns, and leave nothing of it behind. Returns the exit code of the program.

    `main` is cancelled once when the application quits (its last window closed, the session ended, SIGINT, SIGTERM):
    it closes what it owns and returns its exit code; ending in the cancellation counts as 0. An exception is reported
    and counts as EXIT_FAILED. on_problem: told in this thread of each exception that nobody awaited, each task left
    behind and each deadline missed. stop_within_s: how long `main` has to stop once asked, and, apart from that, the
    tasks and threads that it left behind; after it they are named, abandoned, and the exit code is EXIT_STUCK.
    """
    loop = PanelLoop(app)
    loop.set_exception_handler(lambda _, context: on_problem(_problem_from(context)))
    asyncio.set_event_loop(loop)
    try:
        program = loop.create_task(main, name="main")
        code = _run_program(loop, program, on_problem, stop_within_s)
        sweep = loop.create_task(_sweep(loop, program, on_problem, stop_within_s), name="sweep")
        sweep.add_done_callback(lambda _: loop.stop())
        while not sweep.done():
            loop.run_forever()
        loop.set_default_executor(None)
        loop.close()
    finally:
        asyncio.set_event_loop(None)
    return code if sweep.result() else EXIT_STUCK


def leave(code: int) -> NoReturn:
    """End the process with `code`, now: a thread that still blocks (a locked keyring, a dead disk) cannot hold it."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # a program without a console has none
            stream.flush()
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        os._exit(code)  # a daemon thread too: Python takes itself apart under it
    sys.exit(code)


def _run_program(
    loop: PanelLoop, program: asyncio.Task[int], on_problem: Callable[[LoopProblem], None], stop_within_s: float
) -> int:
    overdue = asyncio.Event()

    def ask_to_stop() -> None:
        if not program.done() and not program.cancelling():
            program.cancel("the application quits")
            loop.call_later(stop_within_s, give_up)

    def give_up() -> None:
        overdue.set()
        loop.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        _on_signal(loop, number, ask_to_stop)
    program.add_done_callback(lambda _: loop.stop())
    while not program.done() and not overdue.is_set():
        loop.run_forever()
        ask_to_stop()  # unless the program is done, something quit the application
    if not program.done():
        on_problem(LoopProblem(f"main did not stop within {stop_within_s:g} s of being asked:\n{_stack(program)}"))
        return EXIT_STUCK
    if program.cancelled():
        return 0
    error = program.exception()
    if error is not None:
        on_problem(LoopProblem("main ended in an error", error))
        return EXIT_FAILED
    return program.result()


async def _sweep(
    loop: PanelLoop, program: asyncio.Task[int], on_problem: Callable[[LoopProblem], None], within_s: float
) -> bool:
    """End what the program left behind, within a deadline. Returns whether all of it ended."""
    deadline_s = loop.time() + within_s
    left = asyncio.all_tasks(loop) - {asyncio.current_task(), program}
    for task in left:
        on_problem(LoopProblem(f"{task.get_name()!r} was left behind by its owner:\n{_stack(task)}"))
        task.cancel("the loop closes")
    if left:
        _, left = await asyncio.wait(left, timeout=within_s)
    for task in left:
        on_problem(LoopProblem(f"{task.get_name()!r} did not end when cancelled:\n{_stack(task)}"))
    await loop.shutdown_asyncgens()
    busy = await _end_workers(loop, deadline_s)
    for name in busy:
        on_problem(LoopProblem(f"thread {name!r} is still at work"))
    return not left and not busy and program.done()


async def _end_workers(loop: PanelLoop, deadline_s: float) -> list[str]:
    """Let the worker threads finish what they have begun, and nothing else; returns the names of those that stay."""
    threads: Iterable[threading.Thread] = tuple(loop.workers._threads)
    loop.workers.shutdown(wait=False, cancel_futures=True)
    while busy := [thread.name for thread in threads if thread.is_alive()]:
        if loop.time() >= deadline_s:
            return busy
        await asyncio.sleep(0.01)
    return []


def _on_signal(loop: PanelLoop, number: signal.Signals, callback: Callable[[], None]) -> None:
    try:
        loop.add_signal_handler(number, callback)
    except NotImplementedError:  # Windows: Python calls the handler as soon as it runs any code of ours
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(callback))


def _problem_from(context: dict[str, Any]) -> LoopProblem:
    """asyncio's context of an exception that reached the loop, without the objects in it (they may hold secrets)."""
    what = str(context.get("message") or "an error reached the loop")
    task = context.get("task") or context.get("future")
    if isinstance(task, asyncio.Task):
        what = f"{what} ({task.get_name()})"
    return LoopProblem(what, context.get("exception"))


def _stack(task: asyncio.Task[Any]) -> str:
    text = io.StringIO()
    task.print_stack(file=text)
    return text.getvalue().rstrip()
