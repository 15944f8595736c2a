"""What happens in a session with no window, as lines of its log: one line each, in words."""

from __future__ import annotations

import json

from engine.core.messages import Event, Reason, plain
from engine.core.modes import SwitchMoved
from engine.desk.messages import DeskNote
from engine.desk.sentences.english import english, number, usd
from engine.grid.messages import FillBooked, GridNote, OrderCancelled, OrderPlaced, RoundTripBooked


def log_line(event: Event) -> str:
    """`event` in words; one that nobody foresaw is written with its fields, never hidden."""
    match event:
        case OrderPlaced():
            return f"placed: {_order(event)}"
        case OrderCancelled():
            filled = f", {number(event.filled)} of it filled before" if event.filled else ""
            return f"{'expired' if event.expired else 'cancelled'}: {_order(event)}{filled}"
        case FillBooked():
            liquidity = "maker" if event.maker else "taker"
            return f"filled: {_order(event)}, fee {usd(event.fee_usd)} ({liquidity})"
        case RoundTripBooked(evicted=True):
            return f"given up: the oldest recovery order of {_slot(event)}, {usd(event.profit_usd)} booked"
        case RoundTripBooked(worked_off=True):
            return f"worked off: abandoned inventory of {_slot(event)}, {_closed(event)}"
        case RoundTripBooked():
            return f"round trip: {_slot(event)}, {_closed(event)}"
        case SwitchMoved():
            return f"the master switch went from {event.before.value} to {event.after.value}. {english(event.why)}"
        case GridNote(reason=reason) | DeskNote(reason=reason):
            return english(reason)
    why = getattr(event, "reason", None)
    if isinstance(why, Reason):
        return f"{type(event).__name__}: {english(why)}"
    return f"{type(event).__name__} {json.dumps(_loggable(event), separators=(',', ':'))}"


def _order(event: OrderPlaced | OrderCancelled | FillBooked) -> str:
    return f"{_slot(event)}, {event.side.value} {event.role.value}, {number(event.quantity)} at {number(event.price)}"


def _closed(event: RoundTripBooked) -> str:
    prices = f"{number(event.entry_price)} to {number(event.exit_price)}"
    return f"{number(event.quantity)} from {prices}, {usd(event.profit_usd)}"


def _slot(event: OrderPlaced | OrderCancelled | FillBooked | RoundTripBooked) -> str:
    return f"slot {event.slot_id}{event.trade.value}"


def _loggable(event: Event) -> dict[str, object]:
    """An order's key is a name and no secret; a field called `key` would be redacted."""
    fields: dict[str, object] = plain(event)
    return {"order" if name == "key" else name: value for name, value in fields.items()}
