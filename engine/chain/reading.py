"""What the chain shows of portfolios: balances, pools and gas, in batches, all at one block (drift spec 4)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from engine.chain.abi import address_in, call, selector, words
from engine.chain.gas import BLOCKS, PERCENTILE, gas_quote
from engine.chain.rpc import MOST_IN_BATCH, Call, NodeRefused, Rpc, whole
from engine.chain.sender import block_time_s
from engine.drift.portfolios import Token
from engine.drift.ports import ChainLook
from engine.drift.prices import PairState, brought_up_to

_BALANCE_OF = f"0x{selector('balanceOf(address)').hex()}"


class PortfolioReader:
    """Every call raises NodeSilent or NodeRefused. factory: Uniswap V2's, set before the first look."""

    def __init__(self, rpc: Rpc) -> None:
        self._rpc = rpc
        self._pairs: dict[tuple[str, str], str] = {}
        self.factory = ""

    async def look(self, accounts: Sequence[str], tokens: Sequence[Token]) -> ChainLook:
        """Balances in the order of `tokens`, and every pool between two of them."""
        await self._find_pairs(tokens)
        return await self._looked(accounts, tokens)

    async def _find_pairs(self, tokens: Sequence[Token]) -> None:
        """Ask the factory for every pair of tokens that it was not asked for yet."""
        wanted = [
            (a.address, b.address)
            for a, b in itertools.combinations(tokens, 2)
            if (a.address, b.address) not in self._pairs
        ]
        if not wanted:
            return
        answers = await self._rpc.ask_all(
            [eth_call(self.factory, "getPair(address,address)", *pair) for pair in wanted]
        )
        for pair, answer in zip(wanted, answers, strict=True):
            (found,) = words(good(answer), 1, "getPair")
            if found:
                self._pairs[pair] = address_in(found)
            else:
                self._pairs[pair] = ""

    async def _looked(self, accounts: Sequence[str], tokens: Sequence[Token]) -> ChainLook:
        head = whole(await self._rpc.ask("eth_blockNumber"), "eth_blockNumber")
        at = hex(head)
        pairs = [
            (a, b, address)
            for a, b in itertools.combinations(tokens, 2)
            if (address := self._pairs.get((a.address, b.address), ""))
        ]
        calls: list[Call] = [
            ("eth_getBlockByNumber", [at, False]),
            ("eth_feeHistory", [hex(BLOCKS), at, [PERCENTILE]]),
        ]
        for _, _, address in pairs:
            calls += [
                eth_call(address, signature, at=at)
                for signature in ("getReserves()", "price0CumulativeLast()", "price1CumulativeLast()")
            ]
        answers = [good(answer) for answer in await self._rpc.ask_all(calls)]
        at_s = block_time_s(answers[0])
        states = answers[2:]
        return ChainLook(
            block=head,
            at_s=at_s,
            gas_price_wei=gas_quote(answers[1], float(at_s)).price_wei,
            balances=await self._balances(accounts, tokens, at),
            pairs=tuple(_pair_state(a, b, states[3 * at_ : 3 * at_ + 3], at_s) for at_, (a, b, _) in enumerate(pairs)),
        )

    async def _balances(self, accounts: Sequence[str], tokens: Sequence[Token], at: str) -> dict[str, tuple[int, ...]]:
        """In base units, in the order of the tokens; a batch at a time, so that the loop is never held up."""
        held: dict[str, tuple[int, ...]] = {}
        together = max(1, MOST_IN_BATCH // max(1, len(tokens)))
        for start in range(0, len(accounts), together):
            asked = accounts[start : start + together]
            calls: list[Call] = []
            for account in asked:
                data = _BALANCE_OF + account[2:].lower().zfill(64)
                calls += [("eth_call", [{"to": token.address, "data": data}, at]) for token in tokens]
            answers = iter(await self._rpc.ask_all(calls))
            for account in asked:
                held[account] = tuple(words(good(next(answers)), 1, "balanceOf")[0] for _ in tokens)
        return held


def eth_call(to: str, signature: str, *arguments: str, at: str = "latest") -> Call:
    return "eth_call", [{"to": to, "data": call(signature, *arguments)}, at]


def good(answer: Any) -> Any:
    if isinstance(answer, NodeRefused):
        raise answer
    return answer


def _pair_state(a: Token, b: Token, answers: Sequence[Any], at_s: int) -> PairState:
    """The pair's own order is by address. Its cumulatives are brought up to the block by what stood since."""
    reserve_0, reserve_1, touched_s = words(answers[0], 3, "getReserves")
    (cumulative_0,), (cumulative_1,) = (
        words(answers[1], 1, "price0CumulativeLast"),
        words(answers[2], 1, "price1CumulativeLast"),
    )
    first, second = (a, b) if int(a.address, 16) < int(b.address, 16) else (b, a)
    touched = PairState(
        first.symbol, second.symbol, reserve_0, reserve_1, cumulative_0, cumulative_1, at_s - (at_s - touched_s) % 2**32
    )
    return brought_up_to(touched, at_s)
