"""The line to a paper chain's node: loses, delays and repeats on request, and stands in for a real node's pool.

What passes is JSON-RPC over HTTP on loopback, single requests and batches. Transactions go through `NodePool`,
everything else goes to the node as it came (hub spec, "Facts").
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import random
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from engine.core.tasks import TaskFailure, Tasks
from engine.paper.node_pool import UNDERPRICED, Answer, Call, NodeAway, NodePool

SEND = "eth_sendRawTransaction"
LOOK_EVERY_S = 0.2
_TIMEOUT_S = 30.0
_MOST_ARRIVED = 1000
_MOST_BYTES = 2**24
_SHUTDOWN_S = 0.5
_PARSE_ERROR = {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "parse error"}}

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class RpcFaults:
    """What the line does wrong; may be changed at any time. Ratios are of all requests, 0 to 1.

    A request that is lost never arrives; of one whose answer is lost, the node has it and the connection breaks; one
    that is repeated arrives twice, and the second answer comes back; an answer that is delayed comes `delay_s` late.
    lost_requests, lost_answers: the same for the next so many requests that send a transaction.
    """

    seed: int = 1
    lost_request_ratio: float = 0.0
    lost_answer_ratio: float = 0.0
    repeat_ratio: float = 0.0
    delay_ratio: float = 0.0
    delay_s: float = 0.0
    lost_requests: int = 0
    lost_answers: int = 0


@dataclass(frozen=True, slots=True)
class _Luck:
    """What happens to one request."""

    loses_request: bool
    loses_answer: bool
    repeats: bool
    delay_s: float


class RpcProxy:
    """In front of the node at `address` (http). Use as an async context; `address` is then where it listens."""

    def __init__(self, address: str, faults: RpcFaults | None = None) -> None:
        self._node = address
        self.faults = faults or RpcFaults()
        self._random = random.Random(self.faults.seed)
        self._arrived: deque[str] = deque(maxlen=_MOST_ARRIVED)
        self._pool = NodePool(self._ask)
        self._ids = itertools.count(1)
        self._closing = asyncio.Event()
        self._tasks = Tasks("rpc proxy", _failed)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def arrived(self) -> list[str]:
        """Signed bytes, as hex, that came through and paid enough to be looked at, in order; the newest thousand."""
        return list(self._arrived)

    @property
    def pool(self) -> NodePool:
        return self._pool

    async def __aenter__(self) -> RpcProxy:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        application = web.Application(client_max_size=_MOST_BYTES)
        application.router.add_post("/", self._pass)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._tasks.start(self._look(), name="pool")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        await self._tasks.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._pool.refresh()
            except NodeAway as error:
                _log.warning("what the proxy keeps waits: %s", error)

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            asked = json.loads(text)
        except (ValueError, RecursionError):
            return web.json_response(_PARSE_ERROR)
        calls = [call for call in (asked if isinstance(asked, list) else [asked]) if isinstance(call, dict)]
        luck = self._luck(sends=any(call.get("method") == SEND for call in calls))
        if luck.loses_request:
            return _cut(request)
        try:
            for _ in range(1 + luck.repeats):
                answer = await self._answered(text, asked, calls)
        except NodeAway as error:
            return web.Response(status=502, text=str(error))
        await self._delay(luck.delay_s)
        return _cut(request) if luck.loses_answer else web.Response(text=answer, content_type="application/json")

    async def _delay(self, delay_s: float) -> None:
        """No longer than the proxy is there: a handler whose client has gone would outlive it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_s):
                await self._closing.wait()

    def _luck(self, *, sends: bool) -> _Luck:
        faults = self.faults
        loses_request = self._strikes(faults.lost_request_ratio)
        if sends and not loses_request and faults.lost_requests > 0:
            faults.lost_requests -= 1
            loses_request = True
        loses_answer = self._strikes(faults.lost_answer_ratio)
        if sends and not (loses_request or loses_answer) and faults.lost_answers > 0:
            faults.lost_answers -= 1
            loses_answer = True
        delay_s = faults.delay_s if self._strikes(faults.delay_ratio) else 0.0
        return _Luck(loses_request, loses_answer, self._strikes(faults.repeat_ratio), delay_s)

    def _strikes(self, ratio: float) -> bool:
        return self._random.random() < ratio

    async def _answered(self, text: str, asked: Any, calls: Sequence[dict[str, Any]]) -> str:
        """The node's answer, as JSON."""
        if not any(call.get("method") == SEND for call in calls):
            await self._pool.refresh()
            return await self._post(text)
        answers = [await self._one(call) for call in calls]
        return json.dumps(answers if isinstance(asked, list) else answers[0])

    async def _one(self, call: dict[str, Any]) -> Any:
        """A call of a request that sends; those beside it keep their places."""
        params = call.get("params")
        if call.get("method") != SEND or not isinstance(params, list) or not params:
            return _json(await self._post(json.dumps(call)))
        raw = str(params[0])
        answer = await self._pool.send(raw)
        if answer.get("error") != UNDERPRICED:
            self._arrived.append(raw)
        return {"jsonrpc": "2.0", "id": call.get("id"), **answer}

    async def _ask(self, calls: Sequence[Call]) -> list[Answer]:
        """Calls of the proxy's own. Raises NodeAway."""
        asked = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
            for method, params in calls
        ]
        answers = _json(await self._post(json.dumps(asked)))
        try:
            by_id = {answer["id"]: answer for answer in answers}
            return [_bare(by_id[one["id"]]) for one in asked]
        except (KeyError, TypeError) as error:
            raise NodeAway(f"the node's answer cannot be read ({type(error).__name__})") from None

    async def _post(self, text: str) -> str:
        if self._session is None or self._session.closed:
            raise NodeAway("the proxy is closed")
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(self._node, data=text.encode(), headers=headers) as answer:
                return await answer.text()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NodeAway(f"the node does not answer ({type(error).__name__})") from None


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise NodeAway("the node answered with something that is not JSON") from None


def _bare(answer: dict[str, Any]) -> Answer:
    return {key: answer[key] for key in ("result", "error") if key in answer}


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


def _failed(failure: TaskFailure) -> None:
    _log.error("%s ended in an error: %r", failure.task, failure.error)
