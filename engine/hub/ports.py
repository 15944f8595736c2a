"""What the hub engine needs of the world, in its own words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from engine.core.journal import Memory
from engine.core.messages import Reason


class ChainUnavailable(RuntimeError):
    """The chain did not answer, or not with what was asked; nothing is known and nothing is lost."""


class NotReadYet(ChainUnavailable):
    """Nothing is wrong: the engine has only just started, and its first look is not done."""


class NotSealed(RuntimeError):
    """A batch was not signed: mode or switch hold it; `reason` says which."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class PricesUnavailable(RuntimeError):
    """The source has no answer now."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one whole coin, as the source said it at `at_s`."""

    usd: Decimal
    at_s: float


class PriceFeed(Protocol):
    """A source of prices."""

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, Price]:
        """By the source's own names; one that it does not know is left out. Raises PricesUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class PushOrder:
    """Reserve to a user's collateral, in base units. user: entity id as hex."""

    user: str
    token_id: int
    amount: int


@dataclass(frozen=True, slots=True)
class PullOrder:
    """A user's collateral back to the reserve, under the user's signature of 65 bytes as hex."""

    user: str
    token_id: int
    amount: int
    nonce: int
    signature: str


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """One transaction's worth: pulls first, then pushes."""

    pulls: tuple[PullOrder, ...]
    pushes: tuple[PushOrder, ...]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A signed batch. hash: what the contract logs when it carries it out. call: the whole call as hex."""

    nonce: int
    hash: str
    call: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A sealed batch on a copy of the chain. words: why it reverts, None when it does not; gas: the estimate then."""

    words: str | None
    gas: int = 0


@dataclass(frozen=True, slots=True)
class ChainLook:
    """What the chain shows. head: the newest block, of `at_s`; final_block: the newest that counts as final. reserves:
    base units that may be pushed, debt taken off, by token, at the final block. entity_nonce: of the hub's last batch
    there; newest_entity_nonce: at the head. gas_price_wei: of the next block."""

    head: int
    at_s: float
    final_block: int
    reserves: Mapping[int, int]
    entity_nonce: int
    newest_entity_nonce: int
    gas_price_wei: int


@dataclass(frozen=True, slots=True)
class AccountOnChain:
    """The chain's part of one token of one account. nonce: of the account's last settlement."""

    user: str
    token_id: int
    collateral: int
    ondelta: int
    nonce: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What final blocks brought, up to `upto_block`: accounts as they are after it, and the hub's batches, hash by
    number."""

    upto_block: int
    accounts: tuple[AccountOnChain, ...]
    batches: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of the transaction under way. mined: it is in a final block; succeeded: and did not revert."""

    key: str
    mined: bool
    succeeded: bool
    reason: Reason
    hash: str = ""
    gas_used: int = 0
    gas_price_wei: int = 0
    never_sent: bool = False


class Chain(Protocol):
    """The Depository of one chain, and the account that sends the hub's batches."""

    entity: str
    """The hub's entity id, as hex."""

    @property
    def under_way(self) -> str:
        """The key of the transaction under way, or of one that ended and is not forgotten; empty for none."""
        ...

    async def start(self) -> None:
        """Check chain and contract, take up what an earlier run left. Raises ChainUnavailable."""
        ...

    async def look(self, token_ids: Sequence[int]) -> ChainLook:
        """Raises ChainUnavailable."""
        ...

    async def settled(self, since_block: int, upto_block: int) -> Settled:
        """What the blocks after `since_block` brought; it may end before `upto_block`. Raises ChainUnavailable."""
        ...

    async def accounts(self, user: str, token_ids: Sequence[int], at_block: int) -> tuple[AccountOnChain, ...]:
        """One user's account as it was after a block. Raises ChainUnavailable."""
        ...

    async def seal(self, name: str, order: BatchOrder, nonce: int) -> Sealed:
        """Have the hub sign; name: of this intent, for ever. Raises NotSealed, ChainUnavailable."""
        ...

    async def try_out(self, sealed: Sealed) -> Tried:
        """Raises ChainUnavailable."""
        ...

    async def submit(self, key: str, sealed: Sealed, gas: int) -> None:
        """It is under way from now on; a key goes out once for ever. Raises ChainUnavailable."""
        ...

    async def advance(self) -> Reason | Ended:
        """One look at what is under way: why it is not ended, or what came of it. Raises ChainUnavailable."""
        ...

    def forgotten(self) -> Memory:
        """For the commit that books what ended; after it another may be sent."""
        ...

    def pull_digest(self, user: str, token_id: int, amount: int, nonce: int) -> str:
        """What the user signs so that a pull may be carried out, 32 bytes as hex."""
        ...

    def signed_by(self, digest: str, signature: str) -> str | None:
        """The entity whose one signer made the signature; None when it is none."""
        ...
