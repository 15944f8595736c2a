"""Events as sentences; how much they matter says `engine.desk.severity`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.core.bus import EventsLost
from engine.core.messages import Event
from engine.core.mirror_messages import MirrorCaughtUp, MirrorLost, MirrorRewound
from engine.core.modes import SwitchMoved
from engine.core.supervisor import EngineCrashed
from engine.desk.messages import DeskNote
from engine.desk.severity import Severity as Severity
from engine.desk.severity import event_severity as event_severity
from engine.drift.alerts import AlertKind
from engine.drift.messages import AlertRaised, PlanDropped, PlanProposed, PlanSent, Rebalanced
from engine.drift.records import Status
from engine.governor.messages import ClockSteppedBack, GapObserved, OscillationDamped, SkewChanged
from engine.grid.messages import FillBooked, GridNote, OrderCancelled, OrderPlaced, RoundTripBooked, WayTaken
from gui import formats
from gui.sentences.hub_events import HUB_WRITERS
from gui.sentences.reasons import sentence
from gui.sentences.words import lowered, word

translate = QCoreApplication.translate


def event_sentence(event: Event) -> str:
    """What happened. An event that nobody foresaw is shown by its name, never hidden."""
    write = _WRITERS.get(type(event))
    return type(event).__name__ if write is None else write(event)


def _switch_moved(event: SwitchMoved) -> str:
    return translate("Event", "Master switch: {before} → {after}. {why}").format(
        before=word(event.before),
        after=word(event.after),
        why=sentence(event.why),
    )


def _way_taken(event: WayTaken) -> str:
    return translate("Event", "Chosen in {where}: {effect}").format(
        where=word(event.where), effect=sentence(event.effect)
    )


def _events_lost(event: EventsLost) -> str:
    return translate("Event", "{count} events did not reach the panel in time; they are in the journal.").format(
        count=event.count
    )


def _skew_changed(event: SkewChanged) -> str:
    return translate("Event", "Skew {before} → {after}. {why}").format(
        before=formats.percent_change(event.previous_skew),
        after=formats.percent_change(event.skew),
        why=sentence(event.reason),
    )


def _oscillation(event: OscillationDamped) -> str:
    return translate(
        "Event", "The skew changed sign {flips} times within an hour: its cap is ±{cap} until {until}."
    ).format(
        flips=event.flips,
        cap=formats.percent(event.cap),
        until=formats.clock_time(event.until_s),
    )


def _gap(event: GapObserved) -> str:
    return translate("Event", "No update for {silent}; the governor counted {counted} of it.").format(
        silent=formats.duration(event.silent_s),
        counted=formats.duration(event.counted_s),
    )


def _stepped_back(event: ClockSteppedBack) -> str:
    return translate("Event", "The clock was set back by {by}; the next update is one interval away.").format(
        by=formats.duration(event.by_s)
    )


def _order_placed(event: OrderPlaced) -> str:
    return translate("Event", "Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} placed.").format(
        slot=event.slot_id,
        trade=event.trade.value,
        side=word(event.side),
        role=lowered(word(event.role)),
        quantity=formats.quantity(event.quantity),
        price=formats.price(event.price),
    )


def _order_cancelled(event: OrderCancelled) -> str:
    if event.expired:
        text = translate("Event", "Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} expired.")
    else:
        text = translate("Event", "Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} taken off the book.")
    return text.format(
        slot=event.slot_id,
        trade=event.trade.value,
        side=word(event.side),
        role=lowered(word(event.role)),
        quantity=formats.quantity(event.quantity - event.filled),
        price=formats.price(event.price),
    )


def _fill(event: FillBooked) -> str:
    return translate("Event", "Slot {slot}{trade}: {side} {role} filled, {quantity} DOGE at {price}.").format(
        slot=event.slot_id,
        trade=event.trade.value,
        side=lowered(word(event.side)),
        role=lowered(word(event.role)),
        quantity=formats.quantity(event.quantity),
        price=formats.price(event.price),
    )


def _round_trip(event: RoundTripBooked) -> str:
    if event.evicted:
        text = translate("Event", "Slot {slot}{trade}: the oldest recovery order was given up, {profit} booked.")
    elif event.worked_off:
        text = translate("Event", "Slot {slot}{trade}: abandoned inventory was worked off, {profit} booked.")
    else:
        text = translate("Event", "Slot {slot}{trade}: round trip closed, {profit}.")
    return text.format(slot=event.slot_id, trade=event.trade.value, profit=formats.usd_change(event.profit_usd))


def _note(event: GridNote | DeskNote) -> str:
    return sentence(event.reason)


def _mirror_lost(event: MirrorLost) -> str:
    return translate("Event", "The copy at PostgreSQL is lost; the local store is complete and goes on. {why}").format(
        why=sentence(event.reason)
    )


def _mirror_caught_up(event: MirrorCaughtUp) -> str:
    return translate("Event", "PostgreSQL has every row again: {rows} were sent, {after} after it was lost.").format(
        rows=f"{event.rows:,}", after=formats.duration(event.after_s)
    )


def _mirror_rewound(event: MirrorRewound) -> str:
    return translate(
        "Event",
        "PostgreSQL lacks about {rows} rows that it had, as a new or restored server does; they are sent again.",
    ).format(rows=f"{event.rows:,}")


def _crashed(event: EngineCrashed) -> str:
    return translate("Event", "The {engine} engine crashed ({error}) and is started anew in {wait}.").format(
        engine=lowered(word(event.engine)),
        error=event.error,
        wait=formats.duration(event.again_in_s),
    )


def _proposed(event: PlanProposed) -> str:
    return translate("Event", "{portfolio}: plan {plan} waits for you on the Drift page.").format(
        portfolio=event.portfolio, plan=event.plan
    )


def _plan_sent(event: PlanSent) -> str:
    return translate("Event", "{portfolio}: plan {plan} sent, out of balance by {drift} (swaps: {legs}).").format(
        portfolio=event.portfolio,
        plan=event.plan,
        drift=formats.percent(event.max_drift, 1),
        legs=event.legs,
    )


def _plan_dropped(event: PlanDropped) -> str:
    named = f" {event.plan}" if event.plan else ""
    return translate("Event", "{portfolio}: plan{plan} not sent. {why}").format(
        portfolio=event.portfolio, plan=named, why=sentence(event.reason)
    )


def _rebalanced(event: Rebalanced) -> str:
    record = event.record
    if record.status is Status.FAILED:
        text = translate("Event", "{portfolio}: the rebalance failed on the chain; it cost {gas} of gas.")
    else:
        text = translate("Event", "{portfolio}: rebalanced, {turnover} traded for {gas} of gas (swaps: {legs}).")
    return text.format(
        portfolio=record.portfolio,
        turnover=formats.usd(record.turnover_usd),
        gas=formats.usd(record.gas_cost_usd),
        legs=len(record.legs),
    )


def _alert(event: AlertRaised) -> str:
    alert = event.alert
    if alert.kind is AlertKind.HIGH_DRIFT:
        text = translate("Event", "{portfolio}: out of balance by {value} (alert above {limit}).")
        value, limit = formats.percent(alert.value, 1), formats.percent(alert.limit, 1)
    elif alert.kind is AlertKind.HIGH_GAS_COST:
        text = translate("Event", "{portfolio}: gas cost {value} what was expected (alert above {limit}).")
        value, limit = formats.multiplier(alert.value), formats.multiplier(alert.limit)
    else:
        text = translate("Event", "{portfolio}: the rebalance failed on the chain. See its transaction in the history.")
        value = limit = ""
    return text.format(portfolio=alert.portfolio, value=value, limit=limit)


_WRITERS: dict[type[Event], Callable[[Any], str]] = {
    SwitchMoved: _switch_moved,
    WayTaken: _way_taken,
    EventsLost: _events_lost,
    SkewChanged: _skew_changed,
    OscillationDamped: _oscillation,
    GapObserved: _gap,
    ClockSteppedBack: _stepped_back,
    OrderPlaced: _order_placed,
    OrderCancelled: _order_cancelled,
    FillBooked: _fill,
    RoundTripBooked: _round_trip,
    GridNote: _note,
    DeskNote: _note,
    MirrorLost: _mirror_lost,
    MirrorCaughtUp: _mirror_caught_up,
    MirrorRewound: _mirror_rewound,
    EngineCrashed: _crashed,
    PlanProposed: _proposed,
    PlanSent: _plan_sent,
    PlanDropped: _plan_dropped,
    Rebalanced: _rebalanced,
    AlertRaised: _alert,
    **HUB_WRITERS,
}
