"""A plot as a file: its picture, or the numbers behind it. Nothing here touches a widget; it runs in a worker."""

from __future__ import annotations

import csv
import io
import math
import os
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from gui.plots.words import Numbers

FIRST_HEADERS = ("time (UTC)", "seconds since 1970")
HAPPENED_HEADER = "what happened"


def write_picture(image: QImage, file: Path) -> None:
    """The picture as PNG. Raises OSError when it cannot be written."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]
        raise OSError("the picture could not be made into a PNG")
    _replace(file, bytes(buffer.data().data()))


def write_numbers(numbers: Numbers, file: Path) -> int:
    """The numbers as CSV, and how many rows they took. Raises OSError when it cannot be written."""
    text, rows = csv_text(numbers)
    _replace(file, text.encode("utf-8"))
    return rows


def csv_text(numbers: Numbers) -> tuple[str, int]:
    """One row for each time at which a curve has a point or something happened, oldest first.

    A cell is empty where its curve has no point at that time; a row that is empty but for its time is a gap.
    """
    rows: dict[float, list[str]] = {}
    width = len(numbers.columns)
    for column, (times, values) in enumerate(numbers.columns):
        for t, value in zip(times.tolist(), values.tolist(), strict=True):
            row = rows.setdefault(t, [""] * width)
            if not math.isnan(value):
                row[column] = repr(float(f"{value:.12g}"))
    said: dict[float, list[str]] = {}
    for t, what in numbers.happened:
        said.setdefault(t, []).append(what)
        rows.setdefault(t, [""] * width)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow((*FIRST_HEADERS, *numbers.headers, HAPPENED_HEADER))
    for t in sorted(rows):
        written = datetime.fromtimestamp(t, UTC).isoformat(timespec="milliseconds")
        writer.writerow((written, f"{t:.3f}", *rows[t], " ".join(said.get(t, ()))))
    return out.getvalue(), len(rows)


def file_name(title: str, start_s: float, ending: str) -> str:
    """`idle-ratio-20261120-140211.csv`."""
    words = "".join(letter if letter.isalnum() else "-" for letter in title.casefold())
    return f"{words}-{datetime.fromtimestamp(start_s).astimezone():%Y%m%d-%H%M%S}.{ending}"


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_bytes(content)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
