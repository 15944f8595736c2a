"""LIVE without a window: a person types the phrases at a terminal, or nothing starts. Panel spec 9; issue 3."""

from __future__ import annotations

import base64
import os
import pty
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.cli import LIVE_PHRASE, exit_codes
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from engine.venue.permissions import WITHDRAWAL_PHRASE

SECRET = base64.b64encode(bytes(range(64))).decode()

PROGRAM = """
import sys
from engine.core.clock import WallClock
from engine.core.secrets import Secret
from engine.desk import desk
from engine.desk.worlds import World
from engine.venue.addresses import loopback
from engine.venue.client import Keys

port, secret, *words = sys.argv[1:]

async def stand_in(mode, vault):
    keys = Keys(Secret("stand-in-key"), Secret(secret))
    return World("live:stand-in", "l1", WallClock(), loopback(int(port)), keys, None)

desk.live_world = stand_in

from engine.cli import main

sys.exit(main(words))
"""
"""The real program; only where Kraken and the keyring would be, it finds a stand-in."""


@pytest.fixture
async def exchange() -> AsyncIterator[PaperExchange]:
    key = ApiKey("stand-in-key", SECRET, (*TRADING_PERMISSIONS, "withdraw-funds"))
    one = await start_exchange(PaperConfig(keys=(key,), epoch_s=time.time(), control_token="token"))
    yield one
    await one.stop()


def live(exchange: PaperExchange, profile: Path, *typed: str) -> subprocess.CompletedProcess[str]:
    """A LIVE session of a second and a half, with these lines typed at its terminal."""
    ours, its = pty.openpty()
    try:
        os.write(ours, "".join(f"{line}\n" for line in typed).encode())
        words = ["--profile", str(profile), "--mode", "live", "--for", "1.5"]
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, str(exchange.port), SECRET, *words],
            stdin=its,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(its)


async def test_with_both_phrases_typed_it_runs(exchange: PaperExchange, tmp_path: Path) -> None:
    done = live(exchange, tmp_path / "p", LIVE_PHRASE, WITHDRAWAL_PHRASE)
    assert done.returncode == 0, done.stderr
    assert "Type “trade live” to go on" in done.stderr
    assert "it may withdraw funds" in done.stderr
    assert f"Type “{WITHDRAWAL_PHRASE}” to use this key all the same" in done.stderr
    assert "[REBAL]" in done.stderr


@pytest.mark.parametrize(
    ("typed", "said"),
    [(("yes",), "confirmed by a person"), ((LIVE_PHRASE, "go on"), "LIVE refuses the API key")],
    ids=["live", "key"],
)
async def test_another_phrase_starts_nothing(
    exchange: PaperExchange, tmp_path: Path, typed: tuple[str, ...], said: str
) -> None:
    done = live(exchange, tmp_path / "p", *typed)
    assert done.returncode == exit_codes.PERSON_NEEDED
    assert said in done.stderr
    assert (await exchange.status())["orders_made"] == 0
