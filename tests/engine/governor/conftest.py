"""Builders for the governor's tests: observations by idle ratio, and a controller run tick by tick."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pytest

from engine.core.messages import Decision
from engine.governor.actuator import Funds
from engine.governor.controller import Control, step
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation
from engine.governor.state import ControllerState

Observe = Callable[..., Observation]
Run = Callable[..., list[Decision[ControllerState, Control]]]


@pytest.fixture
def options() -> GovernorOptions:
    return GovernorOptions()


@pytest.fixture
def observe() -> Observe:
    def build(idle_ratio: str = "0.75", **changes: Any) -> Observation:
        fields: dict[str, Any] = {
            "observed_usd": Decimal(100),
            "usd_runway_floor": Decimal(100) * (1 - Decimal(idle_ratio)),
            "capacity_band": CapacityBand.NORMAL,
            "master_on": True,
        }
        return Observation(**(fields | changes))

    return build


@pytest.fixture
def run() -> Run:
    def over(
        ticks: Iterable[tuple[float, Observation]],
        options: GovernorOptions,
        state: ControllerState | None = None,
    ) -> list[Decision[ControllerState, Control]]:
        state = state or ControllerState()
        decisions = []
        for now_s, observation in ticks:
            decision = step(state, observation, options, now_s)
            state = decision.state
            decisions.append(decision)
        return decisions

    return over


@pytest.fixture
def funds() -> Callable[..., Funds]:
    def build(**changes: str) -> Funds:
        fields = {
            "available_usd": "100",
            "available_doge": "1000",
            "total_usd": "200",
            "total_doge": "5000",
            "usd_runway_floor": "20",
            "doge_runway_floor": "200",
        }
        return Funds(**{name: Decimal(value) for name, value in (fields | changes).items()})

    return build
