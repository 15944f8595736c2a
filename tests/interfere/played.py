"""One run: a session, interference in strikes, a person who takes ways out, and what must hold of all that."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.core.modes import Switch
from engine.desk.desk import Desk
from engine.grid.messages import GridSnapshot
from engine.paper.exchange import Exchange
from engine.paper.occurrences import parse_occurrences
from tests.interfere.kinds import BY_NAME, Kind
from tests.interfere.person import Person
from tests.interfere.told import Listener, Striking
from tests.interfere.traces import done_wrongly
from tests.soak.stage import account_of, blow, breeze, moving, paper_exchange, session
from tests.soak.virtual_time import VirtualTimeLoop

SETTLES_S, LOOK_EVERY_S, CALM_S, LAST_WORDS_S = 120.0, 2.0, 600.0, 10.0
SHORT_CALM_S, GOES_ON_WITHIN_S = 420.0, 1200.0
JUST_CAME_S = 10.0
HAPPENS_WITHIN_S = 1800.0
"""An exit to amend has to come first; where none does, the strike is left out."""

ENVIRONMENT = {
    "EVENKEEL_GRID_PROFIT_PCT": "0.8",
    "EVENKEEL_GRID_ORPHAN_AFTER": "1800",
    "EVENKEEL_GRID_DAILY_LOSS_USD": "1000",
}
"""A grid that turns over: exits near their entries, no day that ends early."""


@dataclass
class Run:
    """What came of one. struck: how often each kind did, left_out: how often there was nothing to strike.

    told_after_s: the longest, by kind. taken: which ways a person took, how often. wrong: everything that must not be.
    """

    kinds: list[str]
    seed: int
    hours: float
    real_s: float = 0.0
    orders: int = 0
    trades: int = 0
    struck: dict[str, int] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)
    told_after_s: dict[str, float] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def interfered(
    loop: VirtualTimeLoop, names: Sequence[str], seed: int, hours: float, folder: Path, *, short: bool = False
) -> Run:
    """A session that these kinds interfere with for `hours`, then calm. short: one strike of each is enough."""
    found = Run(list(names), seed, hours)
    started_s = time.monotonic()
    async with paper_exchange(loop, "", seed) as (exchange, world):
        async with session(world, folder, ENVIRONMENT) as desk:
            await _worked(desk, exchange, found, short=short)
            journal_file = desk.profile.journal_file
        book = exchange.world.book
        own = [order for order in (*book.closed.values(), *book.open.values()) if not order.foreign]
        account = account_of(exchange)
    found.orders, found.trades = len(own), sum(len(order.trades) for order in own)
    found.wrong += await done_wrongly(own, account, journal_file, world.name)
    found.real_s = round(time.monotonic() - started_s, 1)
    return found


async def _worked(desk: Desk, exchange: Exchange, found: Run, *, short: bool) -> None:
    chance = random.Random(f"{seed_words(found)}/strikes")
    listener = Listener(desk, exchange)
    person = Person(desk, random.Random(f"{seed_words(found)}/person"))
    async with moving(_looking(listener, person)):
        async with moving(blow(exchange, random.Random(found.seed))):
            await asyncio.sleep(SETTLES_S)
            async with asyncio.TaskGroup() as striking:
                for name in found.kinds:
                    own = random.Random(chance.random())
                    striking.create_task(_strikes(exchange, listener, BY_NAME[name], own, found, short=short))
        async with moving(breeze(exchange, random.Random(found.seed))):
            await asyncio.sleep(SHORT_CALM_S if short else CALM_S)
            await _gone_on(desk)
        # What fills while the session ends would be booked by the next one, and there is none.
        exchange.world.book.market.hold(exchange.world.book.step)
        await asyncio.sleep(LAST_WORDS_S)
    found.taken = dict(person.taken)
    found.wrong += [*listener.wrong("key_used_elsewhere go_on" in person.taken), *person.wrong, *_after_calm(desk)]
    for striking_kind in listener.strikes:
        name = striking_kind.kind.name
        if striking_kind.told_after_s is not None:
            found.told_after_s[name] = max(found.told_after_s.get(name, 0.0), round(striking_kind.told_after_s, 1))


def seed_words(found: Run) -> str:
    """What the run's chances are drawn from."""
    return f"{found.seed}/{'+'.join(found.kinds)}"


