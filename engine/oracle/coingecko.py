"""CoinGecko's simple-price interface: `GET /simple/price`, full precision, with the age of each price (drift spec 4).

Its answer is an object by coin, `{"ethereum": {"usd": 3512.77, "last_updated_at": 1732147200}}`; a coin that it does
not know is left out, and one without a price has null. Errors are `{"status": {"error_code": 429, ...}}` with a
`Retry-After` header, or `{"error": "..."}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeGuard

import aiohttp

from engine.core.redaction import without
from engine.core.secrets import Secret
from engine.drift.ports import PricesUnavailable
from engine.drift.prices import PriceReading

PUBLIC = "https://api.coingecko.com/api/v3"
PRO = "https://pro-api.coingecko.com/api/v3"
MOST_COINS = 250
_LONGEST_RETRY_S = 3600.0


class CoinGecko:
    """A client for one address. Use as an async context, so that its connections end with it.

    key: sent with each request, as a Pro key where the address is the Pro one. deadline_s: for a whole answer.
    """

    def __init__(self, address: str = PUBLIC, key: Secret | None = None, deadline_s: float = 10.0) -> None:
        self._address = address.rstrip("/")
        self._key = key
        self._deadline_s = deadline_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> CoinGecko:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def prices_usd(self, coins: Sequence[str]) -> Mapping[str, PriceReading]:
        """Raises PricesUnavailable, with how long to wait where the source said so."""
        found: dict[str, PriceReading] = {}
        for at in range(0, len(coins), MOST_COINS):
            found.update(_readings(await self._ask(coins[at : at + MOST_COINS])))
        return found

    async def _ask(self, coins: Sequence[str]) -> Any:
        if self._session is None:
            raise RuntimeError("use the client as an async context")
        query = {
            "ids": ",".join(coins),
            "vs_currencies": "usd",
            "include_last_updated_at": "true",
            "precision": "full",
        }
        try:
            async with self._session.get(
                f"{self._address}/simple/price", params=query, headers=self._headers(), allow_redirects=False
            ) as answer:
                text = await answer.text()
                if answer.status != 200:
                    if self._key is not None:
                        text = without(text, self._key)
                    raise _refused(answer.status, text, answer.headers.get("Retry-After"))
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            raise PricesUnavailable(f"CoinGecko does not answer ({type(error).__name__})") from None
        try:
            return json.loads(text, parse_float=Decimal, parse_int=Decimal)
        except (json.JSONDecodeError, RecursionError):
            raise PricesUnavailable("CoinGecko answered with something that is not JSON") from None

    def _headers(self) -> dict[str, str]:
        if self._key is None:
            return {}
        name = "x-cg-pro-api-key" if self._address == PRO else "x-cg-demo-api-key"
        return {name: self._key.reveal()}


def _readings(answer: Any) -> dict[str, PriceReading]:
    if not isinstance(answer, dict):
        raise PricesUnavailable(f"CoinGecko answered with {type(answer).__name__}, expected an object by coin")
    return {coin: reading for coin, fields in answer.items() if (reading := _reading(coin, fields)) is not None}


def _reading(coin: str, fields: Any) -> PriceReading | None:
    """A coin without a price has no reading; one with something else where the price should be is an error."""
    if not isinstance(fields, dict):
        raise PricesUnavailable(f"CoinGecko's {coin}: expected an object, got {type(fields).__name__}")
    price, at_s = fields.get("usd"), fields.get("last_updated_at")
    if price is None:
        return None
    if not _is_number(price) or price <= 0:
        raise PricesUnavailable(f"CoinGecko's {coin}.usd: expected a number above 0, got {str(price)[:40]}")
    if not _is_number(at_s):
        raise PricesUnavailable(f"CoinGecko's {coin}.last_updated_at: expected seconds, got {str(at_s)[:40]}")
    return PriceReading(price, float(at_s))


def _is_number(value: Any) -> TypeGuard[Decimal]:
    return isinstance(value, Decimal) and value.is_finite()


def _refused(status: int, text: str, retry_after: str | None) -> PricesUnavailable:
    try:
        fields = json.loads(text)
        words = fields["status"]["error_message"] if "status" in fields else fields["error"]
    except (ValueError, KeyError, TypeError, RecursionError):
        words = "no words"
    return PricesUnavailable(f"CoinGecko refused with {status}: {str(words)[:200]}", _seconds(retry_after))


def _seconds(text: str | None) -> float | None:
    """`Retry-After` in seconds; a date, or anything else, is not understood and left to the caller's own waiting."""
    try:
        seconds = float(Decimal(text)) if text is not None else None
    except InvalidOperation:
        return None
    return seconds if seconds is not None and 0 <= seconds <= _LONGEST_RETRY_S else None
