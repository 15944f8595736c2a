"""What the drift engine needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.core.journal import Memory
from engine.core.messages import Reason
from engine.drift.portfolios import Token
from engine.drift.prices import PairState, PriceReading


class PricesUnavailable(RuntimeError):
    """The source has no answer now. retry_after_s: when to ask again, None when it did not say."""

    def __init__(self, what: str, retry_after_s: float | None = None) -> None:
        super().__init__(what)
        self.retry_after_s = retry_after_s


class PriceFeed(Protocol):
    """A source of prices in USD that does not look at the chain."""

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, PriceReading]:
        """The prices of `coins`, by the source's own names; one that it does not know is left out.

        Raises PricesUnavailable.
        """
        ...


class ChainUnavailable(RuntimeError):
    """The chain did not answer, or not with what was asked; nothing is known and nothing is lost."""


class OrderRefused(RuntimeError):
    """An order cannot be carried out as it stands, found before anything was sent."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ChainLook:
    """What the chain shows at one block.

    at_s: the block's time. balances: base units by account, in the order of the tokens. pairs: tokens by symbol.
    gas_price_wei: what one gas costs in the next block.
    """

    block: int
    at_s: int
    gas_price_wei: int
    balances: Mapping[str, tuple[int, ...]]
    pairs: tuple[PairState, ...]


@dataclass(frozen=True, slots=True)
class SwapOrder:
    """One swap, its path by symbols; amounts in base units."""

    path: tuple[str, ...]
    amount_in: int
    min_out: int


@dataclass(frozen=True, slots=True)
class Order:
    """A portfolio's plan as it goes to the chain: all of it or nothing, until `until_s` of the chain's time.

    plan: names exactly this plan. signature: of the delegation for it, as hex, where the owner signed elsewhere.
    contexts: of a standing delegation, where one covers it.
    """

    plan: str
    portfolio: str
    account: str
    swaps: tuple[SwapOrder, ...]
    until_s: int
    signature: str = ""
    contexts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StandingRequest:
    """What an owner lets happen without signing each plan. most: base units that one swap may sell, by symbol; uses:
    swaps in all; until_s: of the chain's time; salt: makes it one of a kind."""

    portfolio: str
    account: str
    most: Mapping[str, int]
    uses: int
    until_s: int
    salt: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What an order would do at the newest block: base units that arrive for each swap."""

    received: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Which orders can go together, and why others were left out. gas: the estimate for the transaction."""

    orders: tuple[Order, ...]
    left_out: Mapping[str, Reason]
    gas: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the transaction `key`.

    hash: empty when none of ours was mined. arrived: base units of each transfer to an account (in lower case), in
    order, so one for each swap; none when it reverted. gas_used and gas_price_wei of the receipt. block_at_s: the
    block's time. never_sent: nothing of it left, or ever can.
    """

    key: str
    succeeded: bool
    reason: Reason
    hash: str = ""
    gas_used: int = 0
    gas_price_wei: int = 0
    block_at_s: int = 0
    arrived: Mapping[str, tuple[int, ...]] | None = None
    never_sent: bool = False


class Chain(Protocol):
    """An EVM chain with portfolios' accounts, as the engine sees it; one transaction at a time."""

    @property
    def under_way(self) -> str:
        """The key of the transaction that is not ended and booked; empty for none."""
        ...

    async def start(self) -> None:
        """Check the chain and take up what an earlier run left. Raises ChainUnavailable."""
        ...

    async def look(self, accounts: Sequence[str], tokens: Sequence[Token]) -> ChainLook:
        """Everything at one block; orders that come later are in these tokens. Raises ChainUnavailable."""
        ...

    async def simulate(self, order: Order) -> Simulated:
        """Carry the order out on a copy of the newest block. Raises OrderRefused or ChainUnavailable."""
        ...

    def to_sign(self, order: Order) -> str:
        """The delegation for the order as EIP-712 typed data (JSON) for the owner's own wallet; empty where the owner's
        key is here and signs by itself."""
        ...

    async def grant(self, request: StandingRequest, signatures: Sequence[str]) -> tuple[str, str]:
        """The contexts of a standing delegation, signed here, or with the owner's two signatures.

        Raises OrderRefused; with StandingToSign where the owner has to sign elsewhere.
        """
        ...

    async def end(self, request: StandingRequest, contexts: Sequence[str]) -> None:
        """Disable both of a standing delegation. Raises as `revoke` does."""
        ...

    async def revoke(self, order: Order) -> str:
        """Disable the order's delegation and wait until that is final; returns the transaction's hash.

        Raises OrderRefused (RevokedElsewhere where the owner's key is not here) or ChainUnavailable.
        """
        ...

    async def prepare(self, key: str, orders: Sequence[Order]) -> Prepared:
        """Sign what can go together; nothing leaves. Raises OrderRefused (of all of them) or ChainUnavailable."""
        ...

    async def submit(self, key: str) -> None:
        """What was prepared is under way from now on; a key goes out once for ever. Raises ChainUnavailable."""
        ...

    async def advance(self) -> Reason | Ended:
        """One look at what is under way: why it is not ended, or what came of it. Raises ChainUnavailable."""
        ...

    def forgotten(self) -> Memory:
        """For the commit that books what ended; after it another may be sent."""
        ...
