"""A node behind a line that loses requests or answers, on loopback."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web


class LossyNode:
    """Passes requests to `address`. Of those that send a transaction, the next `lost_requests` never arrive, and of the
    next `lost_answers` nothing comes back."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.lost_requests = 0
        self.lost_answers = 0
        self.arrived: list[str] = []
        """The signed bytes that reached the node, in order."""
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> LossyNode:
        self._session = aiohttp.ClientSession()
        application = web.Application()
        application.router.add_post("/", self._pass)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._runner is not None
        assert self._session is not None
        await self._runner.cleanup()
        await self._session.close()

    async def _pass(self, request: web.Request) -> web.Response:
        calls: list[dict[str, Any]] = json.loads(await request.text())
        sent = [call["params"][0] for call in calls if call["method"] == "eth_sendRawTransaction"]
        if sent and self.lost_requests:
            self.lost_requests -= 1
            return self._cut(request)
        assert self._session is not None
        async with self._session.post(self._address, json=calls) as answer:
            text = await answer.text()
        self.arrived += sent
        if sent and self.lost_answers:
            self.lost_answers -= 1
            return self._cut(request)
        return web.Response(text=text, content_type="application/json")

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()
