"""Kraken's REST answers, in the shapes of docs.kraken.com/api-reference."""

import copy
import itertools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.grid.ports import MarketStatus, OrderFate, OrderTaken, Side, VenueFill, VenueOrder
from engine.venue.errors import AnswerUnreadable
from engine.venue.pair_rules import account_fee, pair_rules
from engine.venue.rates import Tier
from engine.venue.translate import (
    Market,
    ahead_of,
    instant_at,
    order_taken,
    rest_name,
    rfc3339,
    venue_fill,
    venue_order,
)
from engine.venue.wire import loads

PAIRS = loads("""{"XDGUSD": {"altname": "XDGUSD", "wsname": "XDG/USD", "base": "XXDG", "quote": "ZUSD",
    "pair_decimals": 7, "lot_decimals": 8, "ordermin": "13", "costmin": "0.5", "tick_size": "0.0000001",
    "fees": [[0, 0.4], [10000, 0.35]], "fees_maker": [[0, 0.25], [10000, 0.2]], "status": "online"}}""")
RULES, NAMES = pair_rules(PAIRS, "DOGE/USD", Tier.STARTER)

TAKEN = {"descr": {"order": "buy 25.12345678 XDGUSD @ limit 0.0966123"}, "txid": ["OU22CG-KLAF2-FWUDD7"]}

ORDER = loads("""{"refid": null, "userref": null, "cl_ord_id": "a1", "status": "open", "opentm": 1688666559.8974,
    "starttm": 0, "expiretm": 0, "descr": {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "price": "0.0900000",
    "price2": "0", "leverage": "none", "order": "buy 25.00000000 XDGUSD @ limit 0.0900000", "close": ""},
    "vol": "25.00000000", "vol_exec": "10.00000000", "cost": "0.90000", "fee": "0.00225", "price": "0.0900000",
    "stopprice": "0.00000", "limitprice": "0.00000", "misc": "", "oflags": "fciq,post"}""")

TRADE = loads("""{"ordertxid": "OQCLML-BW3P3-BUCMWZ", "postxid": "TKH2SE-M7IF5-CFI7LT", "pair": "XDGUSD",
    "time": 1688667796.8802, "type": "buy", "ordertype": "limit", "price": "0.0900000", "cost": "0.90000",
    "fee": "0.00225", "vol": "10.00000000", "margin": "0.00000", "leverage": "0", "misc": "", "trade_id": 40274859,
    "maker": true}""")


def without(answer: dict[str, Any], *path: str, put: Any = None) -> dict[str, Any]:
    """A copy in which one field is missing, or is `put`."""
    changed = copy.deepcopy(answer)
    at = changed
    for step in path[:-1]:
        at = at[step]
    if put is None:
        del at[path[-1]]
    else:
        at[path[-1]] = put
    return changed


def test_the_rules_of_a_pair_are_read_with_the_dearest_maker_fee():
    """Governor spec 12: 0.25 % a side at the lowest tier; 16: 60 orders for a starter account."""
    assert (RULES.pair, RULES.price_decimals, RULES.quantity_decimals) == ("DOGE/USD", 7, 8)
    assert (RULES.minimum_quantity, RULES.minimum_cost_usd) == (Decimal(13), Decimal("0.5"))
    assert RULES.maker_fee_ratio == Decimal("0.0025")
    assert [pair_rules(PAIRS, "DOGE/USD", tier)[0].open_orders_allowed for tier in Tier] == [60, 80, 225]


@pytest.mark.parametrize("field", ["wsname", "base", "quote", "pair_decimals", "lot_decimals", "ordermin", "costmin"])
def test_rules_without_a_field_are_refused(field):
    with pytest.raises(AnswerUnreadable, match=field):
        pair_rules(without(PAIRS, "XDGUSD", field), "DOGE/USD", Tier.STARTER)


@pytest.mark.parametrize("status", ["online", "cancel_only", "post_only", "limit_only", "reduce_only"])
def test_how_the_pair_stands_is_told_in_krakens_own_words(status):
    rules, _ = pair_rules(without(PAIRS, "XDGUSD", "status", put=status), "DOGE/USD", Tier.STARTER)
    assert rules.status is MarketStatus(status)


def test_a_status_that_kraken_does_not_document_is_unknown():
    rules, _ = pair_rules(without(PAIRS, "XDGUSD", "status", put="auction"), "DOGE/USD", Tier.STARTER)
    assert rules.status is MarketStatus.UNKNOWN


