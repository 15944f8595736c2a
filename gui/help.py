"""Every action and its key, made from the table of actions."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from gui.actions import ACTIONS, spoken
from gui.dialogs import Dialog
from gui.looks import Look
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate


class ShortcutsDialog(Dialog):
    """A page of help; `open()` it, it goes by itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(
            parent,
            translate("ShortcutsDialog", "Keyboard shortcuts"),
            translate("ShortcutsDialog", "Every action has a key; Tab and Shift+Tab go from field to field."),
            agree=translate("ShortcutsDialog", "Close"),
            decline="",
            look=Look("help", "?", Tone.PAPER),
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.decline_button.hide()
        self.agree_button.setDefault(True)
        rows = QGridLayout()
        rows.setHorizontalSpacing(Space.WIDE)
        rows.setVerticalSpacing(Space.TIGHT)
        for at, spec in enumerate(ACTIONS):
            keys = QLabel(
                "  ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in spec.keys)
            )
            tip = QLabel(spoken(spec.tip))
            set_look(tip, role="muted")
            rows.addWidget(keys, at, 0)
            rows.addWidget(QLabel(spoken(spec.text).rstrip("…")), at, 1)
            rows.addWidget(tip, at, 2)
        rows.setColumnStretch(2, 1)
        self.body.addLayout(rows)
