"""Why a plan failed in its simulation: which token takes a fee or is paused, or else which swap (drift spec 5)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from engine.chain.abi import call
from engine.chain.delegation import Execution
from engine.drift.messages import SimulationReverted, TokenUnfit
from engine.drift.portfolios import Token
from engine.drift.ports import Order, OrderRefused
from engine.drift.valuation import FEE_ON_TRANSFER, PAUSED

Run = Callable[[str, Sequence[Execution]], Awaitable[list[bytes]]]


async def diagnosed(
    refused: OrderRefused, order: Order, executions: Sequence[Execution], tokens: Mapping[str, Token], run: Run
) -> OrderRefused:
    """The refusal with its cause named. run: carries calls out as an account, on a copy; raises OrderRefused.

    executions: approval and swap by turns.
    """
    for symbol, amount in _held_and_used(order).items():
        health = await _health(order.account, tokens[symbol], amount, run)
        if health is not None:
            return OrderRefused(TokenUnfit(symbol, health))
    if isinstance(refused.reason, SimulationReverted):
        for leg in range(1, len(order.swaps) + 1):
            try:
                await run(order.account, executions[: 2 * leg])
            except OrderRefused:
                return OrderRefused(SimulationReverted(leg, refused.reason.words))
    return refused


def _held_and_used(order: Order) -> dict[str, int]:
    """What is sold, and one base unit of what is bought."""
    amounts = {swap.path[-1]: 1 for swap in order.swaps}
    return amounts | {swap.path[0]: swap.amount_in for swap in order.swaps}


async def _health(account: str, token: Token, amount: int, run: Run) -> str | None:
    """What is the matter with a token when the account sends itself `amount` of it; None when nothing is."""
    balance = Execution(token.address, 0, bytes.fromhex(call("balanceOf(address)", account)[2:]))
    (held,) = await run(account, [balance])
    amount = min(amount, int.from_bytes(held[-32:], "big"))
    if amount == 0:
        return None
    sending = Execution(token.address, 0, bytes.fromhex(call("transfer(address,uint256)", account, amount)[2:]))
    try:
        before, _, after = await run(account, [balance, sending, balance])
    except OrderRefused:
        return PAUSED
    return FEE_ON_TRANSFER if after != before else None
