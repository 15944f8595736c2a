"""Which account of the journal a session goes on with: an account is an account, whatever key opens it.

A key that was used before leads to its account. One that is new is recognised by the account that Kraken names beside
it (`GetApiKeyInfo`, the account's public number), or by what rests: an order under a name that this journal gave is of
the account that it was placed on. Only an account that none of these knows begins anew, and then what rests on it is
listed by the grid for a person to adopt or cancel.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from engine.core.journal import EVERY_WORLD, Batch, Journal, Memory
from engine.grid.books import ENGINE, Books
from engine.grid.client_ids import name_in
from engine.grid.ports import VenueOrder

DESK, KEY, NUMBER = "desk", "account.key.", "account.number."


def number_name(number: str) -> str:
    """A name for an account's number at Kraken that tells nothing of it."""
    return hashlib.sha256(number.encode()).hexdigest()[:12]


async def recognised(
    journal: Journal,
    key: str,
    number: str,
    world_of: Callable[[str], str],
    open_orders: Callable[[], Awaitable[Sequence[VenueOrder]]],
    now_s: float,
) -> str:
    """The account's name in this journal, remembered for key and number from here on.

    key: the name of the API key. number: what Kraken calls the account, empty where it did not say. world_of: the world
    of an account in this mode. open_orders: asked for only where neither key nor number is known.
    """
    known = await journal.recall(DESK, "account.", every_world=True)
    account: str | None = known.get(KEY + key)
    worlds = await journal.recall_worlds(ENGINE) if account is None else {}
    if world_of(key) in worlds:
        account = key
    if account is None and number:
        account = known.get(NUMBER + number_name(number))
    if account is None and worlds:
        account = _by_what_rests(await open_orders(), worlds, world_of(""))
    if account is None:
        account = number_name(number) if number else key
    names = [KEY + key, *([NUMBER + number_name(number)] if number else [])]
    fresh = [Memory(DESK, name, account, now_s, world=EVERY_WORLD) for name in names if known.get(name) != account]
    if fresh:
        await journal.commit(Batch(remember=tuple(fresh)))
    return account


def _by_what_rests(orders: Sequence[VenueOrder], worlds: dict[str, dict[str, Any]], prefix: str) -> str | None:
    """The account of the first world whose journal placed one of these orders."""
    ids = {order.client_id for order in orders if order.client_id}
    lives = {name.life for name in map(name_in, ids) if name is not None}
    for world, memories in worlds.items():
        if not world.startswith(prefix):
            continue
        books = Books.restore(memories, [])
        placed = {order.client_id for slot in books.slots.values() for order in slot.orders}
        if books.life in lives or placed & ids:
            return world.removeprefix(prefix)
    return None
