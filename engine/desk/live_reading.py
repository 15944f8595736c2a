"""The account as LIVE would find it, read before a person confirms LIVE: nothing is placed, nothing changed.

Its own short session: the profile is held, the key read, four questions asked, and all of it let go of again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal

from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.gate import NoAnswer, Rejection
from engine.core.journal import Journal
from engine.core.messages import Reason
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile, ProfileInUse, ProfileUnusable
from engine.core.redaction import Redactor
from engine.core.secrets import KeyringUnavailable, SecretNames, SecretStore
from engine.desk import worlds
from engine.desk.arguments import SessionArguments
from engine.desk.options import SECTIONS
from engine.governor.options import GovernorOptions
from engine.grid.client_ids import name_in
from engine.grid.options import GridOptions
from engine.grid.ports import Balances, Holding, VenueOrder
from engine.venue.kraken import KrakenVenue
from engine.venue.options import VenueOptions
from engine.venue.permissions import KeyPermissions, key_warnings

WITHIN_S = 15.0
FALL_RATIO = Decimal("0.5")
"""How far the worst case lets the price fall."""


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What may go wrong with options as they are, all in quote.

    at_once: what entries of one side may hold at one time. after_fall: what the account comes to when all that is free
    was bought with and the price then fell by `FALL_RATIO`; account: what it is now.
    """

    at_once: Decimal
    account: Decimal
    after_fall: Decimal


def worst_case(
    slots: int, order_size: Decimal, size_multiplier: Decimal, quote: Decimal, quote_free: Decimal, base_value: Decimal
) -> WorstCase:
    """size_multiplier: how much larger than its base an entry may get. base_value: the base currency, in quote."""
    at_once = min(slots * order_size * size_multiplier, max(quote_free, Decimal(0)))
    spent = max(quote_free, Decimal(0))
    after_fall = quote - spent + (base_value + spent) * (1 - FALL_RATIO)
    return WorstCase(at_once, quote + base_value, after_fall)


@dataclass(frozen=True, slots=True)
class LiveAccount:
    """What LIVE would find. ours: orders that carry a name of this program; others: all the rest that is open."""

    key_name: str
    warnings: tuple[Reason, ...]
    pair: str
    price: Decimal | None
    holdings: tuple[Holding, ...]
    ours: int
    others: tuple[VenueOrder, ...]
    slots: int
    order_size: Decimal
    daily_loss: Decimal
    stop_floor: Decimal
    worst: WorstCase | None


@dataclass(frozen=True, slots=True)
class LiveAccountUnread(Reason, code="live_account_unread"):
    """The account could not be read; `words` say why."""

    words: str


async def read_live_account(arguments: SessionArguments, redactor: Redactor) -> LiveAccount | Reason:
    """The account, or why it cannot be read now."""
    try:
        async with asyncio.timeout(WITHIN_S), AsyncExitStack() as held:
            return await _read(arguments, redactor, held)
    except TimeoutError:
        return LiveAccountUnread(f"no answer within {WITHIN_S:g} s")
    except (Rejection, NoAnswer) as error:
        return error.reason
    except (KeyringUnavailable, ProfileInUse, ProfileUnusable, worlds.KeysMissing) as error:
        return LiveAccountUnread(redactor.redact(str(error)))


async def _read(arguments: SessionArguments, redactor: Redactor, held: AsyncExitStack) -> LiveAccount:
    profile, clock = Profile(arguments.profile), WallClock()
    await _hold(held, profile.acquire, profile.release)
    configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), os.environ, clock)
    identity = await asyncio.to_thread(lambda: profile.identity)
    vault = SecretStore(identity, SecretNames((worlds.API_KEY, worlds.API_SECRET)), redactor.register)
    world = await worlds.live_world(Mode.LIVE, vault)
    journal = Journal(profile.journal_file, world.name)
    await _hold(held, journal.open, journal.close)
    venue = await KrakenVenue.connect(
        Mode.OBSERVE,
        world.addresses,
        world.keys,
        configuration.settings.of(VenueOptions),
        clock,
        worlds.NoncesInJournal(journal, clock, world.account),
        worlds.CountersInJournal(journal, clock, world.account),
    )
    held.push_async_callback(venue.close)
    key = await venue.permissions()
    rules = await venue.rules()
    balances, orders = await venue.balances(), await venue.open_orders()
    base = rules.pair.partition("/")[0]
    price = (await venue.prices((base,))).get(base)
    return _account(configuration, key, rules.pair, price, balances, tuple(orders), clock.now())


async def _hold(held: AsyncExitStack, take: Callable[[], object], give_back: Callable[[], object]) -> None:
    """Take something in a worker thread; who gives up meanwhile waits until it is taken, and gives it back."""
    taking = asyncio.create_task(asyncio.to_thread(take))
    try:
        await asyncio.shield(taking)
    except asyncio.CancelledError:
        await asyncio.wait((taking,))
        if taking.exception() is None:
            await asyncio.to_thread(give_back)
        raise
    held.push_async_callback(asyncio.to_thread, give_back)


def _account(
    configuration: Configuration,
    key: KeyPermissions,
    pair: str,
    price: Decimal | None,
    balances: Balances,
    orders: tuple[VenueOrder, ...],
    now_s: float,
) -> LiveAccount:
    grid, governor = configuration.settings.of(GridOptions), configuration.settings.of(GovernorOptions)
    quote_free = balances.usd - (balances.quote_held or Decimal(0))
    multiplier = 1 + Decimal(str(governor.full_extra_ratio))
    others = tuple(order for order in orders if name_in(order.client_id) is None)
    return LiveAccount(
        key_name=key.name,
        warnings=key_warnings(key, now_s),
        pair=pair,
        price=price,
        holdings=tuple(row for row in balances.holdings if row.total),
        ours=len(orders) - len(others),
        others=others,
        slots=grid.slots,
        order_size=grid.order_size_usd,
        daily_loss=grid.daily_loss_usd,
        stop_floor=grid.stop_floor_usd,
        worst=None
        if price is None
        else worst_case(grid.slots, grid.order_size_usd, multiplier, balances.usd, quote_free, balances.doge * price),
    )
