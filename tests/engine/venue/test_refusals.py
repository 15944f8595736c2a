"""Errors act: a lockout is waited out, a dead key and words that nobody documents are told, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from engine.core.clock import ManualClock
from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import AccountTrouble, CancelOrder, KeyDead, StreamBack, VenueRefused
from engine.venue.error_table import LOCKED_OUT_S, RULES, Advice, rule_of
from engine.venue.notices import Notices
from engine.venue.options import OrdersBy, VenueOptions
from engine.venue.rates import Tier
from engine.venue.refusals import Refusals, UnknownWords

LOCKOUT = "EGeneral:Temporary lockout"


def listening(clock: ManualClock | None = None) -> tuple[Refusals, list[AccountTrouble]]:
    notices, told = Notices(), list[AccountTrouble]()
    notices.listen(told.append)
    return Refusals(clock or ManualClock(0.0), notices), told


@pytest.fixture
async def by_rest(open_world):
    async with open_world(VenueOptions(tier=Tier.PRO, request_timeout_s=3, orders_by=OrdersBy.REST), tier="pro") as one:
        yield one


async def test_nothing_of_the_account_is_asked_while_it_is_locked_out(by_rest):
    await by_rest.venue.rules()
    by_rest.fault_next(f"error@AddOrder:{LOCKOUT}")
    with pytest.raises(Rejection) as refused:
        await by_rest.venue.place(by_rest.order())
    assert refused.value.reason == VenueRefused(LOCKOUT, "retry", LOCKED_OUT_S)
    before = dict(by_rest.requests)
    by_rest.clock.advance(60)
    for ask in (
        by_rest.venue.place(by_rest.order()),
        by_rest.venue.cancel(CancelOrder(by_rest.client_ids[0])),
        by_rest.venue.balances(),
        by_rest.venue.open_orders(),
    ):
        with pytest.raises(Rejection) as refused:
            await ask
        assert refused.value.reason == VenueRefused(LOCKOUT, "retry", LOCKED_OUT_S - 60)
    assert by_rest.requests == before
    by_rest.clock.advance(LOCKED_OUT_S)
    await by_rest.venue.place(by_rest.order())


async def test_what_is_public_is_asked_all_the_same(by_rest):
    by_rest.fault_next(f"error@BalanceEx:{LOCKOUT}")
    with pytest.raises(Rejection):
        await by_rest.venue.balances()
    assert (await by_rest.venue.rules()).pair == "DOGE/USD"


async def test_a_limit_on_what_is_public_does_not_count_against_the_account(by_rest):
    by_rest.fault_next("error@AssetPairs:EAPI:Rate limit exceeded")
    with pytest.raises(Rejection) as refused:
        await by_rest.venue.rules()
    assert refused.value.reason.advice == "retry"
    await asyncio.wait_for(by_rest.venue.balances(), 2)


async def test_a_key_that_is_not_taken_any_more_is_told_on_the_stream_once_until_it_is_taken_again(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    for _ in range(2):
        world.clock.advance(1)
        world.fault_next("error@BalanceEx:EAPI:Invalid key", 2)
        for _ in range(2):
            with pytest.raises(Rejection):
                await world.venue.balances()
        trouble = await next_of(stream, AccountTrouble)
        assert (trouble.reason, trouble.at_s) == (KeyDead("EAPI:Invalid key"), world.clock.now())
        await world.venue.balances()


async def test_words_that_nobody_documents_cannot_be_told_and_are_told_once(world, next_of):
    stream = world.venue.stream()
    world.fault_next("error@BalanceEx:EOrder:Something of tomorrow", 2)
    for _ in range(2):
        with pytest.raises(NoAnswer):
            await world.venue.balances()
    assert (await next_of(stream, AccountTrouble)).reason == UnknownWords("EOrder:Something of tomorrow")


async def test_words_on_the_socket_act_as_those_over_rest_do(world, next_of):
    stream = world.venue.stream()
    await next_of(stream, StreamBack)
    world.fault_next("error@add_order:EAPI:Invalid key")
    with pytest.raises(Rejection):
        await world.venue.place(world.order())
    assert (await next_of(stream, AccountTrouble)).reason == KeyDead("EAPI:Invalid key")


@given(st.sampled_from(RULES))
def test_each_class_does_what_it_says(rule):
    clock = ManualClock(1_767_225_600.0)
    refusals, told = listening(clock)
    refusals.heard([rule.words], reading=True)
    reasons = [item.reason for item in told]
    if rule.of_key:
        assert reasons == [KeyDead(rule.words)]
        assert told[0].waits
    elif rule.advice is Advice.PERSON and rule.words != "EAPI:Invalid nonce":
        assert reasons == [VenueRefused(rule.words, "person")]
    else:
        assert reasons == []
    if rule.again_in_s:
        with pytest.raises(Rejection):
            refusals.check()
        clock.advance(rule.again_in_s)
    refusals.check()


@given(st.lists(st.text(min_size=1, max_size=40).filter(lambda words: rule_of(words) is None), max_size=20))
def test_words_that_are_in_no_row_are_told_once_each(words):
    refusals, told = listening()
    refusals.heard(words)
    refusals.heard(words)
    assert [item.reason for item in told] == [UnknownWords(word) for word in dict.fromkeys(words)]
    assert not any(item.waits for item in told)


def test_what_only_a_person_can_set_right_is_not_told_twice_when_an_order_was_refused_by_it():
    refusals, told = listening()
    refusals.heard(["EGeneral:Permission denied"])
    assert told == []


def test_a_throttle_that_names_its_end_is_waited_out():
    clock = ManualClock(1_767_225_600.0)
    refusals, _ = listening(clock)
    refusals.heard(["EService: Throttled: 1767225630", "EService:Throttled: 1767225610"])
    with pytest.raises(Rejection) as refused:
        refusals.check()
    assert refused.value.reason.again_in_s == 30
    clock.advance(30)
    refusals.check()


@asynccontextmanager
async def answering(status: int, text: str, headers: dict[str, str]) -> AsyncIterator[int]:
    """Something that stands where Kraken should and is not it."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status, text=text, content_type="text/html", headers=headers)

    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


HTML = '<html><body><h1>Something is wrong</h1><p>{"error": []}</p></body></html>'


@pytest.mark.parametrize(
    ("status", "headers", "kind", "advice"),
    [
        (429, {"Retry-After": "17"}, Rejection, "retry"),
        (403, {}, Rejection, "person"),
        (404, {}, Rejection, "stop"),
        (502, {}, NoAnswer, ""),
        (520, {}, NoAnswer, ""),
        (200, {}, NoAnswer, ""),
    ],
)
async def test_an_answer_of_what_stands_before_kraken_is_told_by_its_status(by_rest, status, headers, kind, advice):
    await by_rest.venue.rules()
    api = by_rest.venue._client.urls["api"]
    async with answering(status, HTML, headers) as port:
        api["private"] = f"http://127.0.0.1:{port}"
        with pytest.raises(kind) as failed:
            await by_rest.venue.place(by_rest.order())
    reason = failed.value.reason
    assert str(status) in reason.words or status == 200
    assert getattr(reason, "advice", "") == advice
    if status == 429:
        assert reason.again_in_s == 17
        with pytest.raises(Rejection):
            await by_rest.venue.balances()
