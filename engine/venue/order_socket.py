"""Orders, amendments and cancels over the private socket: no nonce, no turn, many on their way at once.

A request leaves at once and its answer is known by `req_id`. What could not leave raises `NotSentError`, and may go
another way; what left and was not answered raises `NoAnswer`, and is never sent twice.

Shapes: docs.kraken.com, "Spot WebSocket v2" (add_order, amend_order, cancel_order, batch_cancel).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.gate import NoAnswer, Rejection
from engine.core.redaction import without
from engine.core.secrets import MIN_LENGTH, Secret
from engine.grid.ports import OrderFate, VenueOrder, VenueSilent
from engine.venue.errors import AnswerUnreadable, judge
from engine.venue.order_requests import exact_json
from engine.venue.refusals import Refusals

METHODS = frozenset({"add_order", "amend_order", "cancel_order", "batch_cancel"})
SESSION_WORDS = "ESession:Invalid session"
"""The token is not taken: nothing was done, and a new token comes with a new subscription."""

_FIRST_NUMBER = 1000
"""Subscriptions have smaller ones."""


class NotSentError(Exception):
    """The request did not leave, or was certain not to be looked at."""


@dataclass(frozen=True, slots=True)
class Line:
    """A socket that is subscribed. `send` hands a text to it at once, named for whoever times it."""

    send: Callable[[str, str], Awaitable[None]]
    token: str
    renew: Callable[[str], None]

    def without_token(self, words: str) -> str:
        """An answer may repeat the token that it was asked with, and its words are kept in the journal."""
        return without(words, Secret(self.token)) if len(self.token) >= MIN_LENGTH else words


@dataclass(slots=True)
class _Asked:
    method: str
    answer: asyncio.Future[Mapping[str, Any]]


class OrderSocket:
    """Requests and answers on whichever line is open."""

    def __init__(self, answer_within_s: float, refusals: Refusals) -> None:
        self._refusals = refusals
        self._answer_within_s = answer_within_s
        self._line: Line | None = None
        self._asked: dict[int, _Asked] = {}
        self._numbers = itertools.count(_FIRST_NUMBER)
        self.on_ended: Callable[[VenueOrder], None] | None = None

    @property
    def is_open(self) -> bool:
        return self._line is not None

    def open(self, line: Line) -> None:
        """Requests may leave by `line` from now on."""
        self._line = line

    async def finish(self, within_s: float) -> None:
        """Nothing more leaves by this line; wait a little for the answers to what has left."""
        self._line = None
        if self._asked:
            await asyncio.wait([asked.answer for asked in self._asked.values()], timeout=within_s)

    def close(self, words: str) -> None:
        """The line is gone: what waits for an answer gets none."""
        self._line = None
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(NoAnswer(VenueSilent(words)))

    async def request(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The `result` of one request.

        Raises NotSentError when it did not leave, `Rejection` when Kraken certainly did nothing, else `NoAnswer`.
        """
        line = self._line
        if line is None:
            raise NotSentError("the private socket is not up")
        number = next(self._numbers)
        text = exact_json({"method": method, "params": {**params, "token": line.token}, "req_id": number})
        asked = self._asked[number] = _Asked(method, asyncio.get_running_loop().create_future())
        try:
            async with asyncio.timeout(self._answer_within_s):
                await line.send(text, method)
                return self._result(await asked.answer, line)
        except TimeoutError:
            raise NoAnswer(VenueSilent(f"no answer on the socket within {self._answer_within_s:g} s")) from None
        finally:
            del self._asked[number]

    def heard(self, message: Mapping[str, Any]) -> bool:
        """Whether the message is an answer to a request for an order; who asked gets it, if they still wait."""
        method = message.get("method")
        if not isinstance(method, str) or method not in METHODS:
            return False
        number = message.get("req_id")
        asked = self._asked.get(number) if isinstance(number, int) else None
        if asked is not None and asked.method == method and not asked.answer.done():
            asked.answer.set_result(message)
        return True

    def saw(self, order: VenueOrder) -> None:
        """News of an order from the executions channel: one that is over needs no cancel any more."""
        if self.on_ended is not None and order.fate is not OrderFate.OPEN:
            self.on_ended(order)

    def _result(self, message: Mapping[str, Any], line: Line) -> Mapping[str, Any]:
        if message.get("success") is True:
            result = message.get("result")
            if not isinstance(result, Mapping):
                raise AnswerUnreadable("result", message).hidden(line.without_token)
            return result
        words = message.get("error")
        if message.get("success") is not False or not isinstance(words, str) or not words:
            raise AnswerUnreadable("success", message).hidden(line.without_token)
        words = line.without_token(words)
        if words.startswith(SESSION_WORDS):
            line.renew(words)
            raise NotSentError(words)
        self._refusals.heard([words])
        reason = judge((words,))
        raise NoAnswer(VenueSilent(words)) if reason is None else Rejection(reason)
