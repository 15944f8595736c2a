"""What the hub engine tells and takes: how it stands, what was asked, sent and settled, what a person may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.core.messages import Command, Event, Reason, Snapshot
from engine.hub.records import BatchRecord


@dataclass(frozen=True, slots=True)
class GasView:
    """Gas and the minimum that follows from it. price_gwei: of the next block, read at `at_s`. soft_limit_usd,
    effective_usd: as they were set at `limit_at_s` for `limit_gwei`; next_limit_at_s: when they are set anew. held: why
    they were not set when they should have been. stops: why nobody can rebalance at this minimum."""

    price_gwei: Decimal
    at_s: float
    native_usd: Decimal
    soft_limit_usd: Decimal
    effective_usd: Decimal
    limit_gwei: Decimal
    limit_at_s: float
    next_limit_at_s: float
    held: Reason | None
    stops: Reason | None


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token. reserve: what the hub may push of it; least: the least that may be asked for; waiting: what accepted
    requests ask for; pullable: what users who have spent could sign back. All in whole tokens."""

    token_id: int
    symbol: str
    price_usd: Decimal | None
    reserve: Decimal | None
    least: Decimal | None
    waiting: Decimal
    pullable: Decimal
    accounts: int


@dataclass(frozen=True, slots=True)
class RequestView:
    """An open request. place: in the order of priority, from 1. reason: why it waits, or that it goes. Amounts in whole
    tokens."""

    id: str
    user: str
    symbol: str
    amount: Decimal
    hub_fee: Decimal
    miner_fee: Decimal
    buffer: Decimal
    total: Decimal
    usd: Decimal
    made_at_s: float
    place: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class PullView:
    """What a user was asked to sign back, in whole tokens. state: proposed, approved, executed, rejected or expired."""

    id: str
    user: str
    symbol: str
    amount: Decimal
    state: str
    made_at_s: float
    valid_until_s: float


@dataclass(frozen=True, slots=True)
class WindowView:
    """The next batch. goes_at_s: when the window ends for the oldest; None while nothing waits."""

    waiting: int
    threshold: int
    window_s: float
    oldest_age_s: float
    goes_at_s: float | None


@dataclass(frozen=True, slots=True)
class InFlightView:
    """The batch under way. nonce: of the hub's entity; reason: where it stands."""

    nonce: int
    pushes: int
    pulls: int
    pushed_usd: Decimal
    since_s: float
    predicted_gas: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class BudgetView:
    """What may still be pushed in the running interval and within the running 24 hours, USD."""

    interval_left_usd: Decimal
    day_left_usd: Decimal


@dataclass(frozen=True, slots=True)
class TotalsView:
    """Since the record began. refusal_ratio: of the newest answers to requests; answers: how many of them.
    return_ratio: profit over what was pushed; None before the first batch."""

    batches: int
    pushed_usd: Decimal
    pulled_usd: Decimal
    hub_fees_usd: Decimal
    gas_taken_usd: Decimal
    gas_paid_usd: Decimal
    refunded_usd: Decimal
    profit_usd: Decimal
    return_ratio: float | None
    accepted: int
    refused: int
    answers: int
    refusal_ratio: float | None


@dataclass(frozen=True, slots=True)
class AuditView:
    """The newest full scan. differences: accounts that the index had wrong."""

    at_s: float
    accounts: int
    differences: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSnapshot(Snapshot):
    """The engine as a whole. trouble: why it does not work now, None when it does. stopped: the hub's own kill switch.
    held: why mode or master switch let nothing leave, None when they do. http_port: where wallets reach it, None while
    they cannot. queue: the first of `queue_length` open requests, by priority. recent: the newest batches, oldest
    first."""

    chain_id: int
    contract: str
    entity: str
    block: int
    block_at_s: float | None
    trouble: Reason | None
    stopped: bool
    http_port: int | None
    gas: GasView | None
    tokens: tuple[TokenView, ...]
    queue: tuple[RequestView, ...]
    queue_length: int
    window: WindowView
    in_flight: InFlightView | None
    pulls: tuple[PullView, ...]
    budget: BudgetView
    totals: TotalsView
    recent: tuple[BatchRecord, ...]
    accounts: int
    audit: AuditView | None
    held: Reason | None = None


@dataclass(frozen=True, slots=True)
class NothingSeen(Reason, code="hub.nothing_seen"):
    """The chain was not looked at yet."""


@dataclass(frozen=True, slots=True)
class NotSetUp(Reason, code="hub.not_set_up"):
    """Nothing is wrong: this engine was never set up here; the words say what it takes."""

    words: str


@dataclass(frozen=True, slots=True)
class ChainNotReady(Reason, code="hub.chain_not_ready"):
    """There is no chain to work on; the words say what is missing and where to give it."""

    words: str


@dataclass(frozen=True, slots=True)
class ChainSilent(Reason, code="hub.chain_silent"):
    """The chain did not answer as expected; it is asked again."""

    words: str


@dataclass(frozen=True, slots=True)
class PricesMissing(Reason, code="hub.prices_missing"):
    """Prices are not known, or older than they may be: nothing is accepted or sent."""

    coins: str


