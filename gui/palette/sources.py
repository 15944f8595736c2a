"""Where the palette's entries come from: the table of actions, the catalogue of options, what was said last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from gui import formats
from gui.actions import Actions, key_text, spoken, why_disabled
from gui.notices import NoticeBar
from gui.palette.entries import Entry
from gui.sentences.declared import option_text, option_words

if TYPE_CHECKING:  # the palette is there before any option is loaded
    from engine.core.option_catalogue import Catalogue
    from engine.desk.alerts import TrackedAlert

translate = QCoreApplication.translate
THIS = "palette.show"


def of_actions(actions: Actions) -> Iterator[Entry]:
    """Every action but the palette itself; pages are actions too."""
    for spec, action in actions:
        if spec.name != THIS:
            page = spec.group == "page"
            yield Entry(
                group=translate("Palette", "Page") if page else translate("Palette", "Action"),
                title=spoken(spec.text).rstrip("…"),
                detail=spoken(spec.tip),
                icon=spec.icon,
                act=action.trigger,
                keys=key_text(spec),
                why_not="" if action.isEnabled() else why_disabled(spec, actions.standing),
                more=spec.name,
            )


def of_options(catalogue: Catalogue, reveal: Callable[[str], object]) -> Iterator[Entry]:
    """Every option; using one goes to its field in the settings."""
    for spec in catalogue:
        yield Entry(
            group=translate("Palette", "Setting"),
            title=spec.path,
            detail=option_text(spec),
            icon="settings",
            act=lambda path=spec.path: reveal(path),  # type: ignore[misc]
            more=option_words(spec),
        )


def of_notices(notices: NoticeBar) -> Iterator[Entry]:
    """What the bar under the header said in this run, newest first; using one says it again."""
    for said in reversed(notices.recent):
        yield Entry(
            group=translate("Palette", "Notice"),
            title=said.text,
            detail=formats.date_time(said.at_s),
            icon=said.look.icon,
            act=lambda said=said: notices.say_again(said),  # type: ignore[misc]
        )


def of_alerts(
    alerts: Iterable[TrackedAlert], words: Callable[[TrackedAlert], str], show: Callable[[str], object]
) -> Iterator[Entry]:
    """The alerts that are kept, newest first; using one shows it in the list."""
    for alert in alerts:
        yield Entry(
            group=translate("Palette", "Alert"),
            title=words(alert),
            detail=formats.date_time(alert.last_s),
            icon="danger" if alert.severity.value == "grave" else "warning",
            act=lambda key=alert.key: show(key),  # type: ignore[misc]
        )
