"""One drawn history: the real desk and venue at the look-alike over TLS, on time that jumps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.core.bus import Bus
from engine.core.gate import NoAnswer, Rejection
from engine.core.modes import Mode, Resume, Switch
from engine.core.schema import FACTS
from engine.core.troubles import TakeWay, TroublesSnapshot
from engine.desk.desk import KeyRefused
from engine.grid.books import ENGINE, FILL
from engine.grid.troubles import GO_ON
from engine.paper.config import ApiKey
from tests.rehearse.front import Manner
from tests.rehearse.operator import Operator
from tests.rehearse.plans import Before, FirstKey, Plan, Trouble
from tests.rehearse.stage import START_PRICE, House, Stage, stage
from tests.soak.virtual_time import VirtualClock, VirtualTimeLoop

SLOTS = 5
EMPTY_WITHIN_S = 60.0
"""After the trouble has ended."""
SAYS_SO_WITHIN_S = 180.0
TRADES_WITHIN_S = 90.0
SECOND_RUNS_S = 5.0
LOOKED_AT_S = 5.0
POLL_S = 0.05
LASTING = "EGeneral:Temporary lockout"
"""A lockout is believed to last, however soon the exchange would answer again."""

PARTING = (Before.RESTART, Before.ROTATION, Before.LOST_MACHINE)
CANNOT_START = (KeyRefused, Rejection, NoAnswer, TimeoutError)


@dataclass
class History:
    """What came of one. wrong: what must not be, in words. emptied_s: from Stop, or the trouble's end, to an empty
    book, said_s to the word that it is; None where it never was."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    placed: int = 0
    filled: int = 0
    emptied_s: float | None = None
    said_s: float | None = None
    lasted_s: float = 0.0
    real_s: float = 0.0
    acts: list[str] = field(default_factory=list)


class WrongError(AssertionError):
    """A history cannot go on: what it waited for did not come."""


async def history(loop: VirtualTimeLoop, built: House, plan: Plan) -> History:
    """Let one history happen."""
    found = History(plan.seed)
    began_s = time.monotonic()
    epoch_s = time.time()
    clock = VirtualClock(loop, epoch_s)
    async with stage(built, "history", plan.seed, tier=plan.tier, clock=clock, epoch_s=epoch_s) as there:
        there.watch.most_resting = 2 * SLOTS
        there.front.way_s = plan.way_s
        operator = Operator("operator", there, clock, there.profile("operator"))
        try:
            await _refused_first(operator, plan, found)
            operator = await _lived(operator, plan, found)
        except WrongError as error:
            found.wrong.append(str(error))
        found.wrong += there.watch.breaches
        if not found.wrong:
            found.wrong += await _fills_lost(operator)
        found.placed, found.filled = there.watch.placed, len(there.exchange.world.book.trades)
    found.lasted_s, found.real_s = round(loop.time(), 1), round(time.monotonic() - began_s, 2)
    return found


async def _refused_first(operator: Operator, plan: Plan, found: History) -> None:
    """LIVE refuses every key that cannot be used, whatever its kind, and nothing is placed."""
    keys = operator.there.account.keys
    good = keys["good"]
    tried = {
        FirstKey.UNKNOWN: ApiKey(good.key[::-1], good.secret),
        FirstKey.WRONG_SECRET: ApiKey(good.key, keys["rotated"].secret),
    }.get(plan.first_key) or keys[plan.first_key.value]
    if plan.first_key is not FirstKey.GOOD:
        operator.keyring.enter(tried)
        found.acts.append(plan.first_key.value)
        try:
            async with operator.session(Mode.LIVE):
                found.wrong.append(f"LIVE took the key {plan.first_key.value}")
        except CANNOT_START:
            pass
    operator.keyring.enter(good)


async def _lived(operator: Operator, plan: Plan, found: History) -> Operator:
    """Trade, what happens before Stop, and Stop; a restart, a rotation or the loss of the machine parts the session.

    Returns who was there in the end.
    """
    parted = next((act for act in plan.before if act in PARTING), None)
    acts = [act for act in plan.before if act not in PARTING]
    if parted is not None:
        async with _started(operator):
            await _traded(operator, plan)
        operator = _parted(operator, parted, found)
    async with _started(operator):
        if parted is not None:
            await _all_are_known(operator, parted)
            await _answered(operator, plan, found)
        await _traded(operator, plan)
        for act in acts:
            await _happened(operator, act, found)
        await _stopped(operator, plan.trouble, found)
        lasts = plan.trouble is not None and plan.trouble.refusal.startswith(LASTING)
        if plan.resumes and not lasts and not found.wrong:
            await _resumed(operator, found)
    return operator