@dataclass(frozen=True, slots=True)
class PricesHold(Reason, code="hub.prices_hold"):
    """The price of the native coin is `age_s` old: the soft limit stays where it was."""

    age_s: float
    max_age_s: float


@dataclass(frozen=True, slots=True)
class TokensUnreadable(Reason, code="hub.tokens_unreadable"):
    """`hub.toml` cannot be used; the words name the entry."""

    words: str


@dataclass(frozen=True, slots=True)
class GasAboveCap(Reason, code="hub.gas_above_cap"):
    """The next block asks more for gas than the hub pays; what waits goes when it falls."""

    gas_price_gwei: Decimal
    cap_gwei: Decimal


@dataclass(frozen=True, slots=True)
class OnItsWay(Reason, code="hub.on_its_way"):
    """The batch `nonce` carries it to the chain."""

    nonce: int


@dataclass(frozen=True, slots=True)
class MayStillBeMined(Reason, code="hub.may_still_be_mined"):
    """It was left out, and a signed batch that carries it may still be mined until number `nonce` is used."""

    nonce: int
    words: str


@dataclass(frozen=True, slots=True)
class BatchReverts(Reason, code="hub.batch_reverts"):
    """Tried on a copy of the chain the batch reverts, whatever is in it; the words are the contract's."""

    words: str


@dataclass(frozen=True, slots=True)
class ItemReverts(Reason, code="hub.item_reverts"):
    """Tried on a copy of the chain the batch reverts because of this one; the words are the contract's."""

    words: str


@dataclass(frozen=True, slots=True)
class AnotherSigner(Reason, code="hub.another_signer"):
    """The hub's number `nonce` was used by a batch that this program never signed: another one has the hub's key."""

    nonce: int


@dataclass(frozen=True, slots=True)
class AuditDiffers(Reason, code="hub.audit_differs"):
    """The full scan and the index differ about accounts; nothing is sent until this program is started anew."""

    differences: int


@dataclass(frozen=True, slots=True)
class WaitedTooLong(Reason, code="hub.waited_too_long"):
    """It could not be carried out within `valid_s`; its fees went back."""

    valid_s: float


@dataclass(frozen=True, slots=True)
class QueueFull(Reason, code="hub.queue_full"):
    """`waiting` requests wait already; it is asked again later."""

    waiting: int


@dataclass(frozen=True, slots=True)
class KeyReused(Reason, code="hub.key_reused"):
    """The idempotency key named another request before."""

    key: str


@dataclass(frozen=True, slots=True)
class UnknownToken(Reason, code="hub.unknown_token"):
    """The hub does not handle the token."""

    token_id: int


@dataclass(frozen=True, slots=True)
class NotEnoughToPay(Reason, code="hub.not_enough_to_pay"):
    """The payer can pay `most` whole tokens now."""

    most: str


@dataclass(frozen=True, slots=True)
class MayNotReceive(Reason, code="hub.may_not_receive"):
    """The receiver's account takes `most` whole tokens now: the hub would owe more than it may."""

    most: str


@dataclass(frozen=True, slots=True)
class NoSuchPull(Reason, code="hub.no_such_pull"):
    """Nothing of that name waits for this user's signature."""

    id: str


@dataclass(frozen=True, slots=True)
class NotTheirSignature(Reason, code="hub.not_their_signature"):
    """The signature is not the user's over what is asked back."""


@dataclass(frozen=True, slots=True)
class NotReady(Reason, code="hub.not_ready"):
    """The hub has not read the chain and the prices yet, or cannot now."""

    why: Reason


@dataclass(frozen=True, slots=True)
class NothingUnsecured(Reason, code="hub.nothing_unsecured"):
    """All that the user holds at the hub is collateral already."""


@dataclass(frozen=True, slots=True)
class MayAsk(Reason, code="hub.may_ask"):
    """The user may ask for up to `most` whole tokens."""

    most: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccepted(Event):
    """A request's fees were taken, and it waits. Amounts in whole tokens."""

    request: str
    user: str
    symbol: str
    amount: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEnded(Event):
    """A request ended without being carried out, and all its fees went back."""

    request: str
    user: str
    symbol: str
    amount: Decimal
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSent(Event):
    """A batch is on its way."""

    nonce: int
    pushes: int
    pulls: int
    pushed_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnded(Event):
    """What came of a batch."""

    record: BatchRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemDropped(Event):
    """A push or pull was left out of a batch, for the batch would have reverted with it. item: `push` or `pull`."""

    item: str
    id: str
    user: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftLimitSet(Event):
    """The minimum was set anew and changed."""

    soft_limit_usd: Decimal
    effective_usd: Decimal
    gas_price_gwei: Decimal
    stops: Reason | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullAsked(Event):
    """A user was asked to sign collateral back."""

    id: str
    user: str
    symbol: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HubHalted(Event):
    """The hub stopped in doubt; it is resumed by a person."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class StopHub(Command):
    """Set the hub's kill switch: nothing is accepted or sent; what was sent goes on to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeHub(Command):
    """Take the kill switch back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteRebalance(Command):
    """What securing `amount` whole tokens would cost now. The acknowledgement has amount, hub_fee, miner_fee, buffer,
    total, as strings of whole tokens, and `usd`."""

    token_id: int
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditHub(Command):
    """Hold every account against the index now."""
