"""Many accounts that change in one look are taken a part at a time, and none is lost where that breaks off."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.core.journal import Batch, Journal, JournalFailed
from engine.hub.intake import ACCOUNTS_AT_ONCE
from tests.engine.hub.books_world import HubWorld
from tests.engine.hub.model_chain import LEFT_HUB

TOKEN_ID = 1
COUNT = 2 * ACCOUNTS_AT_ONCE + 7
USERS = tuple(f"0x{number:064x}" for number in range(1, COUNT + 1))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[HubWorld]:
    """A hub that has looked once, and a block since in which every user got collateral."""
    found = HubWorld(tmp_path, LEFT_HUB)
    await found.open()
    await found.look()
    place, chance = found.depository, random.Random(1)
    place.mine()
    for user in USERS:
        place.collaterals.set((user, TOKEN_ID), place.head, chance.randrange(1, 10**22))
        place.touched[place.head].add((user, TOKEN_ID))
    yield found
    await found.close()


def as_the_chain_has_them(world: HubWorld) -> dict[str, int]:
    place = world.depository
    return {user: place.collaterals.at((user, TOKEN_ID), place.head) for user in USERS}


def as_remembered(world: HubWorld) -> dict[str, int]:
    found = {user: world.account(user, TOKEN_ID) for user in USERS}
    return {user: account.collateral for user, account in found.items() if account is not None}


async def test_every_account_is_taken_as_the_chain_has_it_in_commits_of_a_bounded_size(
    world: HubWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, sizes = Journal.commit, []

    async def counted(journal: Journal, batch: Batch) -> None:
        sizes.append(len(batch.remember))
        await commit(journal, batch)

    monkeypatch.setattr(Journal, "commit", counted)
    await world.engine._intake.take_in(await world.chain.look([TOKEN_ID]))
    assert as_remembered(world) == as_the_chain_has_them(world)
    assert len(sizes) == 3
    assert max(sizes) <= ACCOUNTS_AT_ONCE + 2  # beside the accounts, which batches there were and how far it was read


async def test_what_breaks_off_in_between_is_read_again(world: HubWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    commit, made = Journal.commit, []

    async def once(journal: Journal, batch: Batch) -> None:
        if made:
            raise JournalFailed("the disk is full")
        made.append(batch)
        await commit(journal, batch)

    look = await world.chain.look([TOKEN_ID])
    with monkeypatch.context() as broken:
        broken.setattr(Journal, "commit", once)
        with pytest.raises(JournalFailed):
            await world.engine._intake.take_in(look)
    assert 0 < len(as_remembered(world)) < COUNT
    await world.close()
    await world.open()
    await world.look()
    assert as_remembered(world) == as_the_chain_has_them(world)
