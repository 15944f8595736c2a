"""The named points at which a running hub engine can be killed, wrapped around the real parts from outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextvars import ContextVar
from random import Random
from typing import Any

from aiohttp import ServerDisconnectedError
from aiohttp.client_reqrep import ClientResponse

from engine.chain import sender as sender_module
from engine.chain.hub import HubChain
from engine.chain.hub_signing import SIGN
from engine.chain.keys import LocalSigner
from engine.chain.life import Life, Seal, Stage, Step
from engine.chain.sender import BROADCAST, Sender
from engine.core import journal as journal_module
from engine.core.gate import Gate, Intent
from engine.core.journal import Batch, Journal
from engine.hub.booking import Booking
from engine.hub.dispatch import Dispatch
from engine.hub.ports import Ended
from engine.hub.remembered import ACCEPTED, BATCH, ENDED, PAID, PULLED, PULLS, Remembered
from tests.fault.wrapping import Reached, after, after_async, around

OFTEN = {
    "journal.commit.before": 60,
    "journal.commit.after": 60,
    "journal.written": 60,
    "journal.durable": 60,
    "accept.before": 6,
    "accept.after": 6,
    "pay.before": 8,
    "pay.after": 8,
    "pull.save.before": 2,
    "pull.save.after": 2,
    "approve.save.before": 2,
    "approve.save.after": 2,
    "seal.before": 3,
    "seal.save.before": 3,
    "seal.save.after": 3,
    "seal.signed": 3,
    "seal.after": 3,
    "attempt.save.before": 3,
    "attempt.save.after": 3,
    "try_out.before": 3,
    "try_out.after": 3,
    "exposed.save.before": 2,
    "exposed.save.after": 2,
    "drop.before": 1,
    "drop.after": 1,
    "withdraw.before": 1,
    "withdraw.after": 1,
    "submit.before": 3,
    "submit.after": 3,
    "raw.signed": 3,
    "raw.replaced": 1,
    "raw.save.before": 3,
    "raw.save.after": 3,
    "broadcast.before": 3,
    "broadcast.sent": 4,
    "broadcast.answered": 4,
    "broadcast.lost": 1,
    "broadcast.after": 3,
    "look.mined": 4,
    "look.reorg": 1,
    "look.final": 2,
    "intake.before": 2,
    "intake.after": 2,
    "book.before": 2,
    "book.save.before": 2,
    "book.save.after": 2,
    "book.after": 2,
    "let_go.before": 1,
    "let_go.after": 1,
    "start.recalled": 1,
    "start.known": 1,
    "take_up.before": 1,
    "take_up.after": 1,
}
"""Every point, and up to which of its passings in one life a trap may wait."""

_UNDER_WAY = ("accept.after", "attempt.save.after", "submit.after", "broadcast.sent", "look.mined", "look.final")
_UNSENT = ("attempt.save.after", "try_out.after", "submit.before")
LEFT = {
    "start.recalled": _UNDER_WAY,
    "start.known": _UNDER_WAY,
    "take_up.before": _UNDER_WAY,
    "take_up.after": _UNDER_WAY,
    "withdraw.before": _UNSENT,
    "withdraw.after": _UNSENT,
}
"""What the life before is killed at, so that this one has something to take up."""

DOUBTS = ("broadcast.lost",)
SPIKES = ("raw.replaced",)
REORGS = ("look.reorg",)
PULLED_BACK = ("pull.save.before", "pull.save.after", "approve.save.before", "approve.save.after")
STOLEN = ("try_out.after", "submit.before", "withdraw.before", "withdraw.after", "take_up.before", "take_up.after")
BAD_PULLS = ("exposed.save.before", "exposed.save.after", "drop.before", "drop.after", "let_go.before", "let_go.after")

_broadcasting: ContextVar[bool] = ContextVar("broadcasting", default=False)
_luck = Random()
_lost_ratio = 0.0


def lose_answers(ratio: float, seed: int) -> None:
    """From now on the connection breaks so often when a node has the bytes and answers."""
    global _lost_ratio
    _lost_ratio = ratio
    _luck.seed(seed)


def install(reached: Reached) -> None:
    """Wrap every point. For a process that ends soon: nothing is put back."""
    _journal(reached)
    _dispatch(reached)
    _sender(reached)
    _wire(reached)
    after_async(reached, Remembered, "recall", "start.recalled")
    after_async(reached, HubChain, "start", "start.known")


def _journal(reached: Reached) -> None:
    around(reached, Journal, "commit", "journal.commit")
    around(reached, Journal, "commit", "accept", when=_holds_fact(ACCEPTED))
    around(reached, Journal, "commit", "pay", when=_holds_fact(PAID))
    around(reached, Journal, "commit", "pull.save", when=_holds_pull("proposed"))
    around(reached, Journal, "commit", "approve.save", when=_holds_approval)
    around(reached, Journal, "commit", "attempt.save", when=_holds_attempt)
    around(reached, Journal, "commit", "exposed.save", when=_holds_part)
    around(reached, Journal, "commit", "intake", when=_holds_intake)
    around(reached, Journal, "commit", "book.save", when=_holds_fact(BATCH))
    around(reached, Journal, "commit", "let_go", when=_holds_end)
    after(reached, journal_module, "_write", "journal.written")
    after(reached, journal_module, "_run_together", "journal.durable")


def _dispatch(reached: Reached) -> None:
    around(reached, HubChain, "seal", "seal")
    around(reached, Gate, "admit", "seal.save", when=_holds_sealing)
    after_async(reached, LocalSigner, "sign_digest", "seal.signed")
    around(reached, HubChain, "try_out", "try_out")
    around(reached, Dispatch, "take_up", "take_up")
    around(reached, Booking, "withdraw", "withdraw")
    around(reached, Booking, "drop", "drop")
    around(reached, Booking, "book", "book")
    advance = HubChain.advance

    async def advanced(chain: HubChain) -> Any:
        progress = await advance(chain)
        if isinstance(progress, Ended):
            reached("look.final")
        return progress

    HubChain.advance = advanced  # type: ignore[method-assign]


def _sender(reached: Reached) -> None:
    around(reached, Sender, "submit", "submit")
    around(reached, Gate, "admit", "raw.save", when=_holds_broadcast)
    around(reached, Gate, "deliver", "broadcast", when=_is_broadcast)
    after_async(reached, LocalSigner, "sign", "raw.signed")
    look, step, sealed = Sender.look, sender_module.step, sender_module.sealed

    async def looked(sender: Sender) -> Step | None:
        found = await look(sender)
        if found is not None and found.life.stage is Stage.MINED:
            reached("look.mined")
        return found

    def stepped(life: Life, *given: Any) -> Step:
        found = step(life, *given)
        if life.stage is Stage.MINED and found.life.stage is Stage.OPEN:
            reached("look.reorg")
        return found

    def sealed_again(life: Life, seal: Seal) -> Life:
        if life.seals:
            reached("raw.replaced")
        return sealed(life, seal)

    Sender.look = looked  # type: ignore[method-assign]
    sender_module.step = stepped  # type: ignore[attr-defined]
    sender_module.sealed = sealed_again  # type: ignore[attr-defined]


def _wire(reached: Reached) -> None:
    """Between the request and its answer, and after it."""
    start, broadcast = ClientResponse.start, Sender._broadcast

    async def broadcasting(sender: Sender, intent: Intent) -> int:
        token = _broadcasting.set(True)
        try:
            return await broadcast(sender, intent)
        finally:
            _broadcasting.reset(token)

    async def started(response: ClientResponse, connection: Any) -> ClientResponse:
        if not _broadcasting.get():
            return await start(response, connection)
        reached("broadcast.sent")
        answer = await start(response, connection)
        reached("broadcast.answered")
        if _luck.random() < _lost_ratio:
            reached("broadcast.lost")
            raise ServerDisconnectedError
        return answer

    Sender._broadcast = broadcasting  # type: ignore[method-assign]
    ClientResponse.start = started  # type: ignore[method-assign]


def _holds_fact(kind: str) -> Any:
    def holds(journal: Journal, batch: Batch) -> bool:
        return any(fact.kind == kind for fact in batch.facts)

    return holds


def _holds_pull(state: str) -> Any:
    def holds(journal: Journal, batch: Batch) -> bool:
        rows = [memory.value for memory in batch.remember if f"/{PULLS}" in memory.name]
        return any(row is not None and row["state"] == state for row in rows)

    return holds


def _holds_approval(journal: Journal, batch: Batch) -> bool:
    return _holds_pull("approved")(journal, batch) and not list(_named(batch, "attempt"))


def _holds_attempt(journal: Journal, batch: Batch) -> bool:
    return any(value is not None for value in _named(batch, "attempt"))


def _holds_part(journal: Journal, batch: Batch) -> bool:
    """A part of a batch that is looked at for what reverts in it."""
    return any(_named(batch, "exposed")) and not list(_named(batch, "attempt"))


def _holds_intake(journal: Journal, batch: Batch) -> bool:
    return bool(list(_named(batch, "batches")))


def _holds_end(journal: Journal, batch: Batch) -> bool:
    """Of what no batch carries."""
    ends = [fact.payload["state"] for fact in batch.facts if fact.kind in (ENDED, PULLED)]
    return any(state in ("expired", "failed") for state in ends)


def _named(batch: Batch, name: str) -> Iterator[Any]:
    return (memory.value for memory in batch.remember if memory.name.endswith(f"/{name}"))


def _holds_sealing(gate: Gate, intents: Any, **rest: Any) -> bool:
    return any(intent.kind == SIGN for intent in intents)


def _holds_broadcast(gate: Gate, intents: Any, **rest: Any) -> bool:
    return any(_is_broadcast(gate, intent) for intent in intents)


def _is_broadcast(gate: Gate, intent: Intent) -> bool:
    return intent.kind.startswith(BROADCAST)
