"""What we rely on in ccxt 4.5.90: a failure says that the pin moved and engine/venue must be read again."""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import ccxt
import ccxt.pro
import pytest
from aiohttp import web

from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.venue import client as ccxt_client
from engine.venue.addresses import LIVE, AddressRefused, loopback
from engine.venue.client import Keys
from engine.venue.errors import HttpStatusError
from engine.venue.nonces import Nonces, NoncesInMemory
from engine.venue.order_socket import NotSentError
from engine.venue.wire import KrakenWire

KEYS = Keys(Secret("an API key"), Secret("c2VjcmV0IGtleQ=="))


def bare() -> ccxt.pro.kraken:
    return ccxt.pro.kraken({"enableRateLimit": False})


@asynccontextmanager
async def serving(handler) -> AsyncIterator[int]:
    """A server on loopback that answers every request with `handler`; yields its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def wired(port: int) -> AsyncIterator[KrakenWire]:
    nonces = Nonces(NoncesInMemory())
    await nonces.ready()
    client = await ccxt_client.build(Mode.PAPER, loopback(port), nonces, KEYS, 2)
    try:
        yield client
    finally:
        await ccxt_client.close(client)


def test_ccxt_is_the_pinned_one():
    assert ccxt.__version__ == "4.5.90"


def test_kraken_is_where_ccxt_says():
    urls = bare().urls["api"]
    assert urls["public"] == urls["private"] == "https://api.kraken.com"
    assert urls["ws"]["publicV2"] == "wss://ws.kraken.com/v2"
    assert urls["ws"]["privateV2"] == "wss://ws-auth.kraken.com/v2"


@pytest.mark.parametrize(
    "path",
    [
        "AddOrder",
        "AmendOrder",
        "CancelOrder",
        "CancelOrderBatch",
        "CancelAllOrdersAfter",
        "Balance",
        "BalanceEx",
        "OpenOrders",
        "ClosedOrders",
        "QueryOrders",
        "TradesHistory",
        "GetApiKeyInfo",
        "GetWebSocketsToken",
    ],
)
def test_every_private_endpoint_that_we_use_is_there(path):
    assert callable(getattr(bare(), f"privatePost{path}"))


def test_the_public_endpoint_that_we_use_is_there():
    assert callable(bare().publicGetAssetPairs)


async def test_live_leaves_ccxts_addresses_as_they_are():
    client = await ccxt_client.build(Mode.LIVE, LIVE, Nonces(NoncesInMemory()))
    try:
        assert client.urls["api"] == bare().urls["api"]
        assert client.enableRateLimit is False
    finally:
        await ccxt_client.close(client)


async def test_paper_leaves_no_address_of_krakens():
    async with wired(1) as client:
        assert "kraken.com" not in json.dumps(client.urls["api"])


async def test_paper_is_not_built_on_krakens_addresses():
    with pytest.raises(AddressRefused):
        await ccxt_client.build(Mode.PAPER, LIVE, Nonces(NoncesInMemory()))


async def test_a_request_is_signed_with_our_nonce_and_sent_as_a_form():
    got = []

    async def handler(request: web.Request) -> web.Response:
        got.append((request.headers, dict(await request.post())))
        return web.json_response({"error": [], "result": {}})

    async with serving(handler) as port, wired(port) as client:
        last = client.nonces.next()
        await client.privatePostBalance({"asset": "x"})
        headers, form = got[0]
        assert headers["API-Key"] == "an API key"
        assert headers["API-Sign"]
        assert int(form["nonce"]) > last
        assert form["asset"] == "x"


async def test_a_batch_of_cancels_goes_out_as_json():
    got = []

    async def handler(request: web.Request) -> web.Response:
        got.append(json.loads(await request.text()))
        return web.json_response({"error": [], "result": {"count": 2}})

    async with serving(handler) as port, wired(port) as client:
        await client.privatePostCancelOrderBatch({"orders": [], "cl_ord_ids": ["a", "b"]})
    assert got[0]["cl_ord_ids"] == ["a", "b"]


async def test_fractions_of_an_answer_stay_text():
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text='{"error":[],"result":{"a":0.1234567890123456789}}', content_type="application/json")

    async with serving(handler) as port, wired(port) as client:
        answer = await client.privatePostBalance({})
    assert answer["result"] == {"a": "0.1234567890123456789"}


@pytest.mark.parametrize("status", [200, 500, 502, 504, 520])
async def test_krakens_words_or_the_status_raise_and_nothing_is_sent_twice(status):
    requests = []

    async def handler(request: web.Request) -> web.Response:
        requests.append(request.path)
        return web.json_response({"error": ["EService:Busy"]} if status == 200 else {}, status=status)

    async with serving(handler) as port, wired(port) as client:
        with pytest.raises(ccxt.BaseError if status == 200 else HttpStatusError):
            await client.privatePostAddOrder({})
    assert len(requests) == 1


async def test_a_connection_that_breaks_under_a_post_is_not_tried_again():
    requests = []

    async def handler(request: web.Request) -> web.Response:
        requests.append(request.path)
        if len(requests) > 1:
            request.transport.abort()
        return web.json_response({"error": [], "result": {}})

    async with serving(handler) as port, wired(port) as client:
        await client.privatePostAddOrder({})
        with pytest.raises(ccxt.NetworkError):
            await client.privatePostAddOrder({})
    assert len(requests) == 2


async def test_the_key_is_not_logged(caplog):
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": [], "result": {}})

    caplog.set_level("DEBUG")
    async with serving(handler) as port, wired(port) as client:
        await client.privatePostBalance({})
    assert "an API key" not in caplog.text
    assert "API-Sign" not in caplog.text


async def test_a_socket_that_is_still_dialling_can_be_hung_up():
    arrived, release = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        arrived.set()
        await release.wait()
        return web.Response(status=503)

    async with serving(handler) as port, wired(port) as client:
        url = client.urls["api"]["ws"]["publicV2"]
        waiting = client.watch(url, "ticker", {"method": "subscribe"}, "ticker")
        await asyncio.wait_for(arrived.wait(), 5)
        await client.hang_up(url)
        release.set()
        assert client.clients == {}
        with contextlib.suppress(asyncio.CancelledError):
            await waiting


async def test_a_socket_whose_other_side_is_dead_can_be_hung_up():
    release = asyncio.Event()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoclose=False)
        await socket.prepare(request)
        await socket.send_json({"channel": "status"})
        await release.wait()
        return socket

    async with serving(handler) as port, wired(port) as client:
        url = client.urls["api"]["ws"]["publicV2"]
        heard = asyncio.Event()
        client.listener = lambda *_: heard.set()
        client.watch(url, "ticker", {"method": "subscribe"}, "ticker")
        await asyncio.wait_for(heard.wait(), 5)
        async with asyncio.timeout(5):
            await client.hang_up(url)
        release.set()


@asynccontextmanager
async def listening(client: KrakenWire) -> AsyncIterator[str]:
    """The address of a socket of the client's that is connected."""
    url = client.urls["api"]["ws"]["privateV2"]
    heard = asyncio.Event()
    client.listener = lambda *_: heard.set()
    watching = client.watch(url, "executions", {"method": "subscribe"}, "executions")
    await asyncio.wait_for(heard.wait(), 5)
    yield url
    watching.cancel()


