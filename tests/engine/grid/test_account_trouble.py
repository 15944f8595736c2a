"""What is told of account and key: some of it holds entries until a person answers, the rest is told alone."""

from __future__ import annotations

from decimal import Decimal

from engine.core.messages import Reason
from engine.core.modes import Switch
from engine.grid.books import Books
from engine.grid.decider import Decider, LookUp
from engine.grid.entries import Sizing
from engine.grid.events import Place
from engine.grid.messages import GridNote
from engine.grid.options import GridOptions
from engine.grid.ports import AccountTrouble, Balances, KeyUsedElsewhere, Quote, StreamBack, VenueRefused
from tests.engine.grid.table import RULES

OPTIONS = GridOptions(slots=1, order_size_usd=Decimal(5))
PRICE = Decimal("0.1")


def told(trouble: AccountTrouble) -> tuple[list[Reason], list[object]]:
    """The reasons told of it, and what is done at the next tick."""
    decider = Decider(
        Books(), RULES, Balances(Decimal(100), Decimal(3000), 0.0), "t", lambda asked: Sizing(asked.base_usd, 0.0)
    )
    decider.ensure_slots(OPTIONS.slots)
    for arrival in (StreamBack(), LookUp(complete=True, session=1), Quote(PRICE, PRICE, 1.0), trouble):
        decider.take_in(arrival, OPTIONS, 1.0)
    reasons = [event.reason for event in decider.events if isinstance(event, GridNote) and event.grave]
    return reasons, list(decider.tick(Switch.RUNNING, OPTIONS, 1.0))


def test_trouble_that_waits_for_a_person_holds_entries():
    shared = KeyUsedElsewhere("EAPI:Invalid nonce on AddOrder")
    reasons, actions = told(AccountTrouble(shared, 1.0))
    assert reasons == [shared]
    assert actions == []


def test_what_a_person_should_only_know_is_told_and_holds_nothing():
    reason = VenueRefused("EGeneral:Permission denied", "person")
    reasons, actions = told(AccountTrouble(reason, 1.0, waits=False))
    assert reasons == [reason]
    assert any(isinstance(action, Place) for action in actions)
