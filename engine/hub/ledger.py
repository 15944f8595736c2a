"""Who has paid whom for what, to the unit: fees taken, gas used, what went back (hub spec 4 to 6).

Every posting moves units between parties of one token and sums to nothing, so the whole always does: nothing is made
and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from engine.hub.fees import FeeBreakdown, GasShare


class Party(Enum):
    """USERS: all of them. ESCROW: taken for requests that are not ended. HUB: its own. CHAIN: paid to miners."""

    USERS = "users"
    ESCROW = "escrow"
    HUB = "hub"
    CHAIN = "chain"


class Unbalanced(ValueError):
    """A posting that would make or lose units, or take out of escrow what is not there."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """Balances by token and party, in base units; what a party has received less what it has given."""

    balances: Mapping[tuple[int, Party], int] = field(default_factory=dict)

    def of(self, token_id: int, party: Party) -> int:
        return self.balances.get((token_id, party), 0)

    def total(self, token_id: int) -> int:
        """Of all parties; 0 always."""
        return sum(self.of(token_id, party) for party in Party)

    def posted(self, token_id: int, moves: Mapping[Party, int]) -> Ledger:
        """After units moved. Raises Unbalanced."""
        if sum(moves.values()) != 0:
            raise Unbalanced(f"token {token_id}: expected moves that sum to 0, got {sum(moves.values())}")
        after = dict(self.balances)
        for party, units in moves.items():
            after[token_id, party] = after.get((token_id, party), 0) + units
        if after.get((token_id, Party.ESCROW), 0) < 0:
            raise Unbalanced(f"token {token_id}: escrow would hold {after[token_id, Party.ESCROW]}")
        return Ledger(after)


def accepted(ledger: Ledger, token_id: int, fees: FeeBreakdown) -> Ledger:
    """A request's fees are taken, and wait for what comes of it."""
    return ledger.posted(token_id, {Party.USERS: -fees.fees, Party.ESCROW: fees.fees})


def given_back(ledger: Ledger, token_id: int, fees: FeeBreakdown) -> Ledger:
    """It was refused after all, expired, or failed for good: everything goes back."""
    return ledger.posted(token_id, {Party.ESCROW: -fees.fees, Party.USERS: fees.fees})


def settled(ledger: Ledger, token_id: int, fees: FeeBreakdown, gas: GasShare) -> Ledger:
    """It was carried out: the hub has its fee, the chain its gas, and what is left goes where the policy says.

    Gas beyond what was taken is the hub's loss.
    """
    kept = gas.taken - min(gas.used, gas.taken) - gas.refunded
    return ledger.posted(
        token_id,
        {
            Party.ESCROW: -fees.fees,
            Party.HUB: fees.hub_fee + kept - gas.shortfall,
            Party.CHAIN: gas.used,
            Party.USERS: gas.refunded,
        },
    )


def profit(fees: FeeBreakdown, gas: GasShare) -> int:
    """Of one request, in base units: hub fee and gas taken, less gas paid and what went back (spec 6)."""
    return fees.hub_fee + gas.taken - gas.used - gas.refunded
