"""The hub engine over a real chain: asked, batched, settled, booked to the unit (hub spec 2 to 17)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.hub.front_desk import Answered
from engine.hub.messages import BatchEnded, HubSnapshot
from engine.hub.payments import Paid
from engine.hub.records import BatchStatus
from engine.hub.requests import RequestState
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.hub.running_hub import USDC, USERS, HubPlace, RunningHub, quick_options, running

Until = Callable[..., Awaitable[None]]
UNIT = 10**6


@pytest.fixture
def place(chain: LocalChain, tmp_path: Path) -> HubPlace:
    found = HubPlace(chain, tmp_path, quick_options())
    found.found()
    found.base_fee(1)
    return found


def ended(hub: RunningHub) -> list[BatchEnded]:
    return [event for event in hub.events() if isinstance(event, BatchEnded)]


async def test_what_users_ask_for_becomes_collateral_in_one_batch_and_the_books_agree_to_the_unit(
    place: HubPlace, until: Until
) -> None:
    payer, *payees = USERS[:4]
    place.secure(payer, 9_000)
    async with running(place) as hub:
        await until(lambda: hub.works)
        for payee in payees:
            assert isinstance(await hub.pay(payer, payee, 2_000), Paid)
        requests = [await hub.ask(payee, 1_500) for payee in payees]
        assert all(isinstance(one, Answered) for one in requests)
        await until(lambda: bool(ended(hub)), within_s=20)
        (done,) = ended(hub)
        assert done.record.status is BatchStatus.SETTLED
        assert [place.collateral(payee) for payee in payees] == [1_500 * UNIT] * 3
        assert place.reserve() == (100_000 - 4_500) * UNIT
        for request, push in zip(requests, done.record.pushes, strict=True):
            assert isinstance(request, Answered)
            after = hub.engine.desk.request(push.request)
            assert after is not None
            assert after.state is RequestState.DONE
        taken = sum(push.hub_fee + push.gas_paid for push in done.record.pushes)
        left = sum(hub.owed(payee) for payee in payees)
        assert left == (3 * 500 - taken) * UNIT
        assert hub.snapshot is not None
        assert isinstance(hub.snapshot, HubSnapshot)
        assert hub.engine._held.ledger.total(USDC) == 0
