"""When a portfolio rests, and for how long (drift spec 14)."""

from __future__ import annotations

import pytest

from engine.drift.cooldown import Cooling, Rest, Unresolved, gave_up, resolved, resting, sent

MINUTES_15 = 900.0


def test_a_portfolio_rests_for_its_cooldown_after_a_plan_that_reached_the_chain() -> None:
    rest = resolved(sent(Rest(), "p1"), 1000.0, well=True)
    assert resting(rest, MINUTES_15, 1899.9) == Cooling(1900.0, 0)
    assert resting(rest, MINUTES_15, 1900.0) is None


def test_a_plan_that_failed_on_the_chain_rests_too_and_longer_each_time() -> None:
    rest = Rest()
    for failures in range(1, 4):
        rest = resolved(sent(rest, "p"), 0.0, well=False)
        assert resting(rest, MINUTES_15, 0.0) == Cooling(MINUTES_15 * 2**failures, failures)


def test_no_plan_is_made_while_one_is_unresolved_however_long_that_takes() -> None:
    """Spec 13."""
    assert resting(sent(Rest(), "p1"), MINUTES_15, 1e12) == Unresolved("p1")


def test_the_backoff_ends_at_a_day() -> None:
    assert resting(Rest(0.0, failures=40), MINUTES_15, 86_400.0) is None


def test_a_cooldown_longer_than_a_day_stays_as_long_as_it_is() -> None:
    assert resting(Rest(0.0, failures=0), 2 * 86_400.0, 86_401.0) is not None


@pytest.mark.parametrize(("failures", "wait_s"), [(0, 30.0), (1, 60.0), (9, 900.0)])
def test_a_plan_that_never_reached_the_chain_is_tried_again_after_a_while(failures: int, wait_s: float) -> None:
    rest = gave_up(Rest(failures=failures), MINUTES_15, 100.0)
    assert resting(rest, MINUTES_15, 100.0 + wait_s - 0.1) is not None
    assert resting(rest, MINUTES_15, 100.0 + wait_s) is None


def test_a_plan_that_ends_well_forgets_the_failures() -> None:
    assert resolved(Rest(0.0, failures=5), 50.0, well=True).failures == 0
