"""A session with no window: engines, log lines, and snapshots as JSON where they are asked for."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from engine.core.bus import Bus, EventReader
from engine.core.messages import Event, Snapshot, plain
from engine.core.modes import ModeSnapshot
from engine.core.redaction import Redactor
from engine.core.supervisor import EngineSnapshot
from engine.desk.arguments import SessionArguments
from engine.desk.opening import CANNOT_OPEN, opened
from engine.governor.messages import GovernorSnapshot
from engine.grid.messages import FillBooked, GridNote, GridSnapshot, RoundTripBooked

EXIT_FAILED = 1
SHOWN: tuple[type[Snapshot], ...] = (ModeSnapshot, EngineSnapshot, GovernorSnapshot, GridSnapshot)

_log = logging.getLogger(__name__)


async def run_session(
    arguments: SessionArguments, redactor: Redactor, *, print_json: bool, live_confirmed: bool
) -> int:
    """Run until the time is up or a signal asks to end. Returns the exit code; a clean end is 0."""
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        async with opened(arguments, redactor, live_confirmed=live_confirmed) as desk:
            if print_json:
                _print_snapshots(desk.bus, ended.set)
            reader = desk.bus.read(FillBooked, RoundTripBooked, GridNote)
            telling = asyncio.create_task(_tell(reader), name="tell")
            try:
                async with asyncio.timeout(arguments.run_for_s):
                    await ended.wait()
            except TimeoutError:
                pass
            finally:
                telling.cancel()
                with suppress(asyncio.CancelledError):
                    await telling
    except CANNOT_OPEN as error:
        _log.error("%s", error)
        return EXIT_FAILED
    return 0


def _print_snapshots(bus: Bus, reader_left: Callable[[], None]) -> None:
    def show(snapshot: Snapshot) -> None:
        line = {"type": type(snapshot).__name__, **plain(snapshot)}
        try:
            sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            reader_left()

    for kind in SHOWN:
        bus.watch(kind, show)
        latest = bus.latest(kind)
        if latest is not None:
            show(latest)


async def _tell(reader: EventReader) -> None:
    while True:
        for event in await reader.next():
            _log.info("%s %s", type(event).__name__, json.dumps(_loggable(event), separators=(",", ":")))


def _loggable(event: Event) -> dict[str, object]:
    """An order's key is a name and no secret; a field called `key` would be redacted."""
    fields: dict[str, object] = plain(event)
    return {"order" if name == "key" else name: value for name, value in fields.items()}
