"""How much each leg sells, so that after fees and impact every token ends at its share (drift spec 7).

A trade loses value on its way. The tokens of a part bear the part's loss in proportion: amounts are corrected until
each ends at its share of what the part is worth after the trades.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from engine.drift.book import Book
from engine.drift.pools import Market, Path, Quote
from engine.drift.transfers import Transfer

_ROUNDS = 16
_NEAR_ENOUGH = 10**10


@dataclass(frozen=True, slots=True)
class Part:
    """Tokens joined by transfers, and the value each should end with if nothing were lost on the way."""

    ends: dict[int, int]
    transfers: tuple[Transfer, ...]


@dataclass(slots=True)
class Draft:
    """A leg that is being made: positions of its tokens, its way, what it sells in base units."""

    sell: int
    buy: int
    path: Path
    amount_in: int


def simulate(drafts: Sequence[Draft], market: Market) -> list[Quote]:
    """What each leg gives when they are carried out in order on a fresh market."""
    moving = market.fresh()
    return [moving.swap(draft.path, draft.amount_in) for draft in drafts]


def values_after(book: Book, drafts: Sequence[Draft], quotes: Sequence[Quote]) -> list[int]:
    """The values of all holdings after the legs."""
    balances = [holding.balance for holding in book.holdings]
    for draft, quote in zip(drafts, quotes, strict=True):
        balances[draft.sell] -= draft.amount_in
        balances[draft.buy] += quote.amount_out
    return [balance * (holding.unit_value or 0) for balance, holding in zip(balances, book.holdings, strict=True)]


def correct_amounts(book: Book, drafts: list[Draft], parts: Sequence[Part], market: Market) -> None:
    """Change the legs' amounts so that each token ends at its share. `drafts` are in the order of the transfers.

    Where the pools are so shallow that a whole correction overshoots, half of it is tried, and half again; the best
    amounts that were met are kept.
    """
    best, least, stride = _amounts(drafts), -1, 1
    changes: list[int] = [0] * len(drafts)
    for _ in range(_ROUNDS):
        quotes = simulate(drafts, market)
        errors = _errors(parts, values_after(book, drafts, quotes))
        missed = max((abs(error) for part in errors for error in part.values()), default=0)
        if least < 0 or missed < least:
            best, least = _amounts(drafts), missed
            changes = _changes(book, drafts, quotes, parts, errors)
        else:
            stride *= 2
        if missed <= _negligible(parts):
            break
        for draft, amount, change in zip(drafts, best, changes, strict=True):
            draft.amount_in = max(1, amount + change // stride)
    for draft, amount in zip(drafts, best, strict=True):
        draft.amount_in = amount
    _sell_no_more_than_is_held(book, drafts)
    _sell_exits_whole(book, drafts, parts)


def _amounts(drafts: Sequence[Draft]) -> list[int]:
    return [draft.amount_in for draft in drafts]


def _negligible(parts: Sequence[Part]) -> int:
    return max((sum(part.ends.values()) for part in parts), default=0) // _NEAR_ENOUGH


def _errors(parts: Sequence[Part], after: list[int]) -> list[dict[int, int]]:
    """For each part and token, by how much it ends above its share of what the part is then worth."""
    errors = []
    for part in parts:
        planned = sum(part.ends.values())
        left = sum(after[token] for token in part.ends)
        errors.append({token: after[token] - end * left // planned for token, end in part.ends.items()})
    return errors


def _changes(
    book: Book, drafts: list[Draft], quotes: list[Quote], parts: Sequence[Part], errors: list[dict[int, int]]
) -> list[int]:
    """How many base units more each leg should sell."""
    changes = []
    at = 0
    for part, part_errors in zip(parts, errors, strict=True):
        legs = range(at, at + len(part.transfers))
        at += len(part.transfers)
        by_leg = dict(_tree_changes(book, drafts, quotes, legs, dict(part_errors)))
        changes += [by_leg.get(leg, 0) // (book.holdings[drafts[leg].sell].unit_value or 1) for leg in legs]
    return changes


def _tree_changes(
    book: Book, drafts: list[Draft], quotes: list[Quote], legs: range, errors: dict[int, int]
) -> list[tuple[int, int]]:
    """For each leg, the value by which to sell more: from the ends of the tree of legs inwards."""
    touching: dict[int, set[int]] = defaultdict(set)
    for leg in legs:
        touching[drafts[leg].sell].add(leg)
        touching[drafts[leg].buy].add(leg)
    ends = [token for token, joined in touching.items() if len(joined) == 1]
    changes = []
    while ends:
        token = ends.pop()
        if not touching[token]:
            continue
        leg = touching[token].pop()
        draft, quote = drafts[leg], quotes[leg]
        sold = max(1, draft.amount_in * (book.holdings[draft.sell].unit_value or 1))
        got = max(1, quote.amount_out * (book.holdings[draft.buy].unit_value or 1))
        if token == draft.sell:
            change, other = errors[token], draft.buy
            errors[other] += change * got // sold
        else:
            change, other = -errors[token] * sold // got, draft.sell
            errors[other] -= change
        changes.append((leg, change))
        touching[other].discard(leg)
        if len(touching[other]) == 1:
            ends.append(other)
    return changes


def _sell_no_more_than_is_held(book: Book, drafts: list[Draft]) -> None:
    left = {draft.sell: book.holdings[draft.sell].balance for draft in drafts}
    for draft in drafts:
        draft.amount_in = min(draft.amount_in, left[draft.sell])
        left[draft.sell] -= draft.amount_in


def _sell_exits_whole(book: Book, drafts: list[Draft], parts: Sequence[Part]) -> None:
    """A token that is to end at nothing is sold to the last base unit."""
    for token in (token for part in parts for token, end in part.ends.items() if end == 0):
        legs = [draft for draft in drafts if draft.sell == token]
        if legs:
            largest = max(legs, key=lambda draft: draft.amount_in)
            largest.amount_in += book.holdings[token].balance - sum(draft.amount_in for draft in legs)
