"""The short form of the kill harness: every point once (issue 3, 1). The long form is `make kill`."""

from __future__ import annotations

import pytest

from tests.fault.kill import run
from tests.fault.points import OFTEN

POINTS = tuple(OFTEN)
GROUPS = 4


@pytest.mark.parametrize("group", range(GROUPS))
async def test_killed_anywhere_it_does_nothing_twice_loses_no_fill_and_goes_on_by_itself(group: int) -> None:
    """Governor spec 18: the exchange's own history against the journal, after a SIGKILL at each point."""
    assert await run(POINTS[group::GROUPS], seeds=[0], jobs=3, kills=1) == 0
