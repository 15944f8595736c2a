"""One hub on a model chain, its real engine turned by hand: every look is asked for, and time stands in between."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from unittest import mock

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Journal
from engine.hub.accounts import Account
from engine.hub.engine import HubEngine
from engine.hub.front_desk import Answered, Asked
from engine.hub.market import Listed, with_prices
from engine.hub.options import HubOptions
from engine.hub.payments import Paid, Payment
from engine.hub.ports import BatchOrder, Price
from engine.hub.pulls import PullRequest
from engine.hub.remembered import Remembered
from engine.hub.requests import Declined
from engine.hub.tokens import Token, amount_of_usd
from tests.engine.hub.model_chain import Depository, ModelChain, signature_of

NATIVE = "ethereum"
TOKENS = (
    Listed(0, "COUPON", 0, "coupon"),
    Listed(1, "USDC", 6, "usdc"),
    Listed(2, "WBTC", 8, "wbtc"),
    Listed(3, "DAI", 18, "dai"),
)
PRICES = {
    "coupon": Decimal("7.5"),
    "usdc": Decimal(1),
    "wbtc": Decimal("61234.5"),
    "dai": Decimal("0.997"),
    NATIVE: Decimal(3500),
}
EPOCH_S = 1_767_225_600.0
CALL_S = 0.001
USERS = tuple(f"0x80{1000 + at:062x}" for at in range(6))
QUICK = HubOptions(
    interval_s=10.0,
    batch_size_threshold=3,
    batch_max=4,
    request_valid_s=600.0,
    pull_valid_s=120.0,
    max_user_usd=Decimal(10_000),
    max_rebalance_usd=Decimal(6_000),
    max_interval_usd=Decimal(9_000),
    max_day_usd=Decimal(60_000),
    max_gas_gwei=Decimal(150),
)


class _AskedPrices:
    """The engine's own loop for prices does not run here."""

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, Price]:
        raise AssertionError("expected prices to be set by hand")


class HubWorld:
    """What outlives a run of the engine: chain, journal, clock, prices, and the payments that were made.

    Every call takes a millisecond. counted: ids are numbers that rise, so that two worlds to which the same is done
    are the same; then one thing comes after the other.
    """

    def __init__(self, folder: Path, hub: str, options: HubOptions = QUICK, *, counted: bool = False) -> None:
        self._is_counted = counted
        self.clock = ManualClock(EPOCH_S)
        self.depository = Depository(hub)
        self.chain = ModelChain(self.depository, now=self.clock.now)
        self.prices = dict(PRICES)
        self.options = options
        self.tokens = TOKENS
        self.paid: Counter[tuple[str, int]] = Counter()
        self._file = folder / f"{hub[-6:]}.sqlite"
        self._keys = itertools.count(1)
        self._ids = itertools.count(1)
        self.journal = Journal(self._file, "books")
        self.engine = self._engine()

    @property
    def held(self) -> Remembered:
        return self.engine._held

    async def open(self) -> None:
        """Begin a run, after another one or as the first."""
        self.journal = Journal(self._file, "books")
        await asyncio.to_thread(self.journal.open)
        self.engine = self._engine()
        await self.engine._start()
        self.read_prices()

    async def close(self) -> None:
        await asyncio.to_thread(self.journal.close)

    async def look(self) -> None:
        """One round of the engine."""
        with self._counted():
            await self.engine._round()

    async def pay(self, payer: str, payee: str, token_id: int, amount: int, key: str = "") -> Paid | Declined:
        with self._counted():
            made = Payment(payer, payee, token_id, amount, key or f"p{next(self._keys)}")
            found = await self.engine.payments.pay(made)
        if isinstance(found, Paid) and not found.again:
            self.paid[payer, token_id] -= amount
            self.paid[payee, token_id] += amount
        return found

    async def ask(self, user: str, token_id: int, amount: int, key: str = "") -> Answered | Declined:
        with self._counted():
            return await self.engine.desk.request_rebalance(
                Asked(user, token_id, amount, key or f"r{next(self._keys)}")
            )

    async def sign(self, pull: PullRequest, *, signer: str = "") -> PullRequest | Declined:
        """The user's signature, or another's."""
        digest = self.engine.desk.pull_digest(pull)
        return await self.engine.desk.approve(pull.id, pull.user, signature_of(signer or pull.user, digest))

    def read_prices(self) -> None:
        """What the engine's own loop does with an answer of the source."""
        now_s = self.clock.now()
        prices = {coin: Price(usd, now_s) for coin, usd in self.prices.items()}
        self.engine.market = with_prices(self.engine.market, prices, self.tokens)
        self.engine._set_limit()

    def token(self, token_id: int) -> Token:
        return self.engine.market.tokens[token_id]

    def units(self, token_id: int, usd: int | Decimal) -> int:
        return amount_of_usd(Fraction(usd), self.token(token_id), up=False)

    def account(self, user: str, token_id: int) -> Account | None:
        return self.held.accounts.get(user, token_id)

    def _counted(self) -> AbstractContextManager[object]:
        self.clock.advance(CALL_S)
        if not self._is_counted:
            return nullcontext()
        return mock.patch.object(secrets, "token_hex", self._next_id)

    def _next_id(self, _: int = 16) -> str:
        return f"{next(self._ids):032x}"

    def _engine(self) -> HubEngine:
        return HubEngine(
            chain=self.chain,
            chain_id=31337,
            contract="0xmodel",
            tokens=self.tokens,
            native_coin=NATIVE,
            feed=_AskedPrices(),
            journal=self.journal,
            bus=Bus(),
            clock=self.clock,
            options=lambda: self.options,
            may_send=lambda: None,
        )


def pushed_usd(world: HubWorld, order: BatchOrder) -> Fraction:
    """What a batch pushes at the prices of now, exactly."""
    return sum((usd_of(world, push.token_id, push.amount) for push in order.pushes), Fraction(0))


def usd_of(world: HubWorld, token_id: int, amount: int) -> Fraction:
    """By hand, for what checks the engine does not ask it."""
    listed = next(one for one in world.tokens if one.token_id == token_id)
    return Fraction(world.prices[listed.coin]) * Fraction(amount, 10**listed.decimals)
