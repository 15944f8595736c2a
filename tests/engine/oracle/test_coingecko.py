"""CoinGecko as it answers, on its stand-in over real sockets (drift spec 3 and 4)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.core.secrets import Secret
from engine.drift.ports import PricesUnavailable
from engine.drift.prices import PriceReading
from engine.oracle.coingecko import CoinGecko
from engine.paper.coingecko import CoinGeckoStandIn

PRICES: dict[str, Decimal | None] = {
    "ethereum": Decimal("3512.770123456789012345"),
    "usd-coin": Decimal("0.9998"),
    "gone": None,
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_732_147_200.0)


@pytest.fixture
async def stand_in(clock: ManualClock) -> AsyncIterator[CoinGeckoStandIn]:
    async with CoinGeckoStandIn(lambda: PRICES, clock.now, calls_per_minute=3) as running:
        yield running


@pytest.fixture
async def coingecko(stand_in: CoinGeckoStandIn) -> AsyncIterator[CoinGecko]:
    async with CoinGecko(stand_in.address, Secret("demo-key-of-a-test"), deadline_s=5.0) as client:
        yield client


async def test_prices_come_with_every_digit_and_their_age(stand_in: CoinGeckoStandIn, coingecko: CoinGecko) -> None:
    stand_in.age_s = 42.0
    found = await coingecko.prices_usd(["ethereum", "usd-coin"])
    assert found["ethereum"] == PriceReading(Decimal("3512.770123456789012345"), 1_732_147_158.0)
    assert set(found) == {"ethereum", "usd-coin"}


async def test_a_coin_without_a_price_or_unknown_is_left_out_and_never_0(coingecko: CoinGecko) -> None:
    assert await coingecko.prices_usd(["gone", "no-such-coin"]) == {}


async def test_the_rate_limit_says_how_long_to_wait(coingecko: CoinGecko, clock: ManualClock) -> None:
    for _ in range(3):
        await coingecko.prices_usd(["ethereum"])
    with pytest.raises(PricesUnavailable, match="429") as refused:
        await coingecko.prices_usd(["ethereum"])
    assert refused.value.retry_after_s == 61.0
    clock.advance(60.0)
    assert await coingecko.prices_usd(["ethereum"])


async def test_an_error_of_the_server_is_said_with_its_words(stand_in: CoinGeckoStandIn, coingecko: CoinGecko) -> None:
    stand_in.next_status = 503
    with pytest.raises(PricesUnavailable, match="503: An error on purpose"):
        await coingecko.prices_usd(["ethereum"])


async def test_a_source_that_is_gone_is_unavailable_and_nothing_worse(coingecko: CoinGecko) -> None:
    async with CoinGecko("http://127.0.0.1:9/api/v3", deadline_s=2.0) as nobody:
        with pytest.raises(PricesUnavailable, match="does not answer"):
            await nobody.prices_usd(["ethereum"])
    assert await coingecko.prices_usd([]) == {}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "null",
        "<html>",
        '{"ethereum": 1}',
        '{"ethereum": {"usd": "3512", "last_updated_at": 1}}',
        '{"ethereum": {"usd": 0, "last_updated_at": 1}}',
        '{"ethereum": {"usd": -1, "last_updated_at": 1}}',
        '{"ethereum": {"usd": 1}}',
        '{"ethereum": {"usd": 1, "last_updated_at": "now"}}',
        '{"ethereum": {"usd": NaN, "last_updated_at": 1}}',
        '{"ethereum": {"usd": true, "last_updated_at": 1}}',
    ],
)
async def test_an_answer_of_another_shape_is_no_price(
    stand_in: CoinGeckoStandIn, coingecko: CoinGecko, body: str
) -> None:
    stand_in.next_body = body
    with pytest.raises(PricesUnavailable):
        await coingecko.prices_usd(["ethereum"])


async def test_the_key_is_in_no_error(stand_in: CoinGeckoStandIn, coingecko: CoinGecko) -> None:
    stand_in.next_status = 401
    with pytest.raises(PricesUnavailable) as refused:
        await coingecko.prices_usd(["ethereum"])
    assert "demo-key-of-a-test" not in json.dumps([str(refused.value), repr(refused.value)])


async def test_a_missing_parameter_is_answered_as_coingecko_does(stand_in: CoinGeckoStandIn) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session, session.get(f"{stand_in.address}/simple/price") as answer:
        body: dict[str, Any] = await answer.json()
        assert (answer.status, body) == (422, {"error": "Missing parameter ids"})
