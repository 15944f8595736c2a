"""Logs and uncaught exceptions, redacted before anyone sees them.

A log record is redacted when it is made, so that every handler gets it so, also one that is added later or by a
library. `RedactingFormatter` goes over the finished line once more, for what a formatter adds from elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from engine.core.redaction import Redactor

Report = Callable[[str], None]


class RedactingFilter(logging.Filter):
    """Redacts message, arguments, traceback and stack of each record that passes; it lets all of them pass."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """The record carries finished text afterwards: no arguments, and no exception but its text."""
        try:
            if record.exc_info and not record.exc_text:
                record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            message = self._redactor.redact(record.getMessage())
            trace = self._redactor.redact(record.exc_text) if record.exc_text else record.exc_text
            stack = self._redactor.redact(record.stack_info) if record.stack_info else record.stack_info
        except Exception as error:
            message = f"[a message of {record.name} was withheld: it could not be redacted ({type(error).__name__})]"
            trace = stack = None
        record.msg, record.args, record.exc_info = message, None, None
        record.exc_text, record.stack_info = trace, stack
        return True


class RedactingFormatter(logging.Formatter):
    """Redacts what another formatter makes."""

    def __init__(self, formatter: logging.Formatter | None, redactor: Redactor) -> None:
        super().__init__()
        self._formatter = formatter or logging.Formatter()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        return self._redactor.redact(self._formatter.format(record))


def install(logger: logging.Logger, redactor: Redactor, report: Report | None = None) -> Callable[[], None]:
    """Redact every log record of the process, what the handlers of `logger` write, and what nobody caught.

    report: called with the redacted text of each uncaught exception (the crash bundle); without it the text goes to
    standard error. Call it once, after the handlers are set up. Returns what takes all of it back.
    """
    redacting = RedactingFilter(redactor)
    make_record = logging.getLogRecordFactory()
    formatters = [(handler, handler.formatter) for handler in logger.handlers]
    hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    tell = _Uncaught(redactor, report)

    def redacted_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make_record(*args, **kwargs)
        redacting.filter(record)
        return record

    logging.setLogRecordFactory(redacted_record)
    for handler, formatter in formatters:
        handler.addFilter(redacting)
        handler.setFormatter(RedactingFormatter(formatter, redactor))
    sys.excepthook = tell.main_thread
    threading.excepthook = tell.thread
    sys.unraisablehook = tell.unraisable

    def take_back() -> None:
        logging.setLogRecordFactory(make_record)
        for handler, formatter in formatters:
            handler.removeFilter(redacting)
            handler.setFormatter(formatter)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks

    return take_back


def loop_exception_handler(
    redactor: Redactor, report: Report | None = None
) -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """A handler for `loop.set_exception_handler`: what an event loop could not give to anyone, redacted."""
    tell = _Uncaught(redactor, report)

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        lines = [str(context.get("message", "an exception in the event loop was caught by no one"))]
        lines += [
            f"{name}: {_shown(value)}"
            for name, value in sorted(context.items())
            if name not in ("message", "exception")
        ]
        error = context.get("exception")
        tell.text("\n".join(lines), error if isinstance(error, BaseException) else None)

    return handle


class _Uncaught:
    """Where exceptions go that nobody caught."""

    def __init__(self, redactor: Redactor, report: Report | None) -> None:
        self._redactor = redactor
        self._report = report or _to_standard_error

    def main_thread(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For sys.excepthook."""
        self.text("", error.with_traceback(trace))

    def thread(self, args: threading.ExceptHookArgs) -> None:
        """For threading.excepthook."""
        if args.exc_type is not SystemExit:
            self.text(f"in thread {args.thread.name if args.thread else '?'}", args.exc_value)

    def unraisable(self, args: Any) -> None:
        """For sys.unraisablehook."""
        self.text(f"{args.err_msg or 'exception ignored in'}: {_shown(args.object)}", args.exc_value)

    def text(self, about: str, error: BaseException | None) -> None:
        """Report one exception; when it cannot be redacted its kind alone is told."""
        try:
            trace = "".join(traceback.format_exception(error)) if error is not None else ""
            told = self._redactor.redact("\n".join(part for part in (about, trace.rstrip("\n")) if part))
        except Exception as failure:
            told = f"[{type(error).__name__} was withheld: it could not be redacted ({type(failure).__name__})]"
        self._report(told)


def _shown(value: object) -> str:
    """Its repr; its type alone where that fails, as it may for an object that is going away."""
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def _to_standard_error(text: str) -> None:
    if sys.stderr is not None:  # a windowed program may have none
        sys.stderr.write(text + "\n")
