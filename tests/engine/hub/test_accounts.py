"""An account from both sides (hub spec 1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hub.accounts import Account, BadAccount, is_left

amounts = st.integers(0, 10**24)
accounts = st.builds(
    Account,
    st.booleans(),
    st.integers(-(10**24), 10**24),
    st.integers(-(10**24), 10**24),
    amounts,
    amounts,
    amounts,
)


def test_with_the_hub_on_the_left_a_push_secures_what_the_hub_owes() -> None:
    account = Account(hub_is_left=True, ondelta=0, offdelta=-500, collateral=0)
    assert account.user_unsecured == 500
    assert account.pushed(500).user_unsecured == 0


def test_with_the_hub_on_the_right_a_push_secures_what_is_above_the_collateral() -> None:
    account = Account(hub_is_left=False, ondelta=0, offdelta=700, collateral=200)
    assert account.user_unsecured == 500
    assert account.pushed(500).user_unsecured == 0


@given(accounts)
def test_mirrored_accounts_decide_alike(account: Account) -> None:
    mirror = account.mirrored()
    assert mirror.user_unsecured == account.user_unsecured
    assert mirror.hub_secured == account.hub_secured
    assert mirror.pullable == account.pullable
    assert mirror.mirrored() == account


@given(accounts, amounts)
def test_mirrored_accounts_stay_mirrored_through_every_move(account: Account, amount: int) -> None:
    assert account.pushed(amount).mirrored() == account.mirrored().pushed(amount)
    assert account.charged(amount).mirrored() == account.mirrored().charged(amount)
    pulled = min(amount, account.pullable)
    assert account.pulled(pulled).mirrored() == account.mirrored().pulled(pulled)


@given(accounts, amounts)
def test_a_push_moves_what_it_pushes_from_unsecured_to_collateral_and_nothing_else(
    account: Account, amount: int
) -> None:
    pushed = account.pushed(min(amount, account.user_unsecured))
    moved = pushed.collateral - account.collateral
    assert pushed.user_unsecured == account.user_unsecured - moved
    assert pushed.hub_secured == account.hub_secured


@given(accounts)
def test_everything_pullable_can_be_pulled_and_one_more_unit_cannot(account: Account) -> None:
    after = account.pulled(account.pullable)
    assert after.user_unsecured == account.user_unsecured
    with pytest.raises(BadAccount):
        account.pulled(account.pullable + 1)


def test_credit_can_never_be_pulled() -> None:
    """The user owes the hub 300 beyond its collateral: only the collateral is the hub's to take."""
    account = Account(hub_is_left=True, ondelta=0, offdelta=500, collateral=200)
    assert account.pullable == 200


def test_what_a_payment_holds_is_not_pulled() -> None:
    assert Account(hub_is_left=True, ondelta=0, offdelta=200, collateral=200, hub_hold=150).pullable == 50


@given(accounts, amounts)
def test_fees_that_are_given_back_leave_the_account_as_it_was(account: Account, fees: int) -> None:
    assert account.charged(fees).charged(-fees) == account


def test_the_smaller_entity_id_is_left() -> None:
    assert is_left(bytes(31) + b"\x01", bytes(31) + b"\x02")


@given(accounts, st.integers(0, 10**24))
def test_a_payment_leaves_what_is_promised_to_a_request_and_to_a_pull(account: Account, amount: int) -> None:
    """Spec 1 and 13: else a push would secure what is not owed, or a pull take what is the user's."""
    promised = account.promised(user=account.user_free // 2, hub=account.pullable // 2)
    paid = promised.charged(min(amount, promised.spendable))
    if promised.user_hold and promised.user_unsecured >= promised.user_hold:
        assert paid.user_unsecured >= promised.user_hold
    received = promised.charged(-min(amount, promised.receivable))
    if promised.hub_hold and promised.hub_secured >= promised.hub_hold:
        assert received.hub_secured >= promised.hub_hold
