"""Lives in processes of their own, each of which may be killed at a named point; a fork server starts them fast.

A fork server loads everything once, then forks a child for each life that it is told of (one JSON object a line),
waits for it and answers how it ended. So a life costs no imports.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypeVar

ROOT = Path(__file__).parents[2]
LONGEST_LIFE_S = 100


class Life(Protocol):
    """One run of the program. nth: kill at this passing of `point`; an empty point kills nowhere. result: the file for
    what it has to say in the end; what it logged is beside it."""

    @property
    def result(self) -> str: ...
    @property
    def point(self) -> str: ...
    @property
    def nth(self) -> int: ...


AnyLife = TypeVar("AnyLife", bound=Life)


class Trap:
    """Counts every passing and kills the process, as the kernel would, at the one it is set for."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self.passed: Counter[str] = Counter()

    def reached(self, name: str) -> None:
        self.passed[name] += 1
        if name == self._life.point and self.passed[name] >= self._life.nth:
            os.kill(os.getpid(), signal.SIGKILL)


class Zygote:
    """A fork server, and the one life it may have at a time. module: its program, which calls `serve`."""

    def __init__(self, module: str) -> None:
        self._module = module
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Zygote:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def live(self, life: Any) -> int:
        """Let it live; returns how it ended: 0 in order, below 0 by a signal."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write((json.dumps(asdict(life)) + "\n").encode())
        await self._process.stdin.drain()
        code: int = json.loads(await self._process.stdout.readline())["code"]
        return code


def serve(
    kind: Callable[..., AnyLife],
    install: Callable[[Callable[[str], None]], None],
    live: Callable[[AnyLife], Awaitable[dict[str, Any]]],
) -> None:
    """The fork server: a life a line on standard input, the way it ended a line on standard output."""
    print("ready", flush=True)
    for line in sys.stdin:
        life = kind(**json.loads(line))
        pid = os.fork()
        if pid == 0:
            _child(life, install, live)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


def _child(
    life: AnyLife,
    install: Callable[[Callable[[str], None]], None],
    live: Callable[[AnyLife], Awaitable[dict[str, Any]]],
) -> None:
    """Everything of one life. Never returns."""
    signal.alarm(LONGEST_LIFE_S)
    code = 1
    try:
        logging.basicConfig(filename=f"{life.result}.log", level=logging.WARNING, force=True)
        trap = Trap(life)
        install(trap.reached)

        async def lived() -> dict[str, Any]:
            return await live(life)

        ended = asyncio.run(lived())
        Path(life.result).write_text(json.dumps({**ended, "passed": trap.passed}))
        code = 0
    except BaseException:
        logging.exception("the life ended with an error")
    finally:
        logging.shutdown()
        os._exit(code)
