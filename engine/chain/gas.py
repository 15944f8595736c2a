"""What gas costs now, from several blocks and not from one reading (hub spec 8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.chain.rpc import NodeSilent, Rpc, whole

BLOCKS = 10
PERCENTILE = 50


@dataclass(frozen=True, slots=True)
class GasQuote:
    """base_fee_wei: of the next block. priority_wei: the middle of what was paid in the last blocks. head: the newest
    block that it was read from. at_s: when it was read."""

    base_fee_wei: int
    priority_wei: int
    head: int
    at_s: float

    @property
    def price_wei(self) -> int:
        """What one gas costs in the next block."""
        return self.base_fee_wei + self.priority_wei

    def age_s(self, now_s: float) -> float:
        return max(0.0, now_s - self.at_s)


async def read_gas(rpc: Rpc, now_s: float, blocks: int = BLOCKS, percentile: int = PERCENTILE) -> GasQuote:
    """Ask the node. Raises NodeSilent or NodeRefused."""
    return gas_quote(await rpc.ask("eth_feeHistory", hex(blocks), "latest", [percentile]), now_s)


def gas_quote(history: Any, now_s: float) -> GasQuote:
    """The quote in an answer of `eth_feeHistory`. Raises NodeSilent naming the field that does not fit."""
    if not isinstance(history, Mapping):
        raise NodeSilent(f"eth_feeHistory: expected an object, got {type(history).__name__}")
    base_fees = [whole(fee, "baseFeePerGas") for fee in _list(history, "baseFeePerGas")]
    rewards = [whole(row[0], "reward") for row in _list(history, "reward") if isinstance(row, Sequence) and row]
    oldest = whole(history.get("oldestBlock"), "oldestBlock")
    if len(base_fees) < 2:
        raise NodeSilent(f"baseFeePerGas: expected the next block's fee after at least one other, got {base_fees}")
    return GasQuote(base_fees[-1], median(rewards), oldest + len(base_fees) - 2, now_s)


def median(values: Sequence[int]) -> int:
    """The middle one, the higher of two; 0 of none."""
    return sorted(values)[len(values) // 2] if values else 0


def _list(history: Mapping[str, Any], field: str) -> list[Any]:
    found = history.get(field)
    if not isinstance(found, list):
        raise NodeSilent(f"{field}: expected a list, got {type(found).__name__}")
    return found
