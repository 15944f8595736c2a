"""What a row of the journal is called: its kind, its engine, how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.core.journal_query import RECORDED, JournalRow
from gui.looks import Look
from gui.sentences import lowered, word
from gui.theme import Tone

CONTEXT = "JournalWords"
translate = QCoreApplication.translate

ENGINES: dict[str, str] = {
    "governor": QT_TRANSLATE_NOOP("JournalWords", "Governor"),
    "grid": QT_TRANSLATE_NOOP("JournalWords", "Grid"),
    "drift": QT_TRANSLATE_NOOP("JournalWords", "Drift"),
    "hub": QT_TRANSLATE_NOOP("JournalWords", "Hub"),
    "chain": QT_TRANSLATE_NOOP("JournalWords", "Chain"),
    "notify": QT_TRANSLATE_NOOP("JournalWords", "Alerts"),
}

KINDS: dict[tuple[str, str], str] = {
    ("governor", "update"): QT_TRANSLATE_NOOP("JournalWords", "Governor's update"),
    ("grid", "place_order"): QT_TRANSLATE_NOOP("JournalWords", "Place an order"),
    ("grid", "amend_order"): QT_TRANSLATE_NOOP("JournalWords", "Move an order"),
    ("grid", "cancel_order"): QT_TRANSLATE_NOOP("JournalWords", "Cancel an order"),
    ("grid", "fill"): QT_TRANSLATE_NOOP("JournalWords", "Fill"),
    ("grid", "round_trip"): QT_TRANSLATE_NOOP("JournalWords", "Round trip"),
    ("grid", "abandoned"): QT_TRANSLATE_NOOP("JournalWords", "Inventory abandoned"),
    ("drift", "drift.sign"): QT_TRANSLATE_NOOP("JournalWords", "Sign a plan"),
    ("drift", "rebalance"): QT_TRANSLATE_NOOP("JournalWords", "Rebalance"),
    ("drift", "sample"): QT_TRANSLATE_NOOP("JournalWords", "Portfolio's worth"),
    ("hub", "hub.sign"): QT_TRANSLATE_NOOP("JournalWords", "Sign a batch"),
    ("hub", "batch"): QT_TRANSLATE_NOOP("JournalWords", "Batch"),
    ("hub", "accepted"): QT_TRANSLATE_NOOP("JournalWords", "Request accepted"),
    ("hub", "ended"): QT_TRANSLATE_NOOP("JournalWords", "Request ended"),
    ("hub", "payment"): QT_TRANSLATE_NOOP("JournalWords", "Payment"),
    ("hub", "pull"): QT_TRANSLATE_NOOP("JournalWords", "Pull"),
    ("chain", "chain.broadcast."): QT_TRANSLATE_NOOP("JournalWords", "Send a transaction"),
    ("chain", "carried"): QT_TRANSLATE_NOOP("JournalWords", "Number for a transaction"),
    ("notify", "notify.webhook"): QT_TRANSLATE_NOOP("JournalWords", "Post an alert"),
}
"""By engine and kind, in the order of the filter; a kind that ends with a dot stands for all below it."""

_PLACES = {
    ("buy", "opens"): QT_TRANSLATE_NOOP("JournalWords", "Buy (entry)"),
    ("sell", "opens"): QT_TRANSLATE_NOOP("JournalWords", "Sell (entry)"),
    ("buy", "closes"): QT_TRANSLATE_NOOP("JournalWords", "Buy (exit)"),
    ("sell", "closes"): QT_TRANSLATE_NOOP("JournalWords", "Sell (exit)"),
}

STATES: dict[str, tuple[str, Look]] = {
    "delivered": (QT_TRANSLATE_NOOP("JournalWords", "Done"), Look("done", "✓", Tone.ACTING)),
    "rejected": (QT_TRANSLATE_NOOP("JournalWords", "Refused"), Look("danger", "✕", Tone.DANGER)),
    "held": (QT_TRANSLATE_NOOP("JournalWords", "Held back"), Look("held", "‖", Tone.DAMPED)),
    "unknown": (QT_TRANSLATE_NOOP("JournalWords", "Being looked up"), Look("help", "?", Tone.DAMPED)),
    "admitted": (QT_TRANSLATE_NOOP("JournalWords", "On its way"), Look("starting", "◌", Tone.NEUTRAL)),
    RECORDED: (QT_TRANSLATE_NOOP("JournalWords", "Happened"), Look("info", "•", Tone.NEUTRAL)),
}
"""In the order of the filter."""

_ENDS: dict[str, tuple[str, Look]] = {
    "SUCCESS": (QT_TRANSLATE_NOOP("JournalWords", "Success"), STATES["delivered"][1]),
    "FAILED": (QT_TRANSLATE_NOOP("JournalWords", "Failed"), STATES["rejected"][1]),
    "settled": (QT_TRANSLATE_NOOP("JournalWords", "Settled"), STATES["delivered"][1]),
    "reverted": (QT_TRANSLATE_NOOP("JournalWords", "Failed"), STATES["rejected"][1]),
    "replaced": (QT_TRANSLATE_NOOP("JournalWords", "Replaced"), STATES["rejected"][1]),
    "unsent": (QT_TRANSLATE_NOOP("JournalWords", "Never sent"), STATES["held"][1]),
    "done": (QT_TRANSLATE_NOOP("JournalWords", "Carried out"), STATES["delivered"][1]),
    "executed": (QT_TRANSLATE_NOOP("JournalWords", "Carried out"), STATES["delivered"][1]),
    "failed": (QT_TRANSLATE_NOOP("JournalWords", "Failed"), STATES["rejected"][1]),
    "expired": (QT_TRANSLATE_NOOP("JournalWords", "Expired"), STATES["held"][1]),
    "rejected": (QT_TRANSLATE_NOOP("JournalWords", "Declined"), STATES["held"][1]),
    "withdrawn": (QT_TRANSLATE_NOOP("JournalWords", "Withdrawn"), STATES["held"][1]),
}
"""How a fact says of itself what came of it."""


def engine_word(engine: str) -> str:
    """The operator's word for who did it."""
    known = ENGINES.get(engine)
    return engine if known is None else translate(CONTEXT, known)


