"""The hub's figures (issue 5, 8): what a tick costs, the full audit, memory, pauses, recall, and the match.

Floors: for a tick, and its index alone, with a million accounts the same changes with ten thousand (at most 1.5 times
that is aimed at); for the rest the aim itself. Each is the median of several turns; of pauses the longest counts.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from report import figure

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from engine.core.journal import Batch, Memory
from engine.hub.accounts import Account
from engine.hub.book import AccountBook
from engine.hub.matching import match, upper_bound
from engine.hub.plain_rows import account_row
from engine.hub.remembered import ACCOUNTS, ENGINE, Remembered
from tests.engine.hub.books_world import HubWorld
from tests.engine.hub.model_chain import LEFT_HUB

FEW, MANY = 10_000, 1_000_000
TURNS = 15
TOKEN_ID = 1
MEMORY = "--memory"


def users(count: int) -> tuple[str, ...]:
    """Entity ids as the chain gives them: 32 bytes without order."""
    chance = random.Random(1)
    return tuple([f"0x{chance.getrandbits(256):064x}" for _ in range(count)])


def accounts(count: int, chance: random.Random) -> list[Account]:
    """With 18 decimals, half of them with something to pull."""
    return [
        Account(True, chance.randrange(10**21), -chance.randrange(10**21), chance.randrange(10**22), nonce=at % 5)
        for at in range(count)
    ]


def filled(ids: Sequence[str]) -> AccountBook:
    book = AccountBook()
    for user, account in zip(ids, accounts(len(ids), random.Random(2)), strict=True):
        book.put(user, TOKEN_ID, account)
    book.index_changes()
    return book


def tick_s(book: AccountBook, ids: Sequence[str], changes: int, chance: random.Random) -> float:
    """Put `changes` accounts, each time other ones, and bring the index up to date."""
    who, new = chance.sample(ids, changes), accounts(changes, chance)
    started_s = time.perf_counter()
    for user, account in zip(who, new, strict=True):
        book.put(user, TOKEN_ID, account)
    book.index_changes()
    return time.perf_counter() - started_s


def ticks(few: AccountBook, few_ids: Sequence[str], many: AccountBook, many_ids: Sequence[str]) -> None:
    """In turns, so that whatever else the machine does meets both alike."""
    chance = random.Random(3)
    for changes in (1_000, 10_000):
        turns = [(tick_s(few, few_ids, changes, chance), tick_s(many, many_ids, changes, chance)) for _ in range(TURNS)]
        small, large = (statistics.median(took_s) for took_s in zip(*turns, strict=True))
        figure(f"hub.index_{changes}_changes_of_1000000", large * 1000, "ms", small * 1000)
    figure("hub.index_10000_changes_of_1000000_aim", large * 1000, "ms", 50)


def audit(book: AccountBook) -> None:
    """All of it, and the longest single step: between steps the loop turns."""
    whole_s, longest_s, found = [], [], 0
    for _ in range(5):
        started_s = step_s = time.perf_counter()
        longest_s.append(0.0)
        for differences in book.audit():
            found += differences
            now_s = time.perf_counter()
            longest_s[-1], step_s = max(longest_s[-1], now_s - step_s), now_s
        whole_s.append(time.perf_counter() - started_s)
    assert found == 0
    figure("hub.audit_1000000", statistics.median(whole_s), "s", 2)
    figure("hub.audit_1000000_longest_step", statistics.median(longest_s) * 1000, "ms", 50)


def pauses(book: AccountBook, ids: Sequence[str]) -> None:
    """Of the garbage collector: while ticks go on, and when it looks at everything."""
    took_s: list[float] = []
    started_s = 0.0

    def note(phase: str, _: dict[str, int]) -> None:
        nonlocal started_s
        if phase == "start":
            started_s = time.perf_counter()
        else:
            took_s.append(time.perf_counter() - started_s)

    gc.callbacks.append(note)
    try:
        for _ in range(TURNS):
            tick_s(book, ids, 10_000, random.Random(5))
        figure("hub.gc_pause_in_ticks_of_1000000", max(took_s, default=0.0) * 1000, "ms", 50)
        took_s.clear()
        gc.collect()
        figure("hub.gc_pause_whole_of_1000000", max(took_s) * 1000, "ms", 50)
    finally:
        gc.callbacks.remove(note)


async def intake(changes: int = 1_000) -> None:
    """What a tick does for accounts that the chain changed, with the journal on disk; in turns, as above."""
    async with AsyncExitStack() as stack:
        worlds = [await _hub_of(size, stack) for size in (FEW, MANY)]
        chance = random.Random(4)
        turns = [[await _intake_s(*one, changes, chance) for one in worlds] for _ in range(TURNS)]
    small, large = (statistics.median(took_s) for took_s in zip(*turns, strict=True))
    figure(f"hub.tick_{changes}_changes_of_1000000", large * 1000, "ms", small * 1000)


async def _hub_of(size: int, stack: AsyncExitStack) -> tuple[HubWorld, Sequence[str]]:
    world = HubWorld(Path(stack.enter_context(tempfile.TemporaryDirectory())), LEFT_HUB)
    await world.open()
    stack.push_async_callback(world.close)
    ids = users(size)
    for user, account in zip(ids, accounts(size, random.Random(2)), strict=True):
        world.held.accounts.put(user, TOKEN_ID, account)
    await world.look()
    return world, ids


async def _intake_s(world: HubWorld, ids: Sequence[str], changes: int, chance: random.Random) -> float:
    _change_on_chain(world, chance.sample(ids, changes), chance)
    look = await world.chain.look([TOKEN_ID])
    started_s = time.perf_counter()
    await world.engine._intake.take_in(look)
    world.held.accounts.index_changes()
    return time.perf_counter() - started_s


def _change_on_chain(world: HubWorld, who: Sequence[str], chance: random.Random) -> None:
    place = world.depository
    place.mine()
    for user in who:
        place.collaterals.set((user, TOKEN_ID), place.head, chance.randrange(10**22))
        place.touched[place.head].add((user, TOKEN_ID))


def memory() -> None:
    """Resident, of a process with a million accounts and one with none; index and all."""
    with_many, with_none = (_resident_bytes(count) for count in (MANY, 0))
    figure("hub.memory_per_account", (with_many - with_none) / MANY, "bytes", 1024)


def _resident_bytes(count: int) -> int:
    said = subprocess.run([sys.executable, __file__, MEMORY, str(count)], capture_output=True, text=True, check=True)
    return int(said.stdout)


def _fill_and_say(count: int) -> None:
    """Account by account, so that nothing but the book counts."""
    book, chance = AccountBook(), random.Random(1)
    for _ in range(count):
        (account,) = accounts(1, chance)
        book.put(f"0x{chance.getrandbits(256):064x}", TOKEN_ID, account)
        if chance.random() < 0.001:
            book.index_changes()
    book.index_changes()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


async def recall(ids: Sequence[str]) -> None:
    """A start with a million accounts in the journal; the floor: what SQLite takes to count its rows."""
    with tempfile.TemporaryDirectory() as folder:
        world = HubWorld(Path(folder), LEFT_HUB)
        await world.open()
        prefix, journal = world.held._prefix, world.journal
        for start in range(0, len(ids), 20_000):
            some = ids[start : start + 20_000]
            rows = zip(some, accounts(len(some), random.Random(start)), strict=True)
            named = ((f"{prefix}{ACCOUNTS}{TOKEN_ID}/{user}", account_row(account)) for user, account in rows)
            await journal.commit(Batch(remember=tuple(Memory(ENGINE, name, row, 0.0) for name, row in named)))
        held = Remembered(prefix.removesuffix("/"), journal, world.clock)
        started_s = time.perf_counter()
        longest_s = await _with_heartbeat(held.recall())
        figure("hub.recall_1000000", time.perf_counter() - started_s, "s", 0)
        figure("hub.recall_1000000_longest_stall", longest_s * 1000, "ms", 50)
        assert len(held.accounts) == len(ids)
        await world.close()


async def _with_heartbeat(work: object) -> float:
    """The longest that the loop kept another task waiting meanwhile."""
    working = asyncio.ensure_future(work)  # type: ignore[call-overload]
    longest_s = 0.0
    while not working.done():
        started_s = time.perf_counter()
        await asyncio.sleep(0.005)
        longest_s = max(longest_s, time.perf_counter() - started_s - 0.005)
    await working
    return longest_s


def matching() -> None:
    """A thousand pulls and a thousand pushes; value against the bound, and time against a second."""
    took_s, reached = [], []
    for seed in range(9):
        chance = random.Random(seed)
        pulls, pushes = ([int(chance.paretovariate(1.2) * 10**6) for _ in range(1000)] for _ in range(2))
        started_s = time.perf_counter()
        found = match(pulls, pushes, 0)
        took_s.append(time.perf_counter() - started_s)
        reached.append(found.value / upper_bound(pulls, pushes, 0))
    figure("hub.match_1000x1000", statistics.median(took_s), "s", 1)
    figure("hub.match_1000x1000_of_bound", min(reached), "ratio", 0.99)


def main() -> None:
    matching()
    memory()
    few_ids, many_ids = users(FEW), users(MANY)
    few, many = filled(few_ids), filled(many_ids)
    gc.collect()
    ticks(few, few_ids, many, many_ids)
    audit(many)
    pauses(many, many_ids)
    del few, many
    asyncio.run(intake())
    asyncio.run(recall(many_ids))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    if sys.argv[1:2] == [MEMORY]:
        _fill_and_say(int(sys.argv[2]))
    else:
        main()
