"""Serves the hub's interface on 127.0.0.1. Bad and hostile input gets a status from 400 on, with words; never a crash.

Only requests that name this machine as their host are answered, so that no web page whose domain is made to point here
(DNS rebinding) can speak for a user; bodies are JSON by their content type, which no page of another origin may send
unasked.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from types import TracebackType
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from engine.core.clock import Clock
from engine.core.journal import JournalFailed
from engine.hub.engine import HubEngine
from engine.hub.ports import ChainUnavailable, NotReadYet
from engine.hub.remembered import JournalUnsure
from engine.hub_api.bodies import DomainBody, ErrorBody, ReasonBody
from engine.hub_api.handlers import Answer, Handlers, NotFound, Turned, Wrong
from engine.hub_api.openapi import ROUTES, document
from engine.hub_api.passes import NotProved, Wallets
from engine.hub_api.words import reason_body

HOST = "127.0.0.1"
MOST_BYTES = 16_384
CLOSE_WITHIN_S = 1.0
ANSWER_WITHIN_S = 15.0
_MESSAGES = ("RebalanceRequest", "Payment", "ReadPass")
_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "Evenkeel"}
Handler = Callable[[web.Request], Awaitable[Answer]]

_log = logging.getLogger(__name__)


class PortTaken(RuntimeError):
    """The port cannot be had; the text says which and what to set."""


class HubServer:
    """Use as an async context. port: 0 for one that is free."""

    def __init__(self, engine: HubEngine, wallets: Wallets, clock: Clock, port: int = 0) -> None:
        self._engine = engine
        self._wanted = port
        typed = wallets.typed_data(_MESSAGES[0], {})
        self._domain = DomainBody(**typed["domain"])
        self._handlers = Handlers(engine, wallets, self._domain, engine.entity, clock)
        types = {name: wallets.typed_data(name, {})["types"][name] for name in _MESSAGES}
        self._document = document({"domain": typed["domain"], "types": types})
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def __aenter__(self) -> HubServer:
        application = web.Application(middlewares=[self._guarded], client_max_size=MOST_BYTES)
        for route in ROUTES:
            application.router.add_route(route.method, route.path, self._route(getattr(self._handlers, route.handler)))
        application.router.add_get("/openapi.json", self._described)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSE_WITHIN_S)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._wanted).start()
        except OSError as error:
            await runner.cleanup()
            raise PortTaken(
                f"port {self._wanted} on this machine cannot be had ({error.strerror}); set hub.http_port to another"
            ) from None
        self._runner = runner
        self.port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def _route(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def answered(request: web.Request) -> web.StreamResponse:
            answer = await handler(request)
            return _json(answer.body.model_dump(mode="json"), answer.status)

        return answered

    async def _described(self, request: web.Request) -> web.StreamResponse:
        return _json(self._document, HTTPStatus.OK)

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if request.headers.getall("Host", []) not in ([f"{name}:{self.port}"] for name in (HOST, "localhost")):
            return _refused(HTTPStatus.MISDIRECTED_REQUEST, "misdirected", f"address the hub as {HOST} or localhost")
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await handler(request)
        except Turned as turned:
            return _error(turned.status, reason_body(turned.reason))
        except NotProved as error:
            return _refused(HTTPStatus.UNAUTHORIZED, "not_proved", str(error))
        except NotFound as error:
            return _refused(HTTPStatus.NOT_FOUND, "not_found", str(error))
        except ValidationError as error:
            return _refused(HTTPStatus.BAD_REQUEST, "wrong", _first_of(error))
        except Wrong as error:
            return _refused(HTTPStatus.BAD_REQUEST, "wrong", str(error))
        except web.HTTPException as error:
            response = _refused(error.status, "http", error.reason)
            if isinstance(error, web.HTTPMethodNotAllowed):
                response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
            return response
        except NotReadYet as error:
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "not_ready", f"{error}; ask again")
        except (ChainUnavailable, JournalFailed, JournalUnsure, TimeoutError) as error:
            _log.warning("the hub could not answer %s %s: %s", request.method, request.path, type(error).__name__)
            return _refused(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "the hub cannot tell now; ask again")


def _first_of(error: ValidationError) -> str:
    """Names the field; what was given stays out of it, for it may be anything."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else str(first["msg"])


def _refused(status: int, code: str, message: str) -> web.Response:
    return _error(status, ReasonBody(code=code, message=message))


def _error(status: int, reason: ReasonBody) -> web.Response:
    response = _json(ErrorBody(error=reason).model_dump(mode="json"), status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "2"
    return response


def _json(body: Any, status: int) -> web.Response:
    return web.Response(
        text=json.dumps(body, allow_nan=False), status=status, content_type="application/json", headers=_HEADERS
    )
