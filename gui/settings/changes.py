"""A draft of options on its way into force: shown as a difference, agreed to, applied, acknowledged (panel spec 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from engine.core.configuration import Configuration, ConfigurationMoved, ConfigurationRefused
from engine.core.drafts import Draft, Revision
from gui.notices import NoticeBar
from gui.settings.dialogs import DiffDialog
from gui.settings.form import problem_sentence

translate = QCoreApplication.translate
AUTHOR = "panel"


class OptionChanges:
    """The one way for a person to change options, whichever page they are on; what came of it is said as a notice."""

    def __init__(self, configuration: Configuration, notices: NoticeBar) -> None:
        self._configuration = configuration
        self._notices = notices

    async def ask(self, window: QWidget, changes: Mapping[str, Any], title: str) -> Revision | None:
        """Show what `changes` (path -> value, or its text) would change, and apply it if the operator agrees."""
        return await self.apply_if_agreed(window, self._configuration.draft(changes), title)

    async def apply_if_agreed(self, window: QWidget, draft: Draft, title: str) -> Revision | None:
        """The revision in force once the operator agreed and it was applied, else None."""
        if not draft.is_valid:
            self._notices.warn(" ".join(f"{p.path}: {problem_sentence(p)}" for p in draft.problems))
            return None
        if not draft.diff and not draft.changes:
            self._notices.done(translate("OptionChanges", "Nothing would change."))
            return None
        if not await DiffDialog(window, draft, title).answer():
            return None
        return await self._apply(draft)

    async def _apply(self, draft: Draft) -> Revision | None:
        try:
            revision = await self._configuration.apply(draft, AUTHOR)
        except ConfigurationMoved:
            said = translate(
                "OptionChanges",
                "The configuration changed in the meantime. Reload the file, look at the fields, review again.",
            )
            self._notices.warn(said)
        except ConfigurationRefused as error:
            self._notices.warn(" ".join(problem_sentence(problem) for problem in error.problems))
        except OSError as error:
            said = translate(
                "OptionChanges",
                "The file could not be written ({why}). Nothing has changed; free the disk, then apply again.",
            )
            self._notices.grave(said.format(why=error.strerror or type(error).__name__))
        except ExceptionGroup as error:
            said = translate(
                "OptionChanges", "The revision is in force, but not every engine took it over ({count}). See the log."
            )
            self._notices.grave(said.format(count=len(error.exceptions)))
        else:
            self._notices.done(self._said(revision))
            return revision
        return None

    def _said(self, revision: Revision) -> str:
        waiting = len(self._configuration.awaiting_restart)
        said = translate("OptionChanges", "Revision {number} is in force.").format(number=revision.number)
        if not waiting:
            return said
        return f"{said} " + translate("OptionChanges", "{n} options wait for the next start.").format(n=waiting)
