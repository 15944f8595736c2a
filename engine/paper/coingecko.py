"""A stand-in for CoinGecko on loopback: the answer shapes, rate limit and errors of its simple-price interface.

The prices are what the caller says they are; the age too, so that a stale source can be had. In process: it carries no
money and no secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from aiohttp import web

RATE_LIMITED = "You've exceeded the Rate Limit. Please visit the pricing page to subscribe to a plan."
WINDOW_S = 60.0


class CoinGeckoStandIn:
    """prices: USD by coin, read anew for each answer. now_s: the stand-in's clock, in seconds since the epoch.

    calls_per_minute: how many answers it gives in a window of a minute; 0 for no limit. age_s: how old its prices are.
    next_status: when set, the next answer is an error of that status.
    """

    def __init__(
        self,
        prices: Callable[[], Mapping[str, Decimal | None]],
        now_s: Callable[[], float],
        *,
        calls_per_minute: int = 0,
    ) -> None:
        self._prices = prices
        self._now_s = now_s
        self._calls_per_minute = calls_per_minute
        self._calls: list[float] = []
        self._runner: web.AppRunner | None = None
        self.age_s = 0.0
        self.next_status = 0
        self.next_body: str | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v3"

    @property
    def calls(self) -> int:
        """How many requests have come in the running minute."""
        return len(self._calls)

    async def __aenter__(self) -> CoinGeckoStandIn:
        application = web.Application()
        application.router.add_get("/api/v3/simple/price", self._simple_price)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _simple_price(self, request: web.Request) -> web.Response:
        now_s = self._now_s()
        self._calls = [at_s for at_s in self._calls if at_s > now_s - WINDOW_S]
        if self._calls_per_minute and len(self._calls) >= self._calls_per_minute:
            return _error(429, RATE_LIMITED, {"Retry-After": str(int(self._calls[0] + WINDOW_S - now_s) + 1)})
        self._calls.append(now_s)
        status, self.next_status = self.next_status, 0
        if status:
            return _error(status, "An error on purpose.")
        body, self.next_body = self.next_body, None
        if body is not None:
            return web.Response(text=body, content_type="application/json")
        for name in ("ids", "vs_currencies"):
            if not request.query.get(name):
                return web.Response(
                    status=422, text=json.dumps({"error": f"Missing parameter {name}"}), content_type="application/json"
                )
        return web.Response(text=self._answer(request, now_s), content_type="application/json")

    def _answer(self, request: web.Request, now_s: float) -> str:
        with_age = request.query.get("include_last_updated_at") == "true"
        known = self._prices()
        coins = []
        for coin in dict.fromkeys(request.query["ids"].split(",")):
            if coin not in known:
                continue
            price = known[coin]
            fields = [f'"usd":{"null" if price is None else format(price, "f")}']
            if with_age:
                fields.append(f'"last_updated_at":{int(now_s - self.age_s)}')
            coins.append(f"{json.dumps(coin)}:{{{','.join(fields)}}}")
        return f"{{{','.join(coins)}}}"


def _error(status: int, words: str, headers: Mapping[str, str] | None = None) -> web.Response:
    body = json.dumps({"status": {"error_code": status, "error_message": words}})
    return web.Response(status=status, text=body, content_type="application/json", headers=headers)