@pytest.mark.parametrize("stricter", [status for status in MarketStatus if status is not MarketStatus.ONLINE])
def test_of_pair_and_system_the_stricter_word_counts(stricter):
    assert stricter.stricter(MarketStatus.ONLINE) is stricter
    assert MarketStatus.ONLINE.stricter(stricter) is stricter


def test_no_pair_takes_more_than_the_system_does():
    for pair, system in itertools.product(MarketStatus, MarketStatus):
        both = pair.stricter(system)
        assert both in (pair, system)
        assert both.takes_orders <= (pair.takes_orders and system.takes_orders)


VOLUME = loads("""{"currency": "ZUSD", "volume": "250000.0000", "fees": {"XDGUSD": {"fee": "0.2000"}},
    "fees_maker": {"XDGUSD": {"fee": "0.0800", "minfee": "0.0000", "maxfee": "0.2500", "nextfee": "0.0600",
    "nextvolume": "500000.0000", "tiervolume": "250000.0000"}}}""")


def test_the_fee_that_this_account_pays_is_read_as_a_ratio():
    assert account_fee(VOLUME, NAMES) == Decimal("0.0008")


def test_an_account_on_a_pair_without_fees_for_makers_pays_what_takers_do():
    assert account_fee(without(VOLUME, "fees_maker"), NAMES) == Decimal("0.002")


@pytest.mark.parametrize("fee", ["", "-0.1", "11", None, []])
def test_a_fee_that_no_exchange_takes_is_unreadable(fee):
    with pytest.raises(AnswerUnreadable, match="fee"):
        account_fee({"fees_maker": {"XDGUSD": {"fee": fee}}}, NAMES)


@given(st.floats(1.7e9, 2e9), st.floats(-100, 100), st.floats(0, 3), st.floats(0, 1))
def test_how_far_a_clock_is_ahead_is_never_made_larger_than_it_is(true_s, ahead_s, round_trip_s, share):
    said_s = float(int(true_s + share * round_trip_s))
    found_s = ahead_of(said_s, true_s + ahead_s, true_s + ahead_s + round_trip_s)
    assert abs(found_s) <= abs(ahead_s) + 1e-3
    assert abs(found_s - ahead_s) <= round_trip_s + 1 + 1e-3


def test_the_rules_of_another_pair_are_not_taken():
    with pytest.raises(AnswerUnreadable):
        pair_rules(PAIRS, "BTC/USD", Tier.STARTER)


@pytest.mark.parametrize(("symbol", "name"), [("DOGE/USD", "XDGUSD"), ("BTC/USD", "XBTUSD"), ("ETH/EUR", "ETHEUR")])
def test_rest_keeps_krakens_first_codes(symbol, name):
    assert rest_name(symbol) == name


def test_what_kraken_acknowledged_is_read_from_the_text_of_the_order():
    taken = order_taken(TAKEN, Side.BUY, NAMES)
    assert taken == OrderTaken("OU22CG-KLAF2-FWUDD7", Decimal("0.0966123"), Decimal("25.12345678"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        without(TAKEN, "txid"),
        without(TAKEN, "txid", put=[]),
        without(TAKEN, "txid", put=["A", "B"]),
        without(TAKEN, "descr"),
        without(TAKEN, "descr", "order", put="sell 25.12345678 XDGUSD @ limit 0.0966123"),
        without(TAKEN, "descr", "order", put="buy 25.12345678 XBTUSD @ limit 0.0966123"),
        without(TAKEN, "descr", "order", put="buy 25.12345678 XDGUSD @ market"),
    ],
)
def test_an_acknowledgement_of_something_else_is_unreadable(answer):
    with pytest.raises(AnswerUnreadable):
        order_taken(answer, Side.BUY, NAMES)


def test_an_order_is_read():
    assert venue_order("OQCLML-BW3P3-BUCMWZ", ORDER, NAMES.market) == VenueOrder(
        client_id="a1",
        order_id="OQCLML-BW3P3-BUCMWZ",
        side=Side.BUY,
        price=Decimal("0.09"),
        quantity=Decimal(25),
        filled=Decimal(10),
        fate=OrderFate.OPEN,
        at_s=1688666559.8974,
        holds=("USD", Decimal("0.09") * 15),
    )


@pytest.mark.parametrize(
    ("status", "fate"),
    [("closed", OrderFate.FILLED), ("canceled", OrderFate.CANCELLED), ("expired", OrderFate.EXPIRED)],
)
def test_an_order_that_ended_carries_when_it_did(status, fate):
    done = {"vol_exec": ORDER["vol"]} if status == "closed" else {}
    order = venue_order(
        "OQCLML-BW3P3-BUCMWZ", {**ORDER, **done, "status": status, "closetm": "1688666600.5"}, NAMES.market
    )
    assert (order.fate, order.at_s) == (fate, 1688666600.5)


