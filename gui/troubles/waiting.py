"""What waits for a person, a row each: what, since when, and a button for each way out; hidden while nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from engine.core.troubles import Trouble, Way
from gui import formats
from gui.icons import IconLabel
from gui.labels import Prose
from gui.looks import SEVERITIES
from gui.sentences import sentence
from gui.theme import Space, scaled_font, set_look
from gui.troubles.words import way_word

translate = QCoreApplication.translate

Choose = Callable[[Trouble, Way], None]


class WaitingRow(QWidget):
    """One state that waits. Once it is `over` it says so and offers nothing, and keeps its place."""

    def __init__(self, trouble: Trouble, choose: Choose) -> None:
        super().__init__()
        self._choose = choose
        self._since = QLabel()
        set_look(self._since, role="muted")
        self._text = Prose()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(Space.SMALL)
        self.ways: dict[Way, QPushButton] = {}
        self.trouble = trouble
        self.over = False
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        icon = IconLabel(18)
        icon.say(SEVERITIES["warning"].icon, SEVERITIES["warning"].tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Space.MEDIUM)
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._since, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        row.addLayout(self._buttons)
        self._show()

    @property
    def words(self) -> str:
        """What is said of it."""
        return self._text.text()

    def show_trouble(self, trouble: Trouble) -> None:
        """Say how it stands now."""
        if trouble != self.trouble or self.over:
            self.trouble, self.over = trouble, False
            self._show()

    def show_over(self) -> None:
        """Say that it waits no more."""
        if not self.over:
            self.over = True
            self._text.say(translate("Waiting", "This waits no more."))
            if _within(self, self.window().focusWidget()):
                self.setFocus(Qt.FocusReason.OtherFocusReason)  # or the keyboard would go on to another row's button
            for button in self.ways.values():
                button.setEnabled(False)

    def _show(self) -> None:
        trouble = self.trouble
        said = sentence(trouble.reason)
        self._since.setText(translate("Waiting", "since {time}").format(time=formats.clock_time(trouble.since_s)))
        self._text.say(said)
        self.setAccessibleName(f"{said} {self._since.text()}")
        if tuple(self.ways) != trouble.ways:
            self._show_ways()
        for button in self.ways.values():
            button.setEnabled(True)

    def _show_ways(self) -> None:
        """A button whose way does the same as before keeps its place and the keyboard; only its effect is new."""
        old = {(way.verb, way.target): button for way, button in self.ways.items()}
        self.ways = {}
        for way in self.trouble.ways:
            button = old.pop((way.verb, way.target), None) or self._made(way)
            effect = sentence(way.effect)
            button.setToolTip(effect)
            button.setAccessibleDescription(effect)
            self.ways[way] = button
        for gone in old.values():
            self._buttons.removeWidget(gone)
            gone.deleteLater()

    def _made(self, way: Way) -> QPushButton:
        button = QPushButton(translate("Waiting", "{way}…").format(way=way_word(way)))
        button.setAccessibleName(f"{way_word(way)} ({self.trouble.name})")
        button.setAutoDefault(True)
        button.clicked.connect(lambda: self._asked(way.verb, way.target))
        self._buttons.addWidget(button)
        return button

    def _asked(self, verb: str, target: str) -> None:
        way = next((way for way in self.ways if (way.verb, way.target) == (verb, target)), None)
        if way is not None:
            self._choose(self.trouble, way)


class Waiting(QFrame):
    """A card of `WaitingRow`. max_rows: the others are counted, and are on the page `elsewhere` names."""

    def __init__(self, choose: Choose, *, max_rows: int | None = None, elsewhere: str = "") -> None:
        super().__init__()
        set_look(self, card=True)
        self._choose = choose
        self._max_rows = max_rows
        self._elsewhere = elsewhere
        self.rows: dict[str, WaitingRow] = {}
        self._title = QLabel(translate("Waiting", "Waits for you"))
        self._title.setFont(scaled_font(self._title.font(), 1.15, bold=True))
        self._more = QLabel()
        set_look(self._more, role="muted")
        self._column = QVBoxLayout()
        self._column.setSpacing(Space.SMALL)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addWidget(self._title)
        column.addLayout(self._column)
        column.addWidget(self._more)
        self.setAccessibleName(self._title.text())
        self.show_troubles(())

    def show_troubles(self, troubles: Iterable[Trouble]) -> None:
        """Show these. Those that were there keep their place, new ones come last; one that is over stays where it is
        while the pointer or the keyboard is here, so that nothing moves under the hand.
        """
        now = {trouble.name: trouble for trouble in troubles}
        for name in [name for name in self.rows if name not in now]:
            self.rows[name].show_over()
        if not self._in_use:
            for name in [name for name, row in self.rows.items() if row.over and name not in now]:
                row = self.rows.pop(name)
                self._column.removeWidget(row)
                row.deleteLater()
        for name, trouble in now.items():
            if name in self.rows:
                self.rows[name].show_trouble(trouble)
            else:
                self.rows[name] = WaitingRow(trouble, self._choose)
                self._column.addWidget(self.rows[name])
        self._show_as_many_as_fit(list(self.rows.values()))

    def focus_first(self) -> None:
        """Give the keyboard to the first way out."""
        buttons = (button for row in self.rows.values() for button in row.ways.values() if button.isEnabled())
        first = next(buttons, None)
        if first is not None:
            first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def _in_use(self) -> bool:
        return self.underMouse() or _within(self, self.window().focusWidget())

    def _show_as_many_as_fit(self, rows: Sequence[WaitingRow]) -> None:
        shown = len(rows) if self._max_rows is None else self._max_rows
        for at, row in enumerate(rows):
            row.setVisible(at < shown)
        left = len(rows) - shown
        self._more.setText(
            translate("Waiting", "{count} more on the page {page}").format(count=left, page=self._elsewhere)
            if left > 0
            else ""
        )
        self._more.setVisible(left > 0)
        self.setVisible(bool(rows))


def _within(widget: QWidget, focus: QWidget | None) -> bool:
    return focus is not None and widget.isAncestorOf(focus)
