"""What a run left in journal and exchange: nothing placed twice, no fill lost, no exit taken off by a halt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.core.journal import IntentRow, Journal
from engine.grid.intents import CANCEL, FOREIGN
from engine.grid.slot import Role
from engine.paper.orders import Order
from tests.fault.ledger import Account, done_twice_or_lost
from tests.soak.watch import placed_wrongly

MAY_END_AN_EXIT = frozenset(
    {"stopped", "slot_released", "adopted", "evicted", "evicted_for_capacity", "evicted_by_person", "cancels_orders"}
)


async def done_wrongly(own: Sequence[Order], account: Account, journal_file: Path, world: str) -> list[str]:
    """own: the orders at the exchange that are nobody else's."""
    names = {order.id: (order.cl_ord_id or "", order.status.value) for order in own}
    trades = {trade for order in own for trade in order.trades}
    account = replace(account, orders=names, trades=trades)
    journal = Journal(journal_file, world)
    await asyncio.to_thread(journal.open)
    try:
        fills, memories = await journal.facts("grid", "fill"), await journal.recall("grid")
        intents = await journal.intents("grid")
    finally:
        await asyncio.to_thread(journal.close)
    return [*done_twice_or_lost(account, fills, memories), *placed_wrongly(own, intents), *exits_taken_off(intents)]


def exits_taken_off(intents: Sequence[IntentRow]) -> list[str]:
    """Cancels of exits that no person and no rule of the grid asked for."""
    found = []
    for intent in intents:
        if intent.kind != CANCEL or intent.key.startswith(FOREIGN):
            continue
        role = intent.key.split(".")[2]
        if role != Role.ENTRY.value and intent.reason.get("code") not in MAY_END_AN_EXIT:
            found.append(f"{intent.key} was taken off: {intent.reason.get('code')}")
    return found
