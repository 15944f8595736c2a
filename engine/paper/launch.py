"""The parent's side: start the paper exchange as a child process, talk to it, end it.

How to start it:

    from engine.paper.config import ApiKey, MarketSpec, PaperConfig
    from engine.paper.launch import start_exchange

    clock = ScaledClock(epoch_s=1_767_225_600, speed=60)
    config = PaperConfig(
        keys=(ApiKey(key="paper-key", secret=base64_secret),),
        epoch_s=clock.epoch_s, speed=clock.speed, origin_monotonic_s=clock.origin_monotonic_s,
        market=MarketSpec(regime="flat"), seed=7, usd=Decimal(100), doge=Decimal(1000),
        control_token=some_token, state_file=None,
    )
    exchange = await start_exchange(config, deadline_s=15)
    clock = exchange.clock                     # the numbers in force: a resumed world may start later than asked
    client = ccxt.pro.kraken({"apiKey": "paper-key", "secret": base64_secret})
    exchange.point(client)                     # sets urls["api"]: public, private, ws publicV2, privateV2
    ...
    await client.close()
    await exchange.stop(deadline_s=5)

- Config and secrets go through the child's standard input, never through arguments or environment.
- The child listens on 127.0.0.1 and any free port, and ends by itself when this process dies.
- Times in orders (`deadline`, `expiretm`) are paper time: take them from `exchange.clock`, not from the machine.
- `await exchange.control(price="0.0950")` and the rest of `engine.paper.control` work when the config has a
  `control_token`; `await exchange.status()` counts orders and requests.
- In process, without a child: `engine.paper.exchange.Exchange`. Without sockets, for a lab: `engine.paper.book.Book`
  over `engine.paper.market.Market`.
- A frozen program starts itself with a hidden word (`engine.paper.child`); its `main` has to call
  `engine.desk.child_process.run_child` before it imports anything else.

It works under any event loop, Qt's too: processes are started and awaited in worker threads.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import queue
import subprocess
import threading
from collections import deque
from contextlib import suppress
from typing import IO, Any

from engine.core.clock import ScaledClock
from engine.paper.child import child_command, child_environment
from engine.paper.config import BAD_START, BAD_START_WORDS, BAD_STATE, PaperConfig
from engine.paper.starting import Starting

CHILD = "paper-exchange"
STDERR_LINES = 200
CONTROL_TIMEOUT_S = 5.0


class PaperExchangeError(RuntimeError):
    """The child did not start, or did not answer; the text holds the end of its standard error."""


class StateRefused(PaperExchangeError):
    """The child cannot go on from its state file, and has left it as it is."""


class PaperExchange:
    """A running child. Made by `start_exchange`."""

    def __init__(self, process: subprocess.Popen[bytes], config: PaperConfig) -> None:
        self._process = process
        self._config = config
        self._ready: queue.Queue[bytes] = queue.Queue()
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._pumps = [
            threading.Thread(target=self._pump_stdout, name="paper-stdout", daemon=True),
            threading.Thread(target=self._pump_stderr, name="paper-stderr", daemon=True),
        ]
        for pump in self._pumps:
            pump.start()
        self.port = 0
        self.pid = process.pid
        self.born_s = config.epoch_s
        self.clock = ScaledClock(config.epoch_s, config.speed, config.origin_monotonic_s)

    @property
    def address(self) -> str:
        """`http://host:port`, the base of both REST and (with `ws:`) the sockets."""
        return f"http://{self._config.host}:{self.port}"

    @property
    def stderr(self) -> str:
        """The last lines the child wrote to standard error."""
        return "\n".join(self._stderr)

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for the signal that ended it."""
        return self._process.poll()

    def point(self, client: Any) -> None:
        """Make a ccxt Kraken client (plain, async or pro) talk to this exchange."""
        point_client(client, self.address)

    async def status(self) -> dict[str, Any]:
        """How the exchange stands: orders and trades made, requests counted, quote, balances."""
        return await asyncio.to_thread(self._talk, "GET", None)

    async def control(self, **command: Any) -> dict[str, Any]:
        """Send a command of `engine.paper.control`; returns the status after it. Raises PaperExchangeError."""
        return await asyncio.to_thread(self._talk, "POST", command)

    async def stop(self, deadline_s: float = 5.0) -> int:
        """End the child and return its exit code; past the deadline it is terminated, then killed."""
        return await asyncio.to_thread(self._stop, deadline_s)

    async def kill(self) -> None:
        """End the child at once, as a crash would."""
        self._process.kill()
        await asyncio.to_thread(self._stop, 5.0)

    def _talk(self, method: str, command: dict[str, Any] | None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._config.host, self.port, timeout=CONTROL_TIMEOUT_S)
        try:
            body = None if command is None else json.dumps(command)
            connection.request(method, "/paper/control", body, {"Paper-Control": self._config.control_token})
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError as error:
            raise PaperExchangeError(f"the paper exchange does not answer ({error}); {self._ending()}") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise PaperExchangeError(f"the paper exchange refused the command: {answer.status} {text}")
        result: dict[str, Any] = json.loads(text)
        return result

    def _wait_until_ready(self, deadline_s: float) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(self._config.to_json().encode() + b"\n")
            self._process.stdin.flush()
            line = self._ready.get(timeout=deadline_s)
            ready = json.loads(line)
        except (queue.Empty, ValueError, OSError):
            code = self._stop(0.5)
            if code in (BAD_START, BAD_STATE) and self._stderr:
                cause = self._stderr[-1].removeprefix(BAD_START_WORDS)
                kind = StateRefused if code == BAD_STATE else PaperExchangeError
                raise kind(f"the paper exchange did not start: {cause}") from None
            raise PaperExchangeError(f"the paper exchange was not ready in {deadline_s} s; {self._ending()}") from None
        self.born_s = float(ready["born_s"])
        self.port = int(ready["port"])
        self.pid = int(ready["pid"])
        self.clock = ScaledClock(ready["epoch_s"], ready["speed"], ready["origin_monotonic_s"])

    def _ending(self) -> str:
        code = self._process.poll()
        state = "it is still running" if code is None else f"it ended with code {code}"
        return f"{state}; standard error: {self.stderr or 'empty'}"

    def _stop(self, deadline_s: float) -> int:
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(OSError):
                self._process.stdin.close()
        for end in (None, self._process.terminate, self._process.kill):
            if end is not None:
                end()
            try:
                code = self._process.wait(deadline_s)
                break
            except subprocess.TimeoutExpired:
                continue
        else:
            raise PaperExchangeError(f"process {self._process.pid} does not end")
        for pump in self._pumps:
            pump.join(deadline_s)
        return code

    def _pump_stdout(self) -> None:
        with _opened(self._process.stdout) as stream:
            for line in stream:
                self._ready.put(line)
        self._ready.put(b"")

    def _pump_stderr(self) -> None:
        with _opened(self._process.stderr) as stream:
            for line in stream:
                self._stderr.append(line.decode(errors="replace").rstrip())


