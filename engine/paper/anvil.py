"""The parent's side of a local EVM node: start anvil, ask it things, end it (hub spec, "Facts").

Works under any event loop: the process is started and awaited in worker threads, requests are small and synchronous
and meant for a worker thread too.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.paper.child import child_command, child_environment
from engine.paper.starting import Starting

CHAIN_ID = 31_337
CHILD = "paper-node"
ANVIL_ENVIRONMENT = "EVENKEEL_ANVIL"
STDERR_LINES = 100
_POLL_S = 0.01
_TIMEOUT_S = 30.0


class ChainFailed(RuntimeError):
    """The node did not start, did not answer, or refused; the text says which."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """block_s: a block every so many seconds; 0: one for each transaction. base_fee_wei: of the first block."""

    chain_id: int = CHAIN_ID
    block_s: float = 0.0
    base_fee_wei: int = 1_000_000_000
    epoch_s: int | None = None


def find_anvil() -> Path:
    """The anvil that the set-up installed, or the one that EVENKEEL_ANVIL names. Raises ChainFailed."""
    named = os.environ.get(ANVIL_ENVIRONMENT)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    package = f"@foundry-rs/anvil-{sys.platform}-{machine}"
    installed = Path(sys.prefix) / "chain" / "node_modules" / package / "bin" / "anvil"
    found = Path(named) if named else installed
    if not found.is_file():
        raise ChainFailed(f"anvil is not at {found}; `make setup` installs it, or {ANVIL_ENVIRONMENT} names another")
    return found


class Node:
    """A running node. Made by `start_node`."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, config: NodeConfig) -> None:
        self._process = process
        self.port = port
        self.config = config
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._pump = threading.Thread(target=self._pump_stderr, name="anvil-stderr", daemon=True)
        self._pump.start()
        self._next_id = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def ask(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call; blocks. Raises ChainFailed with the node's words."""
        return self.ask_all([(method, params)])[0]

    def ask_all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Several calls in one request; blocks. Raises ChainFailed at the first that the node refused."""
        requests = []
        for method, params in calls:
            self._next_id += 1
            requests.append({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": list(params)})
        answers = {answer["id"]: answer for answer in self._post(requests)} if requests else {}
        results = []
        for request in requests:
            answer = answers[request["id"]]
            if "error" in answer:
                raise ChainFailed(f"{request['method']} was refused: {answer['error'].get('message')}")
            results.append(answer["result"])
        return results

    async def stop(self, deadline_s: float = 5.0) -> None:
        """End it."""
        await asyncio.to_thread(self._stop, deadline_s)

    def _post(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_TIMEOUT_S)
        try:
            connection.request("POST", "/", json.dumps(requests), {"Content-Type": "application/json"})
            answers: list[dict[str, Any]] = json.loads(connection.getresponse().read())
            return answers
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ChainFailed(f"the node does not answer ({type(error).__name__}); {self._ending()}") from None
        finally:
            connection.close()

    def _wait_until_ready(self, deadline_s: float) -> None:
        until_s = time.monotonic() + deadline_s
        while True:
            with suppress(ChainFailed):
                self.ask("eth_chainId")
                return
            if not self.is_running or time.monotonic() > until_s:
                ending = self._ending()
                self._stop(1.0)
                raise ChainFailed(f"anvil was not ready in {deadline_s} s; {ending}")
            time.sleep(_POLL_S)

    def _stop(self, deadline_s: float) -> None:
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(deadline_s)
        self._pump.join(deadline_s)

    def _ending(self) -> str:
        code = self._process.poll()
        state = "it is still running" if code is None else f"it ended with code {code}"
        return f"{state}; standard error: {' '.join(self._stderr) or 'empty'}"

    def _pump_stderr(self) -> None:
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            for line in stream:
                self._stderr.append(line.decode(errors="replace").rstrip())


async def start_node(config: NodeConfig | None = None, deadline_s: float = 15.0) -> Node:
    """Start anvil on loopback and wait until it answers. Raises ChainFailed."""
    starting = Starting(_end)
    started = asyncio.ensure_future(asyncio.to_thread(_start, config or NodeConfig(), deadline_s, starting))
    try:
        return await asyncio.shield(started)
    except asyncio.CancelledError:
        starting.give_up()
        with suppress(ChainFailed):  # what it says of a node that was ended
            node = await started
            await node.stop()
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """As `engine.paper.node` has it: the end of its input is the end of the node."""
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()


def _start(config: NodeConfig, deadline_s: float, starting: Starting) -> Node:
    port = _free_port()
    command = [*child_command(CHILD), str(find_anvil()), *_arguments(config, port)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=child_environment()
    )
    node = Node(starting.made(process), port, config)
    node._wait_until_ready(deadline_s)
    return node


def _arguments(config: NodeConfig, port: int) -> list[str]:
    arguments = ["--host", "127.0.0.1", "--port", str(port), "--silent", "--chain-id", str(config.chain_id)]
    arguments += ["--block-base-fee-per-gas", str(config.base_fee_wei), "--code-size-limit", str(2**20)]
    if config.block_s > 0:
        arguments += ["--block-time", f"{config.block_s:g}"]
    if config.epoch_s is not None:
        arguments += ["--timestamp", str(config.epoch_s)]
    return arguments


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
