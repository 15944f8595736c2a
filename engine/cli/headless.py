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

from engine.cli import exit_codes
from engine.cli.log_lines import log_line
from engine.core.bus import Bus, EventReader
from engine.core.messages import Event, Snapshot, plain
from engine.core.mirror_messages import MirrorCaughtUp, MirrorLost, MirrorRewound, MirrorSnapshot
from engine.core.modes import ModeSnapshot, SwitchMoved
from engine.core.redaction import Redactor
from engine.core.supervisor import EngineSnapshot
from engine.desk.arguments import SessionArguments
from engine.desk.desk import KeyRefused, LiveNotConfirmed
from engine.desk.messages import DeskNote
from engine.desk.opening import CANNOT_OPEN, opened, opening_words
from engine.desk.worlds import KeysMissing
from engine.governor.messages import GovernorSnapshot
from engine.grid.messages import FillBooked, GridNote, GridSnapshot, OrderCancelled, OrderPlaced, RoundTripBooked

SHOWN: tuple[type[Snapshot], ...] = (ModeSnapshot, EngineSnapshot, GovernorSnapshot, GridSnapshot, MirrorSnapshot)
TOLD: tuple[type[Event], ...] = (
    SwitchMoved,
    OrderPlaced,
    OrderCancelled,
    FillBooked,
    RoundTripBooked,
    GridNote,
    DeskNote,
    MirrorLost,
    MirrorCaughtUp,
    MirrorRewound,
)

_log = logging.getLogger(__name__)


async def run_session(
    arguments: SessionArguments,
    redactor: Redactor,
    *,
    print_json: bool,
    live_confirmed: bool = False,
    withdrawal_phrase: str | None = None,
) -> int:
    """Run until the time is up, a signal asks to end, or the desk says that nothing can be done any more.

    Returns the exit code; a clean end is 0. What a person may change by typing something is raised: LiveNotConfirmed,
    and KeyRefused where its phrase would do and none was given.
    """
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
    try:
        async with opened(
            arguments, redactor, live_confirmed=live_confirmed, withdrawal_phrase=withdrawal_phrase, unattended=True
        ) as desk:
            if print_json:
                _print_snapshots(desk.bus, ended.set)
            return await _until_ended(desk.bus.read(*TOLD), ended, arguments.run_for_s)
    except (LiveNotConfirmed, KeyRefused) as error:
        if isinstance(error, LiveNotConfirmed) or (error.phrase is not None and withdrawal_phrase is None):
            raise
        _log.error("%s", error)
        return exit_codes.PERSON_NEEDED
    except CANNOT_OPEN as error:
        _log.error("%s", opening_words(error))
        return exit_codes.PERSON_NEEDED if isinstance(error, KeysMissing) else exit_codes.FAILED


async def _until_ended(reader: EventReader, ended: asyncio.Event, run_for_s: float | None) -> int:
    telling = asyncio.create_task(_tell(reader), name="tell")
    telling.add_done_callback(lambda _: ended.set())
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(run_for_s):
                await ended.wait()
        return exit_codes.FAILED if telling.done() else exit_codes.DONE
    finally:
        telling.cancel()
        with suppress(asyncio.CancelledError):
            await telling


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
    """Log what happens; returns once the desk says that the session cannot do its work any more."""
    while True:
        for event in await reader.next():
            _log.log(logging.WARNING if getattr(event, "grave", False) else logging.INFO, "%s", log_line(event))
            if isinstance(event, DeskNote) and event.grave:
                return