def kind_word(engine: str, kind: str) -> str:
    """The operator's words for a kind; one that nobody foresaw is shown as it is."""
    known = KINDS.get((engine, kind))
    if known is None:
        known = next(
            (text for (of, name), text in KINDS.items() if of == engine and name[-1] == "." and kind.startswith(name)),
            None,
        )
    return kind if known is None else translate(CONTEXT, known)


def what(row: JournalRow) -> str:
    """What was done: the kind, and for an order its side and whether it opens or closes."""
    if row.kind == "place_order":
        place = _PLACES.get((str(field(row, "side")), row.exposure))
        if place is not None:
            return translate(CONTEXT, place)
    if row.kind == "fill":
        return f"{kind_word(row.engine, row.kind)}: {lowered(word(str(field(row, 'side') or '')))}"
    return kind_word(row.engine, row.kind)


def standing(row: JournalRow) -> tuple[str, Look]:
    """The word and the look of how it stands, or of what a fact says came of it."""
    said = str(field(row, "status") or field(row, "state") or "") if row.is_fact else ""
    text, look = _ENDS.get(said) or STATES.get(row.state) or (row.state, STATES[RECORDED][1])
    return translate(CONTEXT, text), look


def mode_of(row: JournalRow) -> str:
    """The mode that it was done in; of a fact, the one that its world's name begins with."""
    return row.mode or row.world.partition(":")[0]


def field(row: JournalRow, name: str) -> Any:
    """A field of the payload; None where there is none."""
    return row.payload.get(name) if isinstance(row.payload, Mapping) else None
