"""One editor for each kind of value. None clamps or corrects: what was typed is checked and said to be wrong."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from engine.core.option_catalogue import plain
from engine.core.options import OptionSpec
from gui.sentences.declared import choice_word, option_text
from gui.theme import number_font, set_look

_NUMBERS = frozenset({"int", "float", "decimal"})


class Editor(QWidget):
    """`value` is what the draft gets; `edited` is emitted when the operator changes it."""

    edited = Signal()

    def __init__(self, spec: OptionSpec, field: QWidget) -> None:
        super().__init__()
        self.field = field
        field.setAccessibleName(spec.path)
        field.setAccessibleDescription(option_text(spec))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(field)
        self.setFocusProxy(field)

    def value(self) -> Any:
        """What stands in the editor, as a draft takes it."""
        raise NotImplementedError

    def show_value(self, value: Any) -> None:
        """Show `value` as Python has it, without `edited`."""
        raise NotImplementedError

    def mark(self, *, invalid: bool) -> None:
        """Frame the field while what stands in it cannot be."""
        set_look(self.field, invalid=invalid)


class _Text(Editor):
    def __init__(self, spec: OptionSpec) -> None:
        self._line = QLineEdit()
        super().__init__(spec, self._line)
        if spec.kind in _NUMBERS:
            self._line.setFont(number_font(self._line.font()))
            self._line.setAlignment(Qt.AlignmentFlag.AlignRight)
        if spec.optional:
            self._line.setPlaceholderText(self.tr("not set"))
        self._line.textEdited.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        return self._line.text().strip()

    def show_value(self, value: Any) -> None:
        shown = plain(value)
        text = "" if shown is None else str(shown)
        if text != self._line.text():
            self._line.setText(text)


class _Check(Editor):
    def __init__(self, spec: OptionSpec) -> None:
        self._box = QCheckBox()
        super().__init__(spec, self._box)
        self._box.clicked.connect(lambda _: self._changed())
        self._say()

    def value(self) -> bool:
        return self._box.isChecked()

    def show_value(self, value: Any) -> None:
        self._box.setChecked(bool(value))
        self._say()

    def _changed(self) -> None:
        self._say()
        self.edited.emit()

    def _say(self) -> None:
        self._box.setText(self.tr("On") if self._box.isChecked() else self.tr("Off"))


class _NoWheelCombo(QComboBox):
    """Scrolling through the page must not change an option that lies under the pointer."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class _Choice(Editor):
    def __init__(self, spec: OptionSpec) -> None:
        self._combo = _NoWheelCombo()
        super().__init__(spec, self._combo)
        self._combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        if spec.optional:
            self._combo.addItem(self.tr("not set"), "")
        for choice in spec.choices:
            self._combo.addItem(choice_word(choice), choice)
        self._combo.activated.connect(lambda _: self.edited.emit())

    def value(self) -> str:
        return str(self._combo.currentData())

    def show_value(self, value: Any) -> None:
        shown = plain(value)
        self._combo.setCurrentIndex(max(0, self._combo.findData("" if shown is None else shown)))


def editor(spec: OptionSpec) -> Editor:
    """The editor that fits the option."""
    if spec.kind == "bool":
        return _Check(spec)
    if spec.kind == "choice":
        return _Choice(spec)
    return _Text(spec)
