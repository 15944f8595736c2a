"""Messages of the sockets that are wrong in one place: told as they were meant, or the session ends and says where."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.grid.ports import Balances, Quote, StreamItem, VenueFill, VenueOrder
from engine.venue.inbox import Inbox
from engine.venue.notices import Notices
from engine.venue.order_socket import OrderSocket
from engine.venue.pair_rules import pair_rules
from engine.venue.rates import Tier
from engine.venue.refusals import Refusals
from engine.venue.stream import Session
from tests.engine.venue.mutations import DROP, every_mutation, mutated
from tests.engine.venue.recorded import recorded

RECORDED = recorded()
_, NAMES = pair_rules(RECORDED.rest["AssetPairs"], "DOGE/USD", Tier.PRO)
PUBLIC, PRIVATE = "ws://public", "ws://private"
TIMES = {"time_in": "2026-01-01T00:00:00.000000Z", "time_out": "2026-01-01T00:00:00.000001Z"}


def acknowledged(channel: str) -> dict[str, Any]:
    result = {"channel": channel, "snapshot": True}
    return {"method": "subscribe", "success": True, "result": result, "req_id": len(channel), **TIMES}


def private(channel: str, kind: str, entries: list[Any], sequence: int) -> dict[str, Any]:
    return {"channel": channel, "type": kind, "data": entries, "sequence": sequence}


STATUS = {"channel": "status", "type": "update", "data": [{"system": "online", "api_version": "v2"}]}
MESSAGES: list[dict[str, Any]] = [
    STATUS,
    acknowledged("ticker"),
    {"channel": "ticker", "type": "snapshot", "data": RECORDED.rows["ticker"]},
    acknowledged("executions"),
    private("executions", "snapshot", RECORDED.rows["executions"][:3], 1),
    acknowledged("balances"),
    private("balances", "snapshot", RECORDED.rows["balances snapshot"], 1),
    {"channel": "heartbeat"},
    private("executions", "update", RECORDED.rows["executions"][3:5], 2),
    private("balances", "update", RECORDED.rows["balances update"][-2:], 2),
]
BY_NAME = [f"{number}: {message.get('channel') or message['method']}" for number, message in enumerate(MESSAGES)]


class Wire:
    """As much of the client as a session needs; what is heard is said by the test."""

    def __init__(self) -> None:
        self.urls = {"api": {"ws": {"publicV2": PUBLIC, "privateV2": PRIVATE}}}
        self.listener: Callable[[str, Any], None] | None = None

    def watch(self, url: str, name: str, message: Any, subscription: str) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    async def hang_up(self, url: str) -> None:
        """Nothing was dialled."""


async def heard(messages: list[Any]) -> tuple[list[StreamItem], str]:
    """What a session makes of the messages: everything for its reader, and why it ended, empty while it has not."""
    wire, inbox, words = Wire(), Inbox(), []
    notices = Notices()
    notices.listen(inbox.put)
    session = Session(
        wire,
        NAMES,
        {},
        ManualClock(0.0),
        inbox,
        notices,
        OrderSocket(1.0, Refusals(ManualClock(0.0), notices)),
    )
    running = asyncio.create_task(session.run("a token", 5.0, inbox.back, words.append), name="session")
    await asyncio.sleep(0)
    for message in messages:
        if wire.listener is not None:
            wire.listener(PRIVATE, message)
        for _ in range(3):
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    inbox.end()
    items = []
    while (item := await inbox.next()) is not None:
        items.append(item)
    return items, words[0] if words else ""


async def test_messages_as_kraken_sends_them_are_all_told() -> None:
    items, words = await heard(MESSAGES)
    assert words == ""
    kinds = [type(item) for item in items if isinstance(item, Quote | Balances | VenueFill | VenueOrder)]
    assert kinds == [VenueOrder, VenueFill, VenueFill, VenueOrder, Balances, Quote]


@pytest.mark.parametrize("number", range(len(MESSAGES)), ids=BY_NAME)
async def test_a_message_that_is_wrong_in_one_place_is_told_as_meant_or_ends_the_session(number: int) -> None:
    before, _ = await heard(MESSAGES)
    facts = [named(item) for item in before]
    latest = {type(item): item for item in before}
    for at, put in every_mutation(MESSAGES[number]):
        if at == () and put is DROP:
            continue
        messages = [mutated(message, at, put) if n == number else message for n, message in enumerate(MESSAGES)]
        items, words = await heard(messages)
        where = f"{at} = {put!r}"
        assert not any(loose in words for loose in ("KeyError", "TypeError", "AttributeError", "Invalid")), where
        for item in items:
            if isinstance(item, VenueFill | VenueOrder):
                assert named(item) in facts, where
            if isinstance(item, Quote) and not words:
                assert item == latest[Quote], where
            if isinstance(item, Balances) and not words:
                known = (latest[Balances], latest[Balances])
                assert item.usd in told_before("usd", known[0]), where
                assert item.doge in told_before("doge", known[0]), where


def named(item: Any) -> Any:
    """Without the one text that is free in form."""
    return replace(item, client_id="") if isinstance(item, VenueFill | VenueOrder) else item


def told_before(amount: str, latest: Any) -> tuple[Any, ...]:
    """Totals that the account had, and none: an asset that is not listed is not held. A negative one says itself."""
    usd, doge = RECORDED.balances_told
    return (*(usd if amount == "usd" else doge), getattr(latest, amount), 0, -1)


@pytest.mark.parametrize("message", ["text", 5, None, [], [1], True, {}, {"data": []}, {"channel": ["ticker"]}])
async def test_a_message_of_no_known_form_tells_nothing(message: Any) -> None:
    items, words = await heard([*MESSAGES[:7], message])
    before, _ = await heard(MESSAGES[:7])
    assert [type(item) for item in items if not isinstance(item, Quote | Balances)] == [
        type(item) for item in before if not isinstance(item, Quote | Balances)
    ]
    assert message == {} or "unreadable at" in words


async def test_a_refused_subscription_ends_the_session_in_krakens_words() -> None:
    refused = {"method": "subscribe", "success": False, "error": "EAuth:Invalid token", **TIMES}
    _, words = await heard([STATUS, refused])
    assert "EAuth:Invalid token" in words
