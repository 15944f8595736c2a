"""One request to Kraken: turn, nonce, answer, and what a failure means."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.core.redaction import without
from engine.core.secrets import MIN_LENGTH, Secret
from engine.grid.ports import VenueRefused
from engine.venue.errors import CALL_LIMIT_WORDS, AnswerUnreadable, failure
from engine.venue.kept_counters import KeptCounter
from engine.venue.nonces import Nonces
from engine.venue.rates import call_cost
from engine.venue.turnstile import Turnstile, Urgency

_SPARE_S = 2.0
"""Kraken takes no deadline nearer than this."""


class Calls:
    """Sends private and public requests through one ccxt client.

    Every method raises `Rejection` when Kraken certainly did nothing and `NoAnswer` when that cannot be told
    (errors.py); `AnswerUnreadable` is a `NoAnswer`.
    """

    def __init__(
        self, client: Any, nonces: Nonces, clock: Clock, counter: KeptCounter, read_timeout_s: float = 5.0
    ) -> None:
        self._client = client
        self._nonces = nonces
        self._clock = clock
        self._counter = counter
        self._turnstile = Turnstile()
        self._read_timeout_s = read_timeout_s

    async def change(
        self, path: str, params: dict[str, Any], urgency: Urgency, deadline_s: float | None = None
    ) -> Mapping[str, Any]:
        """Ask for something to be done. Past `deadline_s` less what Kraken needs, it is not sent (Rejection, retry)."""
        self._counter.spend(call_cost(path), self._clock.now())
        await self._nonces.ready()
        turn = await self._turnstile.enter(urgency)
        try:
            if deadline_s is not None and self._clock.now() + _SPARE_S > deadline_s:
                raise Rejection(VenueRefused("the deadline was too near when its turn came, nothing was sent", "retry"))
            answer = await getattr(self._client, f"privatePost{path}")(params)
        except Rejection:
            raise
        except Exception as error:
            raise self._failed(error) from error
        finally:
            turn.leave()
        return self._result(answer)

    async def read(self, path: str, params: dict[str, Any] | None = None) -> Mapping[str, Any]:
        """Read something of the account; waits until the call counter allows it (spec 20)."""
        cost = call_cost(path)
        while (wait_s := self._counter.wait_s(cost, self._clock.now())) > 0:
            await self._clock.sleep(wait_s)
        self._counter.spend(cost, self._clock.now())
        await self._nonces.ready()
        turn = await self._turnstile.enter(Urgency.READ)
        try:
            async with asyncio.timeout(self._read_timeout_s):
                answer = await getattr(self._client, f"privatePost{path}")(params or {})
        except Exception as error:
            raise self._failed(error) from error
        finally:
            turn.leave()
        return self._result(answer)

    def _failed(self, error: Exception) -> Rejection | NoAnswer:
        failed = failure(error, self._without_keys)
        if isinstance(failed.reason, VenueRefused) and failed.reason.words.startswith(CALL_LIMIT_WORDS):
            self._counter.exhaust(self._clock.now())
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
        """Read something public."""
        try:
            async with asyncio.timeout(self._read_timeout_s):
                answer = await getattr(self._client, f"publicGet{path}")(params)
        except Exception as error:
            raise self._failed(error) from error
        return self._result(answer)
