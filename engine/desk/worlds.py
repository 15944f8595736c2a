"""The world of a session: which exchange it talks to, by which clock, under which keys.

PAPER starts an exchange of its own on loopback; OBSERVE and LIVE talk to Kraken. Everything behind the port is alike.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as entropy
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.core.clock import Clock, ScaledClock, WallClock
from engine.core.journal import Batch, Journal, Memory
from engine.core.modes import Mode
from engine.core.secrets import Secret, SecretStore
from engine.desk.arguments import REGIMES, SessionArguments
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.paper.options import PaperOptions
from engine.venue.addresses import LIVE, Addresses, loopback
from engine.venue.client import Keys

API_KEY, API_SECRET = "kraken.api_key", "kraken.api_secret"


class KeysMissing(RuntimeError):
    """The mode needs exchange keys and the keyring has none."""


@dataclass(frozen=True, slots=True)
class World:
    """Where a session acts. `name` keeps its rows of the journal apart from those of every other world."""

    name: str
    namespace: str
    clock: Clock
    addresses: Addresses
    keys: Keys
    exchange: PaperExchange | None

    async def close(self) -> None:
        """End what belongs to this session alone."""
        if self.exchange is not None:
            await self.exchange.stop()


async def paper_world(arguments: SessionArguments, options: PaperOptions) -> World:
    """A fresh embedded exchange: the same seed and market give the same prices, with balances as configured."""
    secret = base64.b64encode(entropy.token_bytes(64)).decode()
    key = base64.b64encode(entropy.token_bytes(42)).decode()
    clock = ScaledClock(time.time(), options.speed if arguments.speed is None else arguments.speed)
    config = PaperConfig(
        keys=(ApiKey(key=key, secret=secret),),
        epoch_s=clock.epoch_s,
        speed=clock.speed,
        origin_monotonic_s=clock.origin_monotonic_s,
        market=_market(arguments.market, options),
        seed=options.seed if arguments.seed is None else arguments.seed,
        usd=options.usd,
        doge=options.doge,
        maker_fee_bps=options.maker_fee_bps,
        taker_fee_bps=options.taker_fee_bps,
        tier=options.tier,
        faults=options.faults,
    )
    exchange = await start_exchange(config)
    birth = f"{clock.epoch_s:.3f}"
    return World(
        name=f"paper:{birth}",
        namespace=f"p{int(clock.epoch_s * 1000):x}",
        clock=exchange.clock,
        addresses=loopback(exchange.port),
        keys=Keys(Secret(key), Secret(secret)),
        exchange=exchange,
    )


async def live_world(mode: Mode, vault: SecretStore) -> World:
    """The real exchange, under the keys of the operator's keyring. Raises KeysMissing when there are none."""
    key, secret = await vault.read(API_KEY), await vault.read(API_SECRET)
    if key is None or secret is None:
        raise KeysMissing(
            f"{mode.value.upper()} reads the account at Kraken, and the keyring holds no API key; "
            "save key and secret on the Keys page, or start with --mode paper"
        )
    account = hashlib.sha256(key.reveal().encode()).hexdigest()[:12]
    return World(
        name=f"{mode.value}:kraken:{account}",
        namespace=f"{mode.value[0]}{account}",
        clock=WallClock(),
        addresses=LIVE,
        keys=Keys(key, secret),
        exchange=None,
    )


class NoncesInJournal:
    """Keeps the nonces' high-water mark where a restart finds it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def load(self) -> int | None:
        remembered: dict[str, Any] = await self._journal.recall("venue", "nonce")
        return None if "nonce" not in remembered else int(remembered["nonce"])

    async def store(self, high_water: int) -> None:
        memory = Memory("venue", "nonce", high_water, self._clock.now())
        await self._journal.commit(Batch(remember=(memory,)))


def _market(named: str | None, options: PaperOptions) -> MarketSpec:
    regime: Any = options.regime
    price_file = options.price_file or None
    if named is not None:
        regime, price_file = (named, None) if named in REGIMES else ("file", named)
    return MarketSpec(
        regime=regime,
        start_price=options.start_price,
        spread_bps=options.spread_bps,
        liquidity=Decimal(options.liquidity),
        price_file=price_file if regime == "file" else None,
    )
