"""Whatever a client sends is an order or is refused in Kraken's words; nothing else (governor spec 22)."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.paper.arguments import rest_order, socket_order
from engine.paper.errors import KrakenError
from engine.paper.orders import NewOrder
from engine.paper.terms import check_amounts

ODDITIES = ["XDGUSD", "DOGE/USD", "buy", "sell", "limit", "market", "post", "GTD", "GTC", "True"]
ODDITIES += ["20", "0.09", "0", "-1", "1e5", "1e400", "1E+999999999", "10E999999", "NaN", "inf", "+30", "+nan"]
ODDITIES += ["2026-01-01T00:00:30Z", "2026-01-01"]
TEXT = st.text(max_size=12) | st.sampled_from(ODDITIES)
REST = ["pair", "type", "ordertype", "volume", "price", "oflags", "timeinforce", "expiretm", "cl_ord_id", "userref"]
SOCKET = ["symbol", "side", "order_type", "order_qty", "limit_price", "post_only", "time_in_force", "expire_time"]
GOOD_REST = {"pair": "XDGUSD", "type": "buy", "ordertype": "limit", "volume": "20", "price": "0.09"}
GOOD_SOCKET = {"symbol": "DOGE/USD", "side": "buy", "order_type": "limit", "order_qty": 20, "limit_price": 0.09}


def is_order_or_refusal(read):
    with suppress(KrakenError):
        order = read()
        assert isinstance(order, NewOrder)
        check_amounts(order.volume, order.price)


@given(st.dictionaries(st.sampled_from([*REST, "deadline"]), TEXT))
def test_any_form_is_an_order_or_a_refusal(given_fields):
    is_order_or_refusal(lambda: rest_order({**GOOD_REST, **given_fields}, now_s=0.0))


@given(st.dictionaries(st.sampled_from([*SOCKET, "deadline"]), TEXT | st.none() | st.integers() | st.lists(TEXT)))
def test_any_message_is_an_order_or_a_refusal(given_fields):
    is_order_or_refusal(lambda: socket_order({**GOOD_SOCKET, **given_fields}))


def test_an_expiry_is_a_time_or_so_many_seconds_from_now():
    def expires(value):
        return rest_order({**GOOD_REST, "timeinforce": "GTD", "expiretm": value}, now_s=100.0).expires_s

    assert (expires("+30"), expires("130")) == (130.0, 130.0)


@pytest.mark.parametrize("amount", ["10E999999", "1e13", "NaN", "inf"])
def test_an_amount_beyond_all_reason_is_refused(amount):
    with pytest.raises(KrakenError, match="EGeneral:Invalid arguments:volume"):
        rest_order({**GOOD_REST, "volume": amount}, now_s=0.0)
