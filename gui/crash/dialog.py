"""Shows a crash bundle in full, then saves it where the operator says; it is never sent anywhere."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QFileDialog, QLabel, QPlainTextEdit, QWidget

from gui.dialogs import Dialog
from gui.looks import Look
from gui.theme import Tone, set_look

translate = QCoreApplication.translate


class CrashBundleDialog(Dialog):
    """`open()` it; Save asks for a file and leaves the dialog open, so that what came of it can be read."""

    def __init__(self, parent: QWidget, text: str) -> None:
        super().__init__(
            parent,
            translate("CrashBundleDialog", "Crash bundle"),
            translate(
                "CrashBundleDialog",
                "This is all of it. Secrets were taken out by value and by shape; read it before you hand it to "
                "anyone. It is saved where you say, and sent nowhere.",
            ),
            agree=translate("CrashBundleDialog", "Save…"),
            decline=translate("CrashBundleDialog", "Close"),
            look=Look("save", "✓", Tone.PAPER),
        )
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.shown = QPlainTextEdit(text)
        self.shown.setReadOnly(True)
        self.shown.setTabChangesFocus(True)
        self.shown.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.shown.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.shown.setAccessibleName(translate("CrashBundleDialog", "The whole bundle"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.hide()
        self.body.addWidget(self.shown, 1)
        self.body.addWidget(self.said)
        self.files: QFileDialog | None = None
        self.resize(860, 620)

    def accept(self) -> None:
        """Ask for the file."""
        files = QFileDialog(self, translate("CrashBundleDialog", "Save the crash bundle"))
        files.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        files.setNameFilter(translate("CrashBundleDialog", "Text files (*.txt)"))
        files.setDefaultSuffix("txt")
        files.selectFile(f"evenkeel-crash-{datetime.now().astimezone():%Y%m%d-%H%M%S}.txt")
        files.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        files.fileSelected.connect(self.save)
        self.files = files
        files.open()

    def save(self, name: str) -> None:
        """Write what is shown to `name`, readable by its owner alone, and say what came of it."""
        path = Path(name)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(self.shown.toPlainText())
        except OSError as error:
            text = translate("CrashBundleDialog", "It could not be saved ({why}). Choose another place.").format(
                why=error.strerror or type(error).__name__
            )
            set_look(self.said, tone=Tone.DANGER)
        else:
            text = translate("CrashBundleDialog", "Saved as {file}.").format(file=path)
            set_look(self.said, tone=Tone.ACTING)
        self.said.setText(text)
        self.said.setAccessibleName(text)
        self.said.show()
