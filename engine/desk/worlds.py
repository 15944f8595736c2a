"""The world of a session: which exchange it talks to, by which clock, under which keys.

PAPER starts an exchange of its own on loopback; OBSERVE and LIVE talk to Kraken. Everything behind the port is alike.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets as entropy
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.core.clock import Clock, ScaledClock, WallClock
from engine.core.journal import EVERY_WORLD, Batch, Journal, Memory
from engine.core.modes import Mode
from engine.core.profile import ProfileUnusable
from engine.core.secrets import Secret, SecretStore
from engine.desk.arguments import REGIMES, SessionArguments
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.launch import PaperExchange, StateRefused, start_exchange
from engine.paper.options import PaperOptions
from engine.venue.addresses import LIVE as LIVE
from engine.venue.addresses import Addresses, loopback
from engine.venue.client import Keys
from engine.venue.rates import Counter

API_KEY, API_SECRET = "kraken.api_key", "kraken.api_secret"
PAPER_KEY = "paper-account"
"""The name of the paper account's key; its secret is new at each start, and a kept world remembers its nonces."""

COUNTER = "rate_counter."
KEPT = "paper"
STATE_FILE = "exchange.sqlite"


class KeysMissing(RuntimeError):
    """The mode needs exchange keys and the keyring has none."""


class KeptWorldRefused(StateRefused):
    """The paper world in the profile cannot go on; it was left as it is."""


@dataclass(frozen=True, slots=True)
class World:
    """Where a session acts. `name` keeps its rows of the journal apart from those of every other world.

    kept: the exchange's world is in the profile and goes on at the next start. account: the one at Kraken, by a name
    that tells nothing of its key; None for a paper exchange.
    """

    name: str
    namespace: str
    clock: Clock
    addresses: Addresses
    keys: Keys
    exchange: PaperExchange | None
    kept: bool = False
    account: str | None = None

    async def close(self) -> None:
        """End what belongs to this session alone."""
        if self.exchange is not None:
            await self.exchange.stop()


async def paper_world(arguments: SessionArguments, options: PaperOptions) -> World:
    """An embedded exchange: the same seed and market give the same prices, with balances as configured.

    Kept (`paper.keep`), the account, orders, market and clock of the last session go on, under the world's old name, so
    that the journal goes on too; only what the command line asks for of its market must agree. Raises
    PaperExchangeError, KeptWorldRefused where the kept world is damaged, of another program, or another one.
    """
    state_file = await asyncio.to_thread(_state_file, arguments) if options.keep else None
    secret = base64.b64encode(entropy.token_bytes(64)).decode()
    clock = ScaledClock(time.time(), options.speed if arguments.speed is None else arguments.speed)
    config = PaperConfig(
        keys=(ApiKey(key=PAPER_KEY, secret=secret),),
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
        faults=options.faults if arguments.faults is None else arguments.faults,
        happen=options.happen if arguments.happen is None else arguments.happen,
        control_token=entropy.token_urlsafe(32),
        state_file=None if state_file is None else str(state_file),
        insist=_insisted_on(arguments),
    )
    try:
        exchange = await start_exchange(config)
    except StateRefused as error:
        raise KeptWorldRefused(
            f"{error}. The kept paper world was left as it is ({state_file}); "
            "start with --fresh to set it aside and begin a new one"
        ) from error
    return World(
        name=f"paper:{exchange.born_s:.3f}",
        namespace=f"p{int(exchange.born_s * 1000):x}",
        clock=exchange.clock,
        addresses=loopback(exchange.port),
        keys=Keys(Secret(PAPER_KEY), Secret(secret)),
        exchange=exchange,
        kept=options.keep,
    )


async def live_world(mode: Mode, vault: SecretStore) -> World:
    """The real exchange, under the keys of the operator's keyring. Raises KeysMissing when there are none."""
    key, secret = await vault.read(API_KEY), await vault.read(API_SECRET)
    if key is None or secret is None:
        raise KeysMissing(
            f"{mode.value.upper()} reads the account at Kraken, and the keyring holds no API key; "
            "save key and secret on the Keys page, or start with --mode paper"
        )
    account = account_of(key)
    return World(
        name=kraken_world(mode, account),
        namespace=f"{mode.value[0]}{account}",
        clock=WallClock(),
        addresses=LIVE,
        keys=Keys(key, secret),
        exchange=None,
        account=account,
    )


def kraken_world(mode: Mode, account: str) -> str:
    """The world of an account at Kraken in one mode."""
    return f"{mode.value}:kraken:{account}"


def account_of(key: Secret) -> str:
    """A name for the account of an API key that tells nothing of the key."""
    return hashlib.sha256(key.reveal().encode()).hexdigest()[:12]


class NoncesInJournal:
    """Keeps the nonces' high-water mark where a restart finds it.

    account: one at Kraken, whose nonces rise whatever the world; without it those of this world's own exchange.
    """

    def __init__(self, journal: Journal, clock: Clock, account: str | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self._name = "nonce" if account is None else f"nonce.{account}"
        self._world = None if account is None else EVERY_WORLD

    async def load(self) -> int | None:
        every_world = self._world is not None
        remembered: dict[str, Any] = await self._journal.recall("venue", self._name, every_world=every_world)
        return None if self._name not in remembered else int(remembered[self._name])

    async def store(self, high_water: int) -> None:
        memory = Memory("venue", self._name, high_water, self._clock.now(), world=self._world)
        await self._journal.commit(Batch(remember=(memory,)))


class CountersInJournal:
    """Keeps the rate counters where a restart finds them. account: as for the nonces; Kraken counts by key too."""

    def __init__(self, journal: Journal, clock: Clock, account: str | None = None) -> None:
        self._journal = journal
        self._clock = clock
        self._prefix = COUNTER if account is None else f"{COUNTER}{account}."
        self._world = None if account is None else EVERY_WORLD

    async def load(self) -> dict[str, Counter]:
        every_world = self._world is not None
        remembered: dict[str, Any] = await self._journal.recall("venue", self._prefix, every_world=every_world)
        return {name.removeprefix(self._prefix): Counter(*stood) for name, stood in remembered.items()}

    def store(self, name: str, counter: Counter) -> None:
        stood = [counter.value, counter.at_s]
        memory = Memory("venue", self._prefix + name, stood, self._clock.now(), world=self._world)
        self._journal.post(Batch(remember=(memory,)))


def _state_file(arguments: SessionArguments) -> Path:
    """Where the kept world is; set aside first, with all of its files, when a fresh one was asked for. Blocks."""
    folder = arguments.profile / KEPT
    try:
        if arguments.fresh and folder.exists():
            folder.rename(folder.with_name(f"{KEPT}-until-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ProfileUnusable(f"the kept paper world in {folder} cannot be used ({error.strerror})") from error
    return folder / STATE_FILE


def _insisted_on(arguments: SessionArguments) -> tuple[str, ...]:
    """What of a kept market must be as the command line has it."""
    market = () if arguments.market is None else ("regime", "price_file")
    return market if arguments.seed is None else ("seed", *market)


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
