"""Oscillation halves the cap for an hour (spec 6)."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from engine.core.messages import Decision
from engine.governor.controller import Control, step
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation
from engine.governor.state import ControllerState, from_plain

Observe = Callable[..., Observation]
Run = Callable[..., list[Decision[ControllerState, Control]]]

T0 = 1_760_000_000.0


@pytest.fixture
def jumpy() -> GovernorOptions:
    """Hardly smoothed and free to swing, so that the sign follows the observation."""
    return GovernorOptions(ema_halflife_s=1.0, max_skew_step=1.0)


@pytest.fixture
def swing(observe: Observe) -> Callable[[str], list[tuple[float, Observation]]]:
    """One tick per interval: + for much idle USD, - for little, 0 for on target."""

    def ticks(pattern: str) -> list[tuple[float, Observation]]:
        ratio = {"+": "0.75", "-": "0.05", "0": "0.40"}
        return [(T0 + 300 * i, observe(ratio[mark])) for i, mark in enumerate(pattern)]

    return ticks


Swing = Callable[[str], list[tuple[float, Observation]]]


@pytest.mark.parametrize(
    ("pattern", "flips"),
    [("+", 0), ("0", 0), ("++", 0), ("+-", 1), ("+0-", 1), ("+0+", 0), ("-000+", 1), ("0+", 0), ("+-+", 2)],
)
def test_a_flip_is_a_change_of_sign_zeros_in_between_included(
    jumpy: GovernorOptions, swing: Swing, run: Run, pattern: str, flips: int
) -> None:
    assert len(run(swing(pattern), jumpy)[-1].state.flip_times_s) == flips


def test_a_zero_by_a_gate_hides_no_flip_either(
    jumpy: GovernorOptions, swing: Swing, run: Run, observe: Observe
) -> None:
    (first, _, last) = swing("+0-")
    decisions = run([first, (T0 + 300, observe(capacity_band=CapacityBand.STOP)), last], jumpy)
    assert decisions[1].output.skew == 0.0
    assert len(decisions[2].state.flip_times_s) == 1


def test_two_flips_do_not_damp_and_the_third_halves_the_cap_at_once(
    jumpy: GovernorOptions, swing: Swing, run: Run
) -> None:
    decisions = run(swing("+-+-"), jumpy)
    assert [decision.output.cap for decision in decisions] == [0.30, 0.30, 0.30, 0.15]
    assert [decision.output.skew for decision in decisions] == [0.30, -0.30, 0.30, -0.15]
    assert [decision.output.damping_started for decision in decisions] == [False, False, False, True]
    assert decisions[-1].state.damped_until_s == T0 + 900 + 3600


def test_flips_further_apart_than_the_window_do_not_damp(jumpy: GovernorOptions, swing: Swing, run: Run) -> None:
    decisions = run(swing("+-+" + "+" * 10 + "-"), jumpy)
    assert not decisions[-1].output.damped
    assert decisions[-1].state.flip_times_s == (T0 + 600, T0 + 3900)


def test_the_cap_is_whole_again_after_an_hour(jumpy: GovernorOptions, swing: Swing, run: Run) -> None:
    decisions = run(swing("+-+-" + "-" * 13), jumpy)
    caps = [decision.output.cap for decision in decisions]
    assert caps[3:15] == [0.15] * 12
    assert caps[15:] == [0.30] * 2
    assert decisions[-1].output.skew == -0.30


def test_another_flip_while_damped_prolongs_it_and_does_not_halve_again(
    jumpy: GovernorOptions, swing: Swing, run: Run
) -> None:
    decisions = run(swing("+-+-+"), jumpy)
    assert decisions[-1].output.cap == 0.15
    assert decisions[-1].output.damping_started
    assert decisions[-1].state.damped_until_s == T0 + 1200 + 3600


def test_a_lone_flip_while_damped_neither_ends_nor_prolongs_it(observe: Observe, jumpy: GovernorOptions) -> None:
    state = ControllerState(smoothed_error=0.3, skew=0.15, last_update_s=T0, damped_until_s=T0 + 2000, last_sign=1)
    after = step(state, observe("0.05"), jumpy, T0 + 300).state
    assert after.flip_times_s == (T0 + 300,)
    assert after.damped_until_s == T0 + 2000


def test_a_restart_forgets_neither_flips_nor_damping(jumpy: GovernorOptions, swing: Swing, run: Run) -> None:
    straight = run(swing("+-+-+"), jumpy)
    state = ControllerState()
    for now_s, observation in swing("+-+-+"):
        saved = json.dumps(step(state, observation, jumpy, now_s).state.to_plain())
        state = from_plain(json.loads(saved)).state
    assert state == straight[-1].state


def test_a_restart_during_a_zero_still_counts_the_flip(jumpy: GovernorOptions, swing: Swing, run: Run) -> None:
    (first, second, third) = swing("+0-")
    before = run([first, second], jumpy)[-1].state
    restored = from_plain(json.loads(json.dumps(before.to_plain()))).state
    assert len(run([third], jumpy, restored)[-1].state.flip_times_s) == 1


def test_with_the_default_options_a_swinging_balance_stays_calm(
    observe: Observe, options: GovernorOptions, run: Run
) -> None:
    """The layers before this one keep the sign from flipping three times within an hour."""
    ticks = [(T0 + 300 * i, observe("0.75" if i % 2 else "0.05")) for i in range(500)]
    assert not any(decision.output.damped for decision in run(ticks, options))