async def _looking(listener: Listener, person: Person) -> None:
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        listener.look()
        await person.look()


async def _strikes(
    exchange: Exchange, listener: Listener, kind: Kind, chance: random.Random, found: Run, *, short: bool
) -> None:
    """One strike after the other for as long as the run lasts."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + found.hours * 3600.0
    while True:
        await asyncio.sleep(chance.uniform(30.0, 120.0 if short else 1500.0))
        if loop.time() >= until_s and (short is False or found.struck.get(kind.name)):
            return
        strike = kind.draw(chance)
        striking = await _struck(exchange, listener, kind, strike.acts)
        counted = found.left_out if striking is None else found.struck
        counted[kind.name] = counted.get(kind.name, 0) + 1
        if striking is None:
            if found.left_out[kind.name] > 20:
                return
            continue
        ends_s = loop.time() + strike.lasts_s
        while loop.time() < ends_s or (striking.can_be_seen and not striking.is_settled):
            await asyncio.sleep(LOOK_EVERY_S)
            if short and striking.is_settled:
                break
        await _play(exchange, strike.undo or _off(exchange, strike.acts))
        if short:
            return


def _off(exchange: Exchange, acts: str) -> str:
    """What ends the strike's conditions that are still in force; of those that ended by themselves nothing is left."""
    names = [part.strip().split(":")[0] for part in acts.split(";")]
    return ";".join(f"{name}:off" for name in names if name in exchange.world.conditions.until_s and name != "status")


async def _struck(exchange: Exchange, listener: Listener, kind: Kind, acts: str) -> Striking | None:
    """Play it; None where the exchange refused, or found nothing that it could happen to."""
    loop, log = asyncio.get_running_loop(), exchange.world.schedule.log
    logged = len(log)
    striking = listener.expect(kind)
    await _play(exchange, acts)
    until_s = loop.time() + HAPPENS_WITHIN_S
    wanted = str(parse_occurrences(acts)[-1].act)
    while loop.time() < until_s:
        happened = [one for one in list(log)[logged:] if one.what == wanted]
        if happened:
            note = happened[-1].note
            if note.startswith(("refused", "there is")) or _just_came(exchange, note, happened[-1].at_s):
                break
            striking.began(happened[-1].at_s, listener.questions)
            return striking
        await asyncio.sleep(1.0)
    listener.strikes.remove(striking)
    return None


def _just_came(exchange: Exchange, note: str, at_s: float) -> bool:
    """Whether all own orders that it happened to had just come: a cancel then looks as a post-only order does
    that Kraken takes and lets go of by itself.
    """
    closed = exchange.world.book.closed
    orders = [closed[name] for name in note.split(", ") if name in closed and not closed[name].foreign]
    return bool(orders) and all(order.opened_s > at_s - JUST_CAME_S for order in orders)


async def _play(exchange: Exchange, acts: str) -> None:
    exchange.world.catch_up()
    exchange.world.schedule.declare(parse_occurrences(acts), exchange.world.book.now_s)
    exchange.world.catch_up()


async def _gone_on(desk: Desk) -> None:
    """Until it trades on, or should have: what Kraken calls a lockout is taken to last its quarter of an hour."""
    for _ in range(int(GOES_ON_WITHIN_S / LOOK_EVERY_S)):
        if not _after_calm(desk):
            return
        await asyncio.sleep(LOOK_EVERY_S)


def _after_calm(desk: Desk) -> list[str]:
    grid = desk.bus.latest(GridSnapshot)
    assert grid is not None
    if grid.state == "running" and not grid.unresolved and not grid.halted and desk.switch.position is Switch.RUNNING:
        return [] if grid.open_orders else ["it does not trade on: nothing rests"]
    why = "" if grid.why is None else grid.why.code
    return [f"it does not trade on: {grid.state} {why}, {grid.unresolved} unresolved, {desk.switch.position.value}"]
