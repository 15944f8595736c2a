"""What a batch will cost in gas, before it is sent, and each pair's share of it (hub spec 10, "Facts").

A batch costs something by itself, each pair on top, a first deposit more (its account has no slot yet), each pull,
and a little that grows with the square of the pairs, for memory does. The figures are those of a contract: `OURS` was
measured on `resources/contracts/Depository.sol` with receipts of a real EVM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GasModel:
    """Gas. by_pairs_squared: in thousandths. item: for each token after the first."""

    batch: int
    pair: int
    first_deposit: int
    pull: int
    first_pull: int
    item: int
    by_pairs_squared: int


OURS = GasModel(
    batch=68_517,
    pair=16_788,
    first_deposit=17_100,
    pull=43_930,
    first_pull=17_100,
    item=7_790,
    by_pairs_squared=3_690,
)


@dataclass(frozen=True, slots=True)
class BatchShape:
    """What a batch is made of. items: pairs by token, and how many of them are first deposits. first_pulls: of accounts
    that nothing was pulled from before."""

    items: tuple[tuple[int, int], ...]
    pulls: int = 0
    first_pulls: int = 0

    @property
    def pairs(self) -> int:
        return sum(pairs for pairs, _ in self.items)


def predicted_gas(shape: BatchShape, model: GasModel = OURS) -> int:
    """Gas of the whole transaction."""
    pairs, first = shape.pairs, sum(first for _, first in shape.items)
    further_items = max(0, len(shape.items) - 1)
    return (
        model.batch
        + model.pair * pairs
        + model.first_deposit * first
        + model.pull * shape.pulls
        + model.first_pull * shape.first_pulls
        + model.item * further_items
        + model.by_pairs_squared * pairs * pairs // 1000
    )


def shares(first_deposits: Sequence[bool], total_gas: int, model: GasModel = OURS) -> list[int]:
    """Each pair's share of what a batch used: its own part, and an equal one of the rest; they sum to the whole."""
    if not first_deposits:
        return []
    own = [model.pair + (model.first_deposit if first else 0) for first in first_deposits]
    rest = total_gas - sum(own)
    each, left = divmod(rest, len(own))
    return [gas + each + (1 if at < left else 0) for at, gas in enumerate(own)]
