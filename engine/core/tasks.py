"""Every task has an owner that keeps it alive, ends it within a deadline, and says what went wrong in it.

asyncio itself holds only a weak reference to a task and reports its failure when it is collected, which may be never.
Where one coroutine starts tasks and waits for all of them, `asyncio.TaskGroup` is enough; `Tasks` is for objects that
live from `start` to `close`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """A task that ended in an exception: whose it was, its name, and the exception with its traceback."""

    owner: str
    task: str
    error: BaseException


class TasksDidNotStop(RuntimeError):
    """Tasks that went on after they were cancelled and the deadline passed. They are still owned, so none is lost."""

    def __init__(self, owner: str, tasks: tuple[str, ...], within_s: float) -> None:
        super().__init__(
            f"{owner}: {', '.join(tasks)} did not end within {within_s:g} s of being cancelled; "
            "look there for a swallowed CancelledError or a wait without a deadline"
        )
        self.owner = owner
        self.tasks = tasks


class Tasks:
    """The tasks of one owner.

    owner: a word for messages. on_failure: called in the loop, once for each task that ends in an exception and as
    soon as it does; cancellation is not a failure. It has no default, so that no failure goes unnoticed.
    """

    def __init__(self, owner: str, on_failure: Callable[[TaskFailure], None]) -> None:
        self._owner = owner
        self._on_failure = on_failure
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, Result], *, name: str) -> asyncio.Task[Result]:
        """Run `work` as a task called `owner.name`. Raises RuntimeError once the owner is closed."""
        if self._closed:
            work.close()
            raise RuntimeError(f"{self._owner} is closed and starts no task; {name!r} was refused")
        task = asyncio.get_running_loop().create_task(work, name=f"{self._owner}.{name}")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the tasks that have not ended, sorted."""
        return tuple(sorted(task.get_name() for task in self._running))

    async def close(self, *, finish_within_s: float = 0.0, cancel_within_s: float = 5.0) -> None:
        """Refuse new tasks, let those that run finish for `finish_within_s`, cancel the rest and wait for them.

        A task that closes its own owner is left to return by itself. Closing again is allowed. Raises TasksDidNotStop
        when a cancelled task has not ended after `cancel_within_s`.
        """
        self._closed = True
        pending = self._running - {asyncio.current_task()}
        if pending and finish_within_s > 0:
            _, pending = await asyncio.wait(pending, timeout=finish_within_s)
        if not pending:
            return
        for task in pending:
            task.cancel(f"{self._owner} is closing")
        _, pending = await asyncio.wait(pending, timeout=cancel_within_s)
        if pending:
            raise TasksDidNotStop(self._owner, tuple(sorted(task.get_name() for task in pending)), cancel_within_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.close()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._on_failure(TaskFailure(self._owner, task.get_name(), error))
