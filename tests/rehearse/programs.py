"""The programs as they are, as child processes on the stage: the headless one at a terminal, the panel on a screen."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.rehearse.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
ENGINE = [sys.executable, "-c", "import sys; from engine.cli import main; sys.exit(main())"]
PANEL = [sys.executable, "-m", "tests.rehearse.played"]
POLL_S = 0.02
STARTS_WITHIN_S = 60.0
ENDS_WITHIN_S = 15.0
IN_SIGHT_WITHIN_S = 10.0
LINE_BYTES = 1 << 22


class NotSeenError(AssertionError):
    """What a scene waited for did not come; the text says what came instead."""


class Program:
    """A child process whose standard output is lines of JSON and whose standard error is kept. A context manager."""

    def __init__(self, stage: Stage, name: str, command: Sequence[str], *, may_place: bool) -> None:
        self._stage = stage
        self._command = list(command)
        self._may_place = may_place
        self.name = name
        self.log = stage.folder / f"{name}.log"
        self.process: asyncio.subprocess.Process
        self.began_s = 0.0
        self._hearing: asyncio.Task[None] | None = None

    @property
    def said(self) -> str:
        """All of its standard error so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    @property
    def cpu_s(self) -> float:
        """Processor time that it took so far: on a machine that is busy, what it took by the clock says little."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def __aenter__(self) -> Program:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def start(self) -> None:
        self.began_s = time.monotonic()
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=self._stdin(),
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=dict(self._stage.house.environment),
                limit=LINE_BYTES,
            )
        self._stage.live += self._may_place
        self._hearing = asyncio.create_task(self._hear(), name=f"hears {self.name}")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, kill it when it does not; its exit code."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(how)
        return await self.ended(ENDS_WITHIN_S)

    async def ended(self, within_s: float) -> int:
        """Wait until it has ended by itself; killed past `within_s`, which is -9."""
        try:
            async with asyncio.timeout(within_s):
                await self.process.wait()
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        if self._hearing is not None:
            await self._hearing
            self._hearing = None
            self._stage.watch.silent(self.name)
            self._stage.live -= self._may_place
        assert self.process.returncode is not None
        return self.process.returncode

    async def until(self, holds: Callable[[], object], what: str, within_s: float = STARTS_WITHIN_S) -> None:
        """Wait until it holds. Raises NotSeenError with the program's last words."""
        deadline_s = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline_s or self.process.returncode is not None:
                ended = "" if self.process.returncode is None else f" (it ended with {self.process.returncode})"
                raise NotSeenError(f"{self.name}: {what} was not seen within {within_s:g} s{ended}; {self._in_sight()}")
            await asyncio.sleep(POLL_S)

    def _stdin(self) -> int:
        return asyncio.subprocess.DEVNULL

    def _heard(self, line: dict[str, Any]) -> None:
        raise NotImplementedError

    def _in_sight(self) -> str:
        return " / ".join(self.said.splitlines()[-4:])

    async def _hear(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            with suppress(ValueError):
                self._heard(json.loads(line))


class Headless(Program):
    """`evenkeel-engine` with its snapshots as JSON. typed: what a person types at its terminal."""

    def __init__(
        self, stage: Stage, profile: Path, mode: str, typed: Sequence[str] = (), arguments: Sequence[str] = ()
    ) -> None:
        command = [*ENGINE, "--profile", str(profile), "--mode", mode, "--json", *arguments]
        super().__init__(stage, f"engine-{profile.name}-{mode}", command, may_place=mode == "live")
        self._profile = profile
        self._typed = typed
        self._terminal: int | None = None
        self.latest: dict[str, dict[str, Any]] = {}

    async def start(self) -> None:
        await super().start()
        if self._terminal_its is not None:
            os.close(self._terminal_its)

    async def ended(self, within_s: float) -> int:
        code = await super().ended(within_s)
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None
        return code

    @property
    def grid(self) -> dict[str, Any]:
        """The latest snapshot of the grid, empty before the first."""
        return self.latest.get("GridSnapshot", {})

    @property
    def switch(self) -> str:
        return str(self.latest.get("ModeSnapshot", {}).get("switch", ""))

    async def command(self, *words: str, within_s: float = 30.0) -> tuple[int, str]:
        """Another start of `evenkeel-engine` on the same profile (`stop`, `status`): its exit code and what it said."""
        process = await asyncio.create_subprocess_exec(
            *ENGINE,
            "--profile",
            str(self._profile),
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=ROOT,
            env=dict(self._stage.house.environment),
        )
        try:
            async with asyncio.timeout(within_s):
                said, _ = await process.communicate()
        except TimeoutError:
            process.kill()
            said, _ = await process.communicate()
        assert process.returncode is not None
        return process.returncode, said.decode(errors="replace")

    def _stdin(self) -> int:
        self._terminal_its: int | None = None
        if not self._typed:
            return asyncio.subprocess.DEVNULL
        self._terminal, self._terminal_its = pty.openpty()
        os.write(self._terminal, "".join(f"{line}\n" for line in self._typed).encode())
        return self._terminal_its

    def _heard(self, line: dict[str, Any]) -> None:
        self.latest[str(line.get("type"))] = line
        # Each of the two says its own half: a switch that has just moved says nothing of orders yet.
        if self.grid.get("at_s", 0.0) >= self.latest.get("ModeSnapshot", {}).get("since_s", 0.0):
            self._stage.watch.heard(self.name, words_of(self.latest))

    def _in_sight(self) -> str:
        grid = {name: self.grid.get(name) for name in ("state", "why", "open_orders")}
        return f"grid {grid}, switch {self.switch}; it said: {super()._in_sight()}"


def words_of(latest: dict[str, dict[str, Any]]) -> str:
    """What snapshots say of the switch, in the words that a person would read out of them."""
    position = str(latest.get("ModeSnapshot", {}).get("switch", ""))
    stopping = latest.get("GridSnapshot", {}).get("stopping") or {}
    left = stopping.get("left", 0) + stopping.get("earlier", 0)
    return f"{position}; {left} orders still rest" if left else position


class Panel(Program):
    """`evenkeel` on the screen, used by real key presses. shown: what a person has before them, as `played.Shown`."""

    def __init__(self, stage: Stage, profile: Path, mode: str, arguments: Sequence[str] = ()) -> None:
        command = [*PANEL, "--profile", str(profile), "--mode", mode, "--no-wizard", *arguments]
        super().__init__(stage, f"panel-{profile.name}-{mode}", command, may_place=mode == "live")
        self.profile = profile
        self.shown: dict[str, Any] = {}
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    @property
    def header(self) -> str:
        """The words of the strip above every page."""
        return str(self.shown.get("header", ""))

    async def press(self, key: str) -> None:
        """One key, a text after `type:`, or a click after `click:` and the accessible name of what is clicked."""
        await self.until(lambda: self.shown, "a window")
        kind, _, what = key.partition(":")
        focus = ["windowfocus", "--sync", str(self.shown["window"])]
        if kind == "type":
            await self._xdo(*focus, "type", "--delay", "5", what)
        elif kind == "click":
            place = await self._place(what)
            await self._xdo(*focus, "mousemove", str(place["x"]), str(place["y"]), "click", "1")
        else:
            await self._xdo(*focus, "key", "--clearmodifiers", key)

    async def _place(self, name: str) -> dict[str, Any]:
        """Where it is, once it is in sight and can be used."""
        deadline_s = time.monotonic() + IN_SIGHT_WITHIN_S
        while (place := await self.ask(f"place {name}"))["x"] is None:
            if time.monotonic() > deadline_s:
                raise NotSeenError(f"{self.name}: nothing in sight is called “{name}”; {self._in_sight()}")
            await asyncio.sleep(POLL_S)
        return place

    async def ask(self, line: str) -> dict[str, Any]:
        """One line to the hand inside the program, and its answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        async with asyncio.timeout(STARTS_WITHIN_S):
            return await self._answers.get()

    async def texts(self) -> str:
        """All that can be read in the window and the dialogs over it."""
        return "\n".join((await self.ask("texts"))["texts"])

    async def click_what_says(self, pattern: str) -> str:
        """Click the first button in sight whose text or name fits; its text. Raises NotSeenError."""
        offered: list[str] = (await self.ask("buttons"))["texts"]
        found = next((text for text in offered if re.search(pattern, text, re.IGNORECASE)), None)
        if found is None:
            raise NotSeenError(f"{self.name}: no button says {pattern}; there are {offered}")
        await self.press(f"click:{found}")
        return found

    def _stdin(self) -> int:
        return asyncio.subprocess.PIPE

    def _heard(self, line: dict[str, Any]) -> None:
        if "header" not in line:
            self._answers.put_nowait(line)
            return
        self.shown = line
        self._stage.watch.heard(self.name, self.header)

    def _in_sight(self) -> str:
        return f"in sight is {self.shown}; it said: {super()._in_sight()}"

    async def _xdo(self, *words: str) -> None:
        done = await asyncio.create_subprocess_exec(
            "xdotool", *words, env=dict(self._stage.house.environment), stderr=asyncio.subprocess.PIPE
        )
        _, said = await done.communicate()
        if done.returncode != 0:
            raise NotSeenError(f"xdotool {' '.join(words)}: {said.decode().strip()}")
