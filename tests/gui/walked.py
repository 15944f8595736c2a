"""The panel's program as `evenkeel` runs it, that says on standard output what a person has before them.

    python -m tests.gui.walked (the arguments of `evenkeel`)

One line of JSON (`Sight`) whenever it changes. A line on standard input is the accessible name of a widget; the answer
is one line of JSON (`Place`) with the middle of it on the screen. Everything else is the program itself.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from dataclasses import asdict, dataclass

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QWidget

from gui import program
from gui.main import main
from gui.overlay import Overlay
from gui.window import MainWindow

LOOKED_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Sight:
    """What is before a person.

    page: the page's name. over: the class of the dialog, menu or sheet above it, empty without one. step: of the
    first steps, from 1; 0 elsewhere. switch: where the master switch stands, empty while nothing is acknowledged.
    window: the X id of the window that takes the keys. focus: the accessible name of what has the keyboard in it.
    """

    page: str
    over: str
    step: int
    switch: str
    window: int
    focus: str


@dataclass(frozen=True, slots=True)
class Place:
    """The middle of a widget on the screen, in pixels of the screen; None where nothing in sight has that name."""

    name: str
    x: int | None
    y: int | None


def in_sight(window: MainWindow) -> Sight:
    """What is in sight now."""
    popup, dialog = QApplication.activePopupWidget(), QApplication.activeModalWidget()
    sheet = next((one for one in window.findChildren(Overlay) if one.isVisible()), None)
    over = popup or dialog or sheet
    front = dialog or window
    focus = front.focusWidget()
    standing = None if window.model is None else window.model.mode
    steps, step = getattr(dialog, "steps", ()), getattr(dialog, "step", None)
    return Sight(
        page=window.page,
        over="" if over is None else type(over).__name__,
        step=steps.index(step) + 1 if step in steps else 0,
        switch="" if standing is None else standing.switch.value,
        window=int(front.winId()),
        focus="" if focus is None else focus.accessibleName(),
    )


def place_of(name: str) -> Place:
    """Of one in sight whose accessible name begins so."""
    for widget in QApplication.allWidgets():
        if widget.accessibleName().startswith(name) and widget.isVisible() and not isinstance(widget, Overlay):
            middle = _on_screen(widget)
            return Place(name, middle.x(), middle.y())
    return Place(name, None, None)


def _on_screen(widget: QWidget) -> QPoint:
    return widget.mapToGlobal(widget.rect().center()) * widget.devicePixelRatioF()


class WalkedProgram(program.Program):
    """Says what is in sight while it runs."""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()

        def answer(line: str) -> None:
            print(json.dumps(asdict(place_of(line.strip()))), flush=True)

        def listen() -> None:
            for line in sys.stdin:
                try:
                    loop.call_soon_threadsafe(answer, line)
                except RuntimeError:  # the loop has ended
                    return

        threading.Thread(target=listen, name="standard input", daemon=True).start()
        telling = asyncio.create_task(self._tell(), name="sight")
        try:
            return await super().run()
        finally:
            telling.cancel()
            await asyncio.wait((telling,))

    async def _tell(self) -> None:
        last = None
        while True:
            now = in_sight(self._window)
            if now != last:
                print(json.dumps(asdict(now)), flush=True)
                last = now
            await asyncio.sleep(LOOKED_EVERY_S)


if __name__ == "__main__":
    program.Program = WalkedProgram  # type: ignore[misc]
    sys.exit(main())
