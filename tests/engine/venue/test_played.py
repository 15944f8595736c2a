"""Everything that can happen at the exchange, played there and read over real sockets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import (
    AccountTrouble,
    Balances,
    KeyDead,
    LedgerEntry,
    LedgerKind,
    MarketSaid,
    MarketStatus,
    OrderFate,
    RowSetAside,
    Side,
    StreamBack,
    StreamLost,
    VenueFill,
    VenueOrder,
    Wallet,
)
from tests.engine.venue.conftest import World


@pytest.fixture
async def told(world: World, next_of: Any) -> Any:
    """What the stream tells next of some kinds; a row set aside or a lost stream is never passed over."""
    stream = world.venue.stream()
    await next_of(stream, StreamBack)

    async def wait(*kinds: type) -> Any:
        item = await next_of(stream, *kinds, RowSetAside, StreamLost)
        assert not isinstance(item, RowSetAside | StreamLost), item
        return item

    return wait


async def test_an_order_of_another_pair_is_told_and_listed_with_what_it_holds(world, told):
    await world.happen("deposit:eur:1000; place:buy:0.001@90000:BTC/EUR")
    order = await told(VenueOrder)
    (listed,) = await world.venue.open_orders()
    for found in (order, listed):
        assert (found.pair, found.side, found.price) == ("BTC/EUR", Side.BUY, Decimal(90000))
        assert found.holds == ("EUR", Decimal("0.001") * 90000)


async def test_a_manual_order_of_another_type_is_told_and_listed_without_a_price(world, told):
    await world.happen("place:sell:50@0.12:type=take-profit")
    order = await told(VenueOrder)
    (listed,) = await world.venue.open_orders()
    for found in (order, listed):
        assert (found.pair, found.order_type, found.price, found.holds) == ("", "take-profit", 0, None)


async def test_an_order_of_a_type_that_nobody_knows_is_set_aside_and_the_grids_own_still_count(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.happen("place:sell:50@0.12:type=swap")
    assert "order_type" in (await next_of(stream, RowSetAside, StreamLost)).words
    mine = world.order()
    await world.venue.place(mine)
    assert (await next_of(stream, VenueOrder, StreamLost)).client_id == mine.client_id
    assert [order.client_id for order in await world.venue.open_orders()] == [mine.client_id]
    assert "ordertype" in (await next_of(stream, RowSetAside, StreamLost)).words


async def test_a_manual_buy_is_seen_in_what_is_held(world, told):
    await world.happen("place:buy:99usd")
    await told(VenueOrder)
    balances = await world.venue.balances()
    assert balances.usd == 1000
    assert balances.quote_held == pytest.approx(Decimal(99), abs=Decimal("0.5"))


async def test_an_edit_by_somebody_else_is_told_with_what_it_changed(world, told):
    mine = world.order(quantity="20")
    await world.venue.place(mine)
    assert (await told(VenueOrder)).quantity == 20
    await world.happen("amend:buy:+45%")
    assert (await told(VenueOrder)).quantity == 29
    await world.happen("move:buy:-10%")
    assert (await told(VenueOrder)).price == Decimal("0.081")
    await world.happen("cancel:buy")
    assert (await told(VenueOrder)).fate is OrderFate.CANCELLED


async def test_a_trade_by_hand_is_told_and_listed(world, told):
    await world.happen("trade:buy:50")
    fill = await told(VenueFill)
    (listed,) = await world.venue.fills_since(0)
    assert (fill.trade_id, fill.client_id, fill.pair) == (listed.trade_id, "", "")
    assert fill.fees == listed.fees


async def test_a_trade_of_another_pair_is_told_and_listed_with_its_pair(world, told):
    await world.happen("deposit:eur:1000; trade:buy:0.001@90000:BTC/EUR")
    fill = await told(VenueFill)
    (listed,) = await world.venue.fills_since(0)
    for found in (fill, listed):
        assert (found.pair, found.side, found.price) == ("BTC/EUR", Side.BUY, Decimal(90000))


async def test_a_trade_whose_fee_is_taken_in_fee_credits_is_booked(world, told):
    await world.happen("kfee")
    await world.venue.place(world.order(price="0.0960"))
    await world.price("0.0950")
    fill = await told(VenueFill)
    assert fill.client_id == world.client_ids[0]
    assert fill.fee_usd == 0
    assert [asset for asset, _ in fill.fees] == ["KFEE"]
    (listed,) = await world.venue.fills_since(0)
    assert (listed.trade_id, listed.fee_usd) == (fill.trade_id, 0)
    assert "KFEE" in {row.asset for row in (await world.venue.balances()).holdings}


@pytest.mark.parametrize(
    ("declared", "kind", "amount"),
    [("deposit:usd:50", LedgerKind.DEPOSIT, 50), ("withdraw:usd:50", LedgerKind.WITHDRAWAL, -50)],
)
async def test_money_that_comes_and_goes_is_told_with_its_cause(world, told, declared, kind, amount):
    await told(Balances)
    await world.happen(declared)
    change = await told(LedgerEntry)
    assert (change.asset, change.wallet, change.kind, change.amount) == ("USD", Wallet.SPOT, kind, amount)
    assert (await told(Balances)).usd == 1000 + amount
    assert (await world.venue.balances()).usd == 1000 + amount


@pytest.mark.parametrize("declared", ["earn:usd:400", "stake:usd:400:M", "stake:usd:400"])
async def test_what_is_put_away_is_listed_and_not_tradable(world, told, declared):
    await told(Balances)
    await world.happen(declared)
    changes = [await told(LedgerEntry) for _ in range(2)]
    assert {(change.wallet, change.amount) for change in changes} == {(Wallet.SPOT, -400), (Wallet.EARN, 400)}
    assert (await told(Balances)).usd == 600
    read = await world.venue.balances()
    assert read.usd == 600
    assert {(row.asset, row.total) for row in read.holdings if row.wallet is Wallet.EARN} == {("USD", Decimal(400))}


@pytest.mark.parametrize("word", ["cancel_only", "post_only", "limit_only", "maintenance"])
async def test_how_the_exchange_stands_is_told_and_ends(world, told, word):
    await world.happen(f"status:{word}")
    assert (await told(MarketSaid)).status is MarketStatus(word)
    await world.happen("status:online")
    assert (await told(MarketSaid)).status is MarketStatus.ONLINE


@pytest.mark.parametrize("word", ["cancel_only", "post_only", "limit_only", "reduce_only"])
async def test_how_the_pair_stands_is_in_its_rules(world, word):
    await world.happen(f"pair-status:{word}")
    assert (await world.venue.rules()).status is MarketStatus(word)


async def test_rules_that_change_are_read_as_they_are_now(world):
    assert (await world.venue.rules()).price_decimals == 7
    await world.happen("decimals:5; minimum:50; costmin:2; fee:8:20")
    await world.advance(3600)
    rules = await world.venue.rules()
    assert (rules.price_decimals, rules.minimum_quantity, rules.minimum_cost_usd) == (5, 50, 2)
    assert rules.maker_fee_ratio == Decimal("0.0008")


async def test_a_price_with_decimals_that_are_too_many_makes_the_rules_be_read_again(world):
    await world.venue.rules()
    await world.happen("decimals:5")
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order(price="0.0812345"))
    assert refused.value.reason.advice == "reread"


@pytest.mark.parametrize("by", [70, -30])
async def test_a_clock_that_differs_is_told_to_the_second(world, by):
    await world.happen(f"clock:{by:+d}s")
    assert await world.venue.clock_ahead_s() == pytest.approx(-by, abs=1)


async def test_a_lockout_is_waited_out(world):
    await world.venue.rules()
    await world.happen("lockout:10m")
    with pytest.raises(Rejection) as refused:
        await world.venue.balances()
    assert refused.value.reason.again_in_s == 900
    asked = world.requests["BalanceEx"]
    with pytest.raises(Rejection):
        await world.venue.balances()
    assert world.requests["BalanceEx"] == asked
    await world.advance(901)
    await world.venue.balances()


@pytest.mark.parametrize(("status", "kind"), [(502, NoAnswer), (520, NoAnswer), (403, Rejection), (429, Rejection)])
async def test_a_page_in_the_place_of_an_answer_is_told_by_its_status(world, status, kind):
    await world.happen(f"html:{status}")
    with pytest.raises(kind) as failed:
        await world.venue.balances()
    assert f"HTTP {status}" in failed.value.reason.words
    await world.happen("html:off")
    await world.advance(60)
    await world.venue.balances()


@pytest.mark.parametrize("cause", ["key:dead", "key:address", "key:expires:1s"])
async def test_a_key_that_is_not_taken_any_more_is_told(world, told, cause):
    await world.happen(cause)
    await world.advance(2)
    with pytest.raises(Rejection) as refused:
        await world.venue.balances()
    assert refused.value.reason.advice == "person"
    assert isinstance((await told(AccountTrouble)).reason, KeyDead)


async def test_a_socket_that_says_nothing_at_all_counts_as_lost(world, next_of, monkeypatch):
    """Kraken beats every second where it has no news, so that silence is no quiet market."""
    monkeypatch.setattr("engine.venue.stream.LISTEN_EVERY_S", 0.2)
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    await world.happen("mute:1h")
    lost = await next_of(stream, StreamLost)
    assert "said nothing" in lost.reason.words
