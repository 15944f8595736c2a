"""The stage: the paper exchange as a look-alike of Kraken's hosts, a real keyring and a screen, and nothing else."""

from __future__ import annotations

import asyncio
import base64
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from engine.core.clock import Clock, ScaledClock
from engine.core.profile import Profile
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.opening import SECRETS
from engine.desk.worlds import API_KEY, API_SECRET
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, MarketSpec, PaperConfig, Tier
from engine.paper.exchange import Exchange
from engine.paper.faults import parse_faults
from engine.paper.orders import NewOrder, Order
from engine.paper.pair import LOT_UNIT, PRICE_UNIT
from engine.paper.socket_orders import PERMISSION_OF
from tests.gui.walk import seen_screen
from tests.rehearse import namespace
from tests.rehearse.authority import Authority
from tests.rehearse.front import HOSTS, Front
from tests.rehearse.watch import Watch
from tests.secret_service import private_secret_service

_NOT_HANDED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "PYTHON_KEYRING_BACKEND")
START_PRICE = Decimal("0.0966")


@dataclass(frozen=True, slots=True)
class House:
    """What is made once for all scenes. environment: for programs. strangers: an authority that nobody trusts."""

    folder: Path
    environment: Mapping[str, str]
    authority: Authority
    strangers: Authority


@contextmanager
def house(*, programs: bool = True) -> Iterator[House]:
    """Namespaces, names and certificates; this process must have one thread still.

    programs: keyring and screen as well, for programs as child processes. Raises NamespaceRefusedError.
    """
    namespace.enter()
    with tempfile.TemporaryDirectory(prefix="evenkeel-rehearse-") as made, _uncovered():
        folder = Path(made)
        for name in ("certificates", "trusted", "etc", "home"):
            (folder / name).mkdir()
        authority = Authority(folder / "certificates")
        namespace.name_hosts(HOSTS, folder / "etc")
        namespace.trust_alone(authority.certificate, folder / "trusted")
        environment = {name: value for name, value in os.environ.items() if name.upper() not in _NOT_HANDED_ON}
        environment |= {"HOME": str(folder / "home"), "LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
        strangers = Authority(folder / "certificates", "Somebody else")
        if not programs:
            yield House(folder, environment, authority, strangers)
            return
        with private_secret_service(folder / "home") as service, seen_screen(1.0) as (seen, _):
            shown = {name: seen[name] for name in ("DISPLAY", "QT_QPA_PLATFORM", "QT_SCALE_FACTOR")}
            environment |= {"DBUS_SESSION_BUS_ADDRESS": service.bus_address, **shown}
            yield House(folder, environment, authority, strangers)


@contextmanager
def _uncovered() -> Iterator[None]:
    try:
        yield
    finally:
        namespace.unbind_all()


@dataclass(frozen=True, slots=True)
class KeyKind:
    """What a key may do. lasts_s: from the beginning of the scene, None for ever. addresses: where it is good from."""

    permissions: tuple[str, ...] = TRADING_PERMISSIONS
    lasts_s: float | None = None
    addresses: tuple[str, ...] = ()


KEYS: Mapping[str, KeyKind] = {
    "good": KeyKind(),
    "rotated": KeyKind(),
    "may-withdraw": KeyKind((*TRADING_PERMISSIONS, "withdraw-funds")),
    "no-trade": KeyKind(
        tuple(right for right in TRADING_PERMISSIONS if right not in ("modify-trades", "close-trades"))
    ),
    "expired": KeyKind(lasts_s=-60.0),
    "expiring": KeyKind(lasts_s=300.0),
    "elsewhere": KeyKind(addresses=("203.0.113.9",)),
}
"""The keys of every account, by name."""


@dataclass
class Account:
    """The account at the look-alike: its keys by what they are."""

    keys: dict[str, ApiKey] = field(default_factory=dict)

    def make(self, name: str, kind: KeyKind, chance: random.Random, now_s: float) -> ApiKey:
        secret = base64.b64encode(chance.randbytes(64)).decode()
        text = base64.b32encode(chance.randbytes(30)).decode()
        valid_until_s = 0.0 if kind.lasts_s is None else now_s + kind.lasts_s
        self.keys[name] = ApiKey(f"{name}-{text}", secret, kind.permissions, name, valid_until_s, kind.addresses)
        return self.keys[name]


@dataclass
class Stage:
    """One scene's exchange, and where it is reached. live: how many programs run that may place."""

    house: House
    exchange: Exchange
    front: Front
    account: Account
    folder: Path
    live: int = 0
    figures: dict[str, float] = field(default_factory=dict)
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.exchange, lambda: self.live > 0, asyncio.get_running_loop().time)

    def profile(self, name: str, options: str = "") -> Path:
        """The folder of a new profile that trusts the system's certificates; options: more of its TOML file."""
        folder = self.folder / name
        folder.mkdir()
        venue = f'[venue]\ntier = "{self.exchange.config.tier}"\ntrust = "system"\n'
        (folder / "evenkeel.toml").write_text(f'[desk]\nlanguage = "en"\nlook = "light"\n\n{venue}{options}')
        return folder

    async def keep_key(self, profile: Path, key: ApiKey) -> None:
        """Put a key into the keyring, as the Keys page does; the program on this profile must not run."""
        held = Profile(profile)
        held.acquire()
        try:
            vault = SecretStore(held.identity, SecretNames(SECRETS), lambda secret: None)
            await vault.save(API_KEY, Secret(key.key))
            await vault.save(API_SECRET, Secret(key.secret))
        finally:
            held.release()

    async def kept(self, profile: Path, name: str) -> str | None:
        """What the keyring has under this name for a profile, whose program may run."""
        identity = (profile / "identity").read_text()
        secret = await SecretStore(identity, SecretNames(SECRETS), lambda _: None).read(name)
        return None if secret is None else secret.reveal()

    def note(self, name: str, value: float) -> None:
        """Something that was measured."""
        self.figures[name] = value

    def refuse_key(self, words: str) -> None:
        """Every private request is answered so from now on, over every way."""
        private = self.exchange.rest._private
        faults = ",".join(f"error@{method}:{words}" for method in (*private, *PERMISSION_OF))
        self.exchange.faults.declare(parse_faults(faults))

    def kill_key(self, name: str, words: str = "EAPI:Invalid key") -> None:
        """The key is revoked: whatever comes under it is refused with these words, and its sockets are closed."""
        self.exchange.world.keys.keys[self.account.keys[name].key].dead = words
        self.exchange.sockets.drop_all()

    def revive_key(self, name: str) -> None:
        """The key is taken again."""
        self.exchange.world.keys.keys[self.account.keys[name].key].dead = ""

    def units(self, volume: int) -> Decimal:
        """So much of the base asset, as an order may name it."""
        return Decimal(volume).quantize(LOT_UNIT)

    def price(self, price: Decimal) -> Decimal:
        """A price that an order may name."""
        return price.quantize(PRICE_UNIT)

    def move(self, ratio: float) -> None:
        """The price jumps by this much, and orders fill that it reaches."""
        self.exchange.world.catch_up()
        book = self.exchange.world.book
        price = book.quote.bid_price * (1 + Decimal(f"{ratio:.6f}"))
        book.market.set_price(book.step, price.quantize(Decimal("0.0000001")))
        book.rematch()

    async def somebody_places(self, side: str, volume: Decimal, price: Decimal) -> Order:
        """An order of another program on the account, which is none of ours."""
        world = self.exchange.world
        world.catch_up()
        new = NewOrder(side="buy" if side == "buy" else "sell", volume=volume, price=price)
        order = world.book.place(new, foreign=True)
        await world.settle(None)
        return order