async def start_exchange(config: PaperConfig, deadline_s: float = 15.0) -> PaperExchange:
    """Start a child and wait until it listens. Raises PaperExchangeError when it does not within the deadline."""
    starting = Starting(subprocess.Popen.kill)
    started = asyncio.ensure_future(asyncio.to_thread(_start, config, deadline_s, starting))
    try:
        return await asyncio.shield(started)
    except asyncio.CancelledError:
        starting.give_up()
        with suppress(PaperExchangeError):  # what it says of a child that was ended
            exchange = await started
            await exchange.stop()
        raise


def point_client(client: Any, address: str) -> None:
    """Replace the base addresses of a ccxt Kraken client, and nothing else."""
    sockets = address.replace("http", "ws", 1)
    api = client.urls["api"]
    api["public"] = api["private"] = address
    if "ws" in api:
        api["ws"] |= {"public": sockets, "private": sockets, "publicV2": f"{sockets}/v2", "privateV2": f"{sockets}/v2"}


def _start(config: PaperConfig, deadline_s: float, starting: Starting) -> PaperExchange:
    process = subprocess.Popen(
        child_command(CHILD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=child_environment(),
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    exchange = PaperExchange(starting.made(process), config)
    exchange._wait_until_ready(deadline_s)
    return exchange


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise PaperExchangeError("the child was started without pipes")
    return stream
