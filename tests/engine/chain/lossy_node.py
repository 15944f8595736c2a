"""A node behind a line that loses requests or answers, on loopback; replacements cost 10 % more, as at real nodes."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from hexbytes import HexBytes

UNDERPRICED = {"code": -32000, "message": "replacement transaction underpriced"}
_FEES = ("maxFeePerGas", "maxPriorityFeePerGas")


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
        self._pool: dict[tuple[str, int], dict[str, int]] = {}

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
        for raw in sent:
            if not self._takes(raw):
                return web.json_response([{"jsonrpc": "2.0", "id": call["id"], "error": UNDERPRICED} for call in calls])
        assert self._session is not None
        async with self._session.post(self._address, json=calls) as answer:
            text = await answer.text()
        self.arrived += sent
        if sent and self.lost_answers:
            self.lost_answers -= 1
            return self._cut(request)
        return web.Response(text=text, content_type="application/json")

    def _takes(self, raw: str) -> bool:
        """Whether both fees are 10 % above those of what it would replace."""
        fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
        of = (Account.recover_transaction(raw), int(fields["nonce"]))
        fees = {name: int(fields[name]) for name in _FEES}
        before = self._pool.get(of, fees)
        if fees != before and any(fees[name] * 10 < before[name] * 11 for name in _FEES):
            return False
        self._pool[of] = fees
        return True

    def _cut(self, request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()