def test_a_closed_order_that_is_not_filled_in_full_is_unreadable():
    """Believed, its position would be given up and its entry placed again."""
    with pytest.raises(AnswerUnreadable, match="vol_exec"):
        venue_order("OQCLML-BW3P3-BUCMWZ", {**ORDER, "status": "closed", "closetm": "1688666600.5"}, NAMES.market)


def test_a_trailing_stop_placed_by_hand_does_not_keep_the_account_from_being_read():
    described = {**ORDER["descr"], "ordertype": "trailing-stop", "price": "+1.0000%"}
    assert venue_order("OQCLML-BW3P3-BUCMWZ", {**ORDER, "cl_ord_id": None, "descr": described}, NAMES.market).price == 0


def test_an_order_placed_by_hand_has_no_client_id():
    assert venue_order("OQCLML-BW3P3-BUCMWZ", {**ORDER, "cl_ord_id": None}, NAMES.market).client_id == ""


@pytest.mark.parametrize(
    "path", [("status",), ("descr",), ("descr", "type"), ("descr", "price"), ("vol",), ("opentm",)]
)
def test_an_order_without_a_field_is_unreadable(path):
    with pytest.raises(AnswerUnreadable, match=path[-1]):
        venue_order("OQCLML-BW3P3-BUCMWZ", without(ORDER, *path), NAMES.market)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vol", "25.x"),
        ("vol", 25.0),
        ("vol", "NaN"),
        ("vol", True),
        ("vol_exec", "26"),
        ("status", "lost"),
        ("vol", "0"),
    ],
)
def test_an_order_with_a_malformed_field_is_unreadable(field, value):
    with pytest.raises(AnswerUnreadable, match=field):
        venue_order("OQCLML-BW3P3-BUCMWZ", {**ORDER, field: value}, NAMES.market)


def test_a_trade_is_read_with_its_fee_in_usd():
    assert venue_fill("TCWJEG-FL4SZ-3FKGH6", TRADE, "a1", NAMES.market) == VenueFill(
        trade_id="TCWJEG-FL4SZ-3FKGH6",
        order_id="OQCLML-BW3P3-BUCMWZ",
        client_id="a1",
        side=Side.BUY,
        price=Decimal("0.09"),
        quantity=Decimal(10),
        fee_usd=Decimal("0.00225"),
        maker=True,
        at_s=1688667796.8802,
        fees=(("USD", Decimal("0.00225")),),
    )


@pytest.mark.parametrize("field", ["ordertxid", "type", "price", "vol", "fee", "maker", "time"])
def test_a_trade_without_a_field_is_unreadable(field):
    with pytest.raises(AnswerUnreadable, match=field):
        venue_fill("THVRQM-33VKH-UCI7BS", without(TRADE, field), "a1", NAMES.market)


def test_an_order_of_another_pair_carries_it_and_what_it_holds():
    order = venue_order("OQCLML-BW3P3-BUCMWZ", ORDER, Market("BTC/EUR", "BTC", "EUR"))
    assert (order.pair, order.holds) == ("BTC/EUR", ("EUR", Decimal("1.35")))


@pytest.mark.parametrize(
    "change",
    [
        {"descr": {**ORDER["descr"], "leverage": "5:1"}},
        {"oflags": "fciq,viqc"},
        {"descr": {**ORDER["descr"], "ordertype": "stop-loss"}},
    ],
)
def test_what_an_order_holds_is_not_told_where_that_depends_on_more_than_the_order(change):
    assert venue_order("OQCLML-BW3P3-BUCMWZ", {**ORDER, **change}, NAMES.market).holds is None


def test_the_fee_of_a_trade_in_another_currency_is_not_taken_for_usd():
    fill = venue_fill("TCWJEG-FL4SZ-3FKGH6", TRADE, "", Market("DOGE/EUR", "DOGE", "EUR"))
    assert (fill.pair, fill.fee_usd, fill.fees) == ("DOGE/EUR", Decimal(0), (("EUR", Decimal("0.00225")),))


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a": NaN}', "{", ""])
def test_what_is_not_json_is_not_read_as_a_number(text):
    with pytest.raises(ValueError):
        loads(text)


@given(st.floats(min_value=0, max_value=4e9))
def test_a_deadline_is_written_to_the_millisecond_and_never_later(at_s):
    read = instant_at({"t": rfc3339(at_s)}, "t")
    assert at_s - 0.001 - 1e-5 < read <= at_s + 1e-6
