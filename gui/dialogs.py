"""Dialogs that never nest the event loop.

A nested loop makes other tasks fail (`Cannot enter into task ... while another task ... is being executed`), so a
dialog is opened with `open()` and its answer is awaited or called back (panel spec 11).
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from gui.icons import IconLabel
from gui.looks import Look
from gui.theme import Space, scaled_font, set_look

TEXT_WIDTH_PX = 440
"""So wide at least that a sentence is read in lines rather than in words."""


class Dialog(QDialog):
    """Title with icon, a sentence, a body, and two buttons: the careful one is the default. Enter does what the
    keyboard is on: the button that has it, else the default.

    Await `answer()` in a task: it opens the dialog, returns True when the operator agreed, and closes the dialog when
    the task is cancelled.
    """

    def __init__(self, parent: QWidget, title: str, text: str, *, agree: str, decline: str, look: Look) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setModal(True)
        stop = parent.window().findChild(QAction, "switch.stop")
        if stop is not None:
            self.addAction(stop)  # a dialog keeps the window's keys from working; this one must
        icon = IconLabel(28)
        icon.say(look.icon, look.tone, title)
        heading = QLabel(title)
        heading.setFont(scaled_font(heading.font(), 1.3, bold=True))
        self.text = QLabel(text)
        self.text.setWordWrap(True)
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setMinimumWidth(TEXT_WIDTH_PX)
        self.agree_button = QPushButton(agree)
        self.decline_button = QPushButton(decline)
        set_look(self.agree_button, primary=True, tone=look.tone)
        self.decline_button.setDefault(True)
        for button in (self.agree_button, self.decline_button):
            button.installEventFilter(self)
        buttons = QDialogButtonBox()
        buttons.addButton(self.decline_button, QDialogButtonBox.ButtonRole.RejectRole)
        buttons.addButton(self.agree_button, QDialogButtonBox.ButtonRole.AcceptRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        top = QHBoxLayout()
        top.setSpacing(Space.MEDIUM)
        top.addWidget(icon)
        top.addWidget(heading, 1)
        self.body = QVBoxLayout()
        self.body.setSpacing(Space.SMALL)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.WIDE, Space.WIDE, Space.WIDE, Space.LARGE)
        column.setSpacing(Space.MEDIUM)
        column.addLayout(top)
        column.addWidget(self.text)
        column.addLayout(self.body, 1)
        column.addSpacing(Space.SMALL)
        column.addWidget(buttons)
        column.setSizeConstraint(QLayout.SizeConstraint.SetMinimumSize)

    def expect_agreement(self) -> None:
        """Make agreeing the default: for a question that follows from what a person has just chosen or typed."""
        self.agree_button.setDefault(True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A key that is still held down since the dialog was opened with it answers nothing."""
        return event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.isAutoRepeat()

    def exec(self) -> NoReturn:
        """Not here: a nested event loop breaks every other task."""
        raise RuntimeError("a dialog is opened with open() or awaited with answer(), never with exec()")

    async def answer(self) -> bool:
        """Open, wait, and say whether the operator agreed. The dialog is gone afterwards."""
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
            self.hide()
            self.deleteLater()
