"""Our Depository on a real EVM, driven by our own bytes (hub spec 18; issue 5, 2)."""

from __future__ import annotations

import random

import pytest

from engine.chain.depository import Batch, Push
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.depository_world import HUB, USERS, Hub

RESERVE = 10**15


@pytest.fixture
def hub(chain: LocalChain) -> Hub:
    opened = Hub(chain)
    opened.open("USDC", RESERVE)
    return opened


def push(hub: Hub, *amounts: int, first: int = 0) -> Push:
    return Push(hub.token_id, hub.entity, tuple(zip(hub.users[first:], amounts, strict=False)))


def test_a_push_moves_reserve_into_collateral_and_raises_ondelta_where_the_hub_is_left(hub: Hub) -> None:
    assert hub.process(Batch(pushes=(push(hub, *range(1, 11)),))).succeeded
    assert hub.reserve() == RESERVE - 55
    for at in range(10):
        hub_is_left = hub.entity < hub.users[at]
        assert hub.collateral(at) == (at + 1, at + 1 if hub_is_left else 0)


def test_a_signed_pull_brings_collateral_back_before_the_pushes_that_need_it(hub: Hub) -> None:
    """Spec 13: three pulls and three pushes with no reserve go in one transaction."""
    assert hub.process(Batch(pushes=(push(hub, RESERVE - 2, 1, 1),))).succeeded
    assert hub.reserve() == 0
    batch = Batch(pulls=(hub.pull(0, 500), hub.pull(1, 1), hub.pull(2, 1)), pushes=(push(hub, 500, 1, 1, first=3),))
    assert hub.process(batch).succeeded
    assert hub.reserve() == 0
    assert [hub.collateral(at)[0] for at in range(6)] == [RESERVE - 502, 0, 0, 500, 1, 1]


@pytest.mark.parametrize("pairs", [3, 10, 50])
def test_a_batch_saves_gas_against_singles(hub: Hub, pairs: int) -> None:
    """Issue 5, 2: at least 50 % at 3 pairs, 70 % at 10, 75 % at 50."""
    amounts = [123_456_789] * pairs
    assert hub.process(Batch(pushes=(push(hub, *amounts),))).succeeded
    batch = hub.process(Batch(pushes=(push(hub, *amounts),))).gas_used
    single = hub.process(Batch(pushes=(push(hub, 123_456_789),))).gas_used
    assert 1 - batch / (pairs * single) >= {3: 0.50, 10: 0.70, 50: 0.75}[pairs]


def test_a_batch_is_carried_out_once(hub: Hub) -> None:
    batch = Batch(pushes=(push(hub, 5),))
    assert hub.process(batch).succeeded
    assert not hub.process(batch, nonce=1).succeeded
    assert not hub.process(batch, nonce=3).succeeded
    assert hub.collateral(0)[0] == 5


def test_rebuilt_at_the_next_entity_nonce_a_batch_pays_twice(hub: Hub) -> None:
    """Spec 15: which is why the engine rebuilds at the same nonce only."""
    batch = Batch(pushes=(push(hub, 5),))
    assert hub.process(batch).succeeded
    assert hub.process(batch).succeeded
    assert hub.collateral(0)[0] == 10


def test_a_batch_that_somebody_else_signed_spends_that_entitys_reserve_or_nothing(hub: Hub) -> None:
    assert not hub.process(Batch(pushes=(push(hub, 5),)), signer=USERS[0], nonce=1).succeeded
    assert hub.reserve() == RESERVE


def test_a_pull_without_the_users_own_signature_is_refused(hub: Hub) -> None:
    assert hub.process(Batch(pushes=(push(hub, 100),))).succeeded
    assert not hub.process(Batch(pulls=(hub.pull(0, 50, signer=HUB),))).succeeded
    assert hub.collateral(0)[0] == 100


def test_a_pull_is_used_once(hub: Hub) -> None:
    assert hub.process(Batch(pushes=(push(hub, 100),))).succeeded
    pull = hub.pull(0, 50)
    assert hub.process(Batch(pulls=(pull,))).succeeded
    assert not hub.process(Batch(pulls=(pull,))).succeeded
    assert hub.collateral(0)[0] == 50


def test_one_bad_pair_reverts_everything(hub: Hub) -> None:
    """Spec 14."""
    assert not hub.process(Batch(pushes=(push(hub, 5, 0, 5),))).succeeded
    assert not hub.process(Batch(pushes=(push(hub, RESERVE, 1),))).succeeded
    assert hub.total() == RESERVE


def test_more_pairs_than_an_item_takes_are_refused(hub: Hub) -> None:
    pairs = tuple((user, 1) for user in [*hub.users, hub.users[0]])
    assert not hub.process(Batch(pushes=(Push(0, hub.entity, pairs),))).succeeded
    assert hub.process(Batch(pushes=(Push(0, hub.entity, pairs[:64]),))).succeeded


def test_a_flash_loan_that_is_not_given_back_reverts(hub: Hub) -> None:
    lent = ((0, 100),)
    assert hub.process(Batch(flashloans=lent)).succeeded
    assert not hub.process(Batch(flashloans=lent, pushes=(push(hub, RESERVE + 1),))).succeeded
    assert hub.total() == RESERVE


@pytest.mark.parametrize("seed", range(3))
def test_no_path_makes_or_loses_a_unit(hub: Hub, seed: int) -> None:
    """Issue 5: random batches of every kind, good and bad; the whole stays what was deposited."""
    chance = random.Random(seed)
    taken = 0
    for _ in range(25):
        held = [hub.collateral(at)[0] for at in range(6)]
        batch = Batch(
            pushes=(push(hub, *(chance.randrange(0, 10**6) for _ in range(chance.randrange(1, 6)))),),
            pulls=tuple(hub.pull(at, chance.randrange(1, held[at] + 2)) for at in range(6) if chance.random() < 0.3),
            transfers=((hub.users[0], 0, chance.randrange(0, 1000)),) if chance.random() < 0.3 else (),
            flashloans=((0, chance.randrange(0, 10**6)),) if chance.random() < 0.3 else (),
        )
        taken += hub.process(batch).succeeded
    assert hub.total(range(6)) == RESERVE
    assert taken > 0
