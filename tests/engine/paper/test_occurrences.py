"""The grammar of what happens at the paper exchange: what is written back is read as it was, nonsense is named."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paper.occurrences import KINDS, parse_occurrences
from tests.engine.paper.drawn_occurrences import occurrences


@given(st.lists(occurrences, max_size=4))
def test_what_is_written_back_is_read_as_it_was(declared):
    assert parse_occurrences("; ".join(map(str, declared))) == tuple(declared)


entries = st.lists(st.sampled_from([*KINDS, "buy", "all", "+5%", "20", "10m", "~1h", "online"])).map(":".join)


@given(st.text(max_size=40) | entries)
def test_any_text_is_a_declaration_or_is_refused_by_name(text):
    declared = ()
    with suppress(ValueError):
        declared = parse_occurrences(text)
    if not declared and text.replace(";", "").strip():
        with pytest.raises(ValueError, match="happening "):
            parse_occurrences(text)
    assert parse_occurrences(";".join(map(str, declared))) == declared


def test_an_entry_has_a_time_or_comes_at_once_or_by_chance():
    [timed, at_once, by_chance] = parse_occurrences("600s:amend:buy:+45%; kfee; ~2h:rotate;")

    assert (timed.after_s, timed.by_chance, str(timed)) == (600.0, False, "10m:amend:buy:+45%")
    assert (at_once.after_s, at_once.by_chance) == (0.0, False)
    assert (by_chance.after_s, by_chance.by_chance) == (7200.0, True)


def test_withdrawing_foreign_orders_is_a_word_of_its_own():
    assert parse_occurrences("withdraw-foreign:2") == parse_occurrences("cancel:foreign:2")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10m:explode", "'explode' is not one of amend, move"),
        ("10:kfee", "expected a duration like 250ms, 30s, 20m, 2h or 1d, got '10'"),
        ("~0s:kfee", "expected at least 1s between two in the mean, got '0s'"),
        ("amend:hold:+5%", "expected one of buy, sell, entry, exit, all, foreign, got 'hold'"),
        ("amend:buy", "expected a change like +45%, -20%, +5 or =30, got ''"),
        ("amend:buy:45", "expected a change like +45%, -20%, +5 or =30, got '45'"),
        ("amend:buy:=5%", "expected a change"),
        ("cancel:buy:0", "expected a whole number from 1 on, got '0'"),
        ("place:buy", "expected 2 to 5 parts after the kind, got 'buy'"),
        ("place:long:20", "expected one of buy, sell, got 'long'"),
        ("place:buy:20:BTC/USD", "an order of BTC/USD needs its price, as 0.001@20000"),
        ("place:buy:20:now", "expected a pair, type=WORD or id=TEXT, got 'now'"),
        ("place:buy:9usd@market", "has a size in the base asset"),
        ("trade:buy:20:fee=btc", "expected a pair, type=WORD or id=TEXT, got 'fee=btc'"),
        ("deposit:usd:0", "expected a number above 0, got '0'"),
        ("deposit:$:5", "expected an asset like usd or btc, got '$'"),
        ("stake:doge:5:X", "expected S, M or B, got 'X'"),
        ("status:closed", "expected one of online, cancel_only, post_only, limit_only, maintenance, got 'closed'"),
        ("pair-status:maintenance", "expected one of online, cancel_only"),
        ("decimals:9", "expected 1 to 7 price decimals, got '9'"),
        ("fee:25", "expected 2 parts after the kind, got '25'"),
        ("html:200", "expected an HTTP status from 400 to 599, got '200'"),
        ("lockout", "expected 1 parts after the kind, got ''"),
        ("key:gone", "expected one of dead, expires, address, live, got 'gone'"),
        ("key:dead:gone", "an error reads like `EAPI:Invalid key`, got 'gone'"),
        ("nonce:-5s", "expected + and a duration, got '-5s'"),
        ("second-program:200ms", "expected at least 1s between two in the mean, got '200ms'"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_with_what_does_not_fit(text, told):
    with pytest.raises(ValueError) as refusal:
        parse_occurrences(f"10m:rotate; {text}")
    assert str(refusal.value).startswith(f"happening {text!r}: ")
    assert told in str(refusal.value)
