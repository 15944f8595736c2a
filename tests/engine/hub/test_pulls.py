"""Whom the hub asks to sign collateral back (hub spec 13)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.hub.accounts import Account
from engine.hub.batch import Pull
from engine.hub.book import AccountBook
from engine.hub.pulls import PullRequest, PullState, Wanted, for_batch, pulls_wanted


def book_of(**held: tuple[int, int]) -> AccountBook:
    """Token id and the hub's share, by user."""
    book = AccountBook()
    for user, (token_id, amount) in held.items():
        book.put(user, token_id, Account(False, 0, 0, amount))
    book.index_changes()
    return book


def pull(state: PullState, user: str = "anna") -> PullRequest:
    return PullRequest("1", user, 0, 50, 1, 0.0, 60.0, state=state)


def test_the_fewest_are_asked_the_largest_first() -> None:
    book = book_of(anna=(0, 100), berta=(0, 900), carl=(0, 300))
    assert pulls_wanted(book, {0: 1_000}, {0: 1}, (), 9) == [Wanted("berta", 0, 900), Wanted("carl", 0, 300)]


def test_nobody_is_asked_when_nothing_lacks() -> None:
    assert pulls_wanted(book_of(anna=(0, 100)), {0: 0}, {0: 1}, (), 9) == []


def test_nobody_is_asked_for_less_than_the_least() -> None:
    assert pulls_wanted(book_of(anna=(0, 99)), {0: 50}, {0: 100}, (), 9) == []


def test_who_is_left_alone_is_not_asked() -> None:
    book = book_of(anna=(0, 100), berta=(0, 90))
    assert pulls_wanted(book, {0: 10}, {0: 1}, {"anna"}, 9) == [Wanted("berta", 0, 90)]


def test_a_user_is_asked_for_one_token_at_a_time() -> None:
    """The number that a pull is signed for is one for all tokens of an account."""
    book = book_of(anna=(0, 100))
    book.put("anna", 1, Account(False, 0, 0, 100))
    book.index_changes()
    assert pulls_wanted(book, {0: 10, 1: 10}, {}, (), 9) == [Wanted("anna", 0, 100)]


@given(st.lists(st.integers(1, 50), max_size=12), st.integers(1, 200), st.integers(0, 6))
def test_never_more_are_asked_than_lack_or_than_may_be(held: list[int], lack: int, most: int) -> None:
    book = book_of(**{f"user{at}": (0, amount) for at, amount in enumerate(held)})
    found = pulls_wanted(book, {0: lack}, {0: 1}, (), most)
    assert len(found) <= most
    assert sum(one.amount for one in found[:-1]) < lack
    if len(found) < min(most, len(held)):
        assert sum(one.amount for one in found) >= lack


def test_a_batch_is_told_which_pulls_are_signed_and_of_no_others() -> None:
    states = (PullState.PROPOSED, PullState.APPROVED, PullState.IN_FLIGHT, PullState.DROPPED, PullState.EXECUTED)
    assert for_batch(pull(state) for state in states) == [Pull("anna", 0, 50, False), Pull("anna", 0, 50, True)]


def test_what_is_dropped_is_open_until_no_signed_batch_can_carry_it() -> None:
    opened = {state for state in PullState if state.open}
    assert opened == {PullState.PROPOSED, PullState.APPROVED, PullState.IN_FLIGHT, PullState.DROPPED}
