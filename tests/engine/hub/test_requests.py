"""What is asked for, taken or declined (hub spec 2 to 7)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.accounts import Account
from engine.hub.fees import FeePolicy, GasMarket
from engine.hub.limits import AboveUserCap, BelowSoftLimit, Caps, Spent, soft_limit
from engine.hub.requests import (
    CONFLICT,
    UNPROCESSABLE,
    Declined,
    NotAffordable,
    NotAmount,
    RequestState,
    Taken,
    ask,
    given_back,
)
from engine.hub.tokens import GWEI, Token

DOLLAR = Token(1, 18, Decimal(1))
MARKET = GasMarket(50 * GWEI, Decimal(3500))
CAPS = Caps()
WHOLE = 10**18


def asked(amount: int = 4000 * WHOLE, **changed: Any) -> Taken | Declined:
    given: dict[str, Any] = {
        "id": "r1",
        "user": "ab",
        "amount": amount,
        "idempotency_key": "k",
        "account": Account(hub_is_left=True, ondelta=0, offdelta=-5000 * WHOLE, collateral=0),
        "waiting": 0,
        "token": DOLLAR,
        "limit": soft_limit(MARKET, CAPS, 0.0),
        "caps": CAPS,
        "spent": Spent(),
        "market": MARKET,
        "policy": FeePolicy(),
        "now_s": 5.0,
    }
    return ask(**(given | changed))


def test_a_request_takes_its_fees_at_once_and_leaves_what_it_secures() -> None:
    """Spec 5."""
    found = asked()
    assert isinstance(found, Taken)
    assert found.request.fees.total == 4000 * WHOLE + 40 * WHOLE + 31_500 * WHOLE // 1000
    assert found.account.user_unsecured == 5000 * WHOLE - found.request.fees.fees
    assert found.account.user_unsecured >= found.request.amount


def test_what_is_not_affordable_is_declined_with_what_would_be() -> None:
    found = asked(4960 * WHOLE)
    assert isinstance(found, Declined)
    assert isinstance(found.reason, NotAffordable)
    assert found.status == UNPROCESSABLE
    most = int(Decimal(found.reason.most) * WHOLE)
    assert isinstance(asked(most), Taken)
    assert isinstance(asked(most + 1), Declined)


def test_what_other_requests_were_promised_is_not_promised_twice() -> None:
    assert isinstance(asked(waiting=900 * WHOLE), Taken)
    found = asked(waiting=1000 * WHOLE)
    assert isinstance(found, Declined)
    assert isinstance(found.reason, NotAffordable)


@pytest.mark.parametrize(
    ("changed", "reason", "status"),
    [
        ({"amount": 0}, NotAmount, UNPROCESSABLE),
        ({"amount": -1}, NotAmount, UNPROCESSABLE),
        ({"amount": 2624 * WHOLE}, BelowSoftLimit, CONFLICT),
        ({"spent": Spent(user=Fraction(6001))}, AboveUserCap, CONFLICT),
    ],
)
def test_a_limit_is_a_conflict_and_names_its_number(changed: dict[str, Any], reason: type, status: int) -> None:
    found = asked(**changed)
    assert isinstance(found, Declined)
    assert (type(found.reason), found.status) == (reason, status)


def test_a_request_that_comes_to_nothing_gets_all_its_fees_back() -> None:
    found = asked()
    assert isinstance(found, Taken)
    before = Account(hub_is_left=True, ondelta=0, offdelta=-5000 * WHOLE, collateral=0)
    assert given_back(found.request, found.account) == before


def test_what_has_ended_stays_ended() -> None:
    found = asked()
    assert isinstance(found, Taken)
    done = found.request.now(RequestState.IN_FLIGHT).now(RequestState.DONE)
    with pytest.raises(ValueError, match="has ended as done"):
        done.now(RequestState.FAILED)


@given(
    ondelta=st.integers(-(10**22), 10**22),
    offdelta=st.integers(-(10**22), 10**22),
    collateral=st.integers(0, 10**22),
    amount=st.integers(1, 10**22),
)
def test_mirrored_accounts_get_the_same_answer(ondelta: int, offdelta: int, collateral: int, amount: int) -> None:
    """Issue 5, 3: whichever side the hub is on."""
    account = Account(hub_is_left=True, ondelta=ondelta, offdelta=offdelta, collateral=collateral)
    one, other = asked(amount, account=account), asked(amount, account=account.mirrored())
    assert type(one) is type(other)
    if isinstance(one, Taken) and isinstance(other, Taken):
        assert one.request == other.request
        assert one.account.mirrored() == other.account
    elif isinstance(one, Declined) and isinstance(other, Declined):
        assert one == other


def test_a_request_keeps_when_it_was_made() -> None:
    """Spec 3."""
    found = asked()
    assert isinstance(found, Taken)
    assert found.request.made_at_s == 5.0
    assert found.request.age_s(9.0) == 4.0
    assert replace(found.request, made_at_s=10.0).age_s(9.0) == 0.0
