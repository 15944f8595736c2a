"""The index of whose collateral could be pulled, and the scan of everything that must agree with it (hub spec 3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.hub.accounts import Account
from engine.hub.book import AUDITED_AT_ONCE, AccountBook

TOKEN = 3
units = st.integers(-(10**30), 10**30)
amounts = st.integers(0, 10**30) | st.integers(0, 40)
accounts = st.builds(
    Account, st.booleans(), units, units, amounts, amounts, amounts, amounts, amounts, st.integers(0, 9)
)
users = st.sampled_from([f"0x{at:064x}" for at in range(12)])
puts = st.lists(st.tuples(users, accounts, st.booleans()), max_size=40)


def filled(changes: Sequence[tuple[str, Account, bool]]) -> tuple[AccountBook, dict[str, Account]]:
    """After each change the index was brought up to date, or not."""
    book, known = AccountBook(), {}
    for user, account, indexed in changes:
        book.put(user, TOKEN, account)
        known[user] = account
        if indexed:
            book.index_changes()
    return book, known


def with_collateral(*amounts: int) -> AccountBook:
    """All of it the hub's."""
    book = AccountBook()
    for at, amount in enumerate(amounts):
        book.put(f"user {at}", TOKEN, Account(True, amount, 0, amount))
    book.index_changes()
    return book


@given(puts)
def test_an_account_comes_back_as_it_was_put(changes: Sequence[tuple[str, Account, bool]]) -> None:
    book, known = filled(changes)
    assert {user: book.get(user, TOKEN) for user in known} == known
    assert (len(book), book.count(TOKEN)) == (len(known), len(known))
    assert book.get("nobody", TOKEN) is None
    assert book.get("nobody", TOKEN + 1) is None


@given(puts)
def test_the_index_is_what_a_full_scan_finds_after_any_changes(changes: Sequence[tuple[str, Account, bool]]) -> None:
    book, known = filled(changes)
    book.index_changes()
    scanned = {user: account.pullable for user, account in known.items() if account.pullable}
    assert dict(book.largest_pullable(TOKEN, 1, 100, ())) == scanned
    assert book.total_pullable(TOKEN) == sum(scanned.values())
    assert sum(book.audit()) == 0


@given(puts)
def test_the_audit_agrees_while_changes_wait_to_be_indexed(changes: Sequence[tuple[str, Account, bool]]) -> None:
    book, _ = filled(changes)
    assert sum(book.audit()) == 0


@given(puts.filter(bool), st.data())
def test_the_audit_finds_one_account_that_the_index_has_wrong(
    changes: Sequence[tuple[str, Account, bool]], data: st.DataObject
) -> None:
    book, known = filled(changes)
    book.index_changes()
    user = data.draw(st.sampled_from(sorted(known)))
    off = data.draw(st.sampled_from([-1, 1, 10**20]))
    wrong = max(0, known[user].pullable + off)
    book._pullable[TOKEN].set(user, wrong)
    assert (sum(book.audit()) > 0) == (wrong != known[user].pullable)


def test_the_audit_finds_an_entry_without_an_account() -> None:
    book = with_collateral(5, 7)
    book._pullable[TOKEN].set("nobody", 9)
    assert sum(book.audit()) > 0


def test_the_audit_finds_a_change_that_the_index_never_heard_of() -> None:
    book = with_collateral(5, 7)
    book._rows[TOKEN]["user 0"] = book._rows[TOKEN]["user 1"]
    assert sum(book.audit()) > 0


def test_accounts_may_change_and_come_between_two_steps_of_the_audit() -> None:
    book = with_collateral(*range(1, 2 * AUDITED_AT_ONCE + 10))
    steps = book.audit()
    found = next(steps)
    book.put("user 1", TOKEN, Account(True, 900, 0, 900))
    book.put("user 1500", TOKEN, Account(True, 900, 0, 900))
    book.put("one who is new", TOKEN, Account(True, 900, 0, 900))
    found += next(steps)
    book.index_changes()
    assert found + sum(steps) == 0


def test_one_index_for_each_token() -> None:
    book = with_collateral(5)
    book.put("user 0", TOKEN + 1, Account(True, 8, 0, 8))
    book.index_changes()
    assert book.largest_pullable(TOKEN, 1, 9, ()) == [("user 0", 5)]
    assert book.largest_pullable(TOKEN + 1, 1, 9, ()) == [("user 0", 8)]


def test_a_tick_counts_what_changed_and_not_what_exists() -> None:
    book = with_collateral(*range(1, 100))
    assert book.index_changes() == 0
    book.put("user 3", TOKEN, Account(True, 1, 0, 1))
    book.put("user 3", TOKEN, Account(True, 2, 0, 2))
    assert book.index_changes() == 1


@given(
    st.lists(amounts, max_size=60),
    st.integers(1, 10**30) | st.integers(1, 40),
    st.integers(0, 12),
    st.sets(st.integers(0, 60)),
)
def test_the_largest_come_first_within_a_sixteenth_and_none_is_below_the_least_or_left_alone(
    held: list[int], least: int, most: int, leave_at: set[int]
) -> None:
    book = with_collateral(*held)
    leave = {f"user {at}" for at in leave_at}
    found = book.largest_pullable(TOKEN, least, most, leave)
    allowed = {f"user {at}": amount for at, amount in enumerate(held) if amount >= least}
    allowed = {user: amount for user, amount in allowed.items() if user not in leave}
    assert dict(found).items() <= allowed.items()
    assert len(dict(found)) == len(found) == min(most, len(allowed))
    for (_, larger), (_, smaller) in pairwise(found):
        assert smaller * 16 <= larger * 17
    left = [amount for user, amount in allowed.items() if user not in dict(found)]
    if found and left:
        assert max(left) * 16 <= min(amount for _, amount in found) * 17
