"""Orders on the paper exchange, over real sockets and with the faults a network has (governor spec 12, 18 to 20)."""

import asyncio
import subprocess
import sys
from decimal import Decimal

import pytest

from engine.core.clock import ManualClock
from engine.core.gate import NoAnswer, Rejection
from engine.core.modes import Mode
from engine.grid.ports import (
    AmendOrder,
    CancelOrder,
    DuplicateClientId,
    OrderFate,
    OrderGone,
    PostOnlyRejected,
    Quote,
    Side,
    StreamBack,
    VenueRefused,
    VenueSilent,
)
from engine.venue.addresses import loopback
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from tests.engine.venue.conftest import REFUSED


async def test_an_order_is_placed_and_what_was_acknowledged_comes_back(world):
    order = world.order(Side.SELL, "0.1000001", "25.5")
    taken = await world.venue.place(order)
    assert (taken.price, taken.quantity) == (order.price, order.quantity)
    (resting,) = await world.venue.open_orders()
    assert (resting.client_id, resting.order_id, resting.fate) == (order.client_id, taken.order_id, OrderFate.OPEN)


async def test_an_order_goes_out_post_only_with_its_fee_in_usd_a_deadline_and_its_client_id(world):
    sent = []
    wire = world.venue._client
    send = wire.fetch

    async def fetch(url, method="GET", headers=None, body=None):
        sent.append(body)
        return await send(url, method, headers, body)

    wire.fetch = fetch
    order = world.order(expires_s=world.clock.now() + 3600)
    await world.venue.place(order)
    body = sent[-1]
    for part in (
        "pair=XDGUSD",
        "ordertype=limit",
        "oflags=post%2Cfciq",
        f"cl_ord_id={order.client_id}",
        "deadline=2026-01-01T00%3A00%3A10.000Z",
        "volume=25",
        "price=0.09",
        "timeinforce=GTD",
        f"expiretm={int(world.clock.now()) + 3600}",
    ):
        assert part in body


async def test_an_entry_with_a_lease_expires_by_itself(world):
    """Governor spec 21."""
    order = world.order(expires_s=world.clock.now() + 60)
    await world.venue.place(order)
    await world.advance(61)
    assert (await world.venue.find(order.client_id)).fate is OrderFate.EXPIRED


@pytest.mark.parametrize(("side", "price", "quantity", "reason"), REFUSED)
async def test_an_ordinary_refusal_is_a_rejection_with_its_reason(world, side, price, quantity, reason):
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order(side, price, quantity))
    assert refused.value.reason == reason


async def test_a_client_id_that_rests_already_is_not_taken_twice(world):
    order = world.order()
    await world.venue.place(order)
    with pytest.raises(Rejection) as refused:
        await world.venue.place(order)
    assert refused.value.reason == DuplicateClientId()
    assert len(await world.venue.open_orders()) == 1


async def test_an_order_whose_answer_was_lost_is_found_by_its_client_id_and_was_sent_once(world):
    await world.venue.rules()
    order = world.order()
    world.fault_next("lose-answer@AddOrder")
    with pytest.raises(NoAnswer) as silence:
        await world.venue.place(order)
    assert isinstance(silence.value.reason, VenueSilent)
    assert (await world.venue.find(order.client_id)).fate is OrderFate.OPEN
    assert world.requests["AddOrder"] == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("lose-answer@BalanceEx", "the connection broke before the answer came"),
        ("delay@BalanceEx:1500ms", "no answer came in time"),
    ],
)
async def test_an_answer_that_does_not_come_is_told_in_words(open_world, fault, words):
    async with open_world(VenueOptions(request_timeout_s=1)) as world:
        world.fault_next(fault)
        with pytest.raises(NoAnswer) as silence:
            await world.venue.balances()
        assert silence.value.reason == VenueSilent(words)


async def test_an_order_whose_request_was_lost_is_not_found(world):
    await world.venue.rules()
    order = world.order()
    world.fault_next("lose-request@AddOrder")
    with pytest.raises(NoAnswer):
        await world.venue.place(order)
    assert await world.venue.find(order.client_id) is None


async def test_an_order_that_filled_at_once_is_found_among_the_closed_ones(world):
    order = world.order(price="0.0965")
    await world.venue.place(order)
    await world.price("0.0950")
    found = await world.venue.find(order.client_id)
    assert (found.fate, found.filled) == (OrderFate.FILLED, order.quantity)


