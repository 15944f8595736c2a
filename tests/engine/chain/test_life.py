"""One intent, one nonce, one transaction mined, whatever happens to it (hub spec 15; drift spec 13)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chain.life import (
    AwaitsBlock,
    AwaitsDepth,
    Fees,
    FeesAboveCap,
    Final,
    Inclusion,
    Life,
    LifeRules,
    NonceTaken,
    Seal,
    SealAt,
    Send,
    Stage,
    View,
    answered,
    bumped,
    replaces,
    sealed,
    step,
)

GWEI = 10**9
CAP = 100 * GWEI
RULES = LifeRules()


def seal(number: int, max_gwei: int = 20, priority_gwei: int = 1) -> Seal:
    return Seal(Fees(max_gwei * GWEI, priority_gwei * GWEI), f"0x{number:064x}", f"raw{number}")


def view(head: int = 100, base_gwei: int = 10, nonce: int = 7, **mined: Inclusion) -> View:
    return View(head, base_gwei * GWEI, GWEI, nonce, {one.hash: one for one in mined.values()})


def mined(of: Seal, block: int, fork: str = "a") -> Inclusion:
    return Inclusion(of.hash, block, f"0x{fork}{block}", True, 100_000, 11 * GWEI)


def opened(*seals: Seal, sent: int | None = 100) -> Life:
    return Life("intent", 7, CAP, Stage.OPEN, seals, sent)


def test_first_it_is_sealed_at_the_next_base_fee_with_headroom() -> None:
    found = step(Life("intent", 7, CAP), view(), RULES)
    assert found.actions == (SealAt(Fees(21 * GWEI, GWEI)),)


def test_while_fees_are_above_the_cap_nothing_is_sealed_and_it_goes_on_by_itself() -> None:
    """Issue 5, 5: base fee 5 -> 500 -> 5 gwei under a cap of 100."""
    life = Life("intent", 7, CAP)
    found = step(life, view(base_gwei=500), RULES)
    assert found.actions == ()
    assert found.reason == FeesAboveCap(501 * GWEI, CAP)
    assert isinstance(step(found.life, view(base_gwei=5), RULES).actions[0], SealAt)


def test_headroom_ends_at_the_cap() -> None:
    found = step(Life("intent", 7, CAP), view(base_gwei=80), RULES)
    assert found.actions == (SealAt(Fees(CAP, GWEI)),)


def test_what_was_sealed_is_sent_until_a_node_has_it() -> None:
    one = seal(1)
    life = sealed(Life("intent", 7, CAP), one)
    for _ in range(3):
        found = step(life, view(), RULES)
        assert found.actions == (Send(one),)
    assert step(answered(life, one, 100), view(), RULES).actions == ()


def test_a_seal_whose_fees_are_too_low_is_replaced_under_the_same_nonce() -> None:
    found = step(opened(seal(1, 20)), view(head=102, base_gwei=40), RULES)
    (action,) = found.actions
    assert isinstance(action, SealAt)
    assert replaces(action.fees, seal(1, 20).fees)
    assert action.fees.max_fee_wei >= 41 * GWEI


def test_a_seal_that_no_node_took_and_that_is_too_low_by_now_is_replaced_at_once() -> None:
    found = step(opened(seal(1, 20), sent=None), view(base_gwei=40), RULES)
    (action,) = found.actions
    assert isinstance(action, SealAt)
    assert replaces(action.fees, seal(1, 20).fees)


def test_a_replacement_that_would_pass_the_cap_waits() -> None:
    found = step(opened(seal(1, 95)), view(head=102, base_gwei=98), RULES)
    assert found.actions == ()
    assert isinstance(found.reason, FeesAboveCap)


def test_above_the_cap_the_same_bytes_are_sent_again_now_and_then() -> None:
    one = seal(1, 50)
    found = step(opened(one), view(head=103, base_gwei=500), RULES)
    assert found.actions == (Send(one),)
    assert isinstance(found.reason, FeesAboveCap)


def test_it_is_final_once_it_is_deep_enough() -> None:
    one = seal(1)
    found = step(opened(one), view(head=101, at=mined(one, 101)), RULES)
    assert (found.life.stage, found.reason) == (Stage.MINED, AwaitsDepth(101, 3))
    found = step(found.life, view(head=104, at=mined(one, 101)), RULES)
    assert (found.life.stage, found.reason) == (Stage.CONFIRMED, Final(101, True))


def test_after_a_reorganisation_the_same_bytes_go_out_again() -> None:
    """Issue 4, 5: reorgs of 1 to 3 blocks."""
    one = seal(1)
    life = step(opened(one), view(head=101, at=mined(one, 101)), RULES).life
    found = step(life, view(head=102), RULES)
    assert (found.life.stage, found.actions) == (Stage.OPEN, (Send(one),))


def test_either_of_two_seals_may_be_mined() -> None:
    first, second = seal(1, 20), seal(2, 23, 2)
    found = step(opened(first, second), view(head=106, at=mined(first, 103)), RULES)
    assert found.life.stage is Stage.CONFIRMED
    assert found.life.inclusion is not None
    assert found.life.inclusion.hash == first.hash


def test_a_nonce_that_somebody_else_used_fails_only_once_that_is_deep_enough() -> None:
    life = opened(seal(1))
    for head in (101, 102, 103, 104):
        found = step(life, view(head=head, nonce=8), RULES)
        assert (found.life.stage, found.actions) == (Stage.OPEN, ())
        life = found.life
    assert step(life, view(head=105, nonce=8), RULES).reason == NonceTaken(7)


def test_a_receipt_that_comes_late_is_still_ours() -> None:
    life = step(opened(seal(1)), view(head=101, nonce=8), RULES).life
    assert step(life, view(head=102, nonce=8, at=mined(seal(1), 101)), RULES).life.stage is Stage.MINED


def test_a_replacement_that_is_not_12_5_percent_higher_is_never_remembered() -> None:
    with pytest.raises(ValueError, match=r"12\.5 %"):
        sealed(opened(seal(1, 20)), seal(2, 22))


def test_fees_above_the_cap_are_never_remembered() -> None:
    with pytest.raises(ValueError, match="up to"):
        sealed(Life("intent", 7, CAP), seal(1, 101))


@given(st.integers(0, 10**14))
def test_a_bump_is_at_least_12_5_percent(fee_wei: int) -> None:
    assert bumped(fee_wei) * 1000 >= fee_wei * 1125
    assert bumped(fee_wei) > fee_wei


@dataclass
class Pool:
    """A chain and a node that loses, forgets, mines and takes back."""

    head: int = 100
    base_gwei: int = 10
    pool: Seal | None = None
    block: Inclusion | None = None
    ever_mined: set[str] = field(default_factory=set)

    def view(self) -> View:
        inclusions = {} if self.block is None else {self.block.hash: self.block}
        return View(self.head, self.base_gwei * GWEI, GWEI, 8 if self.block else 7, inclusions)

    def send(self, sent: Seal, luck: int) -> bool:
        """Returns whether the sender hears that it was taken."""
        if luck % 4 == 0:
            return False
        if self.block is None and (self.pool is None or self.pool == sent or replaces(sent.fees, self.pool.fees)):
            self.pool = sent
        return luck % 4 != 1

    def mine(self) -> None:
        self.head += 1
        fits = self.pool is not None and self.pool.fees.max_fee_wei >= self.base_gwei * GWEI
        if self.block is None and fits and self.pool is not None:
            self.block = mined(self.pool, self.head)
            self.ever_mined.add(self.pool.hash)
            self.pool = None

    def reorganise(self, depth: int) -> None:
        if self.block is not None and self.block.block_number > self.head - depth:
            self.block = None


moves = st.lists(
    st.tuples(st.sampled_from(["look", "mine", "drop", "reorg", "fee", "restart"]), st.integers(0, 1000)), max_size=120
)


@given(moves)
def test_in_any_weather_there_is_one_nonce_no_fee_above_the_cap_and_an_end(story: list[tuple[str, int]]) -> None:
    chain, life, signed = Pool(), Life("intent", 7, CAP), 0
    story = story + [("fee", 0)] + [("look", 2), ("look", 2), ("mine", 0)] * 12
    for move, luck in story:
        if move == "mine":
            chain.mine()
        elif move == "drop":
            chain.pool = None
        elif move == "reorg" and not life.ended:
            chain.reorganise(1 + luck % 3)
        elif move == "fee":
            chain.base_gwei = (5, 500, 90, 20)[luck % 4]
        elif move == "restart":
            life = replace(life)
        else:
            found = step(life, chain.view(), RULES)
            life = found.life
            for action in found.actions:
                if isinstance(action, SealAt):
                    signed += 1
                    life = sealed(life, Seal(action.fees, f"0x{signed:064x}", f"raw{signed}"))
                elif chain.send(action.seal, luck):
                    life = answered(life, action.seal, chain.head)
        assert all(one.fees.max_fee_wei <= CAP for one in life.seals)
        assert all(replaces(after.fees, before.fees) for before, after in zip(life.seals, life.seals[1:], strict=False))
    assert life.stage is Stage.CONFIRMED, step(life, chain.view(), RULES).reason
    assert {one.hash for one in life.seals} >= chain.ever_mined


def test_waiting_is_always_explained() -> None:
    assert step(opened(seal(1)), view(), RULES).reason == AwaitsBlock(100)
