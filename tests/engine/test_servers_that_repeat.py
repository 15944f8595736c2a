"""A server that repeats what it was sent puts no secret into the words that are kept and shown (panel spec 17)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from engine.chain.rpc import NodeRefused, NodeSilent, Rpc
from engine.core.clock import WallClock
from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import plain
from engine.core.mirror_address import store_address
from engine.core.mirror_messages import StoreFailed
from engine.core.mirror_server import MirrorServer
from engine.core.modes import Mode
from engine.core.redaction import without
from engine.core.secrets import Secret
from engine.drift.ports import PricesUnavailable
from engine.oracle import coingecko
from engine.oracle.coingecko import CoinGecko
from engine.venue.addresses import Addresses
from engine.venue.client import Keys
from engine.venue.kraken import KrakenVenue
from engine.venue.nonces import NoncesInMemory
from engine.venue.options import VenueOptions
from tests.soak.hostile import WAYS, hostile_http, hostile_postgresql

TOKEN = "CANARYABCDEFGHIJKLMNOPQRSTUVWX23"
IN_BASE64 = "Q0FOQVJZQUJDREVGR0hJSktMTU5PUFFSU1RVVldYMjM="


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with hostile_http() as (port, _):
        yield port


async def words_of(ask: Callable[[], Awaitable[object]]) -> list[str]:
    """What is said of each way in which the server fails."""
    said = []
    for _ in range(WAYS):
        try:
            await ask()
        except (NodeRefused, NodeSilent, PricesUnavailable) as error:
            said.append(str(error))
        except (Rejection, NoAnswer) as error:
            said.append(str(plain(error.reason)))
    assert len(said) >= WAYS - 2
    return said


def secret_ones(said: list[str]) -> list[str]:
    return [words for words in said if TOKEN[:12] in words or IN_BASE64[:12] in words]


async def test_a_nodes_words_do_not_have_its_address(port: int) -> None:
    address = Secret(f"http://{TOKEN}:{TOKEN}@127.0.0.1:{port}/v2/{TOKEN}?key={TOKEN}")
    async with Rpc(address, 5.0) as rpc:
        assert secret_ones(await words_of(lambda: rpc.ask("eth_call", {}))) == []


async def test_the_oracles_words_do_not_have_its_key(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"http://127.0.0.1:{port}"
    monkeypatch.setattr(coingecko, "PRO", address)
    async with CoinGecko(address, Secret(TOKEN), 5.0) as oracle:
        assert secret_ones(await words_of(lambda: oracle.prices_usd(["weth"]))) == []


async def test_the_exchanges_words_do_not_have_the_key(port: int) -> None:
    keys = Keys(Secret(TOKEN), Secret(IN_BASE64))
    addresses = Addresses(rest=f"http://127.0.0.1:{port}", ws_public=None, ws_private=None)
    venue = await KrakenVenue.connect(Mode.OBSERVE, addresses, keys, VenueOptions(), WallClock(), NoncesInMemory())
    try:
        assert secret_ones(await words_of(venue.permissions)) == []
    finally:
        await venue.close()


async def test_postgresqls_words_do_not_have_the_password() -> None:
    """They stay in the journal, as what moved the switch."""
    async with hostile_postgresql() as (port, asked):
        address = store_address(Secret(f"postgresql://somebody:{TOKEN}@127.0.0.1:{port}/rows"))
        server = MirrorServer(address, hold_s=10.0, call_s=10.0)
        with pytest.raises(StoreFailed) as refused:
            await asyncio.to_thread(server.connect)
        await asyncio.to_thread(server.close)
    assert asked == [f"p of {len(TOKEN)} characters"]
    assert secret_ones([str(plain(refused.value.reason)), refused.value.reason.words]) == []


def test_words_are_cleaned_of_a_secret_and_of_nothing_else() -> None:
    assert without(f"0x{'ab' * 32} said {TOKEN}", Secret(TOKEN)) == f"0x{'ab' * 32} said [redacted]"