async def test_the_latest_order_is_found_when_a_client_id_was_used_again(world):
    first = world.order()
    await world.venue.place(first)
    await world.venue.cancel(CancelOrder(first.client_id))
    await world.advance(10)
    second = world.order(client_id=first.client_id, price="0.0910")
    taken = await world.venue.place(second)
    assert (await world.venue.find(first.client_id)).order_id == taken.order_id
    await world.venue.cancel(CancelOrder(first.client_id))
    assert (await world.venue.find(first.client_id)).order_id == taken.order_id


@pytest.mark.parametrize("words", ["EService:Unavailable", "EService:Busy", "EGeneral:Internal error"])
async def test_an_exchange_that_is_unwell_gives_no_answer(world, words):
    await world.venue.rules()
    world.fault_next(f"error@AddOrder:{words}")
    with pytest.raises(NoAnswer) as silence:
        await world.venue.place(world.order())
    assert silence.value.reason == VenueSilent(words)


async def test_an_order_that_cannot_leave_is_certainly_not_placed(world):
    await world.venue.rules()
    await world.exchange.close()
    await world.venue._client.session.connector.close()
    world.venue._client.session = None
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order())
    assert refused.value.reason.advice == "retry"


async def test_an_order_past_its_deadline_is_not_sent(world):
    await world.venue.rules()
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order(deadline_s=world.clock.now() + 1))
    assert refused.value.reason.advice == "retry"
    assert "AddOrder" not in world.requests


async def test_a_deadline_further_away_than_kraken_takes_is_drawn_nearer(world):
    await world.venue.place(world.order(deadline_s=world.clock.now() + 600))
    assert len(await world.venue.open_orders()) == 1


async def test_an_amendment_moves_an_order_and_keeps_its_identity(world):
    order = world.order()
    taken = await world.venue.place(order)
    change = AmendOrder(order.client_id, Decimal("0.0912"), Decimal(30), world.clock.now() + 10)
    amended = await world.venue.amend(change)
    assert (amended.order_id, amended.price, amended.quantity) == (taken.order_id, None, None)
    (resting,) = await world.venue.open_orders()
    assert (resting.order_id, resting.client_id) == (taken.order_id, order.client_id)
    assert (resting.price, resting.quantity) == (change.price, change.quantity)


async def test_an_amendment_that_would_take_is_refused_and_the_order_stays(world):
    order = world.order()
    await world.venue.place(order)
    change = AmendOrder(order.client_id, Decimal("0.2"), Decimal(25), world.clock.now() + 10)
    with pytest.raises(Rejection) as refused:
        await world.venue.amend(change)
    assert refused.value.reason == PostOnlyRejected()
    assert (await world.venue.find(order.client_id)).price == order.price


async def test_cancelling_what_is_gone_says_so(world):
    order = world.order()
    await world.venue.place(order)
    await world.venue.cancel(CancelOrder(order.client_id))
    for client_id in (order.client_id, "never-placed"):
        with pytest.raises(Rejection) as refused:
            await world.venue.cancel(CancelOrder(client_id))
        assert refused.value.reason == OrderGone()


async def test_our_own_count_holds_entries_back_before_kraken_does(open_world):
    """Governor spec 20: under 80 % of 60 for a starter account."""
    async with open_world(tier="starter") as world:
        for _ in range(48):
            await world.venue.place(world.order(quantity="13", price="0.05"))
        with pytest.raises(Rejection) as refused:
            await world.venue.place(world.order(quantity="13", price="0.05"))
        assert refused.value.reason.advice == "retry"
        assert world.requests["AddOrder"] == 48
        await world.venue.cancel(CancelOrder(world.client_ids[0]))
        await world.advance(10)
        await world.venue.place(world.order(quantity="13", price="0.05"))


async def test_every_trade_is_read_over_all_pages_once_and_oldest_first(world):
    orders = []
    for number in range(60):
        orders.append(world.order(price=f"0.0{9500 + number}", quantity="13"))
        await world.venue.place(orders[-1])
        await world.advance(1)
    since_s = world.clock.now()
    await world.price("0.0900")
    await world.advance(30)
    fills = await world.venue.fills_since(since_s)
    assert len({fill.trade_id for fill in fills}) == len(fills) >= 60
    assert {fill.client_id for fill in fills} == {order.client_id for order in orders}
    assert sum(fill.quantity for fill in fills) == sum(order.quantity for order in orders)
    assert [fill.at_s for fill in fills] == sorted(fill.at_s for fill in fills)
    assert all(fill.maker for fill in fills)
    assert await world.venue.fills_since(world.clock.now() + 1) == []


async def test_fills_of_an_earlier_run_find_their_client_ids(world):
    order = world.order(price="0.0960")
    await world.venue.place(order)
    await world.price("0.0950")
    world.venue._client_ids.clear()
    assert {fill.client_id for fill in await world.venue.fills_since(0)} == {order.client_id}


