"""Which API keys LIVE takes."""

import pytest

from engine.core.clock import ManualClock
from engine.grid.ports import AccountTrouble, StreamBack
from engine.paper.config import ApiKey
from engine.venue.errors import AnswerUnreadable
from engine.venue.key_watch import KeyWatch
from engine.venue.notices import Notices
from engine.venue.permissions import (
    NEEDED,
    NEEDED_TO_READ,
    WITHDRAWAL_PHRASE,
    KeyBound,
    KeyExpired,
    KeyExpires,
    KeyMayWithdraw,
    KeyPermissions,
    KeySeesFrom,
    KeySeesNoTrades,
    RightsMissing,
    key_permissions,
    key_refused_words,
    key_warnings,
    live_verdict,
    observe_verdict,
)
from tests.engine.venue.conftest import EPOCH_S, SECRET

NOW_S = 1_767_225_600.0


async def test_the_rights_of_a_key_are_read_from_the_exchange(world):
    permissions = await world.venue.permissions()
    assert permissions.can_query
    assert permissions.can_trade
    assert not permissions.can_withdraw
    assert live_verdict(permissions, world.clock.now()) is None
    assert permissions.account


@pytest.mark.parametrize("right", sorted(NEEDED))
def test_a_right_that_is_missing_is_named(right):
    assert live_verdict(KeyPermissions(NEEDED - {right}), NOW_S) == RightsMissing((right,))
    assert right in key_refused_words(RightsMissing((right,)))


def test_observe_asks_for_the_rights_to_read_alone():
    assert observe_verdict(KeyPermissions(NEEDED_TO_READ)) is None
    assert observe_verdict(KeyPermissions(NEEDED_TO_READ | {"withdraw-funds"})) is None
    assert observe_verdict(KeyPermissions(frozenset({"modify-trades"}))) == RightsMissing(tuple(sorted(NEEDED_TO_READ)))


@pytest.mark.parametrize("right", ["withdraw-funds", "Withdraw-Anything-New"])
@pytest.mark.parametrize("typed", [None, "", "yes", WITHDRAWAL_PHRASE.upper()])
def test_a_key_that_may_withdraw_is_refused_unless_the_phrase_was_typed(right, typed):
    permissions = KeyPermissions(NEEDED | {right})
    assert live_verdict(permissions, NOW_S, typed) == KeyMayWithdraw(WITHDRAWAL_PHRASE)
    assert live_verdict(permissions, NOW_S, WITHDRAWAL_PHRASE) is None


ANSWER = {
    "api_key_name": "grid",
    "api_key": "a key",
    "nonce": "1767225600000",
    "nonce_window": "0",
    "permissions": sorted(NEEDED),
    "iban": "AA11 N84G AAAA BBBB",
    "valid_until": "1767312000",
    "query_from": "1764547200",
    "query_to": "0",
    "created_time": "1764547200",
    "modified_time": "1764547200",
    "ip_allowlist": ["203.0.113.7", "198.51.100.0/24"],
    "last_used": "1767225600",
}


def in_camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@pytest.mark.parametrize("written", [str, in_camel_case])
def test_a_key_is_read_whole_in_either_way_of_writing_its_fields(written):
    assert key_permissions({written(name): value for name, value in ANSWER.items()}) == KeyPermissions(
        rights=NEEDED,
        name="grid",
        account="AA11 N84G AAAA BBBB",
        valid_until_s=1_767_312_000.0,
        query_from_s=1_764_547_200.0,
        query_to_s=None,
        addresses=("203.0.113.7", "198.51.100.0/24"),
    )


def test_what_is_said_with_a_0_or_an_empty_text_is_no_bound():
    plain = key_permissions({**ANSWER, "valid_until": "0", "query_from": 0, "ip_allowlist": [""]})
    assert (plain.valid_until_s, plain.query_from_s, plain.addresses) == (None, None, ())
    assert key_warnings(plain, NOW_S) == ()


@pytest.mark.parametrize("field", ["valid_until", "query_from", "query_to", "iban", "ip_allowlist", "api_key_name"])
@pytest.mark.parametrize("value", [["?", 1], {}, True, "-1", "NaN", "99999999999999"])
def test_a_bound_that_cannot_be_read_is_not_taken_for_none(field, value):
    if isinstance(value, str) and field in ("iban", "api_key_name"):
        return
    with pytest.raises(AnswerUnreadable, match=field):
        key_permissions({**ANSWER, field: value})


@pytest.mark.parametrize(
    ("left_s", "refused", "warned"),
    [(-1, True, True), (300, True, True), (86_400, False, True), (8 * 86_400, False, False)],
)
def test_a_key_that_ends_is_told_days_before_and_refused_when_orders_could_not_be_taken_off(left_s, refused, warned):
    key = KeyPermissions(NEEDED, valid_until_s=NOW_S + left_s)
    assert live_verdict(key, NOW_S) == (KeyExpired(NOW_S + left_s) if refused else None)
    assert key_warnings(key, NOW_S) == ((KeyExpires(NOW_S + left_s, max(0.0, left_s)),) if warned else ())


def test_a_key_that_sees_no_trade_of_today_is_refused():
    key = KeyPermissions(NEEDED, query_to_s=NOW_S - 1)
    assert live_verdict(key, NOW_S) == KeySeesNoTrades(NOW_S - 1)
    assert "2025-12-31 23:59" in key_refused_words(KeySeesNoTrades(NOW_S - 1))


def test_the_addresses_that_a_key_is_bound_to_are_told():
    assert key_warnings(KeyPermissions(NEEDED, addresses=("203.0.113.7",)), NOW_S) == (KeyBound(("203.0.113.7",)),)


def test_a_key_that_may_not_read_what_is_older_is_told():
    assert key_warnings(KeyPermissions(NEEDED, query_from_s=5.0), NOW_S) == (KeySeesFrom(5.0),)


async def test_the_end_of_a_key_is_told_a_week_a_day_and_an_hour_before_it():
    clock, notices, told = ManualClock(NOW_S), Notices(), []
    notices.listen(told.append)
    watch = KeyWatch(clock, notices)
    watch.learn(KeyPermissions(NEEDED, valid_until_s=NOW_S + 10 * 86_400))
    for _ in range(10 * 24 + 1):
        watch.look()
        clock.advance(3600)
    assert [item.reason.left_s // 3600 for item in told] == [167, 23, 0]


async def test_a_key_that_ends_in_minutes_is_told_when_it_is_read(open_world, next_of):
    key = ApiKey(key="paper-key", secret=SECRET, valid_until_s=EPOCH_S + 300)
    async with open_world(keys=(key,)) as world:
        stream = world.venue.stream()
        await next_of(stream, StreamBack)
        permissions = await world.venue.permissions()
        assert live_verdict(permissions, world.clock.now()) == KeyExpired(EPOCH_S + 300)
        assert (await next_of(stream, AccountTrouble)).reason == KeyExpires(EPOCH_S + 300, 300.0)


@pytest.mark.parametrize("answer", [{}, {"permissions": None}, {"permissions": [1]}, None, []])
def test_rights_that_cannot_be_read_are_not_taken_for_none(answer):
    with pytest.raises(AnswerUnreadable):
        key_permissions(answer)
