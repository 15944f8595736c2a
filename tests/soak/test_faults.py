"""The short form of the days under faults (issue 3, 2). The long form is `make soak`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.soak.faults import FAULTS, day
from tests.soak.virtual_time import run


@pytest.mark.parametrize("fault", FAULTS)
def test_under_a_fault_nothing_is_done_twice_or_lost_and_no_rate_limit_is_passed(fault: str, tmp_path: Path) -> None:
    """Governor spec 18 to 20: a quarter of an hour under each fault, an hour under all at once."""
    hours = 1.0 if fault == "all" else 0.25
    found = run(lambda loop: day(loop, fault, hours, seed=3, folder=tmp_path))
    assert found.breaches == []
    assert found.trades > 0
    assert found.struck or fault in ("none", "stale")