async def test_balances_are_totals_and_say_what_orders_hold(world):
    before = await world.venue.balances()
    await world.venue.place(world.order(price="0.09", quantity="25"))
    after = await world.venue.balances()
    assert (before.usd, before.quote_held, before.base_held) == (1000, 0, 0)
    assert after.usd == 1000
    assert after.quote_held >= Decimal("0.09") * 25
    assert after.base_held == 0
    assert {row.asset for row in after.holdings} == {"USD", "DOGE"}


async def test_requests_at_the_same_time_reach_kraken_with_rising_nonces(world):
    await world.venue.rules()
    world.faults("delay:20ms")
    results = await asyncio.gather(
        *(world.venue.place(world.order()) for _ in range(10)), world.venue.balances(), world.venue.open_orders()
    )
    assert len({taken.order_id for taken in results[:10]}) == 10


async def test_the_fee_is_the_accounts_own(open_world):
    async with open_world(maker_fee_bps=Decimal(8)) as world:
        assert (await world.venue.rules()).maker_fee_ratio == Decimal("0.0008")


async def test_where_the_account_cannot_be_asked_the_schedules_first_fee_counts(world):
    world.faults("error@TradeVolume:EGeneral:Permission denied")
    assert (await world.venue.rules()).maker_fee_ratio == Decimal("0.0025")


async def test_rules_that_are_read_again_do_not_ask_for_the_fee_each_time(world):
    for _ in range(2):
        await world.venue.rules()
    assert world.requests["TradeVolume"] == 1
    await world.advance(3600)
    await world.venue.rules()
    assert world.requests["TradeVolume"] == 2


@pytest.mark.parametrize("ahead_s", [-30, 0, 70])
async def test_how_far_this_clock_is_ahead_is_told_to_the_second(world, ahead_s):
    world.venue._clock = ManualClock(world.clock.now() + ahead_s)
    assert await world.venue.clock_ahead_s() == pytest.approx(ahead_s, abs=1)


async def test_a_wrong_key_needs_a_person(world):
    await world.venue.rules()
    world.venue._client.apiKey = "another key"
    with pytest.raises(Rejection) as refused:
        await world.venue.place(world.order())
    assert refused.value.reason == VenueRefused("EAPI:Invalid key", "person")


async def test_a_reader_waits_for_the_call_counter(open_world):
    async with open_world(tier="starter") as world:
        await world.venue.rules()
        for _ in range(11):
            await world.venue.balances()
        late = asyncio.create_task(world.venue.balances())
        await asyncio.sleep(0.05)
        assert not late.done()
        await world.advance(4)
        await asyncio.wait_for(late, 5)


async def test_a_limit_that_kraken_reaches_before_us_is_believed(world):
    """An earlier run may have spent what our count knows nothing of."""
    world.fault_next("error@AddOrder:EOrder:Rate limit exceeded")
    for _ in range(2):
        with pytest.raises(Rejection) as refused:
            await world.venue.place(world.order())
        assert refused.value.reason.advice == "retry"
    assert world.requests["AddOrder"] == 1
    await world.advance(30)
    await world.venue.place(world.order())


async def test_a_cancel_that_is_tried_again_and_again_is_counted_once(open_world):
    """Kraken counts what it carried out: a Stop that cannot get through must not keep exits from being placed later."""
    async with open_world(tier="starter") as world:
        order = world.order()
        await world.venue.place(order)
        world.fault_next("error@CancelOrder:EService:Unavailable", 20)
        for _ in range(20):
            with pytest.raises(NoAnswer):
                await world.venue.cancel(CancelOrder(order.client_id))
        await world.venue.cancel(CancelOrder(order.client_id))
        await world.venue.place(world.order())


async def test_without_keys_there_are_rules_and_no_account(world):
    public = await KrakenVenue.connect(
        Mode.PAPER, loopback(world.exchange.port), None, VenueOptions(), world.clock, NoncesInMemory()
    )
    try:
        assert (await public.rules()).pair == "DOGE/USD"
        stream = public.stream()
        async with asyncio.timeout(5):
            while not isinstance(await anext(stream), StreamBack):
                pass
            assert isinstance(await anext(stream), Quote)
        with pytest.raises(Rejection) as refused:
            await public.place(world.order())
        assert refused.value.reason.advice == "person"
    finally:
        await public.close()
    assert "AddOrder" not in world.requests


def test_the_venue_is_imported_without_ccxt_or_aiohttp():
    """Both take long, and the panel's first frame waits for neither."""
    program = "import sys, engine.venue.kraken, engine.venue.dead_man; print({'ccxt', 'aiohttp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "set()"
