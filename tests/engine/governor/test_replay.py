"""Replay of recorded observations, through the real file (spec 10)."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.governor.options import GovernorOptions
from engine.governor.replay import main, replay_command

HEADER = "ts,observed_usd,usd_runway_floor,capacity_band"
FIELDS = (
    "ts idle_ratio error smoothed_error velocity p d raw skew cap damped sign_flips_1h size_mult_a size_mult_b reason"
)

Replayed = tuple[int, list[dict[str, Any]], str]
Replay = Callable[..., Replayed]


@pytest.fixture
def replayed(tmp_path: Path, options: GovernorOptions) -> Replay:
    def run(*lines: str, encoding: str = "utf-8") -> Replayed:
        path = tmp_path / "observations.csv"
        path.write_bytes("\n".join(lines).encode(encoding, "surrogateescape"))
        out, err = io.StringIO(), io.StringIO()
        code = replay_command(path, options, out, err)
        return code, [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()

    return run


def _rows(count: int, usd: str = "100", floor: str = "25", every_s: int = 300) -> list[str]:
    return [f"{1_760_000_000 + every_s * i},{usd},{floor},normal" for i in range(count)]


def test_the_golden_case_as_a_file(replayed: Replay) -> None:
    """Spec 4 and 10."""
    code, updates, err = replayed(HEADER, *_rows(6))
    assert (code, err) == (0, "")
    assert list(updates[0]) == FIELDS.split()
    assert [update["smoothed_error"] for update in updates] == pytest.approx(
        [0.0537, 0.0992, 0.1377, 0.1703, 0.1979, 0.2212], abs=1e-4
    )
    assert [update["skew"] for update in updates] == [0.05, 0.10, 0.15, 0.20, 0.25, 0.30]
    assert [update["size_mult_b"] for update in updates] == [1.05, 1.10, 1.15, 1.20, 1.25, 1.30]
    assert {update["size_mult_a"] for update in updates} == {1.0}
    assert updates[0]["idle_ratio"] == 0.75
    assert updates[0]["ts"] == 1_760_000_000
    assert [update["reason"] for update in updates] == ["governor.ramping"] * 5 + ["governor.at_cap"]


def test_one_line_per_update_and_not_per_row(replayed: Replay) -> None:
    _, updates, _ = replayed(HEADER, *_rows(61, every_s=10))
    assert [update["ts"] - 1_760_000_000 for update in updates] == [0, 300, 600]


def test_a_hold_between_updates_is_seen_in_the_next_line(replayed: Replay) -> None:
    rows = _rows(5)
    rows.insert(4, "1760000950,100,25,caution")
    _, updates, _ = replayed(HEADER, *rows)
    assert [update["skew"] for update in updates] == [0.05, 0.10, 0.15, 0.20, 0.05]


def test_time_that_goes_back_re_anchors_as_a_clock_set_back_does(replayed: Replay) -> None:
    code, updates, _ = replayed(HEADER, *_rows(3), "1000,100,25,normal", "1299,100,25,normal", "1300,100,25,normal")
    assert code == 0
    assert [update["ts"] for update in updates][-2:] == [1_760_000_600, 1300]


def test_columns_may_stand_in_any_order_and_a_byte_order_mark_is_no_column(replayed: Replay) -> None:
    code, updates, _ = replayed(
        "capacity_band,usd_runway_floor,observed_usd,ts", "normal,25,100,0", encoding="utf-8-sig"
    )
    assert code == 0
    assert updates[0]["idle_ratio"] == 0.75


def test_a_file_without_rows_gives_no_lines(replayed: Replay) -> None:
    assert replayed(HEADER, "") == (0, [], "")


@pytest.mark.parametrize("blank", [("", ""), ("", "", "", ""), ("  ", "")])
def test_blank_lines_at_the_end_are_no_rows(replayed: Replay, blank: tuple[str, ...]) -> None:
    code, updates, err = replayed(HEADER, *_rows(2), *blank)
    assert (code, len(updates), err) == (0, 2, "")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "line 1: the file is empty; expected exactly the columns ts, observed_usd, usd_runway_floor"),
        (["ts,observed_usd,capacity_band"], "line 1: found 'ts', 'observed_usd', 'capacity_band'; expected exactly"),
        ([HEADER + ",note"], "'note'; expected exactly the columns"),
        (["ts,ts,usd_runway_floor,capacity_band"], "expected exactly the columns"),
        (["1,2,3,normal"], "expected exactly the columns"),
        ([HEADER, "0,100,25"], "line 2: found 3 values; expected 4"),
        ([HEADER, "0,100,25,normal,x"], "line 2: found 5 values; expected 4"),
        ([HEADER, ",,,"], "line 2, column ts: found ''; expected a plain number"),
        ([HEADER, "", "", "0,100,25,normal"], "line 2: found 0 values; expected 4"),
        ([HEADER, "", "0,100,25,normal"], "line 2: found 0 values; expected 4"),
        ([HEADER, "0,abc,25,normal"], "line 2, column observed_usd: found 'abc'; expected a plain number"),
        ([HEADER, "0,,25,normal"], "line 2, column observed_usd: found ''; expected a plain number"),
        ([HEADER, "0,1_000,25,normal"], "line 2, column observed_usd: found '1_000'; expected a plain number"),
        ([HEADER, "0,١٢,25,normal"], "line 2, column observed_usd: found '\\u0661\\u0662'; expected a plain number"),
        ([HEADER, "0,100,NaN,normal"], "line 2, column usd_runway_floor: found 'NaN'; expected a plain number"),
        ([HEADER, "0,inf,25,normal"], "line 2, column observed_usd: found 'inf'; expected a plain number"),
        ([HEADER, "0,100,-25,normal"], "line 2, column usd_runway_floor: found '-25'; expected an amount of USD"),
        ([HEADER, "0,1e99,25,normal"], "line 2, column observed_usd: found '1e99'; expected an amount of USD"),
        ([HEADER, "-1,100,25,normal"], "line 2, column ts: found '-1'; expected seconds since the epoch"),
        ([HEADER, "1e999,100,25,normal"], "line 2, column ts: found '1e999'; expected seconds since the epoch"),
        ([HEADER, "0,100,25,Normal"], "column capacity_band: found 'Normal'; expected one of normal, caution, stop"),
        ([HEADER, "0,100,25,"], "line 2, column capacity_band: found ''; expected one of"),
        ([HEADER, "0,100,\udcff,normal"], "line 2, column usd_runway_floor: found '\\udcff'; expected a plain number"),
        ([HEADER, '0,"100"x,25,normal'], "line 2: not readable as CSV"),
        ([HEADER, "0," + "9" * 100_000 + ",25,normal"], "999...'; expected an amount of USD"),
        ([HEADER, "0," + "9" * 200_000 + ",25,normal"], "line 2: not readable as CSV"),
    ],
)
def test_bad_input_is_told_in_one_line_with_line_column_value_and_expectation(
    replayed: Replay, lines: list[str], told: str
) -> None:
    code, updates, err = replayed(*lines)
    assert code == 2
    assert updates == []
    assert told in err
    assert err.count("\n") == 1
    assert len(err) < 400


def test_updates_before_a_bad_row_are_written(replayed: Replay) -> None:
    code, updates, err = replayed(HEADER, *_rows(2), "later,100,25,normal")
    assert code == 2
    assert len(updates) == 2
    assert "line 4, column ts: found 'later'" in err


def test_a_file_that_is_not_there_is_told_in_one_line(tmp_path: Path, options: GovernorOptions) -> None:
    err = io.StringIO()
    assert replay_command(tmp_path / "none.csv", options, io.StringIO(), err) == 2
    assert err.getvalue() == f"cannot read {tmp_path / 'none.csv'}: No such file or directory\n"


def test_main_takes_the_path_and_the_given_options(tmp_path: Path) -> None:
    path, out = tmp_path / "observations.csv", io.StringIO()
    path.write_text("\n".join([HEADER, *_rows(1)]))
    assert main([str(path)], GovernorOptions(max_skew_step=0.01), out) == 0
    assert json.loads(out.getvalue())["skew"] == 0.01


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    path = tmp_path / "observations.csv"
    path.write_text("\n".join([HEADER, *_rows(5000)]))
    code = "import sys; from engine.governor.replay import main; sys.exit(main(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["skew"] == 0.05
        process.stdout.close()
        assert process.wait(timeout=30) == 0
        assert process.stderr.read() == ""


def test_a_reader_that_is_gone_before_the_first_line_leaves_nothing_to_trip_over(
    tmp_path: Path, options: GovernorOptions
) -> None:
    path = tmp_path / "observations.csv"
    path.write_text("\n".join([HEADER, *_rows(1)]))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        assert replay_command(path, options, out) == 0
