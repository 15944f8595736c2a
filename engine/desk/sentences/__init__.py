"""The English sentences of all reasons, by code: the one catalogue that panel, command line and log read.

The panel translates them and writes their numbers (`gui/sentences`); `english` is what is read without it.
"""

from __future__ import annotations

from engine.desk.sentences import chain, core, drift, governor, grid, hub, journal, notify, settings, store

SENTENCES: dict[str, str] = {
    **core.SENTENCES,
    **governor.SENTENCES,
    **grid.SENTENCES,
    **drift.SENTENCES,
    **hub.SENTENCES,
    **chain.SENTENCES,
    **notify.SENTENCES,
    **settings.SENTENCES,
    **store.SENTENCES,
    **journal.SENTENCES,
}
