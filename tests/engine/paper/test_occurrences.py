"""The grammar of what happens at the paper exchange: what is written back is read as it was, nonsense is named."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paper import acts
from engine.paper.acts import (
    Change,
    Funds,
    Manual,
    OnKey,
    OnOrders,
    PriceMove,
    Rotation,
    Rule,
    Shift,
    State,
)
from engine.paper.occurrences import KINDS, PAIR_STATUSES, SYSTEM_STATUSES, Occurrence, parse_occurrences

amounts = st.decimals(Decimal("0.00000001"), Decimal(10) ** 6, places=8)
seconds = st.one_of(st.integers(1, 10**6).map(float), st.integers(1, 10**6).map(lambda thousandths: thousandths / 1000))
signed = st.builds(Change, st.sampled_from(["+", "-"]), amounts, st.booleans())
absolute = st.builds(Change, st.just("="), amounts)
changes = signed | absolute
words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8)
sides = st.sampled_from(["buy", "sell"])
durations = st.none() | seconds
targets = st.sampled_from(acts.TARGETS)


def states(kind, values, lasts):
    return st.builds(State, st.just(kind), values, lasts)


every_act = st.one_of(
    st.builds(OnOrders, st.sampled_from(["amend", "move"]), targets, changes),
    st.builds(OnOrders, st.just("cancel"), targets, st.none(), st.none() | st.integers(1, 999)),
    st.builds(Manual, st.just("place"), sides, amounts, st.sampled_from(["base", "usd"]), st.none() | changes),
    st.builds(
        Manual,
        st.just("place"),
        sides,
        amounts,
        st.just("base"),
        absolute,
        st.just("BTC/USD"),
        st.none() | words,
        st.none() | words,
    ),
    st.builds(Manual, st.just("place"), sides, amounts, st.just("base"), st.just("market")),
    st.builds(Manual, st.just("trade"), sides, amounts, st.just("base"), absolute, st.just("ETH/USD")),
    st.builds(Funds, st.sampled_from(["deposit", "withdraw", "earn", "unearn"]), words.map(str.upper), amounts),
    st.builds(
        Funds, st.sampled_from(["stake", "unstake"]), words.map(str.upper), amounts, st.sampled_from(["S", "M", "B"])
    ),
    st.builds(Rule, st.sampled_from(["minimum", "costmin"]), st.tuples(amounts)),
    st.builds(Rule, st.just("decimals"), st.tuples(st.integers(1, 7).map(Decimal))),
    st.builds(Rule, st.just("fee"), st.tuples(*[st.decimals(0, 100, places=2)] * 2)),
    states("status", st.sampled_from(SYSTEM_STATUSES), durations),
    states("pair-status", st.sampled_from(PAIR_STATUSES), durations),
    states("html", st.integers(500, 599).map(str), durations),
    states("text", st.just("429"), durations),
    states("second-program", seconds.map(acts.length), durations),
    states("silence", st.just(""), durations),
    st.builds(State, st.sampled_from(["lockout", "hang", "mute"]), st.just(""), seconds),
    st.builds(State, st.sampled_from(["lockout", "html", "status", "silence", "kfee"]), st.just("off")),
    states("kfee", st.just("on"), st.none()),
    st.builds(OnKey, st.sampled_from(["dead", "address", "live"])),
    st.builds(OnKey, st.just("dead"), st.just("EGeneral:Permission denied")),
    st.builds(OnKey, st.just("expires"), st.just(""), seconds),
    st.builds(Rotation),
    st.builds(Shift, st.just("nonce"), seconds),
    st.builds(Shift, st.just("clock"), seconds | seconds.map(lambda s: -s)),
    st.builds(PriceMove, changes),
)
occurrences = st.builds(Occurrence, every_act, seconds, st.booleans())


@given(st.lists(occurrences, max_size=4))
def test_what_is_written_back_is_read_as_it_was(declared):
    assert parse_occurrences("; ".join(map(str, declared))) == tuple(declared)


entries = st.lists(st.sampled_from([*KINDS, "buy", "all", "+5%", "20", "10m", "~1h", "online"])).map(":".join)


@given(st.text(max_size=40) | entries)
def test_any_text_is_a_declaration_or_is_refused_by_name(text):
    declared = ()
    with suppress(ValueError):
        declared = parse_occurrences(text)
    if not declared and text.strip("; \t\n"):
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
        ("~0s:kfee", "expected a duration"),
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
        ("trade:buy:20:type=limit", "expected a pair, type=WORD or id=TEXT"),
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
        ("second-program:0s", "expected a duration"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_with_what_does_not_fit(text, told):
    with pytest.raises(ValueError) as refusal:
        parse_occurrences(f"10m:rotate; {text}")
    assert str(refusal.value).startswith(f"happening {text!r}: ")
    assert told in str(refusal.value)
