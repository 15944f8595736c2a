"""One alert for each episode (drift spec 17)."""

from __future__ import annotations

from engine.drift.alerts import HIGH_DRIFT_RATIO, AlertKind, Episodes, watch


def alerts_of(values: list[float]) -> int:
    episodes, count = Episodes(), 0
    for at, value in enumerate(values):
        episodes, alert = watch(episodes, AlertKind.HIGH_DRIFT, "p", value, HIGH_DRIFT_RATIO, float(at))
        count += alert is not None
    return count


def test_an_episode_has_one_alert_however_long_it_lasts() -> None:
    assert alerts_of([0.1, 0.26, 0.3, 0.27]) == 1


def test_a_value_that_hovers_at_the_limit_does_not_alert_again() -> None:
    assert alerts_of([0.26, 0.24, 0.26, 0.22, 0.26]) == 1


def test_after_the_value_has_gone_well_below_the_limit_a_new_episode_alerts() -> None:
    assert alerts_of([0.26, 0.19, 0.26]) == 2


def test_the_limit_itself_is_not_above_it() -> None:
    assert alerts_of([0.25]) == 0


def test_portfolios_and_kinds_have_episodes_of_their_own() -> None:
    episodes, first = watch(Episodes(), AlertKind.HIGH_DRIFT, "p", 0.3, 0.25, 0.0)
    episodes, second = watch(episodes, AlertKind.HIGH_DRIFT, "q", 0.3, 0.25, 0.0)
    episodes, third = watch(episodes, AlertKind.HIGH_GAS_COST, "p", 3.0, 2.0, 0.0)
    assert None not in (first, second, third)
