"""The column at the left: one entry for each page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QVBoxLayout, QWidget

from gui.icons import paint_icon
from gui.theme import Space, scaled_font, set_look, theme_of

WIDTH_PX = 188


class _Entry(QAbstractButton):
    """A page's name with its icon; the page in sight is tinted and carries a bar."""

    def __init__(self, action: QAction, icon_name: str) -> None:
        super().__init__()
        self._icon_name = icon_name
        self._action = action
        self.setText(action.text())
        self.setToolTip(action.toolTip())
        self.setAccessibleName(action.text())
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setChecked(self._action.isChecked())
        self.setEnabled(self._action.isEnabled())

    def nextCheckState(self) -> None:
        """The action decides which page is in sight, not the click."""

    def sizeHint(self) -> QSize:
        return QSize(WIDTH_PX - 2 * Space.SMALL, self.fontMetrics().height() + Space.LARGE)

    def event(self, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.HoverEnter, QEvent.Type.HoverLeave):
            self.update()
        return super().event(event)

    def enterEvent(self, event: QEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = theme_of()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.hover))
            painter.drawRoundedRect(area, 6, 6)
        if self.isChecked():
            painter.setBrush(QColor(theme.accent))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(area.left(), area.top() + 7, 3, area.height() - 14), 1.5, 1.5)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRoundedRect(area, 6, 6)
        ink = theme.text if self.isChecked() else theme.muted
        size = 18.0
        paint_icon(painter, self._icon_name, ink, QRectF(Space.MEDIUM, (self.height() - size) / 2, size, size))
        painter.setPen(QColor(ink))
        if self.isChecked():
            painter.setFont(scaled_font(self.font(), 1.0, bold=True))
        text = self.rect().adjusted(Space.MEDIUM + 18 + Space.MEDIUM, 0, -Space.TIGHT, 0)
        painter.drawText(text, int(Qt.AlignmentFlag.AlignVCenter), self.text())
        painter.end()


class Navigation(QWidget):
    """The entries, in the order of the pages, under the program's name; the profile stands at the foot."""

    def __init__(self, pages: Sequence[tuple[QAction, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH_PX)
        name = QLabel("Evenkeel")
        name.setFont(scaled_font(name.font(), 1.35, bold=True))
        name.setContentsMargins(Space.MEDIUM, 0, 0, 0)
        self._foot = QLabel()
        self._foot.setWordWrap(True)
        self._foot.setContentsMargins(Space.MEDIUM, 0, 0, 0)
        set_look(self._foot, role="muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.SMALL, Space.LARGE, Space.SMALL, Space.MEDIUM)
        column.setSpacing(Space.HAIR)
        column.addWidget(name)
        column.addSpacing(Space.LARGE)
        for action, icon_name in pages:
            column.addWidget(_Entry(action, icon_name))
        column.addStretch(1)
        column.addWidget(self._foot)

    def say_profile(self, text: str) -> None:
        """What stands at the foot."""
        self._foot.setText(text)
