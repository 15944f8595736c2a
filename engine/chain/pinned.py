"""One plan as one delegation: the delegate can carry out exactly these swaps, once, in time, and nothing else.

A delegation for a plan is pinned as a whole: ExactExecutionBatch fixes every target, method, spender, recipient, path
and amount of the batch to the byte; Timestamp and LimitedCalls fix when and how often; ERC20BalanceChange bounds what
each sold token may lose, whatever else happens. (AllowedTargets, AllowedMethods and AllowedCalldata look at one call:
under one delegation they cannot tell an approval from a swap, and a delegation for each call costs more gas than drift
spec 12 and issue 4 allow.) Scope by target and method alone is refused here: there is no way to ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.chain.delegation import (
    Caveat,
    Delegation,
    Execution,
    balance_may_fall,
    batch_execution,
    limited_calls,
    valid_between,
)
from engine.chain.uniswap import approve_call, swap_call


@dataclass(frozen=True, slots=True)
class Enforcers:
    """Where the caveats' contracts are."""

    exact_execution_batch: str
    limited_calls: str
    timestamp: str
    erc20_balance_change: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A leg in addresses: `amount_in` base units of the path's first token for at least `min_out` of its last."""

    path: tuple[str, ...]
    amount_in: int
    min_out: int


def executions_of(swaps: Sequence[Swap], router: str, account: str, deadline_s: int) -> tuple[Execution, ...]:
    """Approval and swap for each leg; what is bought goes to the account. ValueError for a leg without bounds."""
    calls: list[Execution] = []
    for swap in swaps:
        if swap.amount_in <= 0 or swap.min_out <= 0:
            raise ValueError(f"a leg sells and gets more than nothing, expected so of {swap}")
        calls.append(Execution(swap.path[0], 0, approve_call(router, swap.amount_in)))
        data = swap_call(swap.amount_in, swap.min_out, swap.path, account, deadline_s)
        calls.append(Execution(router, 0, data))
    return tuple(calls)


def pinned_delegation(
    swaps: Sequence[Swap],
    executions: Sequence[Execution],
    enforcers: Enforcers,
    *,
    delegate: str,
    account: str,
    salt: int,
    until_s: int,
) -> Delegation:
    """The unsigned delegation that lets `delegate` carry out `executions` once before `until_s`."""
    sold: dict[str, int] = {}
    for swap in swaps:
        sold[swap.path[0]] = sold.get(swap.path[0], 0) + swap.amount_in
    caveats = [
        Caveat(enforcers.exact_execution_batch, batch_execution(executions)),
        Caveat(enforcers.timestamp, valid_between(0, until_s)),
        Caveat(enforcers.limited_calls, limited_calls(1)),
        *(
            Caveat(enforcers.erc20_balance_change, balance_may_fall(token, account, amount))
            for token, amount in sold.items()
        ),
    ]
    return Delegation(delegate, account, tuple(caveats), salt)
