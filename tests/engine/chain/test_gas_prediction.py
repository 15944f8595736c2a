"""What a batch was said to cost against its receipt on a real EVM (issue 5, 2: within 3 %)."""

from __future__ import annotations

import random

import pytest

from engine.chain.depository import Batch, Push
from engine.hub.gas import BatchShape, predicted_gas, shares
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.depository_world import Hub

WITHIN = 0.03
UNIT = 10**6


@pytest.fixture
def hub(chain: LocalChain) -> Hub:
    opened = Hub(chain)
    opened.open("USDC", 10**15)
    # The first batch of all pays for the hub's own slots.
    assert opened.process(Batch(pushes=(push(opened, [63], UNIT),))).succeeded
    return opened


def push(hub: Hub, users: list[int], amount: int, token_id: int = 0) -> Push:
    return Push(token_id, hub.entity, tuple((hub.users[at], amount) for at in users))


@pytest.mark.parametrize("pairs", [1, 2, 3, 5, 10, 17, 32, 50, 62])
def test_first_deposits_and_top_ups_mixed_are_predicted_within_3_percent(hub: Hub, pairs: int) -> None:
    chance = random.Random(pairs)
    known = set(chance.sample(range(62), chance.randint(0, 61)))
    if known:
        assert hub.process(Batch(pushes=(push(hub, sorted(known), UNIT),))).succeeded
    users = chance.sample(range(62), pairs)
    shape = BatchShape(((pairs, len(set(users) - known)),))
    used = hub.process(Batch(pushes=(push(hub, users, chance.randrange(1, 10**12)),))).gas_used
    assert predicted_gas(shape) == pytest.approx(used, rel=WITHIN)


def test_a_full_item_is_predicted_within_3_percent(hub: Hub) -> None:
    everybody = list(range(64))
    assert hub.process(Batch(pushes=(push(hub, everybody, UNIT),))).succeeded
    used = hub.process(Batch(pushes=(push(hub, everybody, UNIT),))).gas_used
    assert predicted_gas(BatchShape(((64, 0),))) == pytest.approx(used, rel=WITHIN)


@pytest.mark.parametrize("pulls", [1, 2, 3, 6])
def test_pulls_before_pushes_are_predicted_within_3_percent(hub: Hub, pulls: int) -> None:
    assert hub.process(Batch(pushes=(push(hub, list(range(20)), UNIT),))).succeeded
    for again in (False, True):
        taken = tuple(hub.pull(10 + at, 500) for at in range(pulls))
        used = hub.process(Batch(pulls=taken, pushes=(push(hub, [0, 1, 2], UNIT),))).gas_used
        shape = BatchShape(((3, 0),), pulls, 0 if again else pulls)
        assert predicted_gas(shape) == pytest.approx(used, rel=WITHIN)


def test_two_tokens_in_one_batch_are_predicted_within_3_percent(hub: Hub) -> None:
    other = Hub(hub.chain, token_id=1, nonce=hub.nonce)
    other.open("DAI", 10**24)
    pushes = (push(hub, [63], UNIT), push(hub, [1, 2, 3], 10**18, token_id=1))
    used = hub.process(Batch(pushes=pushes)).gas_used
    assert predicted_gas(BatchShape(((1, 0), (3, 3)))) == pytest.approx(used, rel=WITHIN)


def test_shares_of_what_was_used_sum_to_it_and_first_deposits_bear_their_own() -> None:
    found = shares([True, False, False], 200_001)
    assert sum(found) == 200_001
    assert found[0] - found[2] in (17_100, 17_101)
    assert shares([], 5) == []