async def test_a_raw_message_leaves_the_open_socket_at_once_as_it_is_and_is_noted():
    got: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"channel": "status"})
        async for message in socket:
            await got.put(message.data)
        return socket

    sent = []
    async with serving(handler) as port, wired(port) as client, listening(client) as url:
        assert json.loads(await got.get()) == {"method": "subscribe"}
        client.on_sent = lambda *what: sent.append(what[1:])
        sending = client.send(url, '{"limit_price":0.0900000}', "add_order")
        with pytest.raises(StopIteration):  # nothing is awaited before the write
            sending.send(None)
        assert await asyncio.wait_for(got.get(), 5) == '{"limit_price":0.0900000}'
        assert sent == [(25, "add_order")]


async def test_what_cannot_leave_says_that_nothing_was_sent():
    async def handler(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"channel": "status"})
        await socket.receive()
        return socket

    async with serving(handler) as port, wired(port) as client:
        with pytest.raises(NotSentError):
            await client.send(client.urls["api"]["ws"]["privateV2"], "{}", "add_order")
        async with listening(client) as url:
            client.clients[url].connection._writer.transport.abort()
            with pytest.raises(NotSentError):
                await client.send(url, "{}", "add_order")


async def test_a_request_notes_its_endpoint_when_its_body_has_left():
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": [], "result": {}})

    sent = []
    async with serving(handler) as port, wired(port) as client:
        client.on_sent = lambda at_s, size, what: sent.append(
            (at_s <= asyncio.get_running_loop().time(), size > 0, what)
        )
        await client.privatePostCancelOrderBatch({"orders": [], "cl_ord_ids": ["a", "b"]})
    assert sent == [(True, True, "/0/private/CancelOrderBatch")]


def test_what_ccxt_brings_in_is_out_of_the_collectors_way():
    """Among the young objects it would be walked once more while an order waits, for a tenth of a second."""
    program = """
import asyncio, gc
from engine.core.modes import Mode
from engine.venue import client
from engine.venue.addresses import loopback
from engine.venue.nonces import Nonces, NoncesInMemory
from engine.venue.order_socket import NotSentError

async def main():
    built = await client.build(Mode.PAPER, loopback(1), Nonces(NoncesInMemory()))
    print(gc.isenabled(), len(gc.get_objects()) < 20_000 < gc.get_freeze_count())
    await client.close(built)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "True True"


async def test_why_ccxts_own_watching_is_not_used():
    """One message with an order and a trade: ccxt takes the whole of it for orders, and the trade is lost."""
    kraken = bare()
    kraken.set_markets([])
    kraken.markets_by_id = {}

    class Client:
        def resolve(self, *_):
            pass

    order = {"order_id": "O1", "exec_type": "new", "order_status": "new", "symbol": "DOGE/USD"}
    trade = {"order_id": "O2", "exec_id": "T1", "exec_type": "trade", "order_status": "filled", "symbol": "DOGE/USD"}
    kraken.handle_message(Client(), {"channel": "executions", "type": "update", "data": [order, trade]})
    assert kraken.myTrades is None
