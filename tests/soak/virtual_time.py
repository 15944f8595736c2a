"""An event loop on which hours pass in seconds, with real sockets, real threads and real files.

Time stands still while there is anything to do: callbacks, socket data, work in a thread. When nothing is left but
waiting, it jumps to the next timer. So a day of a session takes as long as its work does, in the order in which a real
day would have brought it.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

from engine.core.journal import Journal

Result = TypeVar("Result")
THREAD_WAIT_S = 0.05
STUCK_AFTER_S = 60.0
LAST_WAIT_S = 2.0


class NothingLeftToWaitFor(RuntimeError):
    """No timer, no thread, no socket data: the loop would wait for ever."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A loop whose `time` starts at 0 and jumps. Work in threads counts while it was started by `run_in_executor`, or
    while somebody holds the time with `hold`."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._held = 0
        self._lock = threading.Lock()
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._now_s

    def hold(self) -> None:
        """Time stands still until `release`; from any thread."""
        with self._lock:
            self._held += 1

    def release(self) -> None:
        """Undo one `hold`; wakes the loop."""
        with self._lock:
            self._held -= 1
        if not self.is_closed():
            self.call_soon_threadsafe(_nothing)

    @property
    def is_held(self) -> bool:
        return self._held > 0

    def jump(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        self.hold()
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self.release()
            raise
        future.add_done_callback(lambda done: self.release())
        return future


class _JumpingSelector(selectors.BaseSelector):
    """Asks the real selector without waiting, and waits by jumping."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._loop = loop
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> Any:
        ready = self._real.select(0)
        if ready or timeout == 0:
            return ready
        ready = self._waited_for_threads()
        if not ready and timeout is None:
            ready = self._real.select(LAST_WAIT_S)  # asyncio itself ends its threads without telling
            if not ready:
                raise NothingLeftToWaitFor("every task waits for something that cannot come")
        if ready:
            return ready
        assert timeout is not None
        self._loop.jump(timeout)
        return []

    def _waited_for_threads(self) -> Any:
        """What is on its way through loopback is in the kernel already; threads take their time."""
        until_s = time.monotonic() + STUCK_AFTER_S
        ready = self._real.select(0)
        while not ready and self._loop.is_held:
            ready = self._real.select(THREAD_WAIT_S)
            if time.monotonic() > until_s:
                raise NothingLeftToWaitFor(f"work in a thread did not end within {STUCK_AFTER_S} s")
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class VirtualClock:
    """A session's clock on a virtual loop: `epoch_s` at the loop's 0."""

    def __init__(self, loop: VirtualTimeLoop, epoch_s: float) -> None:
        self._loop = loop
        self._epoch_s = epoch_s

    def now(self) -> float:
        return self._epoch_s + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))


def run(work: Callable[[VirtualTimeLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run `work` to its end on a loop of its own, on which the journal's thread holds the time while it writes.

    Whoever asks holds the time as well, until the answer has reached it: the thread lets go before it is passed on.
    """
    loop = VirtualTimeLoop()
    put, ask = Journal._put, Journal._ask

    async def asking(journal: Journal, job: Any) -> Any:
        loop.hold()
        try:
            return await ask(journal, job)
        finally:
            loop.release()

    def holding(journal: Journal, job: Any) -> None:
        loop.hold()
        done: Future[Any] = job.done
        done.add_done_callback(lambda _: loop.release())
        try:
            put(journal, job)
        except BaseException:
            done.cancel()
            raise

    Journal._put, Journal._ask = holding, asking  # type: ignore[method-assign]
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(work(loop))
    finally:
        Journal._put, Journal._ask = put, ask  # type: ignore[method-assign]


def _nothing() -> None:
    """Wakes a loop."""
