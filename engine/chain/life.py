"""The life of one transaction, as a pure state machine that drift and hub share (hub spec 15; drift spec 13).

An intent gets one nonce and keeps it. What is sent for it may be replaced by the same call at higher fees, under the
same nonce, so that at most one of its seals is ever mined. Nothing here sends: `step` looks at what the chain shows and
says what to do, `sealed` and `answered` take in what was done. Whoever carries an action out has remembered the life
first, so that after a crash the same bytes are sent again and never others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from engine.core.messages import Reason

MIN_BUMP_NUMERATOR, MIN_BUMP_DENOMINATOR = 1125, 1000


class Stage(Enum):
    """WAITING: nothing sealed yet, for its fees are above the cap. OPEN: sealed, and not seen in a block."""

    WAITING = "waiting"
    OPEN = "open"
    MINED = "mined"
    CONFIRMED = "confirmed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 fees for each gas, wei."""

    max_fee_wei: int
    priority_wei: int


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed transaction: its fees, its hash and its bytes, both as hex."""

    fees: Fees
    hash: str
    raw: str


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where a seal is mined. succeeded: whether it did not revert."""

    hash: str
    block_number: int
    block_hash: str
    succeeded: bool
    gas_used: int
    gas_price_wei: int


@dataclass(frozen=True, slots=True)
class Life:
    """Everything that is remembered of one intent's transaction.

    seals: oldest first, all of one nonce. sent_block: the head when the newest seal was last sent, None when it was not
    taken yet. taken_since_block: since when the nonce is used up by none of the seals.
    """

    key: str
    nonce: int
    cap_wei: int
    stage: Stage = Stage.WAITING
    seals: tuple[Seal, ...] = ()
    sent_block: int | None = None
    inclusion: Inclusion | None = None
    taken_since_block: int | None = None

    @property
    def newest(self) -> Seal | None:
        return self.seals[-1] if self.seals else None

    @property
    def ended(self) -> bool:
        return self.stage in (Stage.CONFIRMED, Stage.FAILED)


@dataclass(frozen=True, slots=True)
class View:
    """What the chain shows at one moment.

    next_base_fee_wei: of the block to come. priority_wei: what others pay. account_nonce: the next unused one at the
    head. inclusions: by hash, of the seals that are in a block of this chain.
    """

    head: int
    next_base_fee_wei: int
    priority_wei: int
    account_nonce: int
    inclusions: Mapping[str, Inclusion]


@dataclass(frozen=True, slots=True)
class LifeRules:
    """confirmations: blocks until a seal counts as final, its own included; one more than a reorganisation may take
    back. replace_after_blocks: how long a seal whose fees are too low may wait. resend_after_blocks: how long one whose
    fees do. headroom: the fee cap of a seal over the base fee, a ratio in percent."""

    confirmations: int = 4
    replace_after_blocks: int = 2
    headroom_percent: int = 200
    resend_after_blocks: int = 3


@dataclass(frozen=True, slots=True)
class SealAt:
    """Sign the call at these fees, and remember it before it is sent."""

    fees: Fees


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes; sent before or not makes no difference."""

    seal: Seal


Action = SealAt | Send


@dataclass(frozen=True, slots=True)
class FeesAboveCap(Reason, code="chain.fees_above_cap"):
    """The next block asks for more than the cap allows; it waits and goes on by itself."""

    needed_wei: int
    cap_wei: int


@dataclass(frozen=True, slots=True)
class AwaitsBlock(Reason, code="chain.awaits_block"):
    """It was sent and waits to be mined."""

    sent_block: int | None


@dataclass(frozen=True, slots=True)
class AwaitsDepth(Reason, code="chain.awaits_depth"):
    """It is mined, and `missing` blocks short of counting as final."""

    block_number: int
    missing: int


@dataclass(frozen=True, slots=True)
class Final(Reason, code="chain.final"):
    """It is final."""

    block_number: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class NonceTaken(Reason, code="chain.nonce_taken"):
    """The account's nonce was used by a transaction that is none of ours: nothing is sent in its place."""

    nonce: int


@dataclass(frozen=True, slots=True)
class Step:
    """The life as it is to be remembered, what to do then, and why nothing else."""

    life: Life
    actions: tuple[Action, ...]
    reason: Reason


def step(life: Life, view: View, rules: LifeRules) -> Step:
    """Look at the chain once."""
    if life.ended:
        return Step(life, (), _last_word(life))
    included = [view.inclusions[seal.hash] for seal in life.seals if seal.hash in view.inclusions]
    if included:
        return _mined(life, included[0], view, rules)
    if life.stage is Stage.MINED:
        # A reorganisation took its block: the same bytes go out again.
        life = replace(life, stage=Stage.OPEN, inclusion=None, sent_block=None)
    if view.account_nonce > life.nonce:
        return _taken(life, view, rules)
    life = replace(life, taken_since_block=None)
    if life.newest is None:
        return _first_seal(life, view, rules)
    return _open(life, life.newest, view, rules)


