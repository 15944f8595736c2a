"""Which requests go together, in which order, and why the others wait (hub spec 10 to 14 and 17)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.batch import (
    BatchChoice,
    BatchFull,
    BatchInFlight,
    BatchPolicy,
    HubStopped,
    InBatch,
    Priority,
    Pull,
    WaitsForFunds,
    WaitsForSignature,
    Window,
    choose,
    ranked,
)
from engine.hub.fees import FeeBreakdown, GasMarket
from engine.hub.limits import AboveUserCap, Caps, DaySpent, IntervalSpent, NobodyCanRebalance, Spent, soft_limit
from engine.hub.requests import Request
from engine.hub.tokens import GWEI, Token, usd_of_amount

TOKENS = {1: Token(1, 6, Decimal(1)), 2: Token(2, 0, Decimal(2))}
UNIT = 10**6
CAPS = Caps()
CALM = soft_limit(GasMarket(10 * GWEI, Decimal(3500)), CAPS, 0.0)


def request(name: str, amount: int = 1000 * UNIT, *, user: str = "", made_at_s: float = 0.0, token: int = 1) -> Request:
    return Request(name, user or f"u{name}", token, FeeBreakdown(amount, amount // 100, 0, 0), f"k{name}", made_at_s)


def chosen(waiting: Sequence[Request], pulls: Sequence[Pull] = (), **changed: Any) -> BatchChoice:
    given: dict[str, Any] = {
        "tokens": TOKENS,
        "reserves": {1: 10**12, 2: 10**9},
        "spent_by_user": {},
        "spent": Spent(),
        "limit": CALM,
        "caps": CAPS,
        "policy": BatchPolicy(),
        "in_flight": False,
        "now_s": 100.0,
    }
    return choose(waiting, pulls, **(given | changed))


def test_a_batch_goes_once_the_oldest_has_waited_ten_seconds_or_ten_are_waiting() -> None:
    """Spec 10."""
    young = [request(str(at), made_at_s=95.0) for at in range(9)]
    found = chosen(young)
    assert found.pushes == ()
    assert found.reasons["0"] == Window(5.0, 10.0, 1)
    assert len(chosen([*young, request("9", made_at_s=99.0)]).pushes) == 10
    assert len(chosen([*young[:3], request("old", made_at_s=90.0)]).pushes) == 4


def test_while_a_batch_is_in_flight_everybody_waits_for_it() -> None:
    assert chosen([request("a")], in_flight=True).reasons == {"a": BatchInFlight()}


def test_the_kill_switch_holds_everything() -> None:
    assert chosen([request("a")], policy=BatchPolicy(stopped=True)).reasons == {"a": HubStopped()}


def test_when_gas_is_too_dear_for_anybody_one_reason_says_so() -> None:
    """Spec 9."""
    dear = soft_limit(GasMarket(500 * GWEI, Decimal(3500)), CAPS, 0.0)
    found = chosen([request("a"), request("b")], limit=dear)
    assert found.pushes == ()
    assert all(isinstance(reason, NobodyCanRebalance) for reason in found.reasons.values())


def test_the_largest_goes_first_and_the_rest_of_a_full_batch_waits() -> None:
    """Spec 11."""
    waiting = [request(str(at), (1000 + at) * UNIT) for at in range(12)]
    found = chosen(waiting)
    assert [one.id for one in found.pushes] == [str(at) for at in range(11, 1, -1)]
    assert found.reasons["1"] == BatchFull(10, 10)
    assert found.reasons["11"] == InBatch(1, 10)


@pytest.mark.parametrize(
    ("priority", "first"), [(Priority.AMOUNT, "large"), (Priority.TIME, "old"), (Priority.FEE, "large")]
)
def test_the_operator_chooses_who_goes_first(priority: Priority, first: str) -> None:
    waiting = [request("old", 500 * UNIT, made_at_s=10.0), request("large", 5000 * UNIT, made_at_s=80.0)]
    assert ranked(waiting, TOKENS, BatchPolicy(priority=priority), 100.0)[0].id == first


def test_who_has_waited_long_enough_goes_before_everybody() -> None:
    """Spec 11: none starves."""
    waiting = [request("small", 100 * UNIT, made_at_s=0.0), request("large", 9000 * UNIT, made_at_s=299.0)]
    assert ranked(waiting, TOKENS, BatchPolicy(), 299.9)[0].id == "large"
    assert ranked(waiting, TOKENS, BatchPolicy(), 300.0)[0].id == "small"
    found = chosen(waiting, reserves={1: 9000 * UNIT}, now_s=300.0)
    assert [one.id for one in found.pushes] == ["small"]
    assert found.reasons["large"] == WaitsForFunds("100")


def test_pulls_fund_pushes_with_no_reserve_at_all() -> None:
    """Spec 13."""
    waiting = [request(str(at), 1000 * UNIT) for at in range(3)]
    pulls = [Pull(f"s{at}", 1, 1000 * UNIT, signed=True) for at in range(3)]
    found = chosen(waiting, pulls, reserves={1: 0})
    assert len(found.pushes) == 3
    assert sorted(pull.user for pull in found.pulls) == ["s0", "s1", "s2"]


def test_a_missing_signature_drops_only_the_pushes_that_needed_it() -> None:
    """Spec 13."""
    waiting = [request("a", 1000 * UNIT), request("b", 1000 * UNIT)]
    pulls = [Pull("s", 1, 1000 * UNIT, signed=True), Pull("t", 1, 1000 * UNIT, signed=False)]
    found = chosen(waiting, pulls, reserves={1: 0})
    assert len(found.pushes) == 1
    (left,) = (one for one in ("a", "b") if one not in {push.id for push in found.pushes})
    assert found.reasons[left] == WaitsForSignature("1000")


def test_one_token_is_never_paid_with_another() -> None:
    waiting = [request("a", 1000 * UNIT), request("b", 500, token=2)]
    pulls = [Pull("s", 2, 10**9, signed=True)]
    found = chosen(waiting, pulls, reserves={1: 0, 2: 0})
    assert [one.id for one in found.pushes] == ["b"]


def test_caps_count_what_is_on_its_way_and_what_goes_before() -> None:
    """Spec 12."""
    waiting = [request("a", 6000 * UNIT, user="u"), request("b", 5000 * UNIT, user="u")]
    found = chosen(waiting)
    assert [one.id for one in found.pushes] == ["a"]
    assert found.reasons["b"] == AboveUserCap("4000")
    spent = Spent(interval=Fraction(95_000))
    assert chosen([request("a", 6000 * UNIT)], spent=spent).reasons == {"a": IntervalSpent("5000")}
    assert chosen([request("a", 6000 * UNIT)], spent=Spent(day=Fraction(999_999))).reasons == {"a": DaySpent("1")}


AMOUNTS = st.integers(1, 12_000)
WAITING = st.lists(
    st.tuples(AMOUNTS, st.sampled_from("abc"), st.sampled_from([1, 2]), st.floats(0, 400)), min_size=0, max_size=25
)
PULLS = st.lists(st.tuples(AMOUNTS, st.sampled_from([1, 2]), st.booleans()), max_size=8)


@given(WAITING, PULLS, st.integers(0, 20_000), st.integers(0, 20_000), st.integers(1, 64))
def test_whatever_waits_no_cap_is_passed_no_money_made_and_everybody_has_a_reason(
    drawn: list[tuple[int, str, int, float]],
    signed: list[tuple[int, int, bool]],
    reserve: int,
    user_spent: int,
    batch_max: int,
) -> None:
    """Issue 5, 6 and 3."""
    units = {1: UNIT, 2: 1}
    waiting = [
        request(str(at), amount * units[token], user=user, token=token, made_at_s=made_at_s)
        for at, (amount, user, token, made_at_s) in enumerate(drawn)
    ]
    pulls = [Pull(f"s{at}", token, amount * units[token], yes) for at, (amount, token, yes) in enumerate(signed)]
    before = {user: Spent(user=Fraction(user_spent)) for user in "abc"}
    found = chosen(
        waiting,
        pulls,
        reserves={1: reserve * UNIT, 2: reserve},
        spent_by_user=before,
        policy=BatchPolicy(batch_max=batch_max),
        now_s=400.0,
    )
    assert set(found.reasons) == {one.id for one in waiting}
    assert {one.id for one in found.pushes} == {
        name for name, reason in found.reasons.items() if isinstance(reason, InBatch)
    }
    assert len(found.pushes) <= batch_max
    for token_id in TOKENS:
        pushed = sum(one.amount for one in found.pushes if one.token_id == token_id)
        brought = sum(pull.amount for pull in found.pulls if pull.token_id == token_id)
        assert pushed <= {1: reserve * UNIT, 2: reserve}[token_id] + brought
    assert all(pull.signed for pull in found.pulls)
    usd = sum((usd_of_amount(one.amount, TOKENS[one.token_id]) for one in found.pushes), Fraction(0))
    assert usd <= CAPS.max_interval_usd
    for user in "abc":
        own = (usd_of_amount(one.amount, TOKENS[one.token_id]) for one in found.pushes if one.user == user)
        total = sum(own, Fraction(0))
        assert not total or user_spent + total <= CAPS.max_user_usd
