"""Servers that give everything back that they were told, in each way in which a server can fail.

What a client then says of its trouble has every secret in it that it sent: headers, address, body, password.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

WAYS = 8
_SSL_REQUEST = 80877103
_CLEARTEXT_PASSWORD = b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big")


@asynccontextmanager
async def hostile_http() -> AsyncIterator[tuple[int, list[str]]]:
    """A web server on this machine: its port, and the paths that were asked for."""
    ways = itertools.count()
    asked: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.text()
        asked.append(f"{request.method} {request.path}")
        echo = f"{request.method} {request.url} {dict(request.headers)} {body}"
        match next(ways) % WAYS:
            case 0:
                return web.Response(status=500, text=echo)
            case 1:
                return web.json_response({"error": echo, "message": echo}, status=401)
            case 2:
                return web.json_response(_rpc_errors(body, echo))
            case 3:
                return web.Response(status=429, text=echo, headers={"Retry-After": "1"})
            case 4:
                assert request.transport is not None
                request.transport.close()
                return web.Response()
            case 5:
                return web.Response(text=f"<html>{echo}")
            case 6:
                return web.json_response({"error": [f"EAPI:Invalid key:{echo}"]})
            case _:
                return web.json_response({"jsonrpc": "2.0", "id": 1, "result": echo})

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1], asked
    finally:
        await runner.cleanup()


def _rpc_errors(body: str, echo: str) -> object:
    """A JSON-RPC error for each call of the request."""
    try:
        calls = json.loads(body)
    except ValueError:
        calls = {}
    found = [
        {"jsonrpc": "2.0", "id": call.get("id"), "error": {"code": -32000, "message": echo}}
        for call in (calls if isinstance(calls, list) else [calls])
    ]
    return found if isinstance(calls, list) else found[0]


@asynccontextmanager
async def hostile_postgresql() -> AsyncIterator[tuple[int, list[str]]]:
    """A server that asks for the password in the clear and gives it back in its refusal: its port, and who came."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            startup = await _message(reader)
            if int.from_bytes(startup[:4], "big") == _SSL_REQUEST:
                writer.write(b"N")
                startup = await _message(reader)
            writer.write(_CLEARTEXT_PASSWORD)
            await writer.drain()
            kind = await reader.readexactly(1)
            password = (await _message(reader)).rstrip(b"\0").decode()
            asked.append(f"{kind.decode()} of {len(password)} characters")
            said = f"password {password} of {startup[4:].decode(errors='replace')} is wrong".replace("\0", " ")
            fields = b"SFATAL\0C28P01\0M" + said.encode() + b"\0\0"
            writer.write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            asked.append("went away")
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


async def _message(reader: asyncio.StreamReader) -> bytes:
    length = int.from_bytes(await reader.readexactly(4), "big")
    return await reader.readexactly(length - 4)
