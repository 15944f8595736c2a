"""`evenkeel-engine` on a kept paper world: under faults, killed, and taken up again. Governor spec 18, 19 and 22."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from engine.core.journal import Journal
from engine.core.messages import Acknowledged
from engine.core.modes import Stop
from engine.desk.worlds import KEPT, STATE_FILE
from engine.paper.options import PaperOptions
from engine.paper.store import SavedWorld, Store
from tests.engine.cli.running_program import PROGRAM, exchange_of
from tests.engine.desk.running_desk import acquired, grid

Until = Callable[..., Awaitable[None]]

KEPT_WORLD = {"EVENKEEL_PAPER_KEEP": "true"}


@pytest.fixture
def waves(tmp_path: Path) -> Path:
    """A market that goes up and down by 0.6 % a minute, so that entries and exits fill soon."""
    rows = [f"{10 * step},{0.0966 + 0.0003 * (step % 6 if step % 6 < 4 else 6 - step % 6):.5f}" for step in range(2000)]
    file = tmp_path / "waves.csv"
    file.write_text("\n".join(rows))
    return file


def started(profile: Path, market: Path, *words: str) -> subprocess.Popen[str]:
    given = ["--profile", str(profile), "--mode", "paper", "--speed", "60", "--market", str(market), *words]
    return subprocess.Popen([*PROGRAM, *given], stderr=subprocess.PIPE, text=True, env={**os.environ, **KEPT_WORLD})


def read_until(child: subprocess.Popen[str], words: str) -> str:
    """What the program says up to the first line with these words in it, or to its end."""
    assert child.stderr is not None
    said = ""
    for line in child.stderr:
        said += line
        if words in line:
            break
    return said


async def settled(profile: Path, market: Path, until: Until) -> SavedWorld:
    """The kept world after a session without faults has taken it up, traded on and stopped with an empty book."""
    async with acquired(profile) as place:
        place.environment = KEPT_WORLD
        place.arguments = place.arguments.__class__(profile, None, None, 60.0, None, str(market))
        async with place.session() as desk:
            await until(lambda: (found := grid(desk)) is not None and found.state == "running", within_s=15)
            await until(lambda: (found := grid(desk)) is not None and found.open_orders >= 4, within_s=15)
            assert isinstance(await desk.bus.ask(Stop(where="test")), Acknowledged)
            await until(
                lambda: (found := grid(desk)) is not None and found.open_orders == 0 and found.unresolved == 0,
                within_s=15,
            )
    store = Store(str(profile / KEPT / STATE_FILE))
    saved = await store.load()
    await store.close()
    assert saved is not None
    return saved


async def check_books(profile: Path, saved: SavedWorld) -> None:
    """No order twice, no fill lost or counted twice, and the account holds what the fills come to."""
    journal = Journal(profile / "journal.sqlite", f"paper:{saved.head['born_s']:.3f}")
    await asyncio.to_thread(journal.open)
    fills, intents = await journal.facts("grid", "fill"), await journal.intents("grid")
    await asyncio.to_thread(journal.close)
    assert saved.trades != []
    assert sorted(fill.key for fill in fills) == sorted(trade["id"] for trade in saved.trades)
    assert [name for name, times in Counter(row["cl_ord_id"] for row in saved.orders).items() if times > 1] == []
    assert [name for name, times in Counter(row.key for row in intents).items() if times > 1] == []
    usd, doge = PaperOptions().usd, PaperOptions().doge
    for trade in saved.trades:
        sign = 1 if trade["side"] == "sell" else -1
        usd += sign * Decimal(trade["cost"]) - Decimal(trade["fee"])
        doge -= sign * Decimal(trade["volume"])
    assert (Decimal(saved.head["usd"]), Decimal(saved.head["doge"])) == (usd, doge)


async def test_killed_together_with_its_exchange_it_goes_on_where_both_were(
    tmp_path: Path, waves: Path, until: Until
) -> None:
    profile = tmp_path / "p"
    child = started(profile, waves)
    read_until(child, "filled: slot")
    os.kill(exchange_of(child), signal.SIGKILL)
    child.kill()
    child.communicate()
    await check_books(profile, await settled(profile, waves, until))


async def test_under_faults_it_goes_on_and_loses_nothing(tmp_path: Path, waves: Path, until: Until) -> None:
    profile = tmp_path / "p"
    faults = "lose-answer@AddOrder:0.4,lose-request@AddOrder:0.2,duplicate-answer:0.2"
    child = started(profile, waves, "--fault", faults, "--fault", "delay:100ms:0.1", "--for", "3")
    said = child.communicate(timeout=30)[1]
    assert child.returncode == 0
    assert "filled: slot" in said
    assert "Traceback" not in said
    await check_books(profile, await settled(profile, waves, until))


def test_without_its_exchange_it_says_so_and_ends(tmp_path: Path, waves: Path) -> None:
    child = started(tmp_path / "p", waves)
    read_until(child, "[REBAL]")
    os.kill(exchange_of(child), signal.SIGKILL)
    said = read_until(child, "paper exchange has ended by itself")
    child.communicate(timeout=15)
    assert child.returncode == 1
    assert "exit code -9" in said
    assert "the next start goes on with the same world" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--fault", "lose-answer:2"], "--fault: fault 'lose-answer:2': expected a probability from 0 to 1, got '2'"),
        (["--fault", "delay:soon"], "--fault: fault 'delay:soon': expected a duration like 250ms, 2s or 5m"),
        (["--fault", "magic:1"], "--fault: fault 'magic:1': 'magic' is not one of lose-request, lose-answer"),
        (["--mode", "live", "--fault", "delay:2s"], "--fault is for the paper exchange alone, and the mode is LIVE"),
        (["--mode", "observe", "--fresh"], "--fresh is for the paper exchange alone, and the mode is OBSERVE"),
    ],
    ids=["probability", "duration", "kind", "live", "observe"],
)
@pytest.mark.parametrize("program", ["engine.cli", "gui.main"])
def test_an_argument_of_paper_that_cannot_be_is_refused_before_anything_starts(
    program: str, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import importlib

    with pytest.raises(SystemExit) as ended:
        importlib.import_module(program).main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_mode_from_the_configuration_is_held_against_the_arguments_too(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "--profile", str(tmp_path / "p"), "--fault", "delay:2s"],
        capture_output=True,
        text=True,
        timeout=30,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "EVENKEEL_DESK_MODE": "observe"},
        check=False,
    )
    assert done.returncode == 1
    assert "--fault is for the paper exchange alone, and the mode is OBSERVE" in done.stderr
