"""The file that lists tokens and portfolios (drift spec 2)."""

from __future__ import annotations

import contextlib
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.drift.book import BadPortfolio
from engine.drift.portfolios import Portfolio, Watched, watched

GOOD = """
[tokens.WETH]
address = "0x{weth}"
decimals = 18
coin = "weth"

[tokens.USDC]
address = "0x{usdc}"
decimals = 6
coin = "usd-coin"
peg_usd = "1"

[portfolios.savings]
account = "0x{account}"
targets_bps = {{ WETH = 6000, USDC = 4000 }}
""".format(weth="11" * 20, usdc="22" * 20, account="33" * 20)


def test_a_file_lists_tokens_and_portfolios() -> None:
    found = watched(GOOD)
    assert [(token.symbol, token.decimals, token.peg_usd) for token in found.tokens] == [
        ("WETH", 18, None),
        ("USDC", 6, Decimal(1)),
    ]
    assert found.portfolios == (Portfolio("savings", "0x" + "33" * 20, {"WETH": 6000, "USDC": 4000}),)


def test_an_empty_file_watches_nothing() -> None:
    assert watched("") == Watched()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("USDC = 4000", "USDC = 4001", "sum of 10000, got 10001"),
        ("USDC = 4000", "DAI = 4000", "DAI is not among the tokens"),
        ("decimals = 6", "decimals = 60", "tokens.USDC.decimals: expected 0 to 36"),
        ("decimals = 6", "decimals = true", "tokens.USDC.decimals"),
        ("0x" + "33" * 20, "0x33", "portfolios.savings.account: expected 0x and 40 hex digits"),
        ("0x" + "22" * 20, "0x" + "11" * 20, "more than once"),
        ('peg_usd = "1"', 'peg_usd = "-1"', "tokens.USDC.peg_usd: expected a number above 0"),
        ('coin = "weth"', 'coins = "weth"', "tokens.WETH: coins is not known here"),
        ("[portfolios.savings]", "[portfolio.savings]", "portfolio is not known here"),
        ("[tokens.WETH]", "[tokens.WETH", "portfolios.toml"),
    ],
)
def test_what_does_not_fit_is_named_with_what_was_expected(old: str, new: str, said: str) -> None:
    with pytest.raises(BadPortfolio, match=re.escape(said)):
        watched(GOOD.replace(old, new))


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    with contextlib.suppress(BadPortfolio):
        assert isinstance(watched(text), Watched)
