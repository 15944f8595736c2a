"""LIVE with nobody at the terminal: only within what a person allowed before, on a real keyring and exchange."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from engine.cli import LIVE_PHRASE, exit_codes
from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import LiveNotConfirmed
from engine.desk.live_permit import LivePermits
from engine.desk.opening import opened
from engine.desk.options import SECTIONS
from engine.desk.worlds import API_KEY, API_SECRET
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, PaperConfig
from engine.paper.launch import PaperExchange, start_exchange
from tests.engine.cli.at_a_terminal import WITHIN_S, answered
from tests.engine.cli.test_live_at_the_terminal import PROGRAM as STAND_IN
from tests.engine.cli.test_live_at_the_terminal import SECRET
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

pytestmark = pytest.mark.usefixtures("secret_service")
KEY = "stand-in-key"


@dataclass(frozen=True)
class Machine:
    """A profile with a key in the keyring."""

    profile: Path

    @property
    def identity(self) -> str:
        return Profile(self.profile).identity

    async def keep(self, key: str) -> None:
        vault = SecretStore(self.identity, SecretNames((API_KEY, API_SECRET)), lambda _: None)
        await vault.save(API_KEY, Secret(key))
        await vault.save(API_SECRET, Secret(SECRET))

    def tool(self, *words: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        return answered("live", *words, profile=self.profile, typed=typed)

    async def refused(self) -> bool:
        """Whether LIVE does not start by itself, as the headless program begins it; what was logged says why."""
        arguments = SessionArguments(self.profile, Mode.LIVE, None, None, None, None)
        with pytest.raises(LiveNotConfirmed):
            async with opened(arguments, Redactor(), unattended=True):
                return False
        return True


@pytest.fixture
async def machine(tmp_path: Path) -> Machine:
    profile = Profile(tmp_path / "p")
    profile.acquire()
    await Configuration.open(profile.options_file, Catalogue(SECTIONS), os.environ, WallClock())
    made = Machine(profile.folder)
    await made.keep(KEY)
    profile.release()
    return made


@pytest.fixture
async def exchange() -> AsyncIterator[PaperExchange]:
    config = PaperConfig(keys=(ApiKey(KEY, SECRET, TRADING_PERMISSIONS),), epoch_s=time.time(), control_token="token")
    one = await start_exchange(config)
    yield one
    await one.stop()


def said_until_it_traded(program: list[str]) -> str:
    """What a program with nobody at its terminal logs until it has placed an order; it is ended then."""
    said = ""
    with subprocess.Popen(program, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        assert child.stderr is not None
        for line in child.stderr:
            said += line
            if "placed: " in line:
                break
        child.terminate()
        child.communicate(timeout=WITHIN_S)
    assert child.returncode == exit_codes.DONE, said
    return said


async def test_once_a_person_allowed_it_live_starts_with_nobody_there_and_after_a_revoke_not(
    machine: Machine, exchange: PaperExchange
) -> None:
    program = [sys.executable, "-c", STAND_IN, str(exchange.port), SECRET]
    refused = answered("--mode", "live", profile=machine.profile, program=program)
    assert refused.returncode == exit_codes.PERSON_NEEDED
    assert "`evenkeel-engine live allow` lets it start by itself" in refused.stderr
    allowed = machine.tool("allow", "--for", "12h", typed=LIVE_PHRASE)
    assert allowed.returncode == exit_codes.DONE, allowed.stderr
    assert "It places real orders with real money" in allowed.stderr
    before = await LivePermits(machine.identity).read()
    said = said_until_it_traded([*program, "--profile", str(machine.profile), "--mode", "live"])
    assert "LIVE starts by itself, as a person allowed on" in said
    after = await LivePermits(machine.identity).read()
    assert before is not None
    assert after is not None
    assert after.seen_s > before.seen_s
    assert machine.tool("revoke").stdout.startswith("LIVE may not start by itself any more")
    assert await machine.refused()


@pytest.mark.parametrize(
    ("typed", "code"), [(None, exit_codes.USAGE), ("yes", exit_codes.PERSON_NEEDED), ("", exit_codes.PERSON_NEEDED)]
)
async def test_without_the_phrase_nothing_is_allowed(machine: Machine, typed: str | None, code: int) -> None:
    assert machine.tool("allow", typed=typed).returncode == code
    shown = machine.tool("show")
    assert (shown.returncode, shown.stdout) == (
        exit_codes.PERSON_NEEDED,
        "LIVE does not start by itself. No person has allowed LIVE to start by itself.\n",
    )


async def test_a_changed_option_that_matters_ends_it_and_is_named(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine.tool("allow", "--until-changed", typed=LIVE_PHRASE)
    monkeypatch.setenv("EVENKEEL_DESK_LOOK", "dark")
    assert machine.tool("show").stdout.startswith("LIVE may start by itself with no end in time; allowed on")
    monkeypatch.setenv("EVENKEEL_GRID_SLOTS", "7")
    assert await machine.refused()
    assert "when a person allowed LIVE to start by itself (grid.slots)" in caplog.text


async def test_another_key_ends_it(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    machine.tool("allow", typed=LIVE_PHRASE)
    await machine.keep("another-key-in-the-keyring")
    assert await machine.refused()
    assert "with another API key than the one in the keyring" in caplog.text


async def test_its_time_ends_it_and_a_clock_that_was_set_back_does_not_bring_it_back(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    machine.tool("allow", typed=LIVE_PHRASE)
    permits = LivePermits(machine.identity)
    permit = await permits.read()
    assert permit is not None
    await permits.keep(replace(permit, expires_s=time.time() - 1))
    assert await machine.refused()
    assert "ended at" in caplog.text
    await permits.keep(replace(permit, seen_s=time.time() + 7200))
    assert await machine.refused()
    assert "This machine's clock is 1 h 59 min behind" in caplog.text or "clock is 2 h 00 min" in caplog.text


async def test_it_is_shown_as_data_too(machine: Machine) -> None:
    machine.tool("allow", "--for", "7d", typed=LIVE_PHRASE)
    shown = json.loads(machine.tool("show", "--json").stdout)
    assert (shown["allowed"], shown["why_not"]) == (True, None)
    assert shown["expires_s"] - shown["granted_s"] == 7 * 86_400


def test_where_there_is_no_profile_nothing_is_made(tmp_path: Path) -> None:
    done = answered("live", "show", profile=tmp_path / "p")
    assert done.returncode == exit_codes.FAILED
    assert "is no profile yet" in done.stderr
    assert not (tmp_path / "p").exists()
