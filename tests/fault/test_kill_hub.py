"""The short form of the hub engine's kill harness: one point of each kind (hub spec 15 and 16). The long form is
`python -m tests.fault.kill_hub`."""

from __future__ import annotations

from tests.fault.kill_hub import run

POINTS = (
    "accept.after",
    "pay.after",
    "approve.save.after",
    "attempt.save.after",
    "try_out.after",
    "broadcast.sent",
    "broadcast.lost",
    "look.reorg",
    "book.save.before",
)


async def test_killed_anywhere_and_reorganised_it_pays_nothing_twice_and_loses_no_request() -> None:
    """The chain's own history against journal and wallets, after a SIGKILL at each point."""
    assert await run(POINTS, seeds=[0], jobs=2, kills=1) == 0
