"""A test that leaves a thread, an active QTimer or a window behind fails, and is told which and where it was made.

Looked at when all of the test's own fixtures are done. What a fixture of a wider scope made before the test is not the
test's: name such fixtures as parameters, so that they are made first. A test that has failed is not looked at.
"""

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from rig.origin import origin

_TIME_TO_END_S = 1.0  # what a thread that was told to end may still take
_QT_OWN = {"qtooltip_label"}  # windows that Qt makes for itself and keeps

_failed = pytest.StashKey[bool]()
_thread_started_at: weakref.WeakKeyDictionary[threading.Thread, str] = weakref.WeakKeyDictionary()
_timers: dict[int, tuple[weakref.ref[QTimer], str]] = {}


def has_failed(node: pytest.Item | pytest.Collector) -> bool:
    """Whether the test has failed already: then what it left behind is a consequence, not the news."""
    return node.stash.get(_failed, False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.failed:
        item.stash[_failed] = True
    return report


@pytest.fixture(scope="session", autouse=True)
def _origins() -> Iterator[None]:
    """Remember where threads and timers are made."""
    start_thread, init_timer = threading.Thread.start, QTimer.__init__

    def start(self: threading.Thread) -> None:
        _thread_started_at[self] = origin()
        start_thread(self)

    def init(self: QTimer, *args: Any, **kwargs: Any) -> None:
        init_timer(self, *args, **kwargs)
        key = id(self)
        _timers[key] = (weakref.ref(self, lambda _: _timers.pop(key, None)), origin())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        patch.setattr(QTimer, "__init__", init)
        yield


@pytest.fixture(autouse=True)
def _nothing_left_behind(_origins: None, request: pytest.FixtureRequest) -> Iterator[None]:
    threads, timers, windows = _threads(), _active_timers(), _windows()
    yield
    if has_failed(request.node):
        return
    left = _new_threads(threads) + _new_timers(timers) + _new_windows(windows)
    if left:
        pytest.fail("left behind:\n" + "\n".join(f"- {line}" for line in left), pytrace=False)


def _threads() -> set[threading.Thread]:
    """Python's threads. A dummy stands for a foreign thread that once ran Python, and may be long gone."""
    return {thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)}


def _new_threads(before: set[threading.Thread]) -> list[str]:
    deadline_s = time.monotonic() + _TIME_TO_END_S
    left = _threads() - before
    for thread in left:
        thread.join(max(0.0, deadline_s - time.monotonic()))
    return [
        f"thread {thread.name!r}, started at {_thread_started_at.get(thread, 'an unknown place')}"
        for thread in left
        if thread.is_alive()
    ]


def _active_timers() -> dict[QTimer, str]:
    alive = ((timer(), where) for timer, where in tuple(_timers.values()))
    return {timer: where for timer, where in alive if timer is not None and isValid(timer) and timer.isActive()}


def _new_timers(before: dict[QTimer, str]) -> list[str]:
    left = _new(_active_timers, before)
    for timer in left:
        timer.stop()
    return [f"active QTimer of {timer.interval()} ms, made at {where}" for timer, where in left.items()]


def _windows() -> dict[QWidget, str]:
    """Widgets without a parent; those with one go with it."""
    if QApplication.instance() is None:
        return {}
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return {
        widget: f"{type(widget).__name__} {widget.objectName()!r} titled {widget.windowTitle()!r}"
        for widget in QApplication.topLevelWidgets()
        if isValid(widget) and widget.parent() is None and widget.objectName() not in _QT_OWN
    }


def _new_windows(before: dict[QWidget, str]) -> list[str]:
    left = _new(_windows, before)
    for widget in left:
        widget.close()
        widget.deleteLater()
    return [f"window {what}; close it, or hand it to qtbot.addWidget" for what in left.values()]


def _new(look: Callable[[], dict[Any, str]], before: dict[Any, str]) -> dict[Any, str]:
    """What was not there before, and is not merely waiting for the garbage collector."""
    if look().keys() <= before.keys():
        return {}
    gc.collect()
    return {thing: what for thing, what in look().items() if thing not in before}
