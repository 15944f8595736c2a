"""Caps hold to the unit however many ask at once, in-flight work counted (hub spec 12).

The long form is `python -m tests.soak.hub_caps`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from tests.engine.hub.caps_storm import storm

RUNS = 40


def test_no_cap_is_passed_by_one_unit_in_any_of_many_concurrent_runs(tmp_path: Path) -> None:
    refused: Counter[str] = Counter()
    accepted = batches = 0
    with asyncio.Runner() as runner:
        for seed in range(RUNS):
            folder = tmp_path / str(seed)
            folder.mkdir()
            found = runner.run(storm(folder, seed))
            accepted, batches = accepted + found.accepted, batches + len(found.carried)
            refused += found.refused
    assert accepted > RUNS
    assert batches > RUNS
    assert {"AboveRequestCap", "AboveUserCap", "DaySpent"} <= set(refused)
