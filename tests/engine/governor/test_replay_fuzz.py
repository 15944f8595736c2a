"""Whatever a file of observations holds: updates, or one line that names where; never a traceback (spec 10)."""

from __future__ import annotations

import io
import json
import re
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.governor.options import GovernorOptions
from engine.governor.replay import COLUMNS, replay_command

HEADER = ",".join(COLUMNS)
OPTIONS = GovernorOptions()
WHERE = re.compile(r"line \d+(, column (ts|observed_usd|usd_runway_floor|capacity_band))?: ")

GOOD_CELLS = (
    st.integers(0, 2_000_000_000).map(str),
    st.decimals(0, 10_000, places=2).map(str),
    st.decimals(0, 10_000, places=2).map(str),
    st.sampled_from(["normal", "caution", "stop"]),
)
JUNK_CELLS = st.one_of(
    st.sampled_from(
        [
            *("", " ", "inf", "-inf", "nan", "NaN", "1e999", "-1", "1e-999", "0x10", "1_0", "٣", "1,5", "--1", "+-1"),
            *('"', '""', '"a', "\x00", "\ufeff", "\r", "\n", "'", "NORMAL", "None", "9" * 400, "1" * 140_000, "=1+1"),
        ]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])


def replayed(content: bytes) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, updates and what was said on stderr."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "observations.csv"
        path.write_bytes(content)
        out, err = io.StringIO(), io.StringIO()
        code = replay_command(path, OPTIONS, out, err)
        return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def is_told(code: int, err: str) -> bool:
    """Done without a word, or one short line that names the line, and the column where one is at fault."""
    if code == 0:
        return err == ""
    return code == 2 and err.count("\n") == 1 and len(err) < 500 and WHERE.search(err) is not None


def within_bounds(updates: list[dict[str, object]]) -> bool:
    return all(
        abs(update["skew"]) <= OPTIONS.max_skew and 1 <= update["size_mult_b"] <= 1.5  # type: ignore[arg-type, operator]
        for update in updates
    )


@given(rows=st.lists(st.tuples(*GOOD_CELLS), max_size=12), newline=NEWLINES, mark=st.booleans(), quoted=st.booleans())
def test_any_good_rows_are_replayed_whatever_order_their_times_have(
    rows: list[tuple[str, ...]], newline: str, mark: bool, quoted: bool
) -> None:
    """CR, LF or both, with a byte order mark and with quotes; a time that goes back re-anchors."""
    lines = [HEADER, *(",".join(f'"{cell}"' if quoted else cell for cell in row) for row in rows)]
    content = newline.join(lines).encode("utf-8-sig" if mark else "utf-8")
    code, updates, err = replayed(content)
    assert (code, err) == (0, "")
    assert bool(updates) == bool(rows)
    assert within_bounds(updates)


@given(
    before=st.lists(st.tuples(*GOOD_CELLS), max_size=3),
    row=st.tuples(*GOOD_CELLS),
    at=st.integers(0, 3),
    junk=JUNK_CELLS,
    newline=NEWLINES,
)
def test_a_junk_cell_is_named_by_line_and_column_or_is_a_number(
    before: list[tuple[str, ...]], row: tuple[str, ...], at: int, junk: str, newline: str
) -> None:
    cells = [*row[:at], junk, *row[at + 1 :]]
    text = newline.join([HEADER, *(",".join(good) for good in before), ",".join(cells)])
    code, updates, err = replayed(text.encode())
    assert is_told(code, err), err
    assert within_bounds(updates)
    if code == 2 and not set(junk) & set(',"\r\n\x00\ufeff') and len(junk) < 100_000:
        assert f"line {len(before) + 2}, column {COLUMNS[at]}: " in err


@given(st.lists(st.sampled_from([*COLUMNS, "", " ts", "TS", "note"]), max_size=6))
def test_a_header_is_the_four_columns_in_any_order_or_is_told(names: list[str]) -> None:
    code, _, err = replayed((",".join(names) + "\n0,100,25,normal\n").encode())
    assert is_told(code, err)
    if sorted(names) != sorted(COLUMNS):
        assert "line 1: " in err


@given(st.binary(max_size=300))
def test_a_file_of_any_bytes_is_told_in_one_line(content: bytes) -> None:
    code, updates, err = replayed(content)
    assert is_told(code, err)
    assert updates == []


@given(
    rows=st.lists(st.tuples(*GOOD_CELLS), min_size=1, max_size=4),
    at=st.integers(0, 200),
    put=st.binary(max_size=6),
    cut=st.integers(0, 40),
)
def test_a_file_that_was_damaged_is_told_or_replayed_within_bounds(
    rows: list[tuple[str, ...]], at: int, put: bytes, cut: int
) -> None:
    content = "\n".join([HEADER, *(",".join(row) for row in rows)]).encode()
    at %= len(content)
    code, updates, err = replayed(content[:at] + put + content[at + cut :])
    assert is_told(code, err), err
    assert within_bounds(updates)
