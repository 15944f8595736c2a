"""The panel's program as `evenkeel` runs it, that says on standard output what a person reads.

    python -m tests.rehearse.played (the arguments of `evenkeel`)

One line of JSON (`Shown`) whenever it changes. On standard input `place NAME` asks where the widget of that name or
text is, `texts` for all that can be read, `buttons` for all that can be clicked. On
SIGUSR1 it says where each thread is. The rest is the program itself.
"""

from __future__ import annotations

import asyncio
import faulthandler
import itertools
import json
import signal
import sys
import threading
from dataclasses import asdict, dataclass, replace

from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPlainTextEdit, QTextEdit, QWidget

from gui import program
from gui.main import main
from gui.pill import Pill
from gui.window import MainWindow
from tests.gui.walked import Place, in_sight

HEADER_LOOKED_EVERY_S = 0.03
LOOKED_EVERY = 8
"""All else is looked at one time in so many: walking the whole window costs what the panel needs for itself."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What is before a person.

    header: all words of the strip above the pages. page, over, window, focus: as in `tests.gui.walked.Sight`. dialog:
    the words of the dialog in front. notices: what is said above the page.
    """

    header: str
    page: str
    over: str
    window: int
    focus: str
    dialog: str
    notices: str


def words_in(widget: QWidget | None) -> list[str]:
    """All that can be read in a widget, in the order in which it was made."""
    said: list[str] = []
    if widget is None:
        return said
    for one in widget.findChildren(QWidget):
        if not one.isVisible():
            continue
        if isinstance(one, Pill | QLabel | QAbstractButton):
            said.append(one.text if isinstance(one, Pill) else one.text())
        elif isinstance(one, QTextEdit | QPlainTextEdit):
            said.append(one.toPlainText())
    return [text for text in said if text]


def header_of(window: MainWindow) -> str:
    """The words of the strip above the pages, without those on its buttons."""
    buttons = {button.text() for button in window.header.findChildren(QAbstractButton)}
    return " | ".join(word for word in words_in(window.header) if word not in buttons)


def shown_by(window: MainWindow) -> Shown:
    """What is before a person now."""
    sight = in_sight(window)
    return Shown(
        header=header_of(window),
        page=sight.page,
        over=sight.over,
        window=sight.window,
        focus=sight.focus,
        dialog=" | ".join(words_in(QApplication.activeModalWidget())),
        notices=" | ".join(words_in(window.notices)),
    )


def buttons_in(widget: QWidget) -> list[str]:
    """What can be clicked now, by text or name."""
    buttons = [one for one in widget.findChildren(QAbstractButton) if one.isVisible() and one.isEnabled()]
    return [button.text() or button.accessibleName() for button in buttons]


def place_of(name: str) -> Place:
    """Where what has this name or text is, of what is in sight; in the dialog in front, where there is one."""
    front = QApplication.activeModalWidget() or QApplication.activeWindow()
    for widget in () if front is None else front.findChildren(QWidget):
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if name in (widget.accessibleName(), text) and widget.isVisible() and widget.isEnabled():
            middle = widget.mapToGlobal(widget.rect().center()) * widget.devicePixelRatioF()
            return Place(name, middle.x(), middle.y())
    return Place(name, None, None)


class PlayedProgram(program.Program):
    """Says what is in sight while it runs, and answers questions about it."""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()

        def listen() -> None:
            for line in sys.stdin:
                try:
                    loop.call_soon_threadsafe(self._answer, line.strip())
                except RuntimeError:  # the loop has ended
                    return

        threading.Thread(target=listen, name="standard input", daemon=True).start()
        telling = asyncio.create_task(self._tell(), name="sight")
        try:
            return await super().run()
        finally:
            telling.cancel()
            await asyncio.wait((telling,))

    def _answer(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "place":
            print(json.dumps(asdict(place_of(rest))), flush=True)
        else:
            tops = [top for top in QApplication.topLevelWidgets() if top.isVisible()]
            texts = [text for top in tops for text in (buttons_in(top) if word == "buttons" else words_in(top))]
            print(json.dumps({"texts": texts}), flush=True)

    async def _tell(self) -> None:
        last: Shown | None = None
        for turn in itertools.count():
            header = header_of(self._window)
            if last is None or turn % LOOKED_EVERY == 0:
                now = shown_by(self._window)
            else:
                now = replace(last, header=header)
            if now != last:
                print(json.dumps(asdict(now)), flush=True)
                last = now
            await asyncio.sleep(HEADER_LOOKED_EVERY_S)


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)
    program.Program = PlayedProgram  # type: ignore[misc]
    sys.exit(main())
