"""The wizard's dialog: one step after the other, by keys alone, to be skipped at any step (panel spec 18)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from engine.core.configuration import ConfigurationMoved, ConfigurationRefused
from engine.core.modes import Mode
from engine.core.tasks import TaskFailure, Tasks
from gui.dialogs import Dialog
from gui.looks import Look
from gui.sentences import word
from gui.settings.form import problem_sentence
from gui.settings.row import shown
from gui.theme import Tone, set_look
from gui.wizard.steps import KeysStep, LimitsStep, LookStep, ModeStep, ReadyStep, Step

if TYPE_CHECKING:
    from gui.context import PanelContext

translate = QCoreApplication.translate
AUTHOR = "wizard"


class Wizard(Dialog):
    """Await `answer()` in a task: True when it was gone through to its end, which is when anything is changed."""

    def __init__(self, parent: QWidget, context: PanelContext) -> None:
        super().__init__(
            parent,
            translate("Wizard", "First steps"),
            "",
            agree=translate("Wizard", "Next"),
            decline=translate("Wizard", "Skip the first steps"),
            look=Look("run", "▶", Tone.PAPER),
        )
        self._context = context
        self._tasks = Tasks("wizard", self._failed)
        configuration = context.configuration
        self.look, self.mode = LookStep(configuration), ModeStep(configuration)
        self.keys = KeysStep(context.secrets, context.bus, self._tasks)
        self.limits, self.ready = LimitsStep(configuration), ReadyStep()
        self.steps: tuple[Step, ...] = (self.look, self.mode, self.keys, self.limits, self.ready)
        self._stack = QStackedWidget()
        for step in self.steps:
            self._stack.addWidget(step)
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        set_look(self.said, tone=Tone.DANGER)
        self.said.hide()
        self.body.addWidget(self._stack, 1)
        self.body.addWidget(self.said)
        self.back = QPushButton(translate("Wizard", "Back"))
        self.back.setShortcut("Alt+Left")
        self.back.setAutoDefault(False)
        self.back.clicked.connect(lambda: self._go(self._stack.currentIndex() - 1))
        box = self.agree_button.parentWidget()
        assert isinstance(box, QDialogButtonBox)
        box.addButton(self.back, QDialogButtonBox.ButtonRole.ResetRole)
        self.decline_button.setDefault(False)
        self.decline_button.setAutoDefault(False)
        self.agree_button.setDefault(True)
        self.resize(780, 640)
        self._go(0)

    @property
    def step(self) -> Step:
        """The step in sight."""
        return self.steps[self._stack.currentIndex()]

    async def answer(self) -> bool:
        """Open, wait until it is gone through or skipped, end what it has running, and be gone."""
        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def settle(result: int) -> None:
            if not answered.done():
                answered.set_result(result == QDialog.DialogCode.Accepted)

        self.finished.connect(settle)
        try:
            self.open()
            return await answered
        finally:
            self.finished.disconnect(settle)
            await self._tasks.close()
            self.hide()
            self.deleteLater()

    def accept(self) -> None:
        """The next step; at the last one what was chosen takes effect."""
        if self.step is not self.ready:
            if self._problems_here():
                return
            self._go(self._stack.currentIndex() + 1)
        elif self.agree_button.isEnabled():
            self.agree_button.setEnabled(False)
            self._tasks.start(self._apply(), name="apply")

    def changes(self) -> Mapping[str, Any]:
        """What was chosen in all steps, by option path."""
        held = self._context.configuration.held_by
        return {path: value for step in self.steps for path, value in step.changes().items() if held(path) is None}

    def _go(self, at: int) -> None:
        self._say("")
        self._stack.setCurrentIndex(at)
        step = self.step
        last = step is self.ready
        self.text.setText(
            translate("Wizard", "Step {number} of {count}: {title}. {text}").format(
                number=at + 1, count=len(self.steps), title=step.title, text=step.text
            )
        )
        self.back.setEnabled(at > 0)
        self.agree_button.setText(translate("Wizard", "Finish") if last else translate("Wizard", "Next"))
        self.agree_button.setAccessibleName(self.agree_button.text())
        if last:
            self.ready.say(self._summary())
        step.entered()
        (step.first or self.agree_button).setFocus(Qt.FocusReason.OtherFocusReason)

    def _problems_here(self) -> bool:
        draft = self._context.configuration.draft(self.changes())
        if not self.step.show_problems(draft.problems):
            return False
        self._say(translate("Wizard", "Some values cannot be. Correct the fields that are marked."))
        return True

    def _summary(self) -> list[str]:
        draft = self._context.configuration.draft(self.changes())
        mode = Mode(self.mode.value)
        lines = [
            translate("Wizard", "PAPER now and at each start.")
            if mode is Mode.PAPER
            else translate("Wizard", "PAPER now; {mode} from the next start on.").format(mode=word(mode).upper())
        ]
        if mode is Mode.LIVE:
            lines.append(translate("Wizard", "LIVE asks you at every start before anything real is done."))
        lines += [f"{change.path}: {shown(change.old)} → {shown(change.new)} {change.unit}" for change in draft.diff]
        if not draft.diff:
            lines.append(translate("Wizard", "No option is changed from what is in force."))
        lines.append(translate("Wizard", "Ctrl+K finds everything. F12 stops everything."))
        return lines

    async def _apply(self) -> None:
        configuration = self._context.configuration
        try:
            draft = configuration.draft(self.changes())
            if draft.diff or draft.changes or not draft.is_valid:
                await configuration.apply(draft, AUTHOR)
        except ConfigurationRefused as error:
            self._say(" ".join(problem_sentence(problem) for problem in error.problems))
        except ConfigurationMoved:
            self._say(translate("Wizard", "The configuration changed in the meantime. Finish again."))
        except OSError as error:
            self._say(
                translate("Wizard", "The file could not be written ({why}). Free the disk, then finish again.").format(
                    why=error.strerror or type(error).__name__
                )
            )
        else:
            super().accept()
        finally:
            self.agree_button.setEnabled(True)

    def _failed(self, failure: TaskFailure) -> None:
        self._say(translate("Wizard", "That failed ({what}).").format(what=type(failure.error).__name__))

    def _say(self, text: str) -> None:
        self.said.setText(text)
        self.said.setAccessibleName(text)
        self.said.setVisible(bool(text))
