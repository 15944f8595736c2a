"""Sentences for what reading the journal may run into."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "journal.unreadable": QT_TRANSLATE_NOOP(
        "Reason", "The journal cannot be read just now ({words}). Nothing is lost; refresh to try again."
    ),
    "journal.listing_closed": QT_TRANSLATE_NOOP("Reason", "Another list of the journal was opened since."),
    "journal.no_such_row": QT_TRANSLATE_NOOP("Reason", "The journal has no row {number}."),
    "journal.export_under_way": QT_TRANSLATE_NOOP(
        "Reason", "Another export is being written, to {path}. Wait for its end, or cancel it."
    ),
    "journal.export_failed": QT_TRANSLATE_NOOP(
        "Reason", "The file could not be written ({words}). Choose another place; nothing was left behind."
    ),
}