@asynccontextmanager
async def stage(
    built: House,
    name: str,
    seed: int,
    *,
    tier: Tier = "pro",
    usd: Decimal = Decimal(100),
    doge: Decimal = Decimal(1000),
    clock: Clock | None = None,
    epoch_s: float | None = None,
) -> AsyncIterator[Stage]:
    """An exchange for one scene. clock, epoch_s: another time than the machine's, for time that jumps."""
    chance = random.Random(f"{name}/{seed}")
    account = Account()
    began_s = time.time() if epoch_s is None else epoch_s
    for kind, what in KEYS.items():
        account.make(kind, what, chance, began_s)
    own_clock = clock or ScaledClock(began_s, 1.0)
    config = PaperConfig(
        keys=tuple(account.keys.values()),
        epoch_s=began_s,
        market=MarketSpec(regime="flat", liquidity=Decimal(60), start_price=START_PRICE),
        seed=seed,
        usd=usd,
        doge=doge,
        tier=tier,
    )
    exchange = Exchange(config, own_clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")
    front = Front(lambda: exchange.port, lambda host: built.authority.server((host,)))
    try:
        await front.start()
        folder = built.folder / f"{name}-{seed}"
        folder.mkdir(exist_ok=True)
        yield Stage(built, exchange, front, account, folder)
    finally:
        await front.close()
        exchange.stopping.set()
        with suppress(asyncio.CancelledError):
            await running
        await exchange.close()
