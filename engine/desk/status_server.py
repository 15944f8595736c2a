"""`GET /api/status`: the governor's status for other programs on this machine (governor spec 9, seed 9.1).

Read-only and off by default. It listens on 127.0.0.1 alone and answers only requests that name this machine as their
host: a web page whose domain is made to point here (DNS rebinding) sends its own domain. No header lets another origin
read the answer. It is an extra: where it cannot be served this is told, and the session goes on.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.configuration import Configuration
from engine.core.messages import Reason
from engine.core.supervisor import EngineSnapshot, EngineState
from engine.core.tasks import TaskFailure, Tasks
from engine.desk.messages import DeskNote, StatusPageOff, StatusPageRefused, StatusPageServed, StatusPageSnapshot
from engine.desk.options import DeskOptions
from engine.governor.messages import GovernorSnapshot
from engine.governor.telemetry import status_payload

HOST = "127.0.0.1"
PATH = "/api/status"
GOVERNOR = "governor"
CLOSE_WITHIN_S = 1.0

_log = logging.getLogger(__name__)


class StatusServer:
    """Serves the page at the port that the configuration in force names, and moves when that changes."""

    def __init__(self, configuration: Configuration, bus: Bus, clock: Clock) -> None:
        self._configuration = configuration
        self._bus = bus
        self._clock = clock
        self._tasks = Tasks("status page", self._failed)
        self._changed = asyncio.Event()
        self._unsubscribe: Callable[[], None] = lambda: None
        self._runner: web.ServerRunner | None = None
        self._wanted = 0

    async def start(self) -> None:
        """Serve as configured now, and follow the configuration from here on."""
        self._unsubscribe = self._configuration.subscribe(lambda _: self._changed.set())
        await self._follow()
        self._tasks.start(self._follow_changes(), name="follow")

    async def close(self) -> None:
        """Stop following and listening."""
        self._unsubscribe()
        await self._tasks.close()
        await self._stop_listening()

    async def _follow_changes(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._follow()

    async def _follow(self) -> None:
        wanted = self._configuration.settings.of(DeskOptions).status_port
        if wanted == self._wanted:
            return
        self._wanted = wanted
        await self._stop_listening()
        if wanted == 0:
            self._tell(None, StatusPageOff())
            return
        try:
            await self._listen(wanted)
        except OSError as error:
            words = error.strerror or str(error)
            _log.warning(
                "the status page is not served: port %d on this machine cannot be had (%s); "
                "set desk.status_port to another one. The session goes on without it",
                wanted,
                words,
            )
            self._tell(None, StatusPageRefused(wanted, words))
        else:
            _log.info("the governor's status is at http://%s:%d%s", HOST, wanted, PATH)
            self._tell(wanted, StatusPageServed(wanted))

    async def _listen(self, port: int) -> None:
        runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=CLOSE_WITHIN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner

    async def _stop_listening(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if not self._is_addressed_here(request):
            return _json({"error": f"address this page as {HOST} or localhost"}, HTTPStatus.MISDIRECTED_REQUEST)
        if request.path != PATH:
            return _json({"error": f"there is {PATH} alone"}, HTTPStatus.NOT_FOUND)
        if request.method != "GET":
            refusal = _json({"error": "this page can be read only"}, HTTPStatus.METHOD_NOT_ALLOWED)
            refusal.headers["Allow"] = "GET"
            return refusal
        engine = self._bus.latest(EngineSnapshot, GOVERNOR)
        if engine is None or engine.state is not EngineState.RUNNING:
            state = "not running" if engine is None else engine.state.value
            return _json({"error": f"the governor is {state}"}, HTTPStatus.SERVICE_UNAVAILABLE)
        snapshot = self._bus.latest(GovernorSnapshot)
        if snapshot is None:
            return _json({"error": "the governor has not decided anything yet"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json(status_payload(snapshot), HTTPStatus.OK)

    def _is_addressed_here(self, request: web.BaseRequest) -> bool:
        return request.headers.getall("Host", []) in ([f"{name}:{self._wanted}"] for name in (HOST, "localhost"))

    def _tell(self, port: int | None, reason: Reason) -> None:
        now_s = self._clock.now()
        self._bus.publish(StatusPageSnapshot(at_s=now_s, port=port, why=None if port else reason))
        self._bus.emit(DeskNote(at_s=now_s, reason=reason))

    def _failed(self, failure: TaskFailure) -> None:
        _log.error("the status page failed and follows no change any more: %r", failure.error, exc_info=failure.error)


def _json(body: dict[str, Any], status: HTTPStatus) -> web.Response:
    return web.Response(
        text=json.dumps(body, allow_nan=False),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "Evenkeel"},
    )
