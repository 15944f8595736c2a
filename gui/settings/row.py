"""One option: name and text, editor with unit, bounds, what a change can do, and what is wrong with what was typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from engine.core.option_catalogue import plain
from engine.core.options import OptionSpec, Risk
from engine.core.settings import Origin
from gui.looks import Look
from gui.pill import Pill
from gui.reflow import Reflow
from gui.sentences import word
from gui.sentences.declared import bounds_text, option_name, option_text, option_unit, option_words
from gui.settings.editors import editor
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
EDITOR_WIDTH_PX = 170

_RISKS = {
    Risk.DISPLAY: Look("info", "i", Tone.NEUTRAL),
    Risk.TIMING: Look("info", "i", Tone.NEUTRAL),
    Risk.SIZE: Look("warning", "!", Tone.DAMPED),
    Risk.LIMIT: Look("warning", "!", Tone.DAMPED),
    Risk.ACCESS: Look("warning", "!", Tone.DANGER),
}
_RESTART = Look("reload", "↻", Tone.NEUTRAL)
_HELD = Look("held", "‖", Tone.OBSERVE)
_CHANGED = Look("info", "•", Tone.PAPER)


def risk_word(risk: Risk) -> str:
    """What a changed option can do at worst."""
    return translate("OptionRow", "Moves a limit") if risk is Risk.LIMIT else word(risk.value)


def shown(value: Any, unit: str = "") -> str:
    """A value as the form and the diff write it."""
    if isinstance(value, bool):
        return translate("OptionRow", "On") if value else translate("OptionRow", "Off")
    text = plain(value)
    if text is None:
        return translate("OptionRow", "not set")
    return f"{text} {unit}".rstrip()


class OptionRow(QFrame):
    """Emits `edited`. What is in force is shown with `show_in_force`; what was typed stays until it is discarded."""

    edited = Signal()

    def __init__(self, spec: OptionSpec, default: Any) -> None:
        super().__init__()
        self.spec = spec
        self.editor = editor(spec)
        self.is_edited = False
        self._default = default
        self._in_force: Any = default
        self._held_by: str | None = None
        self._words = option_words(spec)
        self._build(spec)
        self._compose()
        self.editor.edited.connect(self._was_edited)
        self._reset.clicked.connect(self._to_default)

    def matches(self, words: str) -> bool:
        """Whether every one of the searched words occurs in name, path, source name, text or unit."""
        return all(part in self._words for part in words.casefold().split())

    def show_in_force(self, value: Any, origin: Origin, held_by: str | None) -> None:
        """Show the value in force and where it comes from. An edit that is under way stays in the editor."""
        self._in_force, self._held_by = value, held_by
        self._held.setVisible(held_by is not None)
        if held_by is not None:
            self._held.say(_HELD, translate("OptionRow", "Held by {variable}").format(variable=held_by))
        self.editor.setEnabled(held_by is None)
        if not self.is_edited:
            self.editor.show_value(value)
        source = {
            Origin.DEFAULT: translate("OptionRow", "default"),
            Origin.FILE: translate("OptionRow", "from the file"),
            Origin.ENVIRONMENT: translate("OptionRow", "from the environment"),
        }[origin]
        self._now.setText(
            translate("OptionRow", "In force: {value} ({source})").format(
                value=shown(value, option_unit(self.spec.unit)), source=source
            )
        )
        self._settle()

    def discard(self) -> None:
        """Forget what was typed."""
        self.is_edited = False
        self.editor.show_value(self._in_force)
        self.show_problem("")
        self._settle()

    def show_problem(self, text: str) -> None:
        """Say what is wrong with what was typed; empty when nothing is."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        self.editor.mark(invalid=bool(text))
        if text:
            self.editor.field.setAccessibleDescription(f"{text} {option_text(self.spec)}")

    def _was_edited(self) -> None:
        self.is_edited = self._typed_differs()
        self._settle()
        self.edited.emit()

    def _to_default(self) -> None:
        self.editor.show_value(self._default)
        self._was_edited()

    def _typed_differs(self) -> bool:
        now = plain(self._in_force)
        typed = self.editor.value()
        return typed != now if isinstance(typed, bool) else typed != ("" if now is None else str(now))

    def _settle(self) -> None:
        self._changed.setVisible(self.is_edited)
        default = plain(self._default)
        typed = self.editor.value()
        at_default = typed == (default if isinstance(typed, bool) else "" if default is None else str(default))
        self._reset.setEnabled(not at_default and self._held_by is None)

    def _build(self, spec: OptionSpec) -> None:
        self._name = QLabel(option_name(spec))
        self._name.setFont(scaled_font(self._name.font(), 1.05, bold=True))
        self._name.setToolTip(spec.path)
        self._text = QLabel(option_text(spec))
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._details = QLabel(self._described())
        self._details.setWordWrap(True)
        self._details.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self._details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._now = QLabel()
        for label in (self._details, self._now):
            label.setFont(scaled_font(label.font(), 0.9))
            set_look(label, role="muted")
        self._unit = QLabel(option_unit(spec.unit))
        set_look(self._unit, role="muted")
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        set_look(self._problem, tone=Tone.DANGER)
        self._problem.hide()
        self._held, self._changed = Pill(ratio=0.9), Pill(ratio=0.9)
        self._changed.say(_CHANGED, translate("OptionRow", "Changed"))
        self._held.hide()
        self._changed.hide()
        self._reset = QPushButton(translate("OptionRow", "Default"))
        self._reset.setToolTip(shown(self._default, option_unit(spec.unit)))
        self._reset.setAccessibleName(translate("OptionRow", "Set {option} to its default").format(option=spec.path))

    def _described(self) -> str:
        spec = self.spec
        bounds = ", ".join(spec.choices) if spec.kind == "choice" else bounds_text(spec.bounds)
        parts = (
            spec.path,
            bounds,
            translate("OptionRow", "default {value}").format(value=shown(self._default, option_unit(spec.unit))),
            spec.environment_name,
        )
        return "   ·   ".join(filter(None, parts))

    def _compose(self) -> None:
        chips = QHBoxLayout()
        chips.setSpacing(Space.SMALL)
        chips.addWidget(self._name)
        if self.spec.risk in _RISKS:
            risk = Pill(ratio=0.9)
            risk.say(_RISKS[self.spec.risk], risk_word(self.spec.risk))
            chips.addWidget(risk)
        if self.spec.restart:
            restart = Pill(ratio=0.9)
            restart.say(_RESTART, translate("OptionRow", "At the next start"))
            chips.addWidget(restart)
        chips.addWidget(self._held)
        chips.addWidget(self._changed)
        chips.addStretch(1)
        left = QVBoxLayout()
        left.setSpacing(Space.TIGHT)
        left.addLayout(chips)
        left.addWidget(self._text)
        left.addWidget(self._details)
        left.addWidget(self._problem)
        left.addStretch(1)
        self.editor.setFixedWidth(EDITOR_WIDTH_PX)
        right = QGridLayout()
        right.setHorizontalSpacing(Space.SMALL)
        right.setVerticalSpacing(Space.TIGHT)
        right.addWidget(self.editor, 0, 0)
        right.addWidget(self._unit, 0, 1)
        right.addWidget(self._reset, 0, 2)
        right.addWidget(self._now, 1, 0, 1, 3)
        right.setColumnMinimumWidth(1, 96)
        right.setColumnStretch(1, 1)
        right.setRowStretch(2, 1)
        side = QWidget()
        side.setFixedWidth(EDITOR_WIDTH_PX + 96 + 120)
        side.setLayout(right)
        right.setContentsMargins(0, 0, 0, 0)
        words = QWidget()
        left.setContentsMargins(0, 0, 0, 0)
        words.setLayout(left)
        beside, below = [[(0, 1), (1, 0)]], [[(0, 1)], [(1, 0)]]
        row = QVBoxLayout(self)
        row.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        row.addWidget(Reflow((words, side), (beside, below)))
