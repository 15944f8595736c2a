"""A child that is given up while it starts does not hold up whoever gave it up (issue: 200 of 200 shutdowns in 3 s)."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from engine.paper import anvil, launch
from engine.paper.anvil import start_node
from engine.paper.config import ApiKey, PaperConfig
from engine.paper.launch import start_exchange

NEVER_READY = [sys.executable, "-c", "import sys; sys.stdin.read()"]
Start = Callable[[], Awaitable[object]]


def exchange() -> Awaitable[object]:
    return start_exchange(PaperConfig(keys=(ApiKey("key", "c2VjcmV0IG9mIG5vYm9keQ=="),), epoch_s=1.0), 60.0)


def node() -> Awaitable[object]:
    return start_node(deadline_s=60.0)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that were started; each is up and never says that it is ready."""
    found: list[subprocess.Popen[bytes]] = []

    class Noted(subprocess.Popen[bytes]):
        def __init__(self, command: list[str], **how: object) -> None:
            super().__init__(NEVER_READY, **how)
            found.append(self)

    for module in (launch, anvil):
        monkeypatch.setattr(module.subprocess, "Popen", Noted)
    return found


@pytest.mark.parametrize("start", [exchange, node], ids=["exchange", "node"])
async def test_a_child_that_is_given_up_while_it_starts_is_ended_at_once(
    start: Start, made: list[subprocess.Popen[bytes]], until
) -> None:
    starting = asyncio.ensure_future(start())
    await until(lambda: made)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert made[0].poll() is not None


@pytest.mark.parametrize("start", [exchange, node], ids=["exchange", "node"])
async def test_a_child_that_is_given_up_before_its_process_is_there_leaves_none(
    start: Start, made: list[subprocess.Popen[bytes]]
) -> None:
    starting = asyncio.ensure_future(start())
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert [process.poll() for process in made if process.poll() is None] == []
