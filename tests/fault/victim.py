"""A session that may be killed: the real desk on a real profile, over sockets, in a process of its own.

Run as a program this is a fork server for such lives.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.core.clock import ScaledClock, WallClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode, Resume, Stop, Switch
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from engine.desk.options import SECTIONS
from engine.desk.worlds import World
from engine.grid.messages import GridSnapshot
from engine.venue.addresses import loopback
from engine.venue.client import Keys
from tests.fault.lives import serve
from tests.fault.points import install

CALM_AFTER_S = 0.8
LONGEST_CALMING_S = 60.0

NO_LIMITS = {
    "EVENKEEL_GRID_PARTIAL_CANCEL_STOP_S": "0",
    "DAILY_LOSS_LIMIT": "100000",
    "EVENKEEL_GRID_LOSS_BACKOFF_FROM": "100",
    "EVENKEEL_GRID_LOSS_COOLDOWN_FROM": "100",
    "EVENKEEL_VENUE_REQUEST_TIMEOUT_S": "1",
}
"""What holds a grid back for an hour or a day after a storm is right, and would be taken for not going on; and an
answer that never comes is waited for in real seconds, of which a life has six."""


@dataclass(frozen=True, slots=True)
class Life:
    """One run of the program. nth: kill at this passing of `point`; an empty point kills nowhere.

    stop_after_s: Stop is asked for after this long. for_s: it ends in order after this long; 0: once it is calm.
    """

    profile: str
    result: str
    port: int
    key: str
    secret: str
    epoch_s: float
    speed: float
    origin_monotonic_s: float
    point: str = ""
    nth: int = 1
    stop_after_s: float | None = None
    for_s: float = 0.0


async def live(life: Life) -> dict[str, Any]:
    """Open the session, let it work, end it in order; returns how it stood in the end."""
    profile = Profile(Path(life.profile))
    profile.acquire()
    try:
        configuration = await Configuration.open(profile.options_file, Catalogue(SECTIONS), NO_LIMITS, WallClock())
        redactor = Redactor()
        vault = SecretStore("fault", SecretNames(("kraken.api_key",)), redactor.register)
        arguments = SessionArguments(profile.folder, Mode.PAPER, None, None, None, None)
        assert not configuration.problems, configuration.problems
        desk = await Desk.open(arguments, profile, configuration, vault, redactor.redact, world=_world(life))
        try:
            return await _worked(desk, life)
        finally:
            await desk.close()
    finally:
        profile.release()


async def _worked(desk: Desk, life: Life) -> dict[str, Any]:
    if desk.switch.position is Switch.STOPPED:
        await desk.bus.ask(Resume(where="fault"))
    if life.stop_after_s is not None:
        await asyncio.sleep(life.stop_after_s)
        await desk.bus.ask(Stop(where="fault"))
        await desk.bus.ask(Resume(where="fault"))
    if life.for_s:
        await asyncio.sleep(life.for_s)
        if not life.point:
            await _until(desk, lambda grid: grid.unresolved == 0, 0.0)
    else:
        await _until(desk, _works, CALM_AFTER_S)
    grid = desk.bus.latest(GridSnapshot)
    assert grid is not None
    return {
        "switch": desk.switch.position.value,
        "why": str(desk.switch.why),
        "state": grid.state,
        "unresolved": grid.unresolved,
        "open_orders": grid.open_orders,
        "usd": str(grid.usd),
        "doge": str(grid.doge),
    }


def _works(grid: GridSnapshot) -> bool:
    """Nothing is in doubt and orders rest."""
    return grid.state == "running" and grid.unresolved == 0 and grid.open_orders >= 4


async def _until(desk: Desk, holds: Callable[[GridSnapshot], bool], for_s: float) -> None:
    """Wait until something holds of the grid, for a while without a break."""
    since_s: float | None = None
    until_s = time.monotonic() + LONGEST_CALMING_S
    while True:
        grid = desk.bus.latest(GridSnapshot)
        now_s = time.monotonic()
        if grid is None or not holds(grid):
            since_s = None
        elif since_s is None:
            since_s = now_s
        if since_s is not None and now_s - since_s >= for_s:
            return
        if now_s > until_s:
            raise TimeoutError(f"it is not calm after {LONGEST_CALMING_S} s: {grid}")
        await asyncio.sleep(0.02)


def _world(life: Life) -> World:
    return World(
        name=f"paper:{life.epoch_s:.3f}",
        namespace=f"p{int(life.epoch_s * 1000):x}",
        clock=ScaledClock(life.epoch_s, life.speed, life.origin_monotonic_s),
        addresses=loopback(life.port),
        keys=Keys(Secret(life.key), Secret(life.secret)),
        exchange=None,
    )


if __name__ == "__main__":
    from engine.core import journal  # noqa: F401
    from engine.venue import client

    client.__doc__  # noqa: B018
    import ccxt.pro  # noqa: F401

    serve(Life, install, live)
