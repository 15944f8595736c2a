"""Which API keys LIVE takes."""

import pytest

from engine.venue.errors import AnswerUnreadable
from engine.venue.permissions import (
    NEEDED,
    NEEDED_TO_READ,
    WITHDRAWAL_PHRASE,
    KeyMayWithdraw,
    KeyPermissions,
    RightsMissing,
    key_permissions,
    key_refused_words,
    live_verdict,
    observe_verdict,
)


async def test_the_rights_of_a_key_are_read_from_the_exchange(world):
    permissions = await world.venue.permissions()
    assert permissions.can_query
    assert permissions.can_trade
    assert not permissions.can_withdraw
    assert live_verdict(permissions) is None


@pytest.mark.parametrize("right", sorted(NEEDED))
def test_a_right_that_is_missing_is_named(right):
    assert live_verdict(KeyPermissions(NEEDED - {right})) == RightsMissing((right,))
    assert right in key_refused_words(RightsMissing((right,)))


def test_observe_asks_for_the_rights_to_read_alone():
    assert observe_verdict(KeyPermissions(NEEDED_TO_READ)) is None
    assert observe_verdict(KeyPermissions(NEEDED_TO_READ | {"withdraw-funds"})) is None
    assert observe_verdict(KeyPermissions(frozenset({"modify-trades"}))) == RightsMissing(tuple(sorted(NEEDED_TO_READ)))


@pytest.mark.parametrize("right", ["withdraw-funds", "Withdraw-Anything-New"])
@pytest.mark.parametrize("typed", [None, "", "yes", WITHDRAWAL_PHRASE.upper()])
def test_a_key_that_may_withdraw_is_refused_unless_the_phrase_was_typed(right, typed):
    permissions = KeyPermissions(NEEDED | {right})
    assert live_verdict(permissions, typed) == KeyMayWithdraw(WITHDRAWAL_PHRASE)
    assert live_verdict(permissions, WITHDRAWAL_PHRASE) is None


@pytest.mark.parametrize("answer", [{}, {"permissions": None}, {"permissions": [1]}, None, []])
def test_rights_that_cannot_be_read_are_not_taken_for_none(answer):
    with pytest.raises(AnswerUnreadable):
        key_permissions(answer)
