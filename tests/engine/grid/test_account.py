"""The account around the grid: foreign orders, what they hold, and other programs on it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from engine.grid.account import OVER_FOR_GOOD_S, Account
from engine.grid.arrivals import LookUp
from engine.grid.entries import Funds
from engine.grid.ports import Balances, KeyUsedElsewhere, OrderFate, Side, VenueOrder
from tests.engine.grid.table import RULES

D = Decimal
MANUAL = VenueOrder("", "OMANUAL", Side.BUY, D("0.09"), D(1100), D(0), OrderFate.OPEN, 0.0)


def read(account: Account, *foreign: VenueOrder, now_s: float = 0.0, first: bool = False, held: str = "0") -> list[str]:
    balances = Balances(D(100), D(1000), now_s, quote_held=D(held), base_held=D(0))
    found = LookUp(foreign=foreign, balances=balances, asked_s=now_s, complete=True)
    return [reason.code for reason in account.read(found, (), RULES, first, now_s)]


def test_what_a_manual_order_holds_is_held_by_others() -> None:
    account = Account("DOGE/USD")
    read(account, MANUAL, first=True)
    assert account.held_by_others == Funds(D("99.00"), D(0))
    account.foreign.seen(replace(MANUAL, fate=OrderFate.CANCELLED))
    assert account.held_by_others == Funds(D(0), D(0))


def test_late_news_of_an_order_that_is_over_brings_it_not_back() -> None:
    account = Account("DOGE/USD")
    account.foreign.seen(replace(MANUAL, fate=OrderFate.CANCELLED))
    assert not account.foreign.seen(MANUAL)
    assert account.held_by_others == Funds(D(0), D(0))


def test_what_is_held_beyond_all_known_orders_counts_once_it_was_seen_twice() -> None:
    """An order of ours that is placed between the two answers looks like somebody else's for a moment."""
    account = Account("DOGE/USD")
    read(account, first=True, held="40")
    assert account.held_by_others.usd == 0
    read(account, held="40", now_s=60.0)
    assert account.held_by_others.usd == 40
    read(account, held="0", now_s=120.0)
    assert account.held_by_others.usd == 0


def test_orders_that_rest_when_we_come_are_no_sign_of_another_program() -> None:
    account = Account("DOGE/USD")
    assert read(account, replace(MANUAL, client_id="another-bot-1"), first=True) == []


def test_an_order_with_another_programs_name_that_appears_is_told_once() -> None:
    account = Account("DOGE/USD")
    read(account, first=True)
    bot = replace(MANUAL, client_id="another-bot-1")
    assert [reason.code for reason in account.appeared([bot], 1.0)] == [KeyUsedElsewhere.code]
    assert account.appeared([replace(bot, order_id="O2")], 2.0) == []
    account.holds.answer(KeyUsedElsewhere.code)
    assert account.appeared([replace(bot, order_id="O3")], 3.0) == []


def test_one_order_by_hand_is_a_person_and_three_within_a_minute_are_a_program() -> None:
    account = Account("DOGE/USD")
    read(account, first=True)
    first_two = [account.appeared([replace(MANUAL, order_id=f"O{number}")], 10.0 * number) for number in range(2)]
    assert first_two == [[], []]
    assert [reason.code for reason in account.appeared([replace(MANUAL, order_id="O9")], 30.0)] == [
        "key_used_elsewhere"
    ]


def test_an_order_that_is_over_here_and_rests_for_good_is_not_taken_for_lag() -> None:
    account = Account("DOGE/USD")
    assert account.over_lately("O1", 0.0)
    assert account.over_lately("O1", OVER_FOR_GOOD_S - 1)
    assert not account.over_lately("O1", OVER_FOR_GOOD_S)
