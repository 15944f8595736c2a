"""`evenkeel-engine drift plan` as a person meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli import main
from engine.cli.drift import EXIT_BAD_BOOK

BOOK = {
    "tokens": [
        {"symbol": "WETH", "decimals": 18, "balance": str(2 * 10**18), "price_usd": "3000", "target_bps": 5000},
        {"symbol": "USDC", "decimals": 6, "balance": "2000000000", "price_usd": "1", "target_bps": 5000},
    ]
}


def test_the_plan_of_a_book_is_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "book.json").write_text(json.dumps(BOOK))
    assert main(["drift", "plan", str(tmp_path / "book.json")]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["action"] == "REBALANCE"
    assert [(leg["sell"], leg["buy"]) for leg in made["legs"]] == [("WETH", "USDC")]


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "not JSON"), ('{"tokens": [], "fee": 1}', "fee"), ('{"tokens": []}', "tokens"), ("\xff", "not UTF-8")],
)
def test_a_bad_book_is_named_with_its_field_and_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    (tmp_path / "book.json").write_bytes(text.encode("latin-1"))
    assert main(["drift", "plan", str(tmp_path / "book.json")]) == EXIT_BAD_BOOK
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_book_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["drift", "plan", str(tmp_path / "none.json")]) == EXIT_BAD_BOOK
    assert "No such file" in capsys.readouterr().err
