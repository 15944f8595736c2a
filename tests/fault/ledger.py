"""What an exchange knows of an account, against what the program's journal says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.core.journal import Fact
from engine.grid.books import Books

CENT_OF_A_CENT = Decimal("0.00001")
"""Kraken books costs with five decimals: each trade may be rounded by half of it, its fee as well."""


@dataclass(frozen=True, slots=True)
class Account:
    """The exchange's side. orders: by its own id, the client's id and the status. trades: ids."""

    orders: Mapping[str, tuple[str, str]]
    trades: set[str]
    usd: Decimal
    doge: Decimal


def breaches(
    account: Account, fills: Sequence[Fact], memories: Mapping[str, Any], usd: Decimal, doge: Decimal
) -> list[str]:
    """Everything that was done twice, lost or made up, in words; usd and doge: the balances at the start."""
    return [*done_twice_or_lost(account, fills, memories), *_balances(account, fills, usd, doge)]


def done_twice_or_lost(account: Account, fills: Sequence[Fact], memories: Mapping[str, Any]) -> list[str]:
    """Of orders and trades alone, whatever else came of the balances."""
    books = Books.restore(dict(memories), list(fills))
    ours = {order.client_id for slot in books.slots.values() for order in slot.orders}
    resting = {client_id for client_id, status in account.orders.values() if status == "open"}
    return [
        *_twice([client_id for client_id, _ in account.orders.values()], "order"),
        *_twice([fill.key for fill in fills], "fill"),
        *_differ("trades", account.trades, {fill.key for fill in fills}),
        *_differ("resting orders", resting, ours),
    ]


def _balances(account: Account, fills: Sequence[Fact], usd: Decimal, doge: Decimal) -> list[str]:
    for fill in fills:
        quantity, price = Decimal(fill.payload["quantity"]), Decimal(fill.payload["price"])
        sign = 1 if fill.payload["side"] == "buy" else -1
        doge += sign * quantity
        usd -= sign * quantity * price + Decimal(fill.payload["fee_usd"])
    found = [] if doge == account.doge else [f"the ledger has {doge} DOGE, the exchange {account.doge}"]
    if abs(usd - account.usd) > CENT_OF_A_CENT * (1 + len(fills)):
        found.append(f"the ledger has {usd} USD, the exchange {account.usd}")
    return found


def _twice(names: Sequence[str], what: str) -> list[str]:
    return [f"{what} {name} is there {times} times" for name, times in Counter(names).items() if times > 1]


def _differ(what: str, theirs: set[str], ours: set[str]) -> list[str]:
    lost, made_up = theirs - ours, ours - theirs
    return [
        *([f"{what} unknown here: {sorted(lost)}"] if lost else []),
        *([f"{what} unknown to the exchange: {sorted(made_up)}"] if made_up else []),
    ]
