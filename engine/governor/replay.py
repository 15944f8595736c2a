"""The controller over a file of observations: `evenkeel-engine governor replay observations.csv` (spec 10).

Reads and writes row by row, so that the length of the file costs no memory. The numbers go the way that they go live:
through `measure` and `step`.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import json
import math
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from engine.governor.actuator import EntrySide, skew_multiplier
from engine.governor.controller import step
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.signal import MAX_AMOUNT, Observation
from engine.governor.state import ControllerState

COLUMNS = ("ts", "observed_usd", "usd_runway_floor", "capacity_band")

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_BANDS = {band.value: band for band in CapacityBand}
_SHOWN_CHARACTERS = 40
_READER_GONE = (errno.EPIPE, errno.EINVAL)  # the latter on Windows


class BadInput(ValueError):
    """The file is not what was expected: one line that names where, what came and what to put there."""


class Row(NamedTuple):
    """One observation of the file; ts_s: seconds since the epoch."""

    ts_s: float
    observation: Observation


def read_rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows of a CSV file with exactly the columns of `COLUMNS`, in any order.

    BadInput at the first row that is not four good values; blank lines at the end are none. Times may go backwards:
    what that means is the controller's to decide.
    """
    reader = csv.reader(lines, strict=True)
    blank_line: int | None = None
    try:
        places = _places(next(reader, None))
        for cells in reader:
            if len(cells) <= 1 and not "".join(cells).strip():
                blank_line = blank_line or reader.line_num
                continue
            if blank_line is not None:
                raise BadInput(f"line {blank_line}: found 0 values; expected {len(COLUMNS)}, one for each column")
            yield _row(cells, places, reader.line_num)
    except csv.Error as error:
        raise BadInput(f"line {reader.line_num}: not readable as CSV ({error})") from None


def replay(rows: Iterable[Row], options: GovernorOptions) -> Iterator[dict[str, Any]]:
    """One plain object per update of the controller, from rest; rows between updates give none.

    A row whose time lies before the last update re-anchors the controller as a clock that was set back does.
    """
    state = ControllerState()
    for ts_s, observation in rows:
        decision = step(state, observation, options, ts_s)
        state, control = decision.state, decision.output
        if not control.updated:
            continue
        yield {
            "ts": ts_s,
            "idle_ratio": control.idle_ratio,
            "error": control.error,
            "smoothed_error": state.smoothed_error,
            "velocity": state.velocity,
            "p": control.p,
            "d": control.d,
            "raw": control.raw,
            "skew": control.skew,
            "cap": control.cap,
            "damped": control.damped,
            "sign_flips_1h": len(state.flip_times_s),
            "size_mult_a": float(skew_multiplier(EntrySide.A, control.skew, options)),
            "size_mult_b": float(skew_multiplier(EntrySide.B, control.skew, options)),
            "reason": control.why.code,
        }


def replay_command(path: Path, options: GovernorOptions, out: TextIO, err: TextIO | None = None) -> int:
    """Replay `path` onto `out`, one JSON object per line. 0 when done or when the reader of `out` went away.

    2 on bad input, after the lines before it and with one line on `err` (stderr by default).
    """
    err = err or sys.stderr
    try:
        # Bytes that are no text survive as escapes, so that the row they stand in is named.
        file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except OSError as error:
        err.write(f"cannot read {path}: {error.strerror or error}\n")
        return 2
    with file:
        try:
            return _write_updates(replay(read_rows(file), options), out)
        except BadInput as error:
            err.write(f"{path}: {error}\n")
            return 2


def main(argv: Sequence[str], options: GovernorOptions | None = None, out: TextIO | None = None) -> int:
    """`argv`: what follows `governor replay`; exit code as `replay_command`."""
    parser = argparse.ArgumentParser(
        prog="evenkeel-engine governor replay",
        description="Run the governor's controller over recorded observations; one JSON line per update.",
    )
    parser.add_argument("observations", type=Path, help=f"a CSV file with the columns {', '.join(COLUMNS)}")
    arguments = parser.parse_args(argv)
    return replay_command(arguments.observations, options or GovernorOptions(), out or sys.stdout)


def _write_updates(updates: Iterator[dict[str, Any]], out: TextIO) -> int:
    """Write one line per update, also those before a bad row; a reader that has gone (`| head`) ends it quietly."""
    encode = json.JSONEncoder(allow_nan=False).encode
    try:
        try:
            for update in updates:
                out.write(encode(update) + "\n")
        finally:
            out.flush()
    except OSError as error:
        if error.errno not in _READER_GONE:
            raise
        _discard(out)
    return 0


def _discard(out: TextIO) -> None:
    """Send what is still buffered nowhere, so that the interpreter does not trip over the broken pipe when it ends."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, out.fileno())
        os.close(nowhere)


def _places(header: list[str] | None) -> tuple[int, int, int, int]:
    """Where each of `COLUMNS` stands in a row."""
    expected = f"expected exactly the columns {', '.join(COLUMNS)}"
    if header is None:
        raise BadInput(f"line 1: the file is empty; {expected}")
    if sorted(header) != sorted(COLUMNS):
        found = ", ".join(_shown(name) for name in header) or "an empty line"
        raise BadInput(f"line 1: found {found}; {expected}")
    ts, usd, floor, band = (header.index(name) for name in COLUMNS)
    return ts, usd, floor, band


def _row(cells: list[str], places: tuple[int, int, int, int], line: int) -> Row:
    if len(cells) != len(COLUMNS):
        raise BadInput(f"line {line}: found {len(cells)} values; expected {len(COLUMNS)}, one for each column")
    ts, usd, floor, band = places
    ts_s = float(_number(cells[ts], "ts", line))
    if ts_s < 0 or math.isinf(ts_s):
        raise _bad_value(line, "ts", cells[ts], "seconds since the epoch, 0 or more")
    capacity_band = _BANDS.get(cells[band])
    if capacity_band is None:
        raise _bad_value(line, "capacity_band", cells[band], f"one of {', '.join(_BANDS)}")
    observation = Observation(
        observed_usd=_amount(cells[usd], "observed_usd", line),
        usd_runway_floor=_amount(cells[floor], "usd_runway_floor", line),
        capacity_band=capacity_band,
        master_on=True,
    )
    return Row(ts_s, observation)


def _amount(text: str, column: str, line: int) -> Decimal:
    amount = Decimal(_number(text, column, line))
    if not 0 <= amount <= MAX_AMOUNT:
        raise _bad_value(line, column, text, f"an amount of USD from 0 to {MAX_AMOUNT:f}")
    return amount


def _number(text: str, column: str, line: int) -> str:
    if _NUMBER.fullmatch(text) is None:
        raise _bad_value(line, column, text, "a plain number such as 412.50")
    return text


def _bad_value(line: int, column: str, text: str, expected: str) -> BadInput:
    return BadInput(f"line {line}, column {column}: found {_shown(text)}; expected {expected}")


def _shown(text: str) -> str:
    """Whatever a file may hold, as one short line."""
    return ascii(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")
