"""Who sells to whom within a part: as many transfers as tokens less one, none of them dust where that can be helped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product

from engine.drift.partition import Range

_ORDERS_TRIED = 24


@dataclass(frozen=True, slots=True)
class Transfer:
    """`value` moves from the token at `sell` to the token at `buy`."""

    sell: int
    buy: int
    value: int


def final_values(ranges: Sequence[Range]) -> list[int]:
    """Where each token of a reachable part ends: at the near end of its interval, or as far in as the others need.

    The sum stays what it is and no less value could be traded. Tokens that trade anyway give way first.
    """
    ends = [min(max(item.value, item.low), item.high) for item in ranges]
    left = sum(item.value for item in ranges) - sum(ends)
    if left > 0:
        givers = [at for at, item in enumerate(ranges) if item.value < item.low]
        settled = [at for at, item in enumerate(ranges) if item.settled]
        for group in (givers, settled):
            left = _spread(ends, group, [ranges[at].high - ends[at] for at in group], left)
    elif left < 0:
        takers = [at for at, item in enumerate(ranges) if item.value > item.high]
        settled = [at for at, item in enumerate(ranges) if item.settled]
        for group in (takers, settled):
            left = -_spread(ends, group, [ends[at] - ranges[at].low for at in group], -left, sign=-1)
    assert left == 0, "the part is reachable, so its tokens have room for what is left"
    return ends


def _spread(ends: list[int], group: Sequence[int], rooms: Sequence[int], amount: int, sign: int = 1) -> int:
    """Move the ends of `group` by `amount` in proportion to their rooms; returns what found no room."""
    room = sum(rooms)
    if room == 0 or amount == 0:
        return amount
    moved = min(amount, room)
    rest = moved
    for at, own in zip(group, rooms, strict=True):
        share = moved * own // room
        ends[at] += sign * share
        rest -= share
    for at, own in zip(group, rooms, strict=True):
        share = min(rest, own - moved * own // room)
        ends[at] += sign * share
        rest -= share
    return amount - moved


def pair_off(changes: Sequence[tuple[int, int]], dust: int, direct: Callable[[int, int], bool]) -> list[Transfer]:
    """Transfers that carry out `changes`, pairs of token and signed change that sum to 0.

    Of the ways with the fewest transfers, one that has the fewest below `dust`, then the fewest without a pool of
    their own (`direct`), then the largest smallest transfer.
    """
    sellers = sorted(((token, -change) for token, change in changes if change < 0), key=_by_value)
    buyers = sorted(((token, change) for token, change in changes if change > 0), key=_by_value)
    best: list[Transfer] = []
    best_score: tuple[int, int, int] | None = None
    orders = product(permutations(sellers), permutations(buyers))
    for selling, buying in islice(orders, _ORDERS_TRIED):
        transfers = _in_order(selling, buying)
        small = sum(transfer.value < dust for transfer in transfers)
        detours = sum(not direct(transfer.sell, transfer.buy) for transfer in transfers)
        score = (len(transfers) + small + detours, small, -min((t.value for t in transfers), default=0))
        if best_score is None or score < best_score:
            best, best_score = transfers, score
        if small == detours == 0:
            break
    return best


def _by_value(change: tuple[int, int]) -> tuple[int, int]:
    return -change[1], change[0]


def _in_order(sellers: Sequence[tuple[int, int]], buyers: Sequence[tuple[int, int]]) -> list[Transfer]:
    """Fill one buyer after the other from one seller after the other: at most one transfer less than tokens."""
    transfers = []
    waiting = list(reversed(buyers))
    buyer, needed = waiting.pop() if waiting else (0, 0)
    for seller, offered in sellers:
        while offered and needed:
            value = min(offered, needed)
            transfers.append(Transfer(seller, buyer, value))
            offered -= value
            needed -= value
            if not needed and waiting:
                buyer, needed = waiting.pop()
    return transfers
