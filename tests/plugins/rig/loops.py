"""Which loop an async test runs on, and what that loop must not be left with.

Tests under tests/gui and tests marked `qasync` run on `gui.loop.PanelLoop`, all others on asyncio's own loop. Before a
loop is closed, every fixture of its scope being done, each task still on it and each exception that nobody awaited
fails the test: closing would cancel the first and log the second, and no one would know.

Between the parts of a test pytest-qt lets Qt handle what is pending, and so the panel's loop takes a step outside of
its own run; for that step it counts as the running one, as for any other.

An async test that hangs is cancelled on its own loop a little before pytest-timeout strikes, whose signal Python would
not see while Qt waits for events.
"""

import asyncio
import functools
import io
import weakref
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest
import pytestqt.plugin
from pytestqt.qtbot import QtBot

from rig.leaks import has_failed
from rig.origin import PROJECT, origin

_TURNS_TO_SETTLE = 10  # turns of the loop that libraries get to finish what they cancelled on closing
_BEFORE_TIMEOUT_S = 10.0

_started_at: weakref.WeakKeyDictionary[asyncio.Task[Any], str] = weakref.WeakKeyDictionary()
_panel_loops: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
_errors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[str]] = weakref.WeakKeyDictionary()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "qasync: run this async test on the panel's loop (always so under tests/gui)")
    for name in dir(QtBot):
        if name.startswith(("wait", "assertNotEmitted", "assert_not_emitted")):
            setattr(QtBot, name, _outside_of_a_loop(getattr(QtBot, name)))
    pytestqt.plugin._process_events = _within_the_panels_loop(pytestqt.plugin._process_events)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    if item.path.is_relative_to(PROJECT / "tests" / "gui") or item.get_closest_marker("qasync"):
        return {"qasync": _panel_loop}
    return {"asyncio": _plain_loop}


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Iterator[None]:
    runner = yield
    if isinstance(runner, asyncio.Runner):
        # Finalizers run in reverse: after those of the fixtures that use the runner, before the runner's own.
        fixturedef.addfinalizer(functools.partial(_check, runner, request.node))
        if fixturedef.scope == "function":
            loop = runner.get_loop()
            loop.call_later(float(request.config.getini("timeout")) - _BEFORE_TIMEOUT_S, _end_what_hangs, loop)
    return runner


@pytest.fixture
async def loop_errors() -> list[str]:
    """Exceptions that reached the loop because nobody awaited them; clear the list in a test that provokes them."""
    return _errors[asyncio.get_running_loop()]


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """`await until(condition, within_s=5)`: go on as soon as `condition()` holds; fails the test when it never does."""

    async def wait(condition: Callable[[], object], within_s: float = 5.0) -> None:
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + within_s
        while not condition():
            if loop.time() > deadline_s:
                pytest.fail(f"waited {within_s:g} s in vain at {origin()}", pytrace=False)
            await asyncio.sleep(0.005)

    return wait


def _plain_loop() -> asyncio.AbstractEventLoop:
    return _watched(asyncio.SelectorEventLoop())


def _panel_loop() -> asyncio.AbstractEventLoop:
    from gui.loop import PanelLoop

    loop = PanelLoop(_application())
    _panel_loops.add(loop)
    return _watched(loop)


@functools.cache
def _application() -> Any:
    from PySide6.QtWidgets import QApplication

    return QApplication.instance() or QApplication(["pytest-qt-qapp"])


def _watched(loop: asyncio.AbstractEventLoop) -> asyncio.AbstractEventLoop:
    errors = _errors[loop] = []

    def start(loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(work, loop=loop, **options)
        _started_at[task] = origin()
        return task

    def report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        errors.append(f"an exception that nobody awaited: {context.get('message')}: {context.get('exception')!r}")
        loop.default_exception_handler(context)

    loop.set_task_factory(start)
    loop.set_exception_handler(report)
    return loop


def _check(runner: asyncio.Runner, node: pytest.Item | pytest.Collector) -> None:
    loop = runner.get_loop()
    if loop.is_closed() or loop not in _errors:
        return
    runner.run(_settle())
    tasks = [
        f"task {task.get_name()!r} ({getattr(task.get_coro(), '__qualname__', '?')}), started at "
        f"{_started_at.get(task, 'an unknown place')}"
        for task in asyncio.all_tasks(loop)
    ]
    left = tasks + _errors[loop]
    if left and not has_failed(node):
        pytest.fail("left behind on the loop:\n" + "\n".join(f"- {line}" for line in left), pytrace=False)


def _end_what_hangs(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        stack = io.StringIO()
        task.print_stack(file=stack)
        _errors[loop].append(f"hung until the timeout: {stack.getvalue()}")
        task.cancel("the test hung until its timeout")


async def _settle() -> None:
    for _ in range(_TURNS_TO_SETTLE):
        await asyncio.sleep(0)


def _outside_of_a_loop(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if asyncio._get_running_loop() is not None:
            pytest.fail(f"qtbot.{method.__name__} runs a second event loop inside this one; `await until(...)` instead")
        return method(*args, **kwargs)

    return guarded


def _within_the_panels_loop(process_events: Callable[[], None]) -> Callable[[], None]:
    @functools.wraps(process_events)
    def guarded() -> None:
        opened = [loop for loop in _panel_loops if not loop.is_closed()]
        if len(opened) != 1 or asyncio._get_running_loop() is not None:
            return process_events()
        asyncio._set_running_loop(opened[0])
        try:
            process_events()
        finally:
            asyncio._set_running_loop(None)

    return guarded
