"""Icons drawn from lines on a 24 by 24 field, in any colour and sharp at any scaling.

Each has a meaning of its own by its shape alone, so that nothing is told by colour only (panel spec 10).
"""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QLabel, QWidget

from gui.theme import Tone, theme_of

_SHAPES = {
    "buy": '<path class="f" d="M7 4.5v15l12-7.5z"/>',
    "sell": '<path class="f" d="M17 4.5v15l-12-7.5z"/>',
    "run": '<path class="f" d="M7 4.5v15l12-7.5z"/>',
    "pause": '<path class="f" d="M6 5h4.2v14H6zM13.8 5H18v14h-4.2z"/>',
    "stop": '<path class="f" d="M5.5 5.5h13v13h-13z"/>',
    "neutral": '<path d="M5 9h14M5 15h14"/>',
    "off": '<circle cx="12" cy="12" r="7.5"/><path d="M6.7 17.3 17.3 6.7"/>',
    "held": '<path d="M8 11V8a4 4 0 0 1 8 0v3"/><path class="f" d="M6 11h12v9H6z"/>',
    "damped": '<path d="M2.5 12c2-8 4-8 5.5 0s3.2 6 4.6 0 2.6-3.4 3.6 0 2 1.6 5.3 0"/>',
    "starting": '<circle cx="12" cy="12" r="7.5" stroke-dasharray="3.2 2.7"/>',
    "absent": '<path stroke-dasharray="2.6 2.6" d="M5 5h14v14H5z"/>',
    "mode-off": '<circle cx="12" cy="12" r="7.5"/>',
    "mode-observe": '<path d="M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12z"/>'
    '<circle class="f" cx="12" cy="12" r="2.4"/>',
    "mode-paper": '<path d="M6 3.5h8l4.5 4.5v12.5H6z"/><path d="M13.5 3.8v4.7h4.7"/>',
    "mode-live": '<path class="f" d="M12 2.8 21.2 12 12 21.2 2.8 12z"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11v5.5M12 7.4v.4"/>',
    "warning": '<path d="M12 4 21.3 20H2.7z"/><path d="M12 10v4.6M12 17v.4"/>',
    "danger": '<path d="M8.3 3.5h7.4l4.8 4.8v7.4l-4.8 4.8H8.3l-4.8-4.8V8.3z"/><path d="m9 9 6 6m0-6-6 6"/>',
    "done": '<circle cx="12" cy="12" r="8.5"/><path d="m8 12.3 2.8 2.8L16 9.6"/>',
    "overview": '<path d="M4 4h7v9H4zM13 4h7v5h-7zM13 11h7v9h-7zM4 15h7v5H4z"/>',
    "governor": '<path d="M4.2 17.5a9 9 0 1 1 15.6 0"/><path d="m12 13 4-5.2"/>'
    '<circle class="f" cx="12" cy="13" r="1.6"/>',
    "drift": '<path d="M12 3.5v17M7.5 20.5h9M4.5 7h15"/><path d="m4.5 7-2.3 6.2h4.6zM19.5 7l-2.3 6.2h4.6z"/>',
    "hub": '<circle cx="12" cy="12" r="2.8"/><path d="M12 9.2V3.5M9.6 13.4l-5 3.1M14.4 13.4l5 3.1"/>',
    "journal": '<path d="M5 3.5h14v17H5z"/><path d="M8.5 8h7M8.5 12h7M8.5 16h4"/>',
    "settings": '<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2"/><circle cx="9" cy="17" r="2"/>',
    "keys": '<circle cx="8" cy="12" r="4"/><path d="M12 12h9.5M18 12v4"/>',
    "bell": '<path d="M6.5 16v-5a5.5 5.5 0 0 1 11 0v5l1.8 2.2H4.7z"/><path d="M10 20.8a2.1 2.1 0 0 0 4 0M12 3.2v2.3"/>',
    "copy": '<path d="M8.5 8.5h11v11h-11z"/><path d="M5.5 15.5h-1v-11h11v1"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "help": '<circle cx="12" cy="12" r="8.5"/>'
    '<path d="M9.6 9.6a2.5 2.5 0 1 1 3.6 2.2c-.9.5-1.2 1-1.2 1.9M12 16.6v.4"/>',
    "look": '<circle cx="12" cy="12" r="8.5"/><path class="f" d="M12 3.5a8.5 8.5 0 0 1 0 17z"/>',
    "close": '<path d="m6 6 12 12M18 6 6 18"/>',
    "undo": '<path d="M8.5 5 4.5 9l4 4"/><path d="M4.5 9h9a5.5 5.5 0 0 1 0 11H8"/>',
    "reload": '<path d="M19.5 12a7.5 7.5 0 1 1-2.3-5.4"/><path d="M19.8 3v4.4h-4.4"/>',
    "save": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "search": '<circle cx="10.5" cy="10.5" r="6"/><path d="m15 15 5.5 5.5"/>',
    "delete": '<path d="M4.5 6.5h15M9 6.5V4h6v2.5M6.5 6.5l1 13.5h9l1-13.5"/>',
    "quit": '<path d="M12 3.5v8"/><path d="M7 6.4a7.5 7.5 0 1 0 10 0"/>',
}

NAMES = frozenset(_SHAPES)


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    shape = _SHAPES[name].replace('class="f"', f'fill="{colour}" stroke-linejoin="miter"')
    markup = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><g fill="none" '
        f'stroke="{colour}" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">{shape}</g></svg>'
    )
    return QSvgRenderer(QByteArray(markup.encode()))


def paint_icon(painter: QPainter, name: str, colour: str, area: QRectF) -> None:
    """Draw the icon `name` into `area`."""
    _renderer(name, colour).render(painter, area)


class _LineIcon(QIconEngine):
    """Paints at whatever size and scaling it is asked for."""

    def __init__(self, name: str, colour: str, disabled: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour
        self._disabled = disabled

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name, self._colour, self._disabled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        colour = self._disabled if mode is QIcon.Mode.Disabled else self._colour
        paint_icon(painter, self._name, colour, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, made.rect(), mode, state)
        painter.end()
        return made


def icon(name: str, colour: str, disabled: str = "") -> QIcon:
    """The icon `name` in `colour`. Raises KeyError for an unknown name."""
    if name not in _SHAPES:
        raise KeyError(f"there is no icon {name!r}; it is one of {', '.join(sorted(_SHAPES))}")
    return QIcon(_LineIcon(name, colour, disabled or colour))


class IconLabel(QLabel):
    """An icon on its own; `say` gives it a shape and a tone, and a name for those who cannot see it."""

    def __init__(self, size_px: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[str, Tone | None] | None = None
        self.setFixedSize(size_px, size_px)

    def say(self, name: str, tone: Tone | None, meaning: str = "") -> None:
        """Show `name` in the colour of `tone`, muted without one; `meaning` is read out by screen readers."""
        self.setAccessibleName(meaning)
        if self._shown != (name, tone):
            self._shown = name, tone
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._shown is None:
            return
        name, tone = self._shown
        theme = theme_of()
        painter = QPainter(self)
        paint_icon(painter, name, theme.tones[tone].text if tone else theme.muted, QRectF(self.rect()))
        painter.end()
