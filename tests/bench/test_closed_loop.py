"""The closed loop's bench in its shortest form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import closed_loop


def test_the_bench_tells_on_against_off_for_each_market_and_names_what_it_leaves_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    length = ("--days", "0.1", "--seeds", "2", "--jobs", "1")
    what = ("--markets", "flat,DOGE", "--set", "orphan_after=900", "--prices", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["closed_loop.py", *length, *what])
    closed_loop.main()
    out, err = capsys.readouterr()
    line = json.loads(out.splitlines()[0])
    assert line["name"] == "closed loop flat"
    parts = line["on"]["edge USD"] + line["on"]["inventory USD"] - line["on"]["fees USD"]
    assert line["on"]["against holding USD"] == pytest.approx(parts, abs=2e-4)
    assert "to" in line["on less off"]
    assert f"DOGE: left out, there is no DOGEUSDT-1m.csv.xz in {tmp_path}" in err
    assert "| flat |" in out


def test_an_option_that_cannot_be_ends_the_bench_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match="orphan_after is `auto` or seconds"):
        closed_loop.options_of(["orphan_after=soon"], governed=True)
