"""A running session can be asked from outside: one connection, one line of JSON in, one line of JSON out.

It listens where only the session's own user can reach it and asks the kernel who called; on systems without Unix
sockets the caller shows the token from the profile. It is an extra: where it cannot listen this is told, and the
session goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import secrets
import socket
import struct
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from engine.core.tasks import TaskFailure, Tasks
from engine.desk.control_address import (
    ANSWER_WITHIN_S,
    HAS_UNIX_SOCKETS,
    LOOPBACK,
    MAX_LINE_BYTES,
    ControlAddress,
    ControlAddressError,
    socket_path,
)
from engine.desk.control_requests import fault

MAX_CONNECTIONS = 8
READ_WITHIN_S = 5.0
FINISH_WITHIN_S = 1.0
_PEER = struct.Struct("3i")  # struct ucred: process, user, group

_log = logging.getLogger(__name__)

Answer = Callable[[Any], Coroutine[Any, Any, dict[str, Any]]]


class ControlSocket:
    """Listens from `start` to `close`. answer: takes one request. redact: takes secrets out of a line."""

    def __init__(self, profile: Path, answer: Answer, redact: Callable[[str], str]) -> None:
        self._profile = profile
        self._answer = answer
        self._redact = redact
        self._address = ControlAddress()
        self._server: asyncio.Server | None = None
        self._connections = 0
        self._tasks = Tasks("control socket", self._failed)

    async def start(self) -> None:
        """Listen, and say where in the profile. The profile is held, so a socket found there is nobody's."""
        try:
            path = await asyncio.to_thread(socket_path, self._profile) if HAS_UNIX_SOCKETS else None
            if path is None:
                await self._listen_on_loopback()
            else:
                await self._listen_at(path)
            await asyncio.to_thread(self._address.write, self._profile)
        except (OSError, ControlAddressError) as error:
            _log.warning(
                "this session cannot be asked from the command line (%s); it goes on without that", _words(error)
            )
            await self.close()

    async def close(self) -> None:
        """Listen no longer; answers under way get a moment. Safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
            await asyncio.to_thread(self._address.remove, self._profile)
        await self._tasks.close(finish_within_s=FINISH_WITHIN_S)

    async def _listen_at(self, path: Path) -> None:
        listening = await asyncio.to_thread(_bound, path)
        try:
            self._server = await asyncio.start_unix_server(self._called, sock=listening, limit=MAX_LINE_BYTES)
        except BaseException:
            listening.close()
            raise
        self._address = ControlAddress(path=str(path))

    async def _listen_on_loopback(self) -> None:
        self._server = await asyncio.start_server(self._called, LOOPBACK, 0, limit=MAX_LINE_BYTES)
        port: int = self._server.sockets[0].getsockname()[1]
        self._address = ControlAddress(port=port, token=secrets.token_urlsafe(32))

    def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:
            writer.close()
            return
        self._tasks.start(self._converse(reader, writer), name="connection")

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections > MAX_CONNECTIONS:
                answer = fault("busy", f"{MAX_CONNECTIONS} connections are open already; try again in a moment")
            elif not _is_own_user(writer.get_extra_info("socket")):
                answer = fault("wrong_user", "a session answers the user alone who started it")
            else:
                answer = await self._answered(reader)
            line = json.dumps(_redacted(answer, self._redact), separators=(",", ":"))
            writer.write(line.encode() + b"\n")
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(READ_WITHIN_S):
                    await writer.drain()
        finally:
            self._connections -= 1
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                request = json.loads(await reader.readuntil(b"\n"))
        except TimeoutError:
            return fault("late", f"no whole line came within {READ_WITHIN_S:g} s")
        except asyncio.LimitOverrunError:
            return fault("too_long", f"a request has {MAX_LINE_BYTES} bytes at most")
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, RecursionError):
            return fault("bad_request", "expected one line of JSON")
        if self._address.token and not self._knows_token(request):
            return fault("wrong_token", "the token is in the profile's control.json, for its owner alone")
        answering = self._tasks.start(self._answer(request), name="answer")
        # Waited for without being cancelled: a Stop whose cancels take long goes on to its end.
        await asyncio.wait((answering,), timeout=ANSWER_WITHIN_S)
        if not answering.done():
            return fault("unanswered", f"no answer came within {ANSWER_WITHIN_S:g} s; it goes on, ask for the status")
        if answering.cancelled() or answering.exception() is not None:
            return fault("failed", "the request failed; the session's log says why")
        return answering.result()

    def _knows_token(self, request: Any) -> bool:
        shown = request.get("token") if isinstance(request, dict) else None
        return isinstance(shown, str) and hmac.compare_digest(shown.encode(), self._address.token.encode())

    def _failed(self, failure: TaskFailure) -> None:
        _log.error("a request from the command line failed: %r", failure.error, exc_info=failure.error)


def _bound(path: Path) -> socket.socket:
    """A socket at `path` that its owner alone may connect to. Blocks."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(listening.fileno(), 0o600)  # on Linux the file is made with this mode, so it is never open wider
        listening.bind(str(path))
        path.chmod(0o600)
    except BaseException:
        listening.close()
        raise
    return listening


def _redacted(value: Any, redact: Callable[[str], str]) -> Any:
    """Text by text, so that what is taken out of one cannot break the line."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {name: _redacted(one, redact) for name, one in value.items()}
    return [_redacted(one, redact) for one in value] if isinstance(value, list) else value


def _is_own_user(connection: Any) -> bool:
    """Whether the kernel says that the caller is this user; on loopback the token tells instead."""
    if sys.platform != "linux" or connection.family != socket.AF_UNIX:
        return True
    _process, user, _group = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return bool(user == os.geteuid())


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
