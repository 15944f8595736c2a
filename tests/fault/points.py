"""The named points at which a session can be killed, wrapped around the real parts from outside.

`install(reached)` wraps them all; `reached(name)` is called each time one is passed, and is where a trap kills.
"""

from __future__ import annotations

from typing import Any

from aiohttp.client_reqrep import ClientResponse

from engine.core import journal as journal_module
from engine.core.gate import Gate
from engine.core.journal import Batch, Journal
from engine.core.switch import MasterSwitch
from engine.desk.desk import Desk
from engine.desk.worlds import NoncesInJournal
from engine.grid.arrivals import Answered, LookUp
from engine.grid.books import FILL
from engine.grid.decider import Decider
from engine.grid.engine import GridEngine
from engine.grid.ports import VenueFill, VenueOrder
from engine.grid.reconcile import Reconciler
from engine.venue.kraken import KrakenVenue
from engine.venue.order_socket import OrderSocket
from engine.venue.stream import Session
from tests.fault.wrapping import Reached, after, after_async, around, before

TRADING = {
    "AddOrder": "place",
    "add_order": "place",
    "AmendOrder": "amend",
    "amend_order": "amend",
    "CancelOrder": "cancel",
    "cancel_order": "cancel",
    "CancelOrderBatch": "cancel",
    "batch_cancel": "cancel",
}
"""What requests for orders are called over REST and on the socket, and the points that they pass."""

OFTEN = {
    "journal.commit.before": 60,
    "journal.commit.after": 60,
    "journal.written": 60,
    "journal.durable": 60,
    "journal.post.before": 30,
    "journal.post.after": 30,
    "gate.admit.before": 8,
    "gate.admit.after": 8,
    "gate.deliver.before": 20,
    "gate.deliver.after": 20,
    "place.before": 15,
    "place.sent": 15,
    "place.answered": 15,
    "place.after": 15,
    "amend.before": 3,
    "amend.sent": 3,
    "amend.answered": 3,
    "amend.after": 3,
    "cancel.before": 3,
    "cancel.sent": 3,
    "cancel.answered": 3,
    "cancel.after": 3,
    "answer.before": 20,
    "answer.after": 20,
    "message.before": 60,
    "order.before": 20,
    "fill.before": 6,
    "fill.after": 6,
    "fill.save.before": 6,
    "fill.save.after": 6,
    "governor.save.before": 1,
    "governor.save.after": 1,
    "nonce.save.before": 1,
    "nonce.save.after": 1,
    "start.recalled": 1,
    "read.before": 2,
    "read.after": 2,
    "find.before": 2,
    "find.after": 2,
    "lookup.before": 3,
    "lookup.after": 3,
    "stop.latched": 1,
    "stop.before": 1,
    "stop.after": 1,
    "close.before": 1,
    "close.journal": 1,
}
"""Every point, and up to which of its passings in one life a trap may wait."""

STOPS = tuple(name for name in OFTEN if name.startswith(("stop.", "cancel.")))
DOUBTS = tuple(name for name in OFTEN if name.startswith("find."))
CLOSES = tuple(name for name in OFTEN if name.startswith("close."))


def install(reached: Reached) -> None:
    """Wrap every point. For a process that ends soon: nothing is put back."""
    _journal(reached)
    _gate(reached)
    _venue(reached)
    _grid(reached)
    around(reached, NoncesInJournal, "store", "nonce.save")
    around(reached, Desk, "close", "close", after=False)
    before(reached, Journal, "close", "close.journal")
    after(reached, MasterSwitch, "stop", "stop.latched")


def _journal(reached: Reached) -> None:
    around(reached, Journal, "commit", "journal.commit")
    around(reached, Journal, "commit", "governor.save", when=_is_governors)
    before(reached, Journal, "post", "journal.post.before")
    after(reached, Journal, "post", "journal.post.after")
    after(reached, journal_module, "_write", "journal.written")
    after(reached, journal_module, "_run_together", "journal.durable")


def _gate(reached: Reached) -> None:
    around(reached, Gate, "admit", "gate.admit", when=lambda gate, intents, **rest: bool(intents))
    around(reached, Gate, "admit", "fill.save", when=_holds_fill)
    around(reached, Gate, "deliver", "gate.deliver")


def _venue(reached: Reached) -> None:
    for name in sorted(set(TRADING.values())):
        around(reached, KrakenVenue, name, name)
    around(reached, KrakenVenue, "find", "find")
    start = ClientResponse.start

    async def started(response: ClientResponse, connection: Any) -> ClientResponse:
        name = TRADING.get(response.url.path.rpartition("/")[2])
        if name is None:
            return await start(response, connection)
        reached(f"{name}.sent")
        answer = await start(response, connection)
        reached(f"{name}.answered")
        return answer

    ClientResponse.start = started  # type: ignore[method-assign]
    send, heard = Session._send, OrderSocket.heard

    async def sent(session: Session, text: str, what: str) -> None:
        await send(session, text, what)
        if what in TRADING:
            reached(f"{TRADING[what]}.sent")

    def answered(orders: OrderSocket, message: Any) -> bool:
        method = message.get("method")
        if isinstance(method, str) and method in TRADING:
            reached(f"{TRADING[method]}.answered")
        return heard(orders, message)

    Session._send, OrderSocket.heard = sent, answered  # type: ignore[method-assign]
    before(reached, Session, "_take", "message.before")


def _grid(reached: Reached) -> None:
    after_async(reached, GridEngine, "_recalled", "start.recalled")
    around(reached, GridEngine, "stop_orders", "stop")
    around(reached, Reconciler, "_read_all", "read")
    take_in = Decider.take_in

    def taken_in(decider: Decider, arrival: Any, *rest: Any) -> Any:
        names = {VenueFill: "fill", VenueOrder: "order", Answered: "answer", LookUp: "lookup"}
        name = names.get(type(arrival))
        if name is None:
            return take_in(decider, arrival, *rest)
        reached(f"{name}.before")
        actions = take_in(decider, arrival, *rest)
        reached(f"{name}.after")
        return actions

    Decider.take_in = taken_in  # type: ignore[method-assign]


def _is_governors(journal: Journal, batch: Batch) -> bool:
    return any(memory.engine == "governor" for memory in batch.remember)


def _holds_fill(gate: Gate, intents: Any, *, facts: Any = (), **rest: Any) -> bool:
    return any(fact.kind == FILL for fact in facts)
