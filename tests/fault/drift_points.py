"""The named points at which a running drift engine can be killed, wrapped around the real parts from outside."""

from __future__ import annotations

from contextvars import ContextVar
from random import Random
from typing import Any

from aiohttp import ServerDisconnectedError
from aiohttp.client_reqrep import ClientResponse

from engine.chain import sender as sender_module
from engine.chain.keys import LocalSigner
from engine.chain.life import Life, Seal, Stage, Step
from engine.chain.portfolios import PortfolioChain
from engine.chain.sender import BROADCAST, Sender
from engine.core import journal as journal_module
from engine.core.gate import Gate, Intent
from engine.core.journal import Batch, Journal
from engine.drift.bookkeeping import REBALANCE
from engine.drift.dispatch import Dispatch
from engine.drift.ports import Ended
from engine.drift.remembered import SENDINGS, Remembered
from tests.fault.wrapping import Reached, after, after_async, around

OFTEN = {
    "journal.commit.before": 20,
    "journal.commit.after": 20,
    "journal.written": 20,
    "journal.durable": 20,
    "rest.before": 1,
    "rest.after": 1,
    "sign.before": 1,
    "sign.after": 1,
    "submit.before": 1,
    "submit.after": 1,
    "seal.signed": 1,
    "seal.replaced": 1,
    "seal.save.before": 1,
    "seal.save.after": 1,
    "broadcast.sent": 2,
    "broadcast.answered": 2,
    "broadcast.lost": 1,
    "broadcast.before": 1,
    "broadcast.after": 1,
    "look.mined": 3,
    "look.reorg": 1,
    "look.final": 1,
    "book.before": 1,
    "book.save.before": 1,
    "book.save.after": 1,
    "book.after": 1,
    "start.recalled": 1,
    "start.known": 1,
    "take_up.before": 1,
    "take_up.after": 1,
    "give_up.before": 1,
    "give_up.after": 1,
}
"""Every point, and up to which of its passings in one life a trap may wait."""

LEFT = {
    "start.recalled": ("rest.after", "submit.after", "broadcast.sent", "look.mined", "look.final"),
    "start.known": ("rest.after", "submit.after", "broadcast.sent", "look.mined", "look.final"),
    "take_up.before": ("rest.after", "sign.after", "submit.after", "look.mined"),
    "take_up.after": ("rest.after", "sign.after", "submit.after", "look.mined"),
    "give_up.before": ("rest.after", "sign.after", "submit.before"),
    "give_up.after": ("rest.after", "sign.after", "submit.before"),
}
"""What the life before is killed at, so that this one has something to take up."""

DOUBTS = ("broadcast.lost",)
SPIKES = ("seal.replaced",)
REORGS = ("look.reorg",)

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
    after_async(reached, PortfolioChain, "start", "start.known")


def _journal(reached: Reached) -> None:
    around(reached, Journal, "commit", "journal.commit")
    around(reached, Journal, "commit", "rest", when=_holds_sending)
    around(reached, Journal, "commit", "book.save", when=_holds_record)
    after(reached, journal_module, "_write", "journal.written")
    after(reached, journal_module, "_run_together", "journal.durable")


def _dispatch(reached: Reached) -> None:
    around(reached, LocalSigner, "sign_digest", "sign")
    around(reached, Dispatch, "take_up", "take_up")
    around(reached, Dispatch, "_gave_up", "give_up")
    around(reached, Dispatch, "_book", "book")
    advance = PortfolioChain.advance

    async def advanced(chain: PortfolioChain) -> Any:
        progress = await advance(chain)
        if isinstance(progress, Ended):
            reached("look.final")
        return progress

    PortfolioChain.advance = advanced  # type: ignore[method-assign]


def _sender(reached: Reached) -> None:
    around(reached, Sender, "submit", "submit")
    around(reached, Gate, "admit", "seal.save", when=_holds_broadcast)
    around(reached, Gate, "deliver", "broadcast", when=_is_broadcast)
    after_async(reached, LocalSigner, "sign", "seal.signed")
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
            reached("seal.replaced")
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


def _holds_sending(journal: Journal, batch: Batch) -> bool:
    return any(f"/{SENDINGS}" in memory.name and memory.value for memory in batch.remember)


def _holds_record(journal: Journal, batch: Batch) -> bool:
    return any(fact.kind == REBALANCE for fact in batch.facts)


def _holds_broadcast(gate: Gate, intents: Any, **rest: Any) -> bool:
    return any(_is_broadcast(gate, intent) for intent in intents)


def _is_broadcast(gate: Gate, intent: Intent) -> bool:
    return intent.kind.startswith(BROADCAST)
