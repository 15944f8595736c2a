"""The hub engine's events as sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.core.messages import Event
from engine.hub.messages import (
    BatchEnded,
    BatchSent,
    HubHalted,
    ItemDropped,
    PullAsked,
    RequestAccepted,
    RequestEnded,
    SoftLimitSet,
)
from engine.hub.records import BatchStatus
from gui import formats
from gui.sentences.figures import gwei_text, short_id
from gui.sentences.reasons import sentence

translate = QCoreApplication.translate


def _accepted(event: RequestAccepted) -> str:
    return translate("Event", "{user} asked for {amount} {symbol}; {total} with fees were taken.").format(
        user=short_id(event.user),
        amount=formats.units(event.amount),
        symbol=event.symbol,
        total=formats.units(event.total),
    )


def _ended(event: RequestEnded) -> str:
    text = translate("Event", "{user}: {amount} {symbol} not secured; all fees went back. {why}")
    return text.format(
        user=short_id(event.user),
        amount=formats.units(event.amount),
        symbol=event.symbol,
        why=sentence(event.reason),
    )


def _sent(event: BatchSent) -> str:
    return translate("Event", "Batch {nonce} sent: pushes {pushes} ({usd}), pulls {pulls}.").format(
        nonce=event.nonce, pushes=event.pushes, usd=formats.usd(event.pushed_usd), pulls=event.pulls
    )


def _batch_ended(event: BatchEnded) -> str:
    record = event.record
    text = {
        BatchStatus.SETTLED: translate(
            "Event", "Batch {nonce} settled: {usd} pushed for {gas} of gas, profit {profit}."
        ),
        BatchStatus.REVERTED: translate(
            "Event", "Batch {nonce} failed on the chain: nothing moved, and {gas} of gas was paid. See its transaction."
        ),
        BatchStatus.REPLACED: translate(
            "Event", "Another transaction of the hub's account took the place of batch {nonce}. See who has its key."
        ),
        BatchStatus.UNSENT: translate("Event", "Batch {nonce} never left; what it carried waits for the next one."),
    }[record.status]
    return text.format(
        nonce=record.nonce,
        usd=formats.usd(record.pushed_usd),
        gas=formats.usd(record.gas_paid_usd),
        profit=formats.usd_change(record.profit_usd),
    )


def _dropped(event: ItemDropped) -> str:
    if event.item == "pull":
        text = translate("Event", "What {user} signed back was left out of the batch. {why}")
    else:
        text = translate("Event", "The push for {user} was left out of the batch. {why}")
    return text.format(user=short_id(event.user), why=sentence(event.reason))


def _limit_set(event: SoftLimitSet) -> str:
    text = translate("Event", "Soft limit {limit}, minimum {minimum}, at a gas price of {gas}. {stops}")
    return text.format(
        limit=formats.usd(event.soft_limit_usd),
        minimum=formats.usd(event.effective_usd),
        gas=gwei_text(event.gas_price_gwei),
        stops=sentence(event.stops),
    ).strip()


def _pull_asked(event: PullAsked) -> str:
    return translate("Event", "{user} was asked to sign {amount} {symbol} back.").format(
        user=short_id(event.user), amount=formats.units(event.amount), symbol=event.symbol
    )


def _halted(event: HubHalted) -> str:
    return translate("Event", "The hub stopped in doubt. {why} It is resumed by a person, on the Hub page.").format(
        why=sentence(event.reason)
    )


HUB_WRITERS: dict[type[Event], Callable[[Any], str]] = {
    RequestAccepted: _accepted,
    RequestEnded: _ended,
    BatchSent: _sent,
    BatchEnded: _batch_ended,
    ItemDropped: _dropped,
    SoftLimitSet: _limit_set,
    PullAsked: _pull_asked,
    HubHalted: _halted,
}