def sealed(life: Life, seal: Seal) -> Life:
    """A seal was signed. ValueError when it breaks the rules that keep one intent at one payment."""
    if life.ended or seal.fees.max_fee_wei > life.cap_wei:
        raise ValueError(f"{life.key}: expected fees up to {life.cap_wei} wei for a life that goes on, got {seal.fees}")
    newest = life.newest
    if newest is not None and not replaces(seal.fees, newest.fees):
        raise ValueError(f"{life.key}: expected both fees raised by 12.5 % from {newest.fees}, got {seal.fees}")
    return replace(life, stage=Stage.OPEN, seals=(*life.seals, seal), sent_block=None)


def answered(life: Life, seal: Seal, head: int) -> Life:
    """The node took the bytes, or said that it knows them already; of any other answer nothing follows."""
    return replace(life, sent_block=head) if life.newest == seal and life.stage is Stage.OPEN else life


def replaces(fees: Fees, before: Fees) -> bool:
    """Whether nodes take `fees` in the place of `before`: both at least 12.5 % higher."""
    return fees.max_fee_wei >= bumped(before.max_fee_wei) and fees.priority_wei >= bumped(before.priority_wei)


def bumped(fee_wei: int) -> int:
    """A fee 12.5 % higher, rounded up, and by one wei at least."""
    return max(fee_wei + 1, -(-fee_wei * MIN_BUMP_NUMERATOR // MIN_BUMP_DENOMINATOR))


def fees_wanted(view: View, rules: LifeRules, cap_wei: int) -> Fees | FeesAboveCap:
    """What a transaction needs now: the next block's base fee with headroom, within the cap."""
    needed = view.next_base_fee_wei + view.priority_wei
    if needed > cap_wei:
        return FeesAboveCap(needed, cap_wei)
    roomy = view.next_base_fee_wei * rules.headroom_percent // 100 + view.priority_wei
    return Fees(min(roomy, cap_wei), view.priority_wei)


def _mined(life: Life, inclusion: Inclusion, view: View, rules: LifeRules) -> Step:
    missing = rules.confirmations - (view.head - inclusion.block_number + 1)
    if missing > 0:
        held = replace(life, stage=Stage.MINED, inclusion=inclusion, taken_since_block=None)
        return Step(held, (), AwaitsDepth(inclusion.block_number, missing))
    final = replace(life, stage=Stage.CONFIRMED, inclusion=inclusion, taken_since_block=None)
    return Step(final, (), Final(inclusion.block_number, inclusion.succeeded))


def _taken(life: Life, view: View, rules: LifeRules) -> Step:
    """Receipts may lag behind the account's nonce: only after the depth of a final block does it prove anything."""
    since = view.head if life.taken_since_block is None else life.taken_since_block
    life = replace(life, taken_since_block=since)
    if view.head - since < rules.confirmations:
        return Step(life, (), AwaitsBlock(life.sent_block))
    return Step(replace(life, stage=Stage.FAILED), (), NonceTaken(life.nonce))


def _first_seal(life: Life, view: View, rules: LifeRules) -> Step:
    wanted = fees_wanted(view, rules, life.cap_wei)
    if isinstance(wanted, FeesAboveCap):
        return Step(life, (), wanted)
    return Step(life, (SealAt(wanted),), AwaitsBlock(None))


def _open(life: Life, newest: Seal, view: View, rules: LifeRules) -> Step:
    waited = None if life.sent_block is None else view.head - life.sent_block
    reason: Reason = AwaitsBlock(life.sent_block)
    if (waited is None or waited >= rules.replace_after_blocks) and _too_low(newest.fees, view):
        # Some nodes refuse what is too low: what was not taken must not wait for them to change their mind.
        higher = _higher(newest.fees, view, rules, life.cap_wei)
        if isinstance(higher, Fees):
            return Step(life, (SealAt(higher),), reason)
        reason = higher
    if waited is None or waited >= rules.resend_after_blocks:
        # It may have fallen out of the pool; a node that has it says so.
        return Step(replace(life, sent_block=None), (Send(newest),), reason)
    return Step(life, (), reason)


def _too_low(fees: Fees, view: View) -> bool:
    return fees.max_fee_wei < view.next_base_fee_wei + min(fees.priority_wei, view.priority_wei)


def _higher(before: Fees, view: View, rules: LifeRules, cap_wei: int) -> Fees | FeesAboveCap:
    wanted = fees_wanted(view, rules, cap_wei)
    if isinstance(wanted, FeesAboveCap):
        return wanted
    fees = Fees(
        max(wanted.max_fee_wei, bumped(before.max_fee_wei)), max(wanted.priority_wei, bumped(before.priority_wei))
    )
    return fees if fees.max_fee_wei <= cap_wei else FeesAboveCap(fees.max_fee_wei, cap_wei)


def _last_word(life: Life) -> Reason:
    if life.inclusion is not None:
        return Final(life.inclusion.block_number, life.inclusion.succeeded)
    return NonceTaken(life.nonce)
