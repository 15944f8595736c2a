"""The checks of a day under faults find what they are there to find."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from engine.core.journal import IntentRow
from engine.grid.client_ids import client_id_of
from engine.grid.intents import PLACE
from engine.paper.errors import KrakenError
from engine.paper.orders import Order
from engine.venue.kept_counters import TRADING_COUNTER, CountersInMemory, KeptCounter
from engine.venue.rates import TRADING, Tier
from tests.soak.watch import ExchangeLimits, over_the_share, own_counters, placed_wrongly

ENTRY, NEXT_ENTRY, EXIT = "n.1B.entry.1", "n.1B.entry.3", "n.1B.exit.2"


def intent(key: str) -> IntentRow:
    return IntentRow(key, "grid", PLACE, "opens", {}, {}, "paper", 1, "delivered", 0.0)


def order(number: int, key: str, opened_s: float, closed_s: float | None) -> Order:
    return Order(
        id=f"O{number}",
        number=number,
        side="buy",
        type="limit",
        volume=Decimal(20),
        units=1,
        post_only=True,
        cl_ord_id=client_id_of(key),
        userref=0,
        time_in_force="GTC",
        expires_s=None,
        opened_s=opened_s,
        changed_s=opened_s,
        fee_ratio=Decimal(0),
        closed_s=closed_s,
    )


def test_entries_one_after_the_other_are_right() -> None:
    orders = [order(1, ENTRY, 0.0, 10.0), order(2, EXIT, 5.0, None), order(3, NEXT_ENTRY, 10.0, None)]
    assert placed_wrongly(orders, [intent(ENTRY), intent(EXIT), intent(NEXT_ENTRY)]) == []


@pytest.mark.parametrize("closed_s", [None, 10.5])
def test_an_entry_placed_anew_under_another_name_while_the_first_stands_is_found(closed_s: float | None) -> None:
    orders = [order(1, ENTRY, 0.0, closed_s), order(2, NEXT_ENTRY, 10.0, None)]
    found = placed_wrongly(orders, [intent(ENTRY), intent(NEXT_ENTRY)])
    assert found == [f"{NEXT_ENTRY} was placed while {ENTRY} stood"]


def test_an_order_that_no_intent_admitted_is_found() -> None:
    stranger = dataclasses.replace(order(2, ENTRY, 0.0, None), cl_ord_id=None)
    assert placed_wrongly([stranger], [intent(ENTRY)]) == ["order O2 was never admitted"]


def test_what_the_exchange_refuses_for_its_limits_is_counted_though_nobody_hears_the_answer() -> None:
    limits = ExchangeLimits("starter")
    for _ in range(60):
        limits.transact("add", 0.0)
    with pytest.raises(KrakenError):
        limits.transact("add", 0.0)
    assert limits.refused == {"trading": 1}
    assert limits.highest == {"trading": 1.0}


def test_a_counter_of_ours_past_its_share_is_found_and_one_at_it_is_not() -> None:
    """Governor spec 20: under 80 % of the threshold, which is 60 in the starter tier."""
    with own_counters() as highest:
        counter = KeptCounter(TRADING_COUNTER, TRADING[Tier.STARTER], CountersInMemory(), {}, 0.0)
        counter.spend(48.0, 0.0)
        assert over_the_share(highest) == []
        counter.spend(1.0, 0.0)
    assert over_the_share(highest) == ["our trading counter reached 81.7%"]


def test_that_kraken_says_a_limit_is_reached_counts_as_passing_our_share() -> None:
    with own_counters() as highest:
        KeptCounter(TRADING_COUNTER, TRADING[Tier.STARTER], CountersInMemory(), {}, 0.0).exhaust(0.0)
    assert over_the_share(highest) == ["our trading counter reached 100.0%"]
