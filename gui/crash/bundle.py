"""The text of a crash bundle: what failed, versions, options, last events, log, stacks of threads and tasks.

`gathered` is quick and runs where the stacks are; `written` redacts the whole, by value and by shape, and may take a
while: call it in a worker thread. The text goes nowhere by itself.
"""

from __future__ import annotations

import asyncio
import io
import json
import platform
import sys
import threading
import traceback
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from PySide6 import __version__ as pyside_version
from PySide6.QtCore import qVersion

from engine import __version__
from engine.core.messages import Event, plain
from engine.core.redaction import Redactor

if TYPE_CHECKING:
    from engine.core.configuration import Configuration

PACKAGES = ("qasync", "pyqtgraph", "numpy", "pydantic", "SQLAlchemy", "aiohttp", "ccxt", "web3", "keyring", "psycopg")
EVENTS_SHOWN = 100
WITHHELD = "[a text that may hold an address: withheld]"


def gathered(
    failures: Iterable[str], configuration: Configuration | None, events: Sequence[Event], log: Iterable[str]
) -> str:
    """The bundle before it is redacted: never show or keep this one. Call it in the loop's thread."""
    sections = (
        ("What failed", "\n\n".join(failures) or "Nothing that was reported."),
        ("Versions", "\n".join(_versions())),
        ("Options", "\n".join(_options(configuration))),
        (f"Last {EVENTS_SHOWN} events", "\n".join(map(_event, events[-EVENTS_SHOWN:])) or "None."),
        ("Log", "\n".join(log) or "Empty."),
        ("Threads", "\n\n".join(_threads())),
        ("Tasks", "\n\n".join(_tasks())),
    )
    made = datetime.now().astimezone().isoformat(timespec="seconds")
    head = f"Evenkeel crash bundle, {made}\nNothing of this was sent anywhere. Secrets are replaced by [redacted]."
    return "\n\n".join((head, *(f"== {title} ==\n{body}" for title, body in sections))) + "\n"


def written(text: str, redactor: Redactor) -> str:
    """`text` without secrets; where that fails nothing of it is shown."""
    try:
        return redactor.redact(text)
    except Exception as failure:  # a text that cannot be redacted is not shown
        return f"The bundle was withheld: it could not be redacted ({type(failure).__name__}).\n"


def _versions() -> Iterable[str]:
    yield f"Evenkeel {__version__}"
    yield f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield f"{platform.system()} {platform.release()} {platform.machine()}"
    yield f"Qt {qVersion()}, PySide6 {pyside_version}"
    for name in PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name}: not installed"


def _options(configuration: Configuration | None) -> Iterable[str]:
    """Every option and its value; a free text that looks like an address is withheld, for it may hold a key."""
    if configuration is None:
        yield "The configuration was not read yet."
        return
    values = configuration.settings.by_path
    yield f"Revision {configuration.current.number}"
    for spec in configuration.catalogue:
        value = plain(values[spec.path])
        if spec.kind == "str" and isinstance(value, str) and value and ("://" in value or spec.name.endswith("url")):
            value = WITHHELD
        origin = configuration.current.origins[spec.path].value
        yield f"{spec.path} = {json.dumps(value, ensure_ascii=False)} ({origin})"


def _event(event: Event) -> str:
    try:
        return f"{type(event).__name__} {json.dumps(plain(event), separators=(',', ':'), ensure_ascii=False)}"
    except TypeError:
        return f"{type(event).__name__} at {event.at_s:.3f}"


def _threads() -> Iterable[str]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for number, frame in sys._current_frames().items():
        yield f"{names.get(number, 'a foreign thread')}:\n" + "".join(traceback.format_stack(frame)).rstrip()


def _tasks() -> Iterable[str]:
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:
        return
    for task in sorted(tasks, key=lambda one: one.get_name()):
        stack = io.StringIO()
        task.print_stack(limit=12, file=stack)
        yield f"{task.get_name()}:\n{stack.getvalue().rstrip()}"
