"""Payments between two users inside the hub: once for each key, never beyond what is theirs (hub spec 1, 13)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from engine.hub.front_desk import Answered
from engine.hub.messages import KeyReused, MayNotReceive, NotEnoughToPay, NotReady, UnknownToken
from engine.hub.payments import Paid
from engine.hub.ports import ChainUnavailable
from engine.hub.pulls import PullState
from engine.hub.requests import Declined, NotAmount
from tests.engine.hub.books_checks import books_balance, own_of
from tests.engine.hub.books_world import QUICK, USERS, HubWorld
from tests.engine.hub.model_chain import LEFT_HUB, RIGHT_HUB

ANNA, BERTA, CARL = USERS[:3]
USDC, UNIT = 1, 10**6


@pytest_asyncio.fixture(params=[LEFT_HUB, RIGHT_HUB], ids=["hub left", "hub right"])
async def world(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[HubWorld]:
    """Anna brought 1000; the hub has no reserve."""
    found = HubWorld(tmp_path, request.param)
    await found.open()
    found.depository.secure(ANNA, USDC, 1_000 * UNIT)
    await found.look()
    yield found
    await found.close()


def why(found: Paid | Declined) -> object:
    assert isinstance(found, Declined)
    return found.reason


async def test_a_payment_moves_units_from_one_to_the_other(world: HubWorld) -> None:
    assert isinstance(await world.pay(ANNA, BERTA, USDC, 300 * UNIT), Paid)
    assert (own_of(world, ANNA, USDC), own_of(world, BERTA, USDC)) == (700 * UNIT, 300 * UNIT)
    books_balance(world)


async def test_all_can_be_paid_and_one_unit_more_cannot(world: HubWorld) -> None:
    assert why(await world.pay(ANNA, BERTA, USDC, 1_000 * UNIT + 1)) == NotEnoughToPay("1000")
    assert isinstance(await world.pay(ANNA, BERTA, USDC, 1_000 * UNIT), Paid)
    assert why(await world.pay(ANNA, BERTA, USDC, 1)) == NotEnoughToPay("0")


async def test_the_same_key_pays_once(world: HubWorld) -> None:
    first = await world.pay(ANNA, BERTA, USDC, 10, "k")
    again = await world.pay(ANNA, BERTA, USDC, 10, "k")
    assert isinstance(first, Paid)
    assert again == Paid(first.payment, again=True)
    assert own_of(world, BERTA, USDC) == 10


async def test_the_same_key_for_something_else_is_refused(world: HubWorld) -> None:
    await world.pay(ANNA, BERTA, USDC, 10, "k")
    assert why(await world.pay(ANNA, BERTA, USDC, 11, "k")) == KeyReused("k")
    assert why(await world.pay(ANNA, CARL, USDC, 10, "k")) == KeyReused("k")
    assert isinstance(await world.pay(BERTA, CARL, USDC, 10, "k"), Paid)  # another payer's own name


async def test_many_at_once_under_one_key_pay_once(world: HubWorld) -> None:
    found = await asyncio.gather(*(world.pay(ANNA, BERTA, USDC, 10, "k") for _ in range(10)))
    assert sum(isinstance(one, Paid) and not one.again for one in found) == 1
    assert sum(isinstance(one, Paid) for one in found) == 10
    assert own_of(world, BERTA, USDC) == 10


async def test_many_at_once_never_spend_more_than_there_is(world: HubWorld) -> None:
    found = await asyncio.gather(*(world.pay(ANNA, BERTA, USDC, 300 * UNIT) for _ in range(9)))
    assert sum(isinstance(one, Paid) for one in found) == 3
    books_balance(world)


async def test_the_same_key_pays_once_over_a_restart_and_long_after_it(world: HubWorld) -> None:
    await world.pay(ANNA, BERTA, USDC, 10, "k")
    await world.close()
    await world.open()
    await world.look()
    again = await world.pay(ANNA, BERTA, USDC, 10, "k")
    assert isinstance(again, Paid)
    assert again.again
    world.clock.advance(7_200)
    await world.close()
    await world.open()
    await world.look()
    assert why(await world.pay(ANNA, BERTA, USDC, 10, "k")) == KeyReused("k")
    assert own_of(world, BERTA, USDC) == 10


@pytest.mark.parametrize(("payee", "amount"), [(BERTA, 0), (BERTA, -5), (ANNA, 5)])
async def test_nothing_and_oneself_are_not_paid(world: HubWorld, payee: str, amount: int) -> None:
    assert why(await world.pay(ANNA, payee, USDC, amount)) == NotAmount()


async def test_a_token_that_the_hub_does_not_handle_is_not_paid(world: HubWorld) -> None:
    assert why(await world.pay(ANNA, BERTA, 99, 5)) == UnknownToken(99)


async def test_the_hub_owes_nobody_more_than_it_may(world: HubWorld) -> None:
    world.options = QUICK.model_copy(update={"hub_credit_usd": Decimal(100)})
    assert why(await world.pay(ANNA, BERTA, USDC, 100 * UNIT + 1)) == MayNotReceive("100")
    assert isinstance(await world.pay(ANNA, BERTA, USDC, 100 * UNIT), Paid)


async def test_credit_is_spent_and_not_more(world: HubWorld) -> None:
    world.options = QUICK.model_copy(update={"user_credit_usd": Decimal(50)})
    assert isinstance(await world.pay(CARL, BERTA, USDC, 50 * UNIT), Paid)
    assert why(await world.pay(CARL, BERTA, USDC, 1)) == NotEnoughToPay("0")
    assert own_of(world, CARL, USDC) == -50 * UNIT


async def test_what_a_request_has_promised_is_not_paid_away(world: HubWorld) -> None:
    await world.pay(ANNA, BERTA, USDC, 500 * UNIT)
    found = await world.ask(BERTA, USDC, 300 * UNIT)
    assert isinstance(found, Answered)
    free = 500 * UNIT - found.request.fees.total
    assert isinstance(await world.pay(BERTA, CARL, USDC, free + 1), Declined)
    assert isinstance(await world.pay(BERTA, CARL, USDC, free), Paid)
    books_balance(world)


async def test_a_pull_is_given_up_for_a_payment_that_needs_its_share_and_for_no_other(world: HubWorld) -> None:
    """Anna spent 800, which the hub asks back to secure Berta; then Anna is paid."""
    world.options = QUICK.model_copy(update={"hub_credit_usd": Decimal(900)})
    world.depository.secure(CARL, USDC, 3_000 * UNIT)
    await world.look()
    await world.pay(ANNA, BERTA, USDC, 800 * UNIT)
    await world.ask(BERTA, USDC, 600 * UNIT)
    await world.look()
    (pull,) = world.held.pulls.values()
    assert (pull.user, pull.amount) == (ANNA, 800 * UNIT)
    assert isinstance(await world.pay(CARL, ANNA, USDC, 2_500 * UNIT), Declined)
    assert world.held.pulls[pull.id].state is PullState.PROPOSED
    assert isinstance(await world.pay(CARL, ANNA, USDC, 100 * UNIT), Paid)
    assert world.held.pulls_ended[pull.id].state is PullState.WITHDRAWN
    books_balance(world)


async def test_nothing_is_paid_before_the_chain_was_read(tmp_path: Path) -> None:
    world = HubWorld(tmp_path, LEFT_HUB)
    await world.open()
    try:
        assert isinstance(why(await world.pay(ANNA, BERTA, USDC, 5)), NotReady)
    finally:
        await world.close()


async def test_an_account_that_cannot_be_read_is_not_paid_from(world: HubWorld) -> None:
    world.chain.silent.add("accounts")
    with pytest.raises(ChainUnavailable):
        await world.pay(BERTA, CARL, USDC, 5)
    assert why(await world.pay(BERTA, CARL, USDC, 5)) == NotEnoughToPay("0")
