"""What else was recorded of the matter that a row is about: of an order its fills, of a plan what came of it.

Rows find one another by their keys, which each engine makes in its own way; every look-up has a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core.journal_query import JournalRow
from engine.core.journal_reading import JournalReader, pattern_of

MOST = 40
AMONG_FILLS, AMONG_BATCHES = 20_000, 500
BEFORE_S = 60.0
"""The exchange's clock, which dates fills, may be behind ours by this."""


def related(reader: JournalReader, row: JournalRow) -> list[JournalRow]:
    """Rows of the same order, plan, batch or request, oldest first, without `row` itself. Blocking."""
    look = _Look(reader, row.world)
    found = _of_grid(look, row) if row.engine == "grid" else _of_chain(look, row)
    others = {one.number: one for one in found if one.number != row.number}
    return sorted(others.values(), key=lambda one: (one.at_s, one.number))[:MOST]


@dataclass(frozen=True, slots=True)
class _Look:
    reader: JournalReader
    world: str

    def intents(self, prefix: str) -> list[JournalRow]:
        return self.reader.intents_named(self.world, prefix, MOST)

    def facts(self, engine: str, kind: str, prefix: str) -> list[JournalRow]:
        return self.reader.facts_named(self.world, engine, kind, prefix, MOST)

    def facts_after(self, kind: tuple[str, str], from_s: float, like: tuple[str, str], among: int) -> list[JournalRow]:
        return self.reader.facts_after(self.world, *kind, from_s, like, among=among, limit=MOST)


def _of_grid(look: _Look, row: JournalRow) -> list[JournalRow]:
    """An order with its changes, fills and the round trips that it closed."""
    named = {"fill": "key", "round_trip": "order_key"}.get(row.kind)
    order = _text(row.payload, named) if named else row.key.partition("/")[0]
    if not order:
        return []
    intents = [one for one in look.intents(order) if one.key == order or one.key.startswith(f"{order}/")]
    from_s = min((one.at_s for one in (row, *intents)), default=row.at_s) - BEFORE_S
    fills = look.facts_after(("grid", "fill"), from_s, ("payload", f'%"key":"{_exactly(order)}"%'), AMONG_FILLS)
    abandoned = [fact for fact in look.facts("grid", "abandoned", order) if fact.key == order]
    return [*intents, *fills, *look.facts("grid", "round_trip", f"{order}."), *abandoned]


def _of_chain(look: _Look, row: JournalRow) -> list[JournalRow]:
    """A plan or a batch: its signature, its sendings, and what came of it; a request with its batch."""
    if row.engine == "hub" and row.kind in ("accepted", "ended"):
        return _of_request(look, row)
    call = _call_of(row)
    if call is None:
        return []
    intents = look.intents(f"{call}/")
    if call.startswith("drift/"):
        return [*intents, *look.facts("drift", "rebalance", f"{call}/")]
    from_s = min((one.at_s for one in (row, *intents)), default=row.at_s) - BEFORE_S
    batches = look.facts_after(("hub", "batch"), from_s, ("key", f"%/{_exactly(call)}"), AMONG_BATCHES)
    return [*intents, *batches]


def _of_request(look: _Look, row: JournalRow) -> list[JournalRow]:
    request = _text(row.payload, "id")
    if not request:
        return []
    ended = look.facts("hub", "ended", request)
    at_s = min([row.at_s, *(one.at_s for one in ended)]) - BEFORE_S
    like = ("payload", f'%"request":"{_exactly(request)}"%')
    accepted = look.facts_after(("hub", "accepted"), at_s, ("payload", f'%"{_exactly(request)}"%'), AMONG_BATCHES)
    return [*ended, *accepted, *look.facts_after(("hub", "batch"), at_s, like, AMONG_BATCHES)]


def _call_of(row: JournalRow) -> str | None:
    """The key of the call to the chain that a row belongs to: `drift/<plan>` or `hub/<entity>/<number>/<batch>`."""
    for text in (_text(row.payload, "call_key"), row.key):
        for engine, parts in (("drift", 2), ("hub", 4)):
            at = 0 if text.startswith(f"{engine}/") else text.rfind(f"/{engine}/") + 1
            if text.startswith(f"{engine}/", at):
                named = text[at:].split("/")[:parts]
                if len(named) == parts:
                    return "/".join(named)
    return None


def _text(payload: Any, name: str | None) -> str:
    value = payload.get(name) if isinstance(payload, dict) else None
    return value if isinstance(value, str) else ""


def _exactly(text: str) -> str:
    """For a pattern of SQL: this text and no other."""
    return pattern_of(text.replace(" ", ""))[1:-1]
