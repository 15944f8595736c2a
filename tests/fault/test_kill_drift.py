"""The short form of the drift engine's kill harness: every point once (issue 4, 5). The long form is
`python -m tests.fault.kill_drift`."""

from __future__ import annotations

import pytest

from tests.fault.drift_points import OFTEN
from tests.fault.kill_drift import run

POINTS = tuple(OFTEN)
GROUPS = 2


@pytest.mark.parametrize("group", range(GROUPS))
async def test_killed_anywhere_and_reorganised_it_never_trades_twice_for_one_plan_and_loses_no_record(
    group: int,
) -> None:
    """Drift spec 13: the chain's own history against the journal, after a SIGKILL at each point."""
    assert await run(POINTS[group::GROUPS], seeds=[0], jobs=2, kills=1) == 0
