"""Title, unit and buttons of a plot above its legend."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from gui.icons import icon
from gui.plots.legend import Legend
from gui.theme import Space, set_look, theme_of


class PlotHeader(QWidget):
    """`follow` is in sight while the plot has left the present; it keeps its room."""

    def __init__(self, title: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        name, of = QLabel(title), QLabel(unit)
        set_look(name, role="title")
        set_look(of, role="muted")
        self.legend = Legend()
        self.follow = QToolButton()
        set_look(self.follow, button=True)
        self.follow.setText(self.tr("Follow"))
        self.follow.setToolTip(self.tr("Return to the present (End)"))
        self.follow.setAccessibleName(self.tr("Follow {title}").format(title=title))
        policy = self.follow.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.follow.setSizePolicy(policy)
        self.follow.hide()
        self.menu = QToolButton()
        self.menu.setAutoRaise(True)
        self.menu.setToolTip(
            self.tr("What this plot can do (Enter). Left and Right read the curves, Up and Down what happened.")
        )
        self.menu.setAccessibleName(self.tr("Menu of {title}").format(title=title))
        row = QHBoxLayout()
        row.setSpacing(Space.SMALL)
        row.addWidget(name)
        row.addWidget(of)
        row.addStretch(1)
        row.addWidget(self.follow)
        row.addWidget(self.menu)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, Space.SMALL, 0)
        column.setSpacing(Space.HAIR)
        column.addLayout(row)
        column.addWidget(self.legend)

    def recolour(self) -> None:
        """Draw the icon in the colours of the theme in force."""
        theme = theme_of()
        self.menu.setIcon(icon("menu", theme.muted, theme.disabled))
