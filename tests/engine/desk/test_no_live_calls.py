"""Whatever is asked for, in whatever order: in OFF, OBSERVE and PAPER nothing is done to the live world (issue 6).

Sockets are watched: in OFF none is opened, in OBSERVE and PAPER only to those that the mode has. The gate is watched:
what leaves it, and in which mode. What a person may ask is every command that the running desk takes.
"""

from __future__ import annotations

import asyncio
import random
import socket
import typing
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from engine.core.gate import Gate, Intent
from engine.core.messages import Acknowledged, Command, Refused
from engine.core.modes import Exposure, Mode, Pause, Resume, Stop
from engine.desk import worlds
from engine.desk.desk import Desk
from engine.drift.messages import ConfirmPlan
from engine.hub.messages import StopHub
from engine.paper.config import TRADING_PERMISSIONS
from engine.paper.rest import CHANGES
from engine.venue.addresses import loopback
from tests.engine.desk.running_desk import acquired, exchange_in_process, grid

Until = Callable[..., Awaitable[None]]

COMMANDS = 40
SEEDS = (1, 2)
WORDS = ("", "savings", "majors", "kraken", "0x" + "ab" * 32, "12.5", "ü" * 40)
LONGEST_TURN_S = 0.05
VERBS = (Pause, Stop, Resume)


@dataclass
class Watch:
    """Where sockets were opened to, by port, and what left the gate."""

    ports: Counter[int] = field(default_factory=Counter)
    left: list[Intent] = field(default_factory=list)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    seen = Watch()
    send = Gate._send

    async def sending(gate: Gate, intent: Intent) -> Any:
        seen.left.append(intent)
        return await send(gate, intent)

    monkeypatch.setattr(Gate, "_send", sending)
    for name in ("connect", "connect_ex"):
        connect = getattr(socket.socket, name)

        def connecting(self: socket.socket, address: Any, connect: Any = connect) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                seen.ports[address[1]] += 1
            return connect(self, address)

        monkeypatch.setattr(socket.socket, name, connecting)
    return seen


def drawn(chance: random.Random, kind: type[Command], folder: Path) -> Command:
    """One command with any values in it."""
    hints = typing.get_type_hints(kind)
    values = {}
    for one in fields(kind):
        if one.name == "path":
            values[one.name] = str(folder / "export")
        elif one.default is MISSING or chance.random() < 0.5:
            values[one.name] = _value(chance, hints[one.name])
    return kind(**values)


def _value(chance: random.Random, hint: Any) -> Any:
    if hint is bool:
        return chance.random() < 0.5
    if hint is int:
        return chance.choice((-1, 0, 1, 7, 2**40))
    if hint is float:
        return chance.choice((-1.0, 0.0, 0.5, 1e9))
    if hint is Decimal:
        return Decimal(chance.choice(("-1", "0", "0.000001", "250", "1e12")))
    if hint is str:
        return chance.choice(WORDS)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return chance.choice(list(hint))
    if typing.get_origin(hint) is tuple:
        return tuple(_value(chance, typing.get_args(hint)[0]) for _ in range(chance.randrange(3)))
    return hint()


def asked(desk: Desk, chance: random.Random, folder: Path) -> Iterator[Command]:
    """Every command at least once, then any, with the verbs of the master switch among them again and again."""
    kinds = sorted(desk.bus._handlers, key=lambda kind: kind.__name__)
    rest = [chance.choice([*kinds, *VERBS, *VERBS]) for _ in range(COMMANDS)]
    for kind in (*chance.sample(kinds, len(kinds)), *rest):
        yield drawn(chance, kind, folder)


async def fuzz(desk: Desk, seed: int, folder: Path) -> Counter[str]:
    """Ask, sometimes without waiting for the answer. Returns how often each command was answered."""
    chance = random.Random(seed)
    answered: Counter[str] = Counter()

    async def ask(command: Command) -> None:
        answer = await desk.bus.ask(command)
        assert isinstance(answer, Acknowledged | Refused)
        answered[type(command).__name__] += 1

    async with asyncio.TaskGroup() as asking:
        for command in asked(desk, chance, folder):
            asking.create_task(ask(command))
            await asyncio.sleep(chance.choice((0.0, 0.0, LONGEST_TURN_S)))
    return answered


@pytest.mark.parametrize("seed", SEEDS)
async def test_in_off_no_socket_is_opened_and_nothing_leaves(tmp_path: Path, watch: Watch, seed: int) -> None:
    async with acquired(tmp_path / "p", Mode.OFF) as place, place.session() as desk:
        answered = await fuzz(desk, seed, tmp_path)
    assert answered["Stop"] > 0
    assert watch.ports == {}
    assert watch.left == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_in_observe_only_the_exchange_is_talked_to_and_only_read(
    tmp_path: Path, watch: Watch, until: Until, seed: int
) -> None:
    async with exchange_in_process() as (exchange, world):
        async with acquired(tmp_path / "p", Mode.OBSERVE, world) as place, place.session() as desk:
            await until(lambda: (seen := grid(desk)) is not None and seen.state == "running", within_s=30)
            answered = await fuzz(desk, seed, tmp_path)
        assert set(watch.ports) == {exchange.port}
        assert CHANGES & exchange.rest.requests.keys() == set()
        assert exchange.world.book.orders_made == 0
    assert answered["Resume"] > 0
    assert [intent for intent in watch.left if intent.exposure is not Exposure.TELLS] == []


@pytest.mark.parametrize("seed", SEEDS)
async def test_in_paper_the_exchange_that_is_live_hears_nothing(
    tmp_path: Path, watch: Watch, until: Until, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """With a live exchange within reach, and three engines that trade on paper; the network beyond is closed."""
    async with AsyncExitStack() as stack:
        live, _ = await stack.enter_async_context(exchange_in_process(TRADING_PERMISSIONS))
        monkeypatch.setattr(worlds, "LIVE", loopback(live.port))
        place = await stack.enter_async_context(acquired(tmp_path / "p", Mode.PAPER))
        async with place.session() as desk:
            await until(lambda: watch.left and desk.bus._handlers.keys() >= {ConfirmPlan, StopHub}, within_s=60)
            answered = await fuzz(desk, seed, tmp_path)
        assert sum(live.rest.requests.values()) == 0
        assert live.world.book.orders_made == 0
        assert watch.ports[live.port] == 0
    assert min(answered["Stop"], answered["ConfirmPlan"], answered["ResumeHub"]) > 0
