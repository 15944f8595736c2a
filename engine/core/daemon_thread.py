"""A call that may block, in a thread that never holds up the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


def in_daemon_thread(call: Callable[[], Result], *, name: str) -> asyncio.Future[Result]:
    """Start `call` in a daemon thread of its own; the future gets its outcome.

    The loop's own executor is joined when a program ends, so that one call that waits for a dead server would keep
    the program alive. Cancelling the future does not end the call: have a way to make it return.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Result] = loop.create_future()
    answer.add_done_callback(_looked_at)

    def give(result: Result | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        result, failure = None, None
        try:
            result = call()
        except BaseException as error:
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(give, result, failure)

    threading.Thread(target=work, name=name, daemon=True).start()
    return answer


def _looked_at(answer: asyncio.Future[Result]) -> None:
    """An outcome that comes after its caller has given up is nobody's news."""
    if not answer.cancelled():
        answer.exception()
