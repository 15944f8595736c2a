"""The paper exchange put together: world, REST, sockets and control behind one loopback port, and the process entry.

The process reads its config as one line of JSON from standard input and answers with one line of JSON on standard
output once it listens. It ends on SIGTERM and when its standard input closes, which is how it notices that its parent
has died. `engine.paper.launch` is the parent's side.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress

from aiohttp import web

from engine.core.clock import Clock, ScaledClock
from engine.paper.config import BAD_START, BAD_START_WORDS, BAD_STATE, PaperConfig, StateUnusable
from engine.paper.connection import distance
from engine.paper.control import Control
from engine.paper.faults import Faults, parse_faults
from engine.paper.rest import RestApi
from engine.paper.sockets import Sockets
from engine.paper.store import SavedWorld, Store
from engine.paper.world import SAVE_EVERY_S, World

SHORTEST_TICK_S = 1 / 60
DROP_CHECK_S = 0.05
SHUTDOWN_S = 1.0
_log = logging.getLogger(__name__)


class Exchange:
    """A running exchange. `start` listens, `run` lives until `stop` or until something breaks, `close` lets go."""

    def __init__(self, config: PaperConfig, clock: Clock | None = None) -> None:
        """clock: another than the one the config describes, for a test that moves time by hand."""
        self.config = config
        self._given_clock = clock
        self.faults = Faults(parse_faults(config.faults), config.seed)
        self.store = Store(config.state_file) if config.state_file else None
        self.stopping = asyncio.Event()
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        return f"http://{self.config.host}:{self.port}"

    async def start(self) -> None:
        """Read the saved world, if any, and listen. Raises ValueError and OSError."""
        saved = await self.store.load() if self.store else None
        origin = self.config.origin_monotonic_s
        self.config = dataclasses.replace(
            self.config, origin_monotonic_s=time.monotonic() if origin is None else origin
        )
        try:
            self.world = self._opened_world(saved)
        except (KeyError, TypeError, ArithmeticError) as error:
            if saved is None:
                raise
            raise StateUnusable(f"the state file is damaged ({type(error).__name__}: {error})") from error
        self.sockets = Sockets(self.world, self.faults, self.store)
        self.rest = RestApi(self.world, self.faults, self.store)
        app = web.Application(middlewares=[distance(self.faults)])
        app.add_routes(self.rest.routes() + self.sockets.routes())
        app.add_routes(Control(self.world, self.faults, self.rest, self.sockets, self.store).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.config.host, self.config.port).start()
        self.port = int(self._runner.addresses[0][1])

    def _opened_world(self, saved: SavedWorld | None) -> World:
        """The world, new or resumed; a resumed clock goes on where it stood, or at what was asked if that is later."""
        if saved is not None:
            config = self.config.resuming(saved.head["market"])
            self.config = dataclasses.replace(config, epoch_s=max(config.epoch_s, saved.head["until_s"]))
        config = self.config
        self.faults.begin_anew(config.seed)
        self.clock = self._given_clock or ScaledClock(config.epoch_s, config.speed, config.origin_monotonic_s)
        return World(config, self.clock, saved)

    async def run(self) -> None:
        """Keep the market moving until `stopping` is set. An error in the world ends the exchange and is raised."""
        tasks = [
            asyncio.create_task(self._tick(), name="paper-tick"),
            asyncio.create_task(self._drop_sockets(), name="paper-drop-sockets"),
            asyncio.create_task(self.stopping.wait(), name="paper-stop"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Say goodbye to clients, stop listening, save the world a last time."""
        if self._runner is not None:
            await self.sockets.close()
            await self._runner.cleanup()
            self._runner = None
            self.world.catch_up()
            await self.world.settle(self.store, save=True, last=True)
        if self.store is not None:
            await self.store.close()

    def ready_line(self) -> str:
        """What the parent needs to know; the times are those in force, after a saved world was resumed."""
        return json.dumps(
            {
                "port": self.port,
                "born_s": self.world.born_s,
                "epoch_s": self.config.epoch_s,
                "speed": self.config.speed,
                "origin_monotonic_s": self.config.origin_monotonic_s,
                "pid": os.getpid(),
            }
        )

    async def _tick(self) -> None:
        """One step a second of paper time, but no more than sixty a second of ours.

        What changes while nothing happens to orders (the market's position) is saved now and then.
        """
        every_s = max(1 / self.config.speed, SHORTEST_TICK_S)
        saved_at_s = _loop_s()
        while True:
            self.world.catch_up()
            save = _loop_s() - saved_at_s >= SAVE_EVERY_S
            await self.world.settle(self.store, save=save)
            saved_at_s = _loop_s() if save else saved_at_s
            self.sockets.tick()
            await asyncio.sleep(every_s)

    async def _drop_sockets(self) -> None:
        """Break the sockets when the fault `drop-socket` says so; it may be declared at any time."""
        due_s: float | None = None
        while True:
            wait_s = self.faults.next_socket_drop_s()
            if wait_s is None:
                due_s = None
            elif due_s is None:
                due_s = _loop_s() + wait_s
            elif _loop_s() >= due_s:
                due_s = None
                self.sockets.drop_all()
            await asyncio.sleep(DROP_CHECK_S)


def _loop_s() -> float:
    """Real time, as the event loop counts it."""
    return asyncio.get_running_loop().time()


async def serve(config: PaperConfig) -> None:
    """Run an exchange as this process: ready line, stop on SIGTERM or closed standard input."""
    exchange = Exchange(config)
    loop = asyncio.get_running_loop()
    try:
        await exchange.start()
        with suppress(NotImplementedError):
            loop.add_signal_handler(signal.SIGTERM, exchange.stopping.set)
        threading.Thread(target=_watch_stdin, args=(loop, exchange.stopping), daemon=True).start()
        print(exchange.ready_line(), flush=True)  # noqa: T201
        await exchange.run()
    finally:
        await exchange.close()


def main() -> int:
    """Entry of the child process; returns its exit code. Errors go to standard error in one line, without secrets."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(serve(PaperConfig.from_json(_first_line())))
    except (ValueError, OSError) as error:
        print(f"{BAD_START_WORDS}{' '.join(str(error).split())}", file=sys.stderr, flush=True)  # noqa: T201
        return BAD_STATE if isinstance(error, StateUnusable) else BAD_START
    return 0


def _first_line() -> str:
    """The first line of standard input, read without a buffer so that a thread can go on reading the rest."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            break
        line += piece
    return line.decode()


def _watch_stdin(loop: asyncio.AbstractEventLoop, stopping: asyncio.Event) -> None:
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(stopping.set)
