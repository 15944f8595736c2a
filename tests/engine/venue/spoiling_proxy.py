"""A proxy before the paper exchange that changes what it answers, over REST and over the sockets alike."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import WSMsgType, web

from tests.engine.venue.mutations import DROP, JUNK, mutated, paths

QUOTED_OFTEN = frozenset({"ticker", "heartbeat"})
Spoil = Callable[[str, Any], Any]
"""(endpoint or channel or method, what the exchange says) -> what the client gets to see."""


def nothing(name: str, answer: Any) -> Any:
    """Leaves every answer as it is."""
    return answer


@dataclass
class RandomSpoil:
    """One answer in so many is wrong in one place, drawn from a seed; `spoilt` counts them by name.

    Of what is told every moment only a tenth as many, or the sockets would never stay up.
    """

    seed: int
    chance: float
    spoilt: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def __call__(self, name: str, answer: Any) -> Any:
        if self._random.random() >= (self.chance / 10 if name in QUOTED_OFTEN else self.chance):
            return answer
        self.spoilt[name] = self.spoilt.get(name, 0) + 1
        return mutated(answer, self._random.choice(list(paths(answer))), self._random.choice((DROP, *JUNK)))


class SpoilingProxy:
    """`spoil` may be replaced at any time. `port` is where it listens once it is open."""

    def __init__(self, exchange_port: int, spoil: Spoil = nothing) -> None:
        self.spoil = spoil
        self.port = 0
        self._behind = f"http://127.0.0.1:{exchange_port}"
        self._client: aiohttp.ClientSession

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SpoilingProxy]:
        app = web.Application()
        app.add_routes([web.get("/v2", self._sockets), web.route("*", "/0/{kind}/{method}", self._rest)])
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        async with aiohttp.ClientSession() as self._client:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.port = int(runner.addresses[0][1])
            try:
                yield self
            finally:
                await runner.cleanup()

    async def _rest(self, request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in ("host", "connection")}
        body = await request.read()
        url = f"{self._behind}{request.rel_url}"
        async with self._client.request(request.method, url, data=body or None, headers=headers) as answer:
            told = await answer.json()
        return web.json_response(self.spoil(request.match_info["method"], told), status=answer.status)

    async def _sockets(self, request: web.Request) -> web.WebSocketResponse:
        front = web.WebSocketResponse(compress=False)
        await front.prepare(request)
        with contextlib.suppress(aiohttp.ClientError, ConnectionError):
            async with self._client.ws_connect(f"{self._behind}/v2") as back:
                upwards = asyncio.create_task(self._upwards(front, back), name="proxy-upwards")
                try:
                    async for message in back:
                        if message.type is WSMsgType.TEXT:
                            told = json.loads(message.data)
                            name = str(told.get("channel") or told.get("method"))
                            await front.send_str(json.dumps(self.spoil(name, told)))
                finally:
                    upwards.cancel()
                    await asyncio.gather(upwards, return_exceptions=True)
        await front.close()
        return front

    async def _upwards(self, front: web.WebSocketResponse, back: aiohttp.ClientWebSocketResponse) -> None:
        async for message in front:
            if message.type is WSMsgType.TEXT:
                await back.send_str(message.data)
        await back.close()
