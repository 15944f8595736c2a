"""What the drift engine tells and takes: how portfolios stand, what was traded, what a person may ask for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from engine.core.messages import Command, Event, Reason, Snapshot
from engine.drift.alerts import Alert
from engine.drift.analytics import Contribution, Summary
from engine.drift.records import RebalanceRecord

SIGNATURE = re.compile(r"0x[0-9a-fA-F]{130}")
"""65 bytes as hex: what an owner who signs elsewhere gives back."""
MOST_USES, MOST_DAYS = 1000, 90.0
"""Of a standing delegation."""


class PortfolioState(Enum):
    """The one word for a portfolio.

    calm: within the threshold. blocked: no total, or a trigger with nothing that may be traded. cooling: resting after
    a plan. proposed: a plan waits for its confirmation. ready: a plan is about to be sent. under_way: one is sent.
    """

    UNKNOWN = "unknown"
    CALM = "calm"
    BLOCKED = "blocked"
    COOLING = "cooling"
    PROPOSED = "proposed"
    READY = "ready"
    UNDER_WAY = "under_way"


@dataclass(frozen=True, slots=True)
class TokenView:
    """One token of a portfolio. units: whole tokens; shares and drift signed ratios; second_usd: the price of the
    source that confirms."""

    symbol: str
    units: Decimal
    price_usd: Decimal | None
    second_usd: Decimal | None
    value_usd: Decimal | None
    share: float | None
    target: float
    drift: float | None
    residual_drift: float | None
    health: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class LegView:
    """One swap of a plan. Amounts in whole tokens; impact a ratio."""

    path: tuple[str, ...]
    amount_in: Decimal
    quote_out: Decimal
    min_out: Decimal
    price_impact: float
    usd: Decimal


@dataclass(frozen=True, slots=True)
class PlanView:
    """A plan as a person reads it before it is sent (panel spec 3).

    id: names exactly these swaps. gas: units, expected; gas_usd: at the price of now. delegate: who may carry this and
    nothing else out; until_s: when that ends. made_at_s, valid_until_s: for the confirmation. revision: of the options
    it was made under. to_sign: EIP-712 typed data (JSON) that the owner signs elsewhere; empty where the owner's key is
    here.
    """

    id: str
    legs: tuple[LegView, ...]
    gas: int
    gas_usd: Decimal
    delegate: str
    made_at_s: float
    valid_until_s: float
    until_s: float
    revision: int
    to_sign: str = ""


@dataclass(frozen=True, slots=True)
class StandingView:
    """A standing delegation as a person reads it. most: whole tokens that one swap may sell, by symbol; until_s: of the
    chain's time; could_take_usd: what a leaked delegate key could take; priced: whether all of that could be valued."""

    uses_left: int
    until_s: float
    delegate: str
    most: tuple[tuple[str, Decimal], ...]
    could_take_usd: Decimal
    priced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioSnapshot(Snapshot):
    """One portfolio. `reason` explains the state; cooldown_until_s: None when it does not rest; recent: the newest
    records, oldest first."""

    name: str
    account: str
    state: PortfolioState
    reason: Reason
    value_usd: Decimal | None
    max_drift: float | None
    threshold: float
    destination: float
    tokens: tuple[TokenView, ...]
    plan: PlanView | None
    cooldown_until_s: float | None
    failures: int
    last: RebalanceRecord | None
    summary: Summary | None
    attribution: tuple[Contribution, ...]
    standing: StandingView | None = None
    recent: tuple[RebalanceRecord, ...] = ()

    @property
    def topic(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class PortfolioRow:
    """A portfolio in the list of all of them."""

    name: str
    state: PortfolioState
    value_usd: Decimal | None
    max_drift: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSnapshot(Snapshot):
    """The engine as a whole. trouble: why it does not look now, None when it does. under_way: why the transaction that
    was sent is not ended; None when there is none. block_at_s: None before the first look."""

    chain_id: int
    block: int
    block_at_s: float | None
    gas_price_wei: int
    native_usd: Decimal | None
    trouble: Reason | None
    under_way: Reason | None
    rows: tuple[PortfolioRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProposed(Event):
    """A plan waits for a person."""

    portfolio: str
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSent(Event):
    """A plan is on its way to the chain."""

    portfolio: str
    plan: str
    legs: int
    max_drift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDropped(Event):
    """A plan was not sent, and why."""

    portfolio: str
    plan: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalanced(Event):
    """What came of a plan that reached the chain."""

    record: RebalanceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRaised(Event):
    """One alert for each episode (spec 17)."""

    alert: Alert


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPlan(Command):
    """Send exactly the plan that was read. signature: the owner's, as hex, where the plan asks for one."""

    portfolio: str
    plan: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissPlan(Command):
    """Do not send it; the portfolio rests as after a plan that came to nothing."""

    portfolio: str
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokePlan(Command):
    """Disable the delegation of this plan at the DelegationManager, by the account itself: whoever has it can use it no
    more, from the block on in which that is mined."""

    portfolio: str
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantStanding(Command):
    """Let plans of this portfolio go out without signing each: `uses` swaps within `days`, each of at most the largest
    trade of now.

    signatures: the owner's two, as hex, of what an earlier answer (StandingToSign) asked for, where the owner's key is
    not here.
    """

    portfolio: str
    uses: int
    days: float
    signatures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndStanding(Command):
    """Disable a portfolio's standing delegation at the DelegationManager, and forget it."""

    portfolio: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPortfolio(Command):
    """Tell this one in full from now on, however many there are."""

    portfolio: str


@dataclass(frozen=True, slots=True)
class PlanIsAnother(Reason, code="drift.plan_is_another"):
    """The plan that was read is not the one that stands now; read the new one."""

    portfolio: str


@dataclass(frozen=True, slots=True)
class SignatureNeeded(Reason, code="drift.signature_needed"):
    """The owner's key is not here: sign the plan's delegation in the owner's wallet, and confirm with that signature
    of 65 bytes as hex."""

    account: str


@dataclass(frozen=True, slots=True)
class StandingToSign(Reason, code="drift.standing_to_sign"):
    """The owner's key is not here: sign both typed data (JSON) in the owner's wallet, then grant with the two
    signatures."""

    approvals: str
    swaps: str


@dataclass(frozen=True, slots=True)
class StandingUnbounded(Reason, code="drift.standing_unbounded"):
    """Uses and days lie between 1 and `most_uses`, and above 0 and up to `most_days`; every token has a price."""

    most_uses: int
    most_days: float


@dataclass(frozen=True, slots=True)
class NotOnThisChain(Reason, code="drift.not_on_this_chain"):
    """The contracts that a standing delegation needs are not known for this chain."""

    chain_id: int


@dataclass(frozen=True, slots=True)
class NothingStands(Reason, code="drift.nothing_stands"):
    """The portfolio has no standing delegation."""

    portfolio: str


@dataclass(frozen=True, slots=True)
class NothingToRevoke(Reason, code="drift.nothing_to_revoke"):
    """No delegation was made for this plan, or it is over already."""

    plan: str


@dataclass(frozen=True, slots=True)
class RevokedElsewhere(Reason, code="drift.revoked_elsewhere"):
    """The owner's key is not here: send this call from the account itself to revoke the delegation."""

    account: str
    to: str
    data: str


@dataclass(frozen=True, slots=True)
class NotRevoked(Reason, code="drift.not_revoked"):
    """The call to revoke ended without success."""

    cause: Reason


@dataclass(frozen=True, slots=True)
class NoSuchPortfolio(Reason, code="drift.no_such_portfolio"):
    """No portfolio of that name is watched."""

    portfolio: str


@dataclass(frozen=True, slots=True)
class AwaitsConfirmation(Reason, code="drift.awaits_confirmation"):
    """The plan waits to be read and confirmed until `until_s`."""

    until_s: float


@dataclass(frozen=True, slots=True)
class NotConfirmedInTime(Reason, code="drift.not_confirmed_in_time"):
    """Nobody confirmed the plan while it was valid."""

    valid_s: float


@dataclass(frozen=True, slots=True)
class Dismissed(Reason, code="drift.dismissed"):
    """A person read the plan and did not want it."""


@dataclass(frozen=True, slots=True)
class AboutToSend(Reason, code="drift.about_to_send"):
    """The plan goes out as soon as the account that sends is free."""

    legs: int


@dataclass(frozen=True, slots=True)
class OnItsWay(Reason, code="drift.on_its_way"):
    """The plan was handed to the chain."""

    plan: str


@dataclass(frozen=True, slots=True)
class NothingTradable(Reason, code="drift.nothing_tradable"):
    """The portfolio is out of balance, and every token has its reason not to be traded."""

    max_drift: float


@dataclass(frozen=True, slots=True)
class GasPriceUnknown(Reason, code="drift.gas_price_unknown"):
    """The coin that gas is paid in has no price, so no plan's cost can be told."""


@dataclass(frozen=True, slots=True)
class NothingSeen(Reason, code="drift.nothing_seen"):
    """The chain has not been looked at yet."""


@dataclass(frozen=True, slots=True)
class NeverSent(Reason, code="drift.never_sent"):
    """The program ended before the plan left; it was given up."""


@dataclass(frozen=True, slots=True)
class ChainSilent(Reason, code="drift.chain_silent"):
    """The node does not answer; nothing new is decided until it does."""

    words: str


@dataclass(frozen=True, slots=True)
class NotSetUp(Reason, code="drift.not_set_up"):
    """Nothing is wrong: this engine was never set up here; the words say what it takes."""

    words: str


@dataclass(frozen=True, slots=True)
class ChainNotReady(Reason, code="drift.chain_not_ready"):
    """There is no chain to look at: something is not set up, or the paper chain did not start."""

    words: str


@dataclass(frozen=True, slots=True)
class PricesSilent(Reason, code="drift.prices_silent"):
    """The independent price source does not answer; the last prices count until they are too old."""

    words: str


@dataclass(frozen=True, slots=True)
class NothingWatched(Reason, code="drift.nothing_watched"):
    """No portfolio is listed yet in `file`."""

    file: str


@dataclass(frozen=True, slots=True)
class PortfoliosUnreadable(Reason, code="drift.portfolios_unreadable"):
    """The list of portfolios cannot be read; nothing is decided until it can."""

    words: str


@dataclass(frozen=True, slots=True)
class SimulationReverted(Reason, code="drift.simulation_reverted"):
    """On a copy of the newest block the plan failed, so it was not sent. leg: which swap, from 1; 0 for the whole."""

    leg: int
    words: str


@dataclass(frozen=True, slots=True)
class ReceivedLess(Reason, code="drift.received_less"):
    """Less of a token arrives than its pool pays out: it takes a fee on transfers, and is no longer traded."""

    symbol: str
    paid_out: int
    arrived: int


@dataclass(frozen=True, slots=True)
class TokenUnfit(Reason, code="drift.token_unfit"):
    """Trying the plan showed what is the matter with a token; it is not traded."""

    symbol: str
    health: str


@dataclass(frozen=True, slots=True)
class OwnerKeyMissing(Reason, code="drift.owner_key_missing"):
    """The keyring holds no key of the account's owner, so nothing can be signed for it here."""

    account: str


@dataclass(frozen=True, slots=True)
class HeldAtGate(Reason, code="drift.held_at_gate"):
    """The gate did not let it out."""

    cause: Reason
