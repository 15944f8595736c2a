"""Paper users at a hub that keeps to the interface, and at one that does not (hub spec 2 and 13)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from engine.paper.hub_user import Temper
from engine.paper.hub_users import HubUsers, HubUsersConfig, temper_of
from engine.paper.hub_world import HubWorld, HubWorldConfig, hub_world
from tests.engine.paper.hub_stand_in import HubStandIn

Until = Callable[..., Awaitable[None]]
FAST = HubUsersConfig(users=6, actions_per_s=200, odd_ratio=0, twice_ratio=0, late_s=0)


@pytest.fixture
async def world() -> AsyncIterator[HubWorld]:
    async with hub_world(HubWorldConfig(users=20, block_s=0)) as running:
        yield running


@pytest.fixture
async def hub(world: HubWorld) -> AsyncIterator[HubStandIn]:
    async with HubStandIn(world) as stand_in:
        yield stand_in


@asynccontextmanager
async def acting(hub: HubStandIn, config: HubUsersConfig = FAST, **changed: Any) -> AsyncIterator[HubUsers]:
    users = HubUsers(hub.world, hub.address, replace(config, **changed))
    task = asyncio.ensure_future(users.run())
    try:
        yield users
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_users_pay_ask_for_what_they_may_and_see_it_done(hub: HubStandIn, until: Until) -> None:
    async with acting(hub) as users:
        counters = users.counters
        await until(lambda: counters.paid > 20 and counters.ended["done"] > 5)
    assert (counters.errors, counters.refused, counters.payments_refused) == (0, Counter(), Counter())
    assert counters.asked == counters.accepted


async def test_payments_move_money_and_make_none(hub: HubStandIn, until: Until) -> None:
    before = sum(hub.owned.values())
    async with acting(hub, pay_ratio=1.0) as users:
        await until(lambda: users.counters.paid > 20)
    assert sum(hub.owned.values()) == before


async def test_an_order_whose_answer_was_lost_is_sent_again_under_the_same_key_and_carried_out_once(
    hub: HubStandIn, until: Until
) -> None:
    hub.lost_answers = 3
    async with acting(hub) as users:
        await until(lambda: len(hub.orders) - len(set(hub.orders)) >= 3)
    assert users.counters.silent >= 3
    assert len(set(hub.orders)) == len(hub.answers)
    assert users.counters.errors == 0


async def test_an_order_without_an_answer_is_kept_until_the_hub_is_back(
    hub: HubStandIn, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.paper.hub_user.FIRST_PAUSE_S", 0.001)
    hub.status = 503
    async with acting(hub) as users:
        await until(lambda: users.counters.silent > 50)
        assert (users.counters.paid, users.counters.accepted) == (0, 0)
        hub.status = 0
        await until(lambda: users.counters.paid > 5)
    assert users.counters.errors == 0


async def test_an_order_that_is_sent_twice_is_carried_out_once(hub: HubStandIn, until: Until) -> None:
    async with acting(hub, twice_ratio=1.0) as users:
        await until(lambda: users.counters.repeated > 20)
    assert set(Counter(hub.orders).values()) <= {1, 2}
    assert users.counters.errors == 0


async def test_those_who_ask_oddly_are_refused_and_counted_apart(hub: HubStandIn, until: Until) -> None:
    async with acting(hub, odd_ratio=1.0, pay_ratio=0.0, ask_ratio=1.0) as users:
        await until(lambda: len(users.counters.refused) == 2)
    assert set(users.counters.refused) == {"too_small", "too_much"}
    assert users.counters.asked == users.counters.asked_oddly


async def test_each_user_answers_a_pull_by_its_temper(hub: HubStandIn, until: Until) -> None:
    for at in range(20):
        hub.ask_back(at, 1_000)
    async with acting(hub, users=20, pay_ratio=0.0, ask_ratio=0.0) as users:
        counters = users.counters
        await until(lambda: counters.signed == 17 and counters.rejected == 1 and counters.signatures_refused)
    states = {temper_of(at): pull["state"] for at, pull in enumerate(hub.pulls.values())}
    assert states == {
        Temper.AT_ONCE: "approved",
        Temper.LATE: "approved",
        Temper.NEVER: "proposed",
        Temper.REJECTS: "rejected",
        Temper.WRONGLY: "proposed",
    }
    assert counters.signatures_refused == Counter({"not_their_signature": 1})
    assert counters.errors == 0


async def test_a_late_user_signs_after_a_while_and_not_before(hub: HubStandIn, until: Until) -> None:
    late = next(at for at in range(20) if temper_of(at) is Temper.LATE)
    hub.ask_back(late, 1_000)
    hub.ask_back(0, 1_000)
    async with acting(hub, pay_ratio=0.0, ask_ratio=0.0, late_s=3600.0) as users:
        await until(lambda: users.counters.signed == 1)
    assert [pull["state"] for pull in hub.pulls.values()] == ["proposed", "approved"]


async def test_a_digest_that_is_not_that_of_the_pull_is_never_signed(hub: HubStandIn, until: Until) -> None:
    hub.ask_back(0, 1_000)
    hub.pulls["pull-0"]["amount"] = "2000"
    async with acting(hub, pay_ratio=0.0, ask_ratio=0.0) as users:
        await until(lambda: users.counters.errors > 0)
    assert hub.pulls["pull-0"]["state"] == "proposed"
    assert "digest" in users.counters.last_error


async def test_another_hub_gets_nothing_signed(hub: HubStandIn, until: Until) -> None:
    async with hub_world(HubWorldConfig(users=2, block_s=0)) as other, acting(hub) as users:
        hub.world = other
        await until(lambda: users.counters.errors > 0)
    assert hub.orders == []


async def test_newcomers_have_no_collateral_and_are_paid(hub: HubStandIn, until: Until) -> None:
    async with acting(hub, users=30, popular_ratio=1.0, pay_ratio=1.0) as users:
        newcomers = {wallet.user for wallet in users.wallets[20:]}
        await until(lambda: any(hub.owned[user, 1] for user in newcomers))
    assert len(newcomers) == 10
