"""Private requests leave one after the other, the urgent ones first."""

import asyncio

import pytest

from engine.venue.turnstile import Turnstile, Urgency


async def test_the_most_urgent_waiter_goes_next_and_equals_go_in_order():
    turnstile, went = Turnstile(), []
    first = await turnstile.enter(Urgency.CANCEL)

    async def go(name: str, urgency: Urgency) -> None:
        turn = await turnstile.enter(urgency)
        went.append(name)
        turn.leave()

    waiting = [
        asyncio.create_task(go(name, urgency))
        for name, urgency in (
            ("read", Urgency.READ),
            ("order 1", Urgency.ORDER),
            ("order 2", Urgency.ORDER),
            ("cancel", Urgency.CANCEL),
        )
    ]
    await asyncio.sleep(0)
    assert went == []
    first.leave()
    await asyncio.gather(*waiting)
    assert went == ["cancel", "order 1", "order 2", "read"]


async def test_a_request_without_an_answer_holds_nobody_up_for_longer_than_it_takes_to_arrive():
    turnstile = Turnstile(arrival_s=0.01)
    unanswered = await turnstile.enter(Urgency.ORDER)
    async with asyncio.timeout(5):
        turn = await turnstile.enter(Urgency.CANCEL)
    unanswered.leave()
    late = asyncio.ensure_future(turnstile.enter(Urgency.CANCEL))
    await asyncio.sleep(0)
    assert not late.done()
    turn.leave()
    (await late).leave()


@pytest.mark.parametrize("given_the_turn_first", [False, True])
async def test_a_waiter_that_gives_up_blocks_nobody(given_the_turn_first):
    turnstile = Turnstile()
    first = await turnstile.enter(Urgency.ORDER)
    gives_up = asyncio.create_task(turnstile.enter(Urgency.CANCEL))
    other = asyncio.create_task(turnstile.enter(Urgency.ORDER))
    await asyncio.sleep(0)
    if given_the_turn_first:
        first.leave()
        gives_up.cancel()
    else:
        gives_up.cancel()
        first.leave()
    with pytest.raises(asyncio.CancelledError):
        await gives_up
    async with asyncio.timeout(5):
        (await other).leave()
    (await turnstile.enter(Urgency.READ)).leave()


@pytest.mark.parametrize("urgency", [Urgency.CANCEL, Urgency.ORDER])
async def test_nothing_urgent_waits_for_a_reading_and_one_at_a_time_passes_it(urgency):
    turnstile = Turnstile()
    reading = await turnstile.enter(Urgency.READ)
    async with asyncio.timeout(1):
        urgent = await turnstile.enter(urgency)
    assert reading.was_left
    waiting = asyncio.create_task(turnstile.enter(urgency))
    await asyncio.sleep(0)
    reading.leave()
    await asyncio.sleep(0)
    assert not waiting.done()
    urgent.leave()
    (await waiting).leave()


async def test_a_reading_waits_for_a_reading():
    turnstile = Turnstile()
    first = await turnstile.enter(Urgency.READ)
    second = asyncio.create_task(turnstile.enter(Urgency.READ))
    await asyncio.sleep(0)
    assert not second.done()
    first.leave()
    (await second).leave()
