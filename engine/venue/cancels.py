"""Cancels that are asked for in one turn of the event loop leave together, by the socket or by REST, or by both.

A cancel may be sent as often as one likes: it names one of our own orders, and does nothing when that is gone. So the
two ways stand beside one another: what the socket has not answered within `BESIDE_S` is asked of REST as well, and
whichever tells first, the executions channel included, settles it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from engine.core.gate import NoAnswer, Rejection
from engine.core.tasks import Tasks
from engine.grid.ports import OrderFate, OrderGone, VenueOrder, VenueRefused, VenueSilent
from engine.venue.order_requests import MAX_BATCH, rest_cancel, socket_cancel
from engine.venue.order_socket import NotSentError, OrderSocket
from engine.venue.translate import whole_at
from engine.venue.turnstile import Urgency

BESIDE_S = 0.4
"""How long the socket's answer is waited for before REST is asked as well."""

_log = logging.getLogger(__name__)

_FORM_WORDS = "EGeneral:Invalid arguments"
"""A batch in a form that is not taken: each cancel is asked for on its own."""


class RestWay(Protocol):
    """`calls.Calls`, as far as cancels go."""

    async def change(
        self, path: str, params: dict[str, Any], urgency: Urgency, deadline_s: float | None = None
    ) -> Mapping[str, Any]: ...


class Cancels:
    """What is to be taken off the book, and how each of it came out."""

    def __init__(
        self, socket: OrderSocket, rest: RestWay, by_socket: bool, refused: Callable[[Rejection], None]
    ) -> None:
        """refused: told of each refusal of Kraken's."""
        self._socket = socket
        self._rest = rest
        self._by_socket = by_socket
        self._refused = refused
        self._asked: list[str] = []
        self._open: dict[str, asyncio.Future[None]] = {}
        self._tasks = Tasks("venue", lambda failure: _log.error("a cancel failed: %r", failure.error))
        socket.on_ended = self._saw_end

    async def cancel(self, client_id: str) -> None:
        """Raises Rejection(OrderGone) when the order was gone already, and what `engine.grid.ports` says else."""
        outcome = self._open.get(client_id)
        if outcome is None:
            outcome = self._open[client_id] = asyncio.get_running_loop().create_future()
            outcome.add_done_callback(_looked_at)
            self._asked.append(client_id)
            if len(self._asked) == 1:
                asyncio.get_running_loop().call_soon(self._leave)
        await asyncio.shield(outcome)

    async def close(self) -> None:
        """Give up on what is on its way."""
        await self._tasks.close()
        self._settle(list(self._open), NoAnswer(VenueSilent("the connection was closed")))

    def _leave(self) -> None:
        asked, self._asked = self._asked, []
        for at in range(0, len(asked), MAX_BATCH):
            self._tasks.start(self._carry_out(asked[at : at + MAX_BATCH]), name="cancels")

    async def _carry_out(self, client_ids: Sequence[str]) -> None:
        failed, sent = NoAnswer(VenueSilent("nothing told what became of the cancel")), False
        try:
            if self._by_socket and self._socket.is_open:
                over_socket = self._tasks.start(self._over_socket(client_ids), name="cancels over the socket")
                await asyncio.wait([over_socket], timeout=BESIDE_S)
                sent = over_socket.result() if over_socket.done() else True
            failed = await self._over_rest(self._unsettled(client_ids), sent=sent) or failed
            if sent and self._unsettled(client_ids):
                await asyncio.wait([over_socket])
        finally:
            self._settle(client_ids, failed)

    async def _over_socket(self, client_ids: Sequence[str]) -> bool:
        """Settles what the socket answers. Returns whether what is left may have been carried out."""
        method, params = socket_cancel(client_ids)
        try:
            result = await self._socket.request(method, params)
            complete = len(client_ids) == 1 or whole_at(result, "count", len(client_ids)) == len(client_ids)
        except Rejection as refusal:
            if len(client_ids) == 1 or not _is_of_form(refusal):
                self._refuse(client_ids, refusal)
                return False
            complete = False
        except NotSentError:
            return False
        except NoAnswer:
            return True
        if complete:
            self._settle(client_ids, None)
            return False
        # A batch is answered by a count alone: which were not among those cancelled is told by asking for each.
        sent = await asyncio.gather(*(self._over_socket([client_id]) for client_id in self._unsettled(client_ids)))
        return any(sent)

    async def _over_rest(self, client_ids: Sequence[str], *, sent: bool) -> NoAnswer | None:
        """Settles what REST answers, and returns what to say of the rest.

        sent: the socket may have carried it out, so that no other refusal than `OrderGone` proves that it was not.
        """
        if not client_ids:
            return None
        path, form = rest_cancel(client_ids)
        try:
            result = await self._rest.change(path, form, Urgency.CANCEL)
            if result.get("pending", False) is not False:
                return NoAnswer(VenueSilent("Kraken took the cancel but has not carried it out yet"))
            count = whole_at(result, "count", len(client_ids))
        except Rejection as refusal:
            if len(client_ids) == 1 or not _is_of_form(refusal):
                if sent and not isinstance(refusal.reason, OrderGone):
                    self._refused(refusal)
                    return NoAnswer(refusal.reason)
                self._refuse(client_ids, refusal)
                return None
            count = 0
        except NoAnswer as silence:
            return silence
        if count == len(client_ids):
            self._settle(client_ids, None)
        elif len(client_ids) == 1:
            self._refuse(client_ids, Rejection(OrderGone()))
        else:
            return await self._singly_over_rest(client_ids)
        return None

    async def _singly_over_rest(self, client_ids: Sequence[str]) -> NoAnswer | None:
        failed = None
        for client_id in client_ids:
            failed = await self._over_rest(self._unsettled([client_id]), sent=True) or failed
        return failed

    def _saw_end(self, order: VenueOrder) -> None:
        self._settle([order.client_id], None if order.fate is OrderFate.CANCELLED else Rejection(OrderGone()))

    def _unsettled(self, client_ids: Sequence[str]) -> list[str]:
        return [client_id for client_id in client_ids if client_id in self._open]

    def _refuse(self, client_ids: Sequence[str], refusal: Rejection) -> None:
        self._refused(refusal)
        self._settle(client_ids, refusal)

    def _settle(self, client_ids: Sequence[str], failed: Rejection | NoAnswer | None) -> None:
        for client_id in client_ids:
            outcome = self._open.pop(client_id, None)
            if outcome is None or outcome.done():
                continue
            if failed is None:
                outcome.set_result(None)
            else:  # an exception of its own: one that two tasks raise would collect the tracebacks of both
                outcome.set_exception(_kind_of(failed)(failed.reason))


def _kind_of(failed: Rejection | NoAnswer) -> type[Rejection] | type[NoAnswer]:
    return Rejection if isinstance(failed, Rejection) else NoAnswer


def _looked_at(outcome: asyncio.Future[None]) -> None:
    """Whoever asked may have given up waiting, and asyncio would complain of an exception that nobody took."""
    if not outcome.cancelled():
        outcome.exception()


def _is_of_form(refusal: Rejection) -> bool:
    return isinstance(refusal.reason, VenueRefused) and refusal.reason.words.startswith(_FORM_WORDS)
