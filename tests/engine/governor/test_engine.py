"""The governor's loop on a real journal: remembers each update, goes on where it was, and lets go when it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Batch, Journal, Memory
from engine.governor.engine import ENGINE, GovernorEngine
from engine.governor.messages import CapacityBand, GovernorSnapshot, OscillationDamped, SkewChanged
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation

Observe = Callable[..., Observation]
T0 = 1_760_000_000.0


class Governing:
    """An engine that looks at `observation`, on a clock moved by hand."""

    def __init__(self, journal: Journal, clock: ManualClock, options: GovernorOptions) -> None:
        self.journal = journal
        self.clock = clock
        self.bus = Bus()
        self.observation: Observation | None = None
        self.engine = GovernorEngine(
            observe=lambda: self.observation, journal=journal, bus=self.bus, clock=clock, options=lambda: options
        )

    @property
    def snapshot(self) -> GovernorSnapshot:
        shown = self.bus.latest(GovernorSnapshot)
        assert shown is not None
        return shown

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle()

    async def settle(self) -> None:
        """Let the loop look once, and its commit come back."""
        for _ in range(3):
            await self.journal.recall("nobody")
            await asyncio.sleep(0)

    async def remembered(self) -> dict[str, Any]:
        saved: dict[str, Any] = (await self.journal.recall(ENGINE))["controller"]
        return saved


@asynccontextmanager
async def governing(
    folder: Path, options: GovernorOptions, *, at_s: float = T0, observation: Observation | None = None
) -> AsyncIterator[Governing]:
    journal = Journal(folder / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    here = Governing(journal, ManualClock(at_s), options)
    here.observation = observation
    running = asyncio.create_task(here.engine.run(), name="governor")
    try:
        await here.settle()
        yield here
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await asyncio.to_thread(journal.close)


async def test_each_update_is_remembered_under_the_sources_names(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    """Seed 6.1 and 6.2; spec 8."""
    async with governing(tmp_path, options, observation=observe("0.75")) as here:
        for number in range(1, 4):
            saved = await here.remembered()
            assert saved["rebalancer_current_skew"] == pytest.approx(0.05 * number)
            assert saved["rebalancer_smoothed_error"] == here.snapshot.smoothed_error
            assert saved["rebalancer_last_update_ts"] == here.clock.now()
            await here.pass_time(300)


async def test_after_a_restart_it_goes_on_where_it_was_without_a_spike(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    """Spec 8."""
    async with governing(tmp_path, options, observation=observe("0.75")) as here:
        for _ in range(3):
            await here.pass_time(300)
        before = here.snapshot
    async with governing(tmp_path, options, at_s=before.at_s + 60, observation=observe("0.75")) as here:
        assert (here.snapshot.skew, here.snapshot.smoothed_error) == (before.skew, before.smoothed_error)
        assert here.engine.skew == before.skew
        await here.pass_time(240)
        assert abs(here.snapshot.skew - before.skew) <= options.max_skew_step + 1e-12


async def test_with_nothing_remembered_it_starts_at_zero(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    async with governing(tmp_path, options) as here:
        assert here.engine.skew == 0
        assert here.bus.latest(GovernorSnapshot) is None
        here.observation = observe("0.40")
        await here.pass_time(1)
        assert (here.snapshot.skew, here.snapshot.smoothed_error) == (0, 0)


async def test_a_field_that_cannot_be_read_starts_at_zero_and_is_told(
    tmp_path: Path, observe: Observe, options: GovernorOptions, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(tmp_path / "journal.sqlite", "test")
    await asyncio.to_thread(journal.open)
    garbage = {"rebalancer_current_skew": "much", "rebalancer_smoothed_error": 0.2}
    await journal.commit(Batch(remember=(Memory(ENGINE, "controller", garbage, T0),)))
    await asyncio.to_thread(journal.close)
    async with governing(tmp_path, options, observation=observe("0.40")) as here:
        assert abs(here.snapshot.skew) <= options.max_skew_step
        assert 0 < here.snapshot.smoothed_error < 0.2
    assert "rebalancer_current_skew started at zero" in caplog.text


async def test_each_update_is_logged_once_and_each_change_of_skew_is_an_event(
    tmp_path: Path, observe: Observe, options: GovernorOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """Seed 10.1."""
    caplog.set_level(logging.INFO, "engine.governor.engine")
    async with governing(tmp_path, options) as here:
        reader = here.bus.read(SkewChanged)
        here.observation = observe("0.75")
        for _ in range(301):
            await here.pass_time(1)
        lines = [record.message for record in caplog.records if record.message.startswith("[REBAL]")]
        assert [line.split()[5] for line in lines] == ["skew=+0.05", "skew=+0.10"]
        assert [event.skew for event in reader.drain()] == [0.05, 0.10]  # type: ignore[attr-defined]
        reader.close()


async def test_an_oscillation_is_warned_of_once_and_survives_a_restart(
    tmp_path: Path, observe: Observe, caplog: pytest.LogCaptureFixture
) -> None:
    """Seed 4.4 and 10.2; spec 6."""
    quick = GovernorOptions(interval_s=60, ema_halflife_s=1, max_skew_step=0.6)
    async with governing(tmp_path, quick) as here:
        reader = here.bus.read(OscillationDamped)
        for ratio in ("0.75", "0.05", "0.75", "0.05"):
            here.observation = observe(ratio)
            await here.pass_time(60)
        assert len(reader.drain()) == 1
        reader.close()
        assert here.snapshot.damped
        assert here.snapshot.cap == pytest.approx(0.15)
        last_s = here.clock.now()
    assert caplog.text.count("WARNING: oscillation detected (3 flips/hr), auto-damping MAX_SKEW to 0.15") == 1
    async with governing(tmp_path, quick, at_s=last_s + 10, observation=observe("0.75")) as here:
        assert here.snapshot.damped
        assert here.snapshot.sign_flips_1h == 3
        assert abs(here.engine.skew) <= 0.15


async def test_a_gap_and_a_clock_that_went_back_are_logged(
    tmp_path: Path, observe: Observe, options: GovernorOptions, caplog: pytest.LogCaptureFixture
) -> None:
    """Spec 2 and 4."""
    async with governing(tmp_path, options, observation=observe("0.75")) as here:
        await here.pass_time(1200)
        assert "1200 s since the last update, of which 900 s are counted" in caplog.text
        here.clock.set(here.clock.now() - 400)
    async with governing(tmp_path, options, at_s=here.clock.now(), observation=observe("0.75")) as here:
        assert "the clock went back by 400 s" in caplog.text


async def test_between_updates_a_gate_takes_the_skew_away_within_a_second(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    """Spec 5: precedence of safety over rate."""
    async with governing(tmp_path, options, observation=observe("0.75")) as here:
        await here.pass_time(300)
        assert here.engine.skew == 0.10
        here.observation = observe("0.75", capacity_band=CapacityBand.CAUTION)
        await here.pass_time(1)
        assert here.engine.skew == 0
        assert (await here.remembered())["rebalancer_current_skew"] == 0


async def test_an_engine_that_ends_leaves_no_skew_behind(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    async with governing(tmp_path, options, observation=observe("0.75")) as here:
        assert here.engine.skew == 0.05
    assert here.engine.skew == 0


async def test_a_skew_that_could_not_be_remembered_is_not_in_force(
    tmp_path: Path, observe: Observe, options: GovernorOptions
) -> None:
    """Written first, used afterwards: a restart never knows less than what was acted on."""
    async with governing(tmp_path, options) as here:
        await asyncio.to_thread(here.journal.close)
        here.observation = observe("0.75")
        here.clock.advance(1)
        await asyncio.sleep(0.05)
        assert here.engine.skew == 0
