"""Fees, settlements, pulls, revenue and tokens on the hub page, and the hub's events in words (panel spec 4)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtTest import QTest

from engine.hub.batch import InBatch
from engine.hub.messages import (
    AnotherSigner,
    AuditHub,
    BatchEnded,
    HubHalted,
    QuoteRebalance,
    SoftLimitSet,
)
from engine.hub.pulls import PullState
from engine.hub.records import BatchStatus
from gui.hub.fees import quoted
from gui.hub.pulls import state_text as pull_state
from gui.hub.settlements import status_text
from gui.sentences import sentence
from gui.sentences.events import Severity, event_sentence, event_severity
from gui.theme import Tone, theme_of
from tests.gui.hub_alone import Alone, cells, figures
from tests.gui.hub_alone import alone as alone
from tests.gui.hub_alone import hub as hub
from tests.gui.hub_scene import USDC, gas_view, record, request, tokens, waiting
from tests.gui.scene import START_S

Until = Callable[..., Awaitable[None]]
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


async def test_the_fees_of_a_typed_amount_are_the_engines(alone: Alone, until: Until) -> None:
    """Hub spec 4: 1000 at 50 gwei and 3500 USD/ETH = 10 + 26.25 + 5.25 -> 1041.50."""
    alone.hub.tell_snapshot()
    fees = alone.draw("fees").fees
    fees.amount.setText(" 1000 ")
    QTest.keyClick(fees.amount, Qt.Key.Key_Return)
    assert fees.answer.text() == "Asked for; not acknowledged yet."
    await until(lambda: fees.asked.values["total"].text() == "1,041.5 USDC")
    assert alone.hub.asked == [QuoteRebalance(token_id=1, amount=Decimal(1000))]
    shown = {name: label.text() for name, label in fees.asked.values.items()}
    assert shown == {
        "amount": "1,000 USDC",
        "hub_fee": "10 USDC",
        "miner_fee": "26.25 USDC",
        "buffer": "5.25 USDC",
        "total": "1,041.5 USDC",
        "usd": "$1,000.00",
    }
    assert fees.asked.back.text().startswith("Comes back: up to 31.5 USDC")


@pytest.mark.parametrize("typed", ["", "abc", "0", "-5", "nan", "1,000"])
async def test_what_is_not_an_amount_is_not_asked(alone: Alone, typed: str) -> None:
    alone.hub.tell_snapshot()
    fees = alone.draw("fees").fees
    fees.amount.setText(typed)
    fees.ask_button.click()
    await asyncio.sleep(0)
    assert alone.hub.asked == []
    assert fees.answer.text() == "Write a number above 0, like 1000 or 12.5."


async def test_a_quote_that_is_refused_says_why(alone: Alone, until: Until) -> None:
    alone.hub.tell_snapshot(tokens=(replace(tokens()[0], token_id=99, symbol="OLD"),))
    fees = alone.draw("fees").fees
    fees.amount.setText("5")
    fees.ask_button.click()
    await until(lambda: fees.answer.text() == "✕ Refused. The hub does not handle token 99.")
    assert fees.ask_button.isEnabled()


def test_an_answer_that_is_not_a_breakdown_is_not_made_up() -> None:
    assert quoted("USDC", {"amount": "1"}) is None
    assert quoted("USDC", dict.fromkeys(("amount", "hub_fee", "miner_fee", "buffer", "total", "usd"), "x")) is None


async def test_the_fees_of_a_waiting_request_are_shown_when_it_is_chosen(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    page = alone.draw("queue")
    page.queue.view.selectRow(2)
    page.queue.view.activated.emit(page.queue.requests.index(2, 0))
    assert page.tabs.currentWidget() is page.fees
    shown = page.fees.waiting
    assert [shown.values[name].text() for name in ("amount", "hub_fee", "total")] == [
        "6,200 USDC",
        "62 USDC",
        "6,268.3 USDC",
    ]
    assert shown.about.text().startswith("Request req-0003 of ")


async def test_the_token_that_was_chosen_stays_when_others_come(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    fees = alone.draw("fees").fees
    fees.token.setCurrentIndex(1)
    alone.hub.tell_snapshot(tokens=tuple(reversed(tokens())))
    alone.draw()
    assert fees.token.currentText() == "WETH"


async def test_every_settlement_is_told_with_what_was_predicted_and_what_it_earned(alone: Alone) -> None:
    """Hub spec 6 and 10."""
    told = record(50, START_S, pushes=3)
    alone.hub.tell_snapshot(recent=(record(49, START_S - 9), told))
    settlements = alone.draw("settlements").settlements
    row = cells(settlements.records, 0)
    assert row[1:5] == ["50", "✓  Settled", "3", "1"]
    assert row[5] == f"${told.pushed_usd:,.2f}"
    assert row[10] == f"+${told.profit_usd:,.2f}"
    assert row[12] == f"{told.gas_used:,} (−0.8%)"
    assert [cells(settlements.items, at)[0] for at in range(4)] == ["Pull", "Push", "Push", "Push"]
    settlements.copy_button.click()
    assert QGuiApplication.clipboard().text() == told.transaction_hash


async def test_the_chosen_settlement_shows_its_own_pushes_and_stays_chosen(alone: Alone) -> None:
    alone.hub.tell_snapshot(recent=(record(49, START_S - 9, pushes=2), record(50, START_S)))
    settlements = alone.draw("settlements").settlements
    settlements.view.selectRow(1)
    alone.hub.tell_snapshot(recent=(record(51, START_S + 9),))
    alone.draw()
    assert settlements.chosen is not None
    assert settlements.chosen.nonce == 49
    assert [cells(settlements.items, at)[1] for at in range(3)] == ["–", "req-49-0", "req-49-1"]


async def test_a_batch_that_failed_or_never_left_stands_out(alone: Alone) -> None:
    failed, unsent = record(49, START_S, status=BatchStatus.REVERTED), record(48, START_S, status=BatchStatus.UNSENT)
    alone.hub.tell_snapshot(recent=(failed, unsent))
    settlements = alone.draw("settlements").settlements
    assert cells(settlements.records, 0)[2] == "✕  Failed"
    ink = settlements.records.index(0, 2).data(Qt.ItemDataRole.ForegroundRole)
    assert ink == QColor(theme_of().tones[Tone.DANGER].text)
    assert cells(settlements.records, 1)[12] == "–"
    settlements.view.selectRow(1)
    assert not settlements.copy_button.isEnabled()


async def test_a_batch_that_is_told_by_its_event_alone_is_kept(alone: Alone, until: Until) -> None:
    alone.hub.tell_snapshot(recent=())
    alone.hub.bus.emit(BatchEnded(at_s=START_S, record=record(60, START_S)))
    await until(lambda: alone.shell.known.records)
    assert [one.nonce for one in alone.draw("settlements").settlements.records.rows] == [60]


async def test_pulls_are_told_with_state_and_what_is_left_of_their_time(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    pulls = alone.draw("pulls").pulls
    assert cells(pulls.pulls, 0)[1:3] == ["1.4 WETH", "?  Waits for signature"]
    assert cells(pulls.pulls, 0)[4] == "in 9 min 20 s"
    assert cells(pulls.pulls, 4)[2:5:2] == ["=  Carried out", "–"]
    alone.later(20)
    alone.draw()
    assert cells(pulls.pulls, 0)[4] == "in 9 min 00 s"


async def test_revenue_refusals_budgets_and_the_audit_are_told(alone: Alone) -> None:
    """Panel spec 4."""
    alone.hub.tell_snapshot(recent=())
    known = alone.shell.known.snapshot
    assert known is not None
    revenue = alone.draw("revenue").revenue
    money = figures(revenue.money)
    assert money["Profit"] == f"+${known.totals.profit_usd:,.2f}"
    assert money["Return on rebalances"] == "+0.99%"
    assert figures(revenue.requests) == {"Accepted": "412", "Refused": "11", "Refusal rate": "3.0%"}
    assert figures(revenue.standing)["Left within 24 hours"] == "$871,204.50"
    assert figures(revenue.standing)["It found"] == "312 accounts, all right"


async def test_a_refusal_rate_above_five_in_a_hundred_stands_out(alone: Alone) -> None:
    """Hub spec 2."""
    alone.hub.tell_snapshot()
    known = alone.shell.known.snapshot
    assert known is not None
    alone.hub.tell_snapshot(totals=replace(known.totals, refusal_ratio=0.051))
    requests = alone.draw("revenue").revenue.requests
    assert requests.rows[2].tone is Tone.DAMPED


async def test_an_audit_is_asked_for_and_answered(alone: Alone, until: Until) -> None:
    alone.hub.tell_snapshot()
    revenue = alone.draw("revenue").revenue
    revenue.audit_button.click()
    await until(lambda: revenue.answer.text().startswith("✓"))
    assert alone.hub.asked == [AuditHub()]
    assert revenue.audit_button.isEnabled()


async def test_tokens_are_told_and_a_missing_price_is_a_dash_that_says_why(alone: Alone) -> None:
    alone.hub.tell_snapshot()
    page = alone.draw("tokens")
    assert cells(page.tokens.tokens, 0) == ["USDC", "$1.0000", "48,210.55", "319.2", "23,050.25", "1,880", "211"]
    assert cells(page.tokens.tokens, 2)[1:4] == ["–", "0.5", "–"]
    tip = page.tokens.tokens.index(2, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.startswith("No price that may be used is known")
    more = page.tokens.tokens.index(1, 4).data(Qt.ItemDataRole.ForegroundRole)
    assert more == QColor(theme_of().tones[Tone.DAMPED].text)


@pytest.mark.parametrize("status", BatchStatus)
def test_each_status_of_a_batch_has_a_shape_and_a_word_of_its_own(status: BatchStatus) -> None:
    texts = [status_text(one) for one in BatchStatus]
    assert len({text.split("  ")[0] for text in texts}) == len(texts)
    assert status.value not in status_text(status)


def test_each_state_of_a_pull_has_a_shape_and_a_word_of_its_own() -> None:
    texts = [pull_state(state.value).split("  ") for state in PullState]
    assert len({shape for shape, _ in texts}) == len({word for _, word in texts}) == len(PullState)
    assert not {word for _, word in texts} & {state.value for state in PullState}
    assert pull_state("unforeseen") == "unforeseen"


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        (BatchStatus.SETTLED, Severity.INFO),
        (BatchStatus.UNSENT, Severity.WARNING),
        (BatchStatus.REVERTED, Severity.GRAVE),
        (BatchStatus.REPLACED, Severity.GRAVE),
    ],
)
def test_what_came_of_a_batch_asks_for_as_much_attention_as_it_needs(status: BatchStatus, severity: Severity) -> None:
    event = BatchEnded(at_s=1.0, record=record(7, START_S, status=status))
    assert event_severity(event) is severity
    assert "atch 7" in event_sentence(event)


def test_a_halt_is_grave_and_a_limit_that_stops_everybody_a_warning() -> None:
    halted = HubHalted(at_s=1.0, reason=AnotherSigner(9))
    gas = gas_view(Decimal(200), 0.0, Decimal(200), 0.0)
    limit = SoftLimitSet(
        at_s=1.0,
        soft_limit_usd=gas.soft_limit_usd,
        effective_usd=gas.effective_usd,
        gas_price_gwei=gas.limit_gwei,
        stops=gas.stops,
    )
    assert [event_severity(one) for one in (halted, limit)] == [Severity.GRAVE, Severity.WARNING]
    assert event_sentence(limit).startswith("Soft limit $10,500.00, minimum $10,500.00, at a gas price of 200 gwei.")


def test_the_reason_of_a_request_that_goes_says_its_place() -> None:
    assert sentence(request(1, "9000", USDC, 3.0, InBatch(2, 5), START_S).reason) == "Goes now, as number 2 of 5."
    assert len({one.id for one in waiting(START_S)}) == 8
