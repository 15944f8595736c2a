"""Many users who ask, pay and sign at once while batches go, under caps of any size: none is passed by one unit.

What counts is counted here from the chain and from what was answered, never from the engine's own sums.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from engine.hub.front_desk import Answered
from engine.hub.options import HubOptions
from engine.hub.ports import BatchOrder
from engine.hub.requests import Declined
from engine.hub.tokens import amount_of_usd
from tests.engine.hub.books_checks import DAY_S, books_balance
from tests.engine.hub.books_world import USERS, HubWorld, pushed_usd, usd_of
from tests.engine.hub.model_chain import LEFT_HUB, RIGHT_HUB

PAYERS, WAVES = USERS[:2], 4


@dataclass
class Storm:
    """What was seen in one run. carried: batches that the chain carried out, by time and USD. refused: answers by
    reason. checks: how often everybody was held against the caps."""

    world: HubWorld
    chance: random.Random
    carried: list[tuple[float, Fraction]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    sent: int = 0
    checks: int = 0

    def batch_leaves(self, order: BatchOrder) -> None:
        """It counts as if it were carried out now."""
        caps = self.world.options.caps
        self._spans(pushed_usd(self.world, order))
        for push in order.pushes:
            assert usd_of(self.world, push.token_id, push.amount) <= Fraction(caps.max_request_usd)
        self.sent += 1
        self.look()

    def batch_is_carried_out(self, order: BatchOrder) -> None:
        self.carried.append((self.world.clock.now(), pushed_usd(self.world, order)))
        self._spans(Fraction(0))

    def _spans(self, coming: Fraction) -> None:
        """Interval and day that end now, with what is about to leave."""
        caps, now_s = self.world.options.caps, self.world.clock.now()
        for cap, span_s in ((caps.max_interval_usd, self.world.options.interval_s), (caps.max_day_usd, DAY_S)):
            within = coming + sum((usd for at_s, usd in self.carried if at_s > now_s - span_s), Fraction(0))
            assert within <= Fraction(cap), f"${float(within)} within {span_s} s, the cap is {cap}"

    def look(self) -> None:
        """Each user's collateral as it is and as everything open will make it; the day, with everything open."""
        world, caps = self.world, self.world.options.caps
        self.checks += 1
        coming: Counter[str] = Counter()
        done = self._carried_out()
        for one in world.held.requests.values():
            if one.id not in done:
                coming[one.user] += usd_of(world, one.token_id, one.amount)  # type: ignore[assignment]
        place = world.depository
        for user in USERS[2:]:
            held = ((one.token_id, place.collaterals.now((user, one.token_id))) for one in world.tokens)
            usd = sum((usd_of(world, *one) for one in held), Fraction(0)) + coming[user]
            assert usd <= Fraction(caps.max_user_usd), f"{user} has ${float(usd)}, the cap is {caps.max_user_usd}"

    def _carried_out(self) -> set[str]:
        """Requests that the chain has carried out already, though the engine may not know; by what it signed."""
        newest = self.world.depository.newest_batch
        carried = self.world.held.exposed.get(newest)
        return set() if carried is None else set(carried.requests)


async def storm(folder: Path, seed: int) -> Storm:
    """One run. Raises AssertionError when a cap is passed or the books do not balance."""
    chance = random.Random(seed)
    world = HubWorld(folder, chance.choice((LEFT_HUB, RIGHT_HUB)), _options(chance))
    found = Storm(world, chance)
    world.chain.confirmations = chance.choice((1, 1, 2))
    world.chain.on_submit = found.batch_leaves
    world.depository.on_carried = found.batch_is_carried_out
    await world.open()
    try:
        await _begin(world, chance)
        for _ in range(WAVES):
            await _wave(found)
            books_balance(world)
            found.look()
    finally:
        await world.close()
    return found


def _options(chance: random.Random) -> HubOptions:
    """Caps small enough that users reach each of them."""

    def usd(low: float, high: float) -> Decimal:
        return Decimal(chance.randint(int(low * 100), int(high * 100))) / 100

    return HubOptions(
        interval_s=chance.choice((5.0, 20.0)),
        batch_size_threshold=chance.randint(1, 4),
        batch_max=chance.randint(1, 6),
        max_rebalance_usd=usd(150, 2_000),
        max_user_usd=usd(200, 2_500),
        max_interval_usd=usd(200, 3_000),
        max_day_usd=usd(1_000, 6_000),
        pull_valid_s=60.0,
    )


async def _begin(world: HubWorld, chance: random.Random) -> None:
    for one in world.tokens:
        for payer in PAYERS:
            world.depository.secure(payer, one.token_id, world.units(one.token_id, 30_000))
        world.depository.fund(one.token_id, world.units(one.token_id, chance.choice((0, 1_000, 40_000))))
    world.depository.mine(2)
    await world.look()


async def _wave(found: Storm) -> None:
    """Everybody at once; the engine looks, and the chain goes on, in between."""
    chance, world = found.chance, found.world
    works: list[Coroutine[Any, Any, None]] = [_rounds(found)]
    for user in USERS[2:]:
        works += [_paid(found, user) for _ in range(2)]
    for _ in range(10):
        works.append(_asked(found, chance.choice(USERS[2:])))
    chance.shuffle(works)
    await asyncio.gather(*works)
    world.clock.advance(chance.choice((1, 6, 21)))


async def _rounds(found: Storm) -> None:
    chance, world = found.chance, found.world
    for _ in range(5):
        await world.engine._round()
        found.look()
        fate = chance.random()
        if fate < 0.7:
            world.chain.carry_out(out_of_gas=fate < 0.1)
        elif fate < 0.8:
            world.chain.lose()
        elif fate < 0.9:
            world.chain.somebody_carries_out(chance.randrange(5))
        world.depository.mine(chance.randint(0, 2))
        for pull in list(world.held.pulls.values()):
            if chance.random() < 0.7:
                await world.sign(pull)
        world.clock.advance(chance.choice((0.5, 3.0, 6.0)))
        found.look()


async def _paid(found: Storm, payee: str) -> None:
    token_id = found.chance.randrange(len(found.world.tokens))
    amount = found.world.units(token_id, found.chance.randint(50, 1_500))
    await found.world.pay(found.chance.choice(PAYERS), payee, token_id, amount)


async def _asked(found: Storm, user: str) -> None:
    """Any amount, and often what a cap leaves, to the unit, or one unit more: each of them once or twice."""
    chance, world = found.chance, found.world
    token_id = chance.randrange(len(world.tokens))
    for _ in range(chance.randint(0, 3)):
        await asyncio.sleep(0)
    caps, token = world.options.caps, world.token(token_id)
    usd = chance.choice((caps.max_request_usd, caps.max_user_usd, caps.max_interval_usd, caps.max_day_usd))
    whole = amount_of_usd(Fraction(usd), token, up=False)
    amount = chance.choice((whole, whole + 1, whole // 2, whole // 3, world.units(token_id, chance.randint(100, 900))))
    key = f"{user[-4:]}/{chance.random()}"
    answers = await asyncio.gather(*(world.ask(user, token_id, amount, key) for _ in range(chance.randint(1, 2))))
    found.accepted += any(isinstance(one, Answered) and not one.again for one in answers)
    assert sum(isinstance(one, Answered) and not one.again for one in answers) <= 1
    for one in answers:
        if isinstance(one, Declined):
            found.refused[type(one.reason).__name__] += 1
    found.look()
