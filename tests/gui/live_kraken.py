"""A real paper exchange where LIVE looks for Kraken, with keys of different rights; its clock is the wall's."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from engine.core.clock import ScaledClock
from engine.desk import worlds
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.venue.addresses import loopback

SECRET = base64.b64encode(b"not a real secret of anybody" * 2).decode()
TRADES_ONLY, MAY_WITHDRAW, LACKS_RIGHTS = "trades-only-key", "may-withdraw-key", "lacks-rights-key"
KEYS_KEPT = (worlds.API_KEY, worlds.API_SECRET)


@pytest.fixture
async def kraken(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PaperExchange]:
    """Only the address is another; whatever talks to it is what talks to Kraken."""
    rights = {
        TRADES_ONLY: TRADING_PERMISSIONS,
        MAY_WITHDRAW: (*TRADING_PERMISSIONS, "withdraw-funds"),
        LACKS_RIGHTS: ("query-funds",),
    }
    clock = ScaledClock(time.time(), 1.0)
    config = PaperConfig(
        keys=tuple(ApiKey(key, SECRET, permissions) for key, permissions in rights.items()),
        epoch_s=clock.epoch_s,
        speed=1.0,
        origin_monotonic_s=clock.origin_monotonic_s,
        usd=Decimal(50),
        doge=Decimal(1000),
        control_token="looking",
    )
    exchange = await start_exchange(config)
    monkeypatch.setattr(worlds, "LIVE", loopback(exchange.port))
    yield exchange
    await exchange.stop()