@asynccontextmanager
async def _started(operator: Operator) -> AsyncIterator[None]:
    """LIVE, tried again while it cannot start for another cause than the key."""
    for attempt in range(3):
        try:
            async with operator.session(Mode.LIVE):
                yield
            return
        except CANNOT_START as error:
            if operator.desk is not None or attempt == 2:
                raise WrongError(f"LIVE does not start: {type(error).__name__}: {error}") from error
            await asyncio.sleep(5.0)


async def _traded(operator: Operator, plan: Plan) -> None:
    there = operator.there
    await _until(lambda: there.watch.ours, "an order", TRADES_WITHIN_S)
    for gust in plan.gusts:
        await asyncio.sleep(plan.trades_s / (len(plan.gusts) + 1))
        there.move(gust - (float(there.exchange.world.book.quote.bid_price / START_PRICE) - 1) / 2)
    await asyncio.sleep(plan.trades_s / (len(plan.gusts) + 1))


def _parted(operator: Operator, act: Before, found: History) -> Operator:
    """Who goes on after it: on a machine that is lost, profile and journal are."""
    found.acts.append(act.value)
    there = operator.there
    if act is Before.ROTATION:
        operator.keyring.enter(there.account.keys["rotated"])
        there.kill_key("good")
    if act is not Before.LOST_MACHINE:
        return operator
    fresh = Operator("fresh", there, operator.clock, there.profile("fresh"), before=operator)
    fresh.keyring.enter(there.account.keys["good"])
    return fresh


async def _all_are_known(operator: Operator, act: Before) -> None:
    """Whatever rested before is the grid's again, or is listed with its ways out."""

    def known() -> bool:
        grid, desk = operator.grid(), operator.desk
        if grid is None or desk is None or grid.state in ("connecting", "reconciling"):
            return False
        rest = {order.cl_ord_id or order.id for order in operator.there.watch.ours}
        ours = sum(len(slot.orders) for slot in grid.slots)
        listed = [trouble for snapshot in _troubles(desk.bus) for trouble in snapshot.troubles]
        return ours >= len(rest) or bool(listed)

    await _until(known, f"the orders that rested before the {act.value}", TRADES_WITHIN_S)


async def _answered(operator: Operator, plan: Plan, found: History) -> None:
    """A person answers what the grid asks about orders of an earlier life."""
    desk = operator.desk
    assert desk is not None
    verb = "adopt" if plan.adopts else "cancel"
    offered = [way for snapshot in _troubles(desk.bus) for trouble in snapshot.troubles for way in trouble.ways]
    way = next((way for way in offered if (way.verb, way.target) == (verb, "earlier")), None)
    if way is None:
        return
    found.acts.append(verb)
    if plan.adopts:  # an exit that was taken over stands beside its slot's new orders, as a recovery order does
        operator.there.watch.most_resting = None
    await desk.bus.ask(TakeWay(verb=verb, target="earlier", where="rehearsal"))

    def answered() -> bool:
        return not any(way.target == "earlier" for one in _troubles(desk.bus) for t in one.troubles for way in t.ways)

    await _until(answered, f"an end of the question whose answer was {verb}", TRADES_WITHIN_S)


def _troubles(bus: Bus) -> list[TroublesSnapshot]:
    one = bus.latest(TroublesSnapshot, "grid")
    return [] if one is None else [one]


async def _happened(operator: Operator, act: Before, found: History) -> None:
    there = operator.there
    found.acts.append(act.value)
    if act is Before.SECOND_PROFILE:
        other = Operator("other", there, operator.clock, there.profile("other"))
        other.keyring.enter(operator.there.account.keys["good"])
        for _ in range(2):  # a profile that was started before
            with suppress(*CANNOT_START):
                async with other.session(Mode.OBSERVE):
                    await asyncio.sleep(SECOND_RUNS_S)
    elif act is Before.SOMEBODY_PLACES:
        price = there.exchange.world.book.quote.bid_price * 95 / 100
        await there.somebody_places("buy", there.units(20), there.price(price))
    elif act is Before.SOCKETS_DROP:
        there.exchange.sockets.drop_all()
        await asyncio.sleep(1.0)
    elif act is Before.SHORT_TROUBLE:
        there.front.behave(Manner.CUT)
        await asyncio.sleep(2.0)
        there.front.behave(Manner.PASS)


