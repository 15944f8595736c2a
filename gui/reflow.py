"""Cards side by side where there is room, below one another where there is not."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.theme import Space

Row = Sequence[tuple[int, int]]
"""`(index of the widget, share of the width)`, from the left."""


class Reflow(QWidget):
    """Takes the first arrangement whose rows fit, each widget at its least width; else the last one.

    shares: how the height is shared between rows; equal where not said.
    """

    def __init__(
        self,
        widgets: Sequence[QWidget],
        arrangements: Sequence[Sequence[Row]],
        shares: Sequence[int] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._widgets = tuple(widgets)
        self._arrangements = tuple(arrangements)
        self._shares = tuple(shares)
        self._shown = -1
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(Space.MEDIUM)
        policy = self.sizePolicy()
        policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self.setSizePolicy(policy)
        self._arrange(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the arrangement that fits."""
        super().resizeEvent(event)
        self._arrange(self._fitting())

    def changeEvent(self, event: QEvent) -> None:
        """A larger font needs more room."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange(self._fitting())

    def event(self, event: QEvent) -> bool:
        """A text that has grown needs more room too; one that shrinks gives none back until the next resize, so that
        nothing jumps to and fro."""
        done = super().event(event)
        if event.type() is QEvent.Type.LayoutRequest:
            self._arrange(max(self._shown, self._fitting()))
        return done

    def _fitting(self) -> int:
        fits = (n for n, rows in enumerate(self._arrangements) if self._least_width(rows) <= self.width())
        return next(fits, len(self._arrangements) - 1)

    def _least_width(self, rows: Sequence[Row]) -> int:
        return max(sum(self._least(index) for index, _ in row) + Space.MEDIUM * (len(row) - 1) for row in rows)

    def _least(self, index: int) -> int:
        widget = self._widgets[index]
        return max(widget.minimumSizeHint().width(), widget.minimumWidth())

    def _arrange(self, wanted: int) -> None:
        if wanted == self._shown:
            return
        self._shown = wanted
        while (item := self._column.takeAt(0)) is not None:
            row = item.layout()
            while row is not None and row.takeAt(0) is not None:
                pass
        for at, shares in enumerate(self._arrangements[wanted]):
            row = QHBoxLayout()
            row.setSpacing(Space.MEDIUM)
            for index, share in shares:
                row.addWidget(self._widgets[index], share)
            self._column.addLayout(row, self._shares[at] if at < len(self._shares) else 1)
        self.updateGeometry()
