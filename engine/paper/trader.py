"""A trader that moves the paper chain's pools: fair prices wander and jump, and the pools follow by real swaps."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.paper.anvil import Node
from engine.paper.chain_parts import FOREVER_S, ChainParts, PaperPool, call_data

FEE_KEPT, FEE_BASE = 997, 1000
_SCALE = 10**18


@dataclass(frozen=True, slots=True)
class TraderConfig:
    """volatility: standard deviation of the relative change of a fair price in one step. A jump comes every
    `jump_every` steps, is spread over `jump_steps`, and has a size of up to `jump_ratio` either way; 0 for none."""

    seed: int = 1
    volatility: float = 0.002
    jump_every: int = 60
    jump_steps: int = 10
    jump_ratio: float = 0.4


class Trader:
    """Swaps from `account`, which the node holds unlocked and which holds plenty of each token. Calls block.

    steady: symbols whose fair price stays.
    """

    def __init__(
        self, node: Node, parts: ChainParts, account: str, config: TraderConfig, steady: frozenset[str] = frozenset()
    ) -> None:
        self._node = node
        self._parts = parts
        self._account = account
        self._config = config
        self._random = random.Random(config.seed)
        self._steady = steady
        self._fair = {token.symbol: float(token.price_usd) for token in parts.tokens}
        self._jump: tuple[str, float, int] | None = None
        self._steps = 0

    @property
    def fair_usd(self) -> Mapping[str, Decimal]:
        """Prices in USD by symbol."""
        return {symbol: Decimal(repr(price)) for symbol, price in self._fair.items()}

    def move(self, symbol: str, ratio: float) -> None:
        """Change a fair price at once: 0.3 is 30 % more."""
        self._fair[symbol] *= 1 + ratio

    def step(self) -> None:
        """Let fair prices wander, then trade each pool towards them; a price that the pool is near stays."""
        self._steps += 1
        self._wander()
        self._node.ask_all([call for pool in self._parts.pools if (call := self._trade(pool)) is not None])

    def _wander(self) -> None:
        moving = [token.symbol for token in self._parts.tokens if token.symbol not in self._steady]
        for symbol in moving:
            self._fair[symbol] *= math.exp(self._random.gauss(0.0, self._config.volatility))
        if self._config.jump_every and self._steps % self._config.jump_every == self._config.jump_every // 3:
            size = self._random.uniform(0.6, 1.0) * self._config.jump_ratio * self._random.choice((1, -1))
            self._jump = (self._random.choice(moving), math.log1p(size) / self._config.jump_steps, self._steps)
        if self._jump is not None:
            symbol, each, since = self._jump
            if self._steps - since < self._config.jump_steps:
                self._fair[symbol] *= math.exp(each)

    def _trade(self, pool: PaperPool) -> tuple[str, list[dict[str, str]]] | None:
        answer: str = self._node.ask(
            "eth_call", {"to": pool.address, "data": f"0x{call_data('getReserves()').hex()}"}, "latest"
        )
        first, second = (int(answer[2 + 64 * at : 66 + 64 * at], 16) for at in range(2))
        a, b = self._parts.token(pool.a), self._parts.token(pool.b)
        reserve_a, reserve_b = (first, second) if int(a.address, 16) < int(b.address, 16) else (second, first)
        worth_a = self._worth(pool.a, a.decimals)
        worth_b = self._worth(pool.b, b.decimals)
        for sold, bought, reserve_in, reserve_out, worth_in, worth_out in (
            (a, b, reserve_a, reserve_b, worth_a, worth_b),
            (b, a, reserve_b, reserve_a, worth_b, worth_a),
        ):
            amount = amount_to_fair(reserve_in, reserve_out, worth_in, worth_out)
            if amount > 0:
                swap = call_data(
                    "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
                    amount,
                    0,
                    [sold.address, bought.address],
                    self._account,
                    FOREVER_S,
                )
                router = self._parts.contracts["UniswapV2Router02"]
                sent = {"from": self._account, "to": router, "data": f"0x{swap.hex()}", "gas": hex(300_000)}
                return "eth_sendTransaction", [sent]
        return None

    def _worth(self, symbol: str, decimals: int) -> int:
        """Of one base unit, in units that cancel."""
        return int(Decimal(repr(self._fair[symbol])).scaleb(36 - decimals))


def amount_to_fair(reserve_in: int, reserve_out: int, worth_in: int, worth_out: int) -> int:
    """How much to sell until the pool pays, its fee of 0.3 % counted, no more than the fair price; 0 or below for none.

    From out = in*997*Rout / (Rin*1000 + in*997): the last unit sold is worth what it brings when
    (Rin + in*0.997)^2 = Rin*Rout * worth_out/worth_in * 0.997.
    """
    wanted = math.isqrt(reserve_in * reserve_out * worth_out * FEE_KEPT // (worth_in * FEE_BASE))
    return (wanted - reserve_in) * FEE_BASE // FEE_KEPT
