"""One request to Kraken: turn, nonce, answer, and what a failure means."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.core.redaction import without
from engine.core.secrets import MIN_LENGTH, Secret
from engine.grid.ports import VenueRefused
from engine.venue.error_table import CALL_LIMIT_WORDS, NONCE_WORDS
from engine.venue.errors import AnswerUnreadable, HttpStatusError, failure, kraken_words
from engine.venue.kept_counters import KeptCounter
from engine.venue.nonces import Nonces
from engine.venue.rates import call_cost
from engine.venue.refusals import Refusals
from engine.venue.turnstile import Turn, Turnstile, Urgency

MIN_DEADLINE_S = 2.0
"""Kraken takes no deadline nearer than this."""

_NOT_AGAIN_S = 60.0
"""Two programs that pass each other's nonces do so all the time; that they do is said once a minute."""


class Calls:
    """Sends private and public requests through one ccxt client.

    Every method raises `Rejection` when Kraken certainly did nothing and `NoAnswer` when that cannot be told
    (errors.py); `AnswerUnreadable` is a `NoAnswer`.
    """

    def __init__(
        self,
        client: Any,
        nonces: Nonces,
        clock: Clock,
        counter: KeptCounter,
        refusals: Refusals,
        on_key_shared: Callable[[str], None] = lambda evidence: None,
        read_timeout_s: float = 5.0,
    ) -> None:
        """on_key_shared: told what showed that another program uses the key."""
        self._client = client
        self._nonces = nonces
        self._clock = clock
        self._counter = counter
        self._refusals = refusals
        self._on_key_shared = on_key_shared
        self._shared_said_s = -math.inf
        self._was_taken = False
        self._turnstile = Turnstile()
        self._read_timeout_s = read_timeout_s

    async def change(
        self, path: str, params: dict[str, Any], urgency: Urgency, deadline_s: float | None = None
    ) -> Mapping[str, Any]:
        """Ask for something to be done. Past `deadline_s` less what Kraken needs, it is not sent (Rejection, retry)."""
        self._counter.spend(call_cost(path), self._clock.now())
        return self._result(await self._sent(path, params, urgency, deadline_s=deadline_s))

    async def read(
        self, path: str, params: dict[str, Any] | None = None, urgency: Urgency = Urgency.READ
    ) -> Mapping[str, Any]:
        """Read something of the account; waits until the call counter allows it (spec 20)."""
        cost = call_cost(path)
        while (wait_s := self._counter.wait_s(cost, self._clock.now())) > 0:
            await self._clock.sleep(wait_s)
        self._counter.spend(cost, self._clock.now())
        return self._result(await self._sent(path, params or {}, urgency, within_s=self._read_timeout_s))

    async def _sent(
        self,
        path: str,
        params: dict[str, Any],
        urgency: Urgency,
        *,
        deadline_s: float | None = None,
        within_s: float | None = None,
    ) -> Mapping[str, Any]:
        """The answer of one request. One whose nonce was passed did nothing: it is sent again at once, above it."""
        turn = await self._turnstile.enter(urgency)
        try:
            for step in itertools.count():
                await self._nonces.ready()
                self._refusals.check()
                check_deadline(deadline_s, self._clock.now())
                try:
                    async with asyncio.timeout(within_s):
                        answer = await getattr(self._client, f"privatePost{path}")(dict(params))
                except Exception as error:
                    passed = any(word.startswith(NONCE_WORDS) for word in kraken_words(error))
                    if not passed or not self._nonces.step_over(step):
                        raise self._failed(error, reading=within_s is not None) from error
                    if step == 0:
                        self._note_passed(path, turn)
                    if turn.was_left:
                        turn = await self._turnstile.enter(urgency)
                else:
                    self._was_taken = True
                    self._nonces.was_taken()
                    self._refusals.answered()
                    return answer  # type: ignore[no-any-return]
            raise AssertionError("the steps over nonces are counted")
        finally:
            turn.leave()

    def _note_passed(self, path: str, turn: Turn) -> None:
        """Somebody else did, where a nonce of this run was taken before and no request of ours overtook this one."""
        now_s = self._clock.now()
        if self._was_taken and not turn.was_left and now_s >= self._shared_said_s + _NOT_AGAIN_S:
            self._shared_said_s = now_s
            self._on_key_shared(f"{NONCE_WORDS} on {path}")

    def _failed(self, error: Exception, *, reading: bool) -> Rejection | NoAnswer:
        failed = self._heard(error, reading=reading)
        if isinstance(failed.reason, VenueRefused) and failed.reason.words.startswith(CALL_LIMIT_WORDS):
            self._counter.exhaust(self._clock.now())
        return failed

    def _heard(self, error: Exception, *, reading: bool = False) -> Rejection | NoAnswer:
        failed = failure(error, self._without_keys)
        self._refusals.heard([self._without_keys(words) for words in kraken_words(error)], reading=reading)
        if isinstance(error, HttpStatusError) and isinstance(failed.reason, VenueRefused) and failed.reason.again_in_s:
            self._refusals.closed(failed.reason.words, failed.reason.again_in_s)
        return failed

    def _result(self, answer: Any) -> Mapping[str, Any]:
        result = answer.get("result") if isinstance(answer, Mapping) else None
        if not isinstance(result, Mapping):
            raise AnswerUnreadable("result", answer).hidden(self._without_keys)
        return result

    def _without_keys(self, words: str) -> str:
        """An answer may repeat the key that it was asked with, and its words are kept in the journal."""
        keys = (getattr(self._client, "apiKey", None), getattr(self._client, "secret", None))
        return without(words, *(Secret(key) for key in keys if isinstance(key, str) and len(key) >= MIN_LENGTH))

    async def look(self, path: str, params: dict[str, Any]) -> Mapping[str, Any]:
        """Read something public; the call counter counts none of it."""
        try:
            async with asyncio.timeout(self._read_timeout_s):
                answer = await getattr(self._client, f"publicGet{path}")(params)
        except Exception as error:
            raise self._heard(error) from error
        return self._result(answer)


def check_deadline(deadline_s: float | None, now_s: float) -> None:
    """Raises Rejection when a request with this deadline would be too late for Kraken."""
    if deadline_s is not None and now_s + MIN_DEADLINE_S > deadline_s:
        raise Rejection(VenueRefused("the deadline was too near when its turn came, nothing was sent", "retry"))