async def _stopped(operator: Operator, trouble: Trouble | None, found: History) -> None:
    """Stop in the middle of the trouble; afterwards the book is empty within EMPTY_WITHIN_S, and stays so."""
    loop, there = asyncio.get_running_loop(), operator.there
    ended_s = loop.time()
    if trouble is None:
        stopping = asyncio.create_task(operator.stop(), name="operator")
    else:
        found.acts.append(trouble.refusal or trouble.manner.value)
        struck = asyncio.create_task(_struck(there, trouble), name="trouble")
        await asyncio.sleep(max(0.0, trouble.lead_s))
        stopping = asyncio.create_task(operator.stop(), name="operator")
        await struck
        ended_s = loop.time()
    try:
        await _until(lambda: not there.watch.ours, "an empty book after Stop", EMPTY_WITHIN_S)
        found.emptied_s = round(loop.time() - ended_s, 2)
    finally:
        await asyncio.wait((stopping,), timeout=EMPTY_WITHIN_S)
        stopping.cancel()
    placed = there.watch.placed
    await _until(lambda: _knows_of_none(operator), "a word that nothing of ours rests any more", SAYS_SO_WITHIN_S)
    found.said_s = round(loop.time() - ended_s, 2)
    await asyncio.sleep(LOOKED_AT_S)
    if there.watch.ours or there.watch.placed != placed:
        found.wrong.append(f"{len(there.watch.ours)} orders rest again after Stop")
    desk = operator.desk
    if desk is not None and desk.switch.position is not Switch.STOPPED:
        found.wrong.append(f"after Stop the switch stands at {desk.switch.position.value}")


def _knows_of_none(operator: Operator) -> bool:
    """Whether the grid says that none of its orders rests."""
    grid = operator.grid()
    return grid is not None and grid.stopping is not None and grid.stopping.left == 0


async def _struck(there: Stage, trouble: Trouble) -> None:
    await asyncio.sleep(max(0.0, -trouble.lead_s))
    if trouble.refusal:
        there.refuse_key(trouble.refusal)
    else:
        there.front.behave(trouble.manner, trouble.hosts)
    await asyncio.sleep(trouble.lasts_s)
    there.exchange.faults.declare(())
    there.front.behave(Manner.PASS)


async def _resumed(operator: Operator, found: History) -> None:
    """A person resumes: it trades again, and a second Stop empties the book as well."""
    assert operator.desk is not None
    found.acts.append("resume")
    placed = operator.there.watch.placed
    operator.there.watch.silent(operator.name)
    await operator.desk.bus.ask(Resume(where="rehearsal"))
    for trouble in [trouble for snapshot in _troubles(operator.desk.bus) for trouble in snapshot.troubles]:
        for way in trouble.ways:
            if way.verb == GO_ON:  # a key that was refused, or that another program seemed to use
                await operator.desk.bus.ask(TakeWay(verb=way.verb, target=way.target, where="rehearsal"))
    await _until(lambda: operator.there.watch.placed > placed, "an order after Resume", TRADES_WITHIN_S)
    await asyncio.sleep(LOOKED_AT_S)
    await _stopped(operator, None, found)


async def _fills_lost(operator: Operator) -> list[str]:
    """Trades of ours that no journal of the profile has once, in words."""
    booked: list[str] = []
    one: Operator | None = operator
    while one is not None:
        booked += await asyncio.to_thread(_booked, one)
        one = one.before
    book = operator.there.exchange.world.book
    foreign = {order.id for order in (*book.open.values(), *book.closed.values()) if order.foreign}
    trades = {trade.id for trade in book.trades.values() if trade.order_id not in foreign}
    lost, made_up = trades - set(booked), set(booked) - trades
    if operator.before is not None:  # what filled while nobody had a journal is nobody's fill
        lost = set()
    counts = {"lost": len(lost), "made up": len(made_up), "booked twice": len(booked) - len(set(booked))}
    return [f"{count} fills {what}" for what, count in counts.items() if count]


def _booked(operator: Operator) -> list[str]:
    """The trades in the journal of the profile, whatever account it knew by which name."""
    wanted = sa.select(FACTS.c.key).where(FACTS.c.engine == ENGINE, FACTS.c.kind == FILL)
    database = sa.create_engine(f"sqlite:///{operator.folder / 'journal.sqlite'}")
    try:
        with database.connect() as connection:
            return list(connection.scalars(wanted))
    finally:
        database.dispose()


async def _until(holds: Callable[[], Any], what: str, within_s: float) -> None:
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while not holds():
        if loop.time() > until_s:
            raise WrongError(f"{what} was not seen within {within_s:g} s")
        await asyncio.sleep(POLL_S)
