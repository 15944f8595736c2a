"""What the journal's list is narrowed to: engine, kind, state, time, world, and a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QCoreApplication, QDateTime, QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDateTimeEdit,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from engine.core.journal_query import JournalFilter
from gui.journal.source import Wanted
from gui.journal.words import CONTEXT, ENGINES, KINDS, STATES, engine_word
from gui.theme import Space, set_look

translate = QCoreApplication.translate
TYPED_MS = 350
_HOUR_S, _DAY_S = 3600.0, 86_400.0
_BETWEEN = -1.0


class JournalFilters(QWidget):
    """changed: something else is wanted; `wanted` says what. now: the session's clock, from which spans of time end."""

    changed = Signal()

    def __init__(self, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.engine = self._choice(self.tr("Engine"), [(self.tr("Every engine"), "")])
        for engine in ENGINES:
            self.engine.addItem(engine_word(engine), engine)
        self.kind = self._choice(self.tr("Kind"), [])
        states = [(translate(CONTEXT, text), state) for state, (text, _) in STATES.items()]
        self.state = self._choice(self.tr("State"), [(self.tr("Every state"), ""), *states])
        self.period = self._choice(
            self.tr("Time"),
            [
                (self.tr("All time"), 0.0),
                (self.tr("Last hour"), _HOUR_S),
                (self.tr("Last day"), _DAY_S),
                (self.tr("Last 7 days"), 7 * _DAY_S),
                (self.tr("Last 30 days"), 30 * _DAY_S),
                (self.tr("From … to …"), _BETWEEN),
            ],
        )
        self.world = self._choice(
            self.tr("Sessions"), [(self.tr("Every session"), False), (self.tr("This exchange and mode"), True)]
        )
        self.world.setToolTip(
            self.tr("The journal keeps every session; this narrows it to the exchange account and mode of this one.")
        )
        self.from_time = self._moment(self.tr("From"))
        self.to_time = self._moment(self.tr("To, not included"))
        self.text = QLineEdit()
        self.text.setPlaceholderText(self.tr("Find in inputs, reasons, outcomes and keys"))
        self.text.setAccessibleName(self.tr("Text to find"))
        self.text.setClearButtonEnabled(True)
        self.text.setMinimumWidth(180)
        self.clear_button = QPushButton(self.tr("Show everything"))
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._compose()
        self._offer_kinds()
        self._bind()

    @property
    def wanted(self) -> Wanted:
        """What is chosen now. Spans of time end now, and begin at the whole second."""
        engine, kind, state = (box.currentData() or "" for box in (self.engine, self.kind, self.state))
        from_s, to_s = self._span()
        rows = JournalFilter(
            engines=(engine,) if engine else (),
            kinds=(kind,) if kind else (),
            states=(state,) if state else (),
            from_s=from_s,
            to_s=to_s,
            text=self.text.text().strip(),
        )
        return Wanted(rows, bool(self.world.currentData()))

    @property
    def narrowed(self) -> bool:
        """Whether anything is left out."""
        return self.wanted != Wanted()

    def clear(self) -> None:
        """Let everything through."""
        with QSignalBlocker(self):
            for box in (self.engine, self.kind, self.state, self.period, self.world):
                box.setCurrentIndex(0)
            self.text.clear()
        self._typed.stop()
        self._changed()

    def _span(self) -> tuple[float | None, float | None]:
        chosen: float = self.period.currentData()
        if chosen == _BETWEEN:
            return tuple(edit.dateTime().toMSecsSinceEpoch() / 1000 for edit in (self.from_time, self.to_time))  # type: ignore[return-value]
        return (float(int(self._now() - chosen)), None) if chosen else (None, None)

    def _changed(self) -> None:
        between = self.period.currentData() == _BETWEEN
        for widget in (self.from_time, self._until, self.to_time):
            widget.setVisible(between)
        self.clear_button.setEnabled(self.narrowed)
        self.changed.emit()

    def _engine_chosen(self) -> None:
        self._offer_kinds()
        self._changed()

    def _offer_kinds(self) -> None:
        """The kinds of the chosen engine; the one that is chosen stays where it can."""
        engine, chosen = self.engine.currentData(), self.kind.currentData()
        with QSignalBlocker(self.kind):
            self.kind.clear()
            self.kind.addItem(self.tr("Every kind"), "")
            for (of, kind), text in KINDS.items():
                if engine in ("", of):
                    self.kind.addItem(translate(CONTEXT, text), kind)
            self.kind.setCurrentIndex(max(0, self.kind.findData(chosen)))

    def _bind(self) -> None:
        self.engine.currentIndexChanged.connect(lambda _: self._engine_chosen())
        for box in (self.kind, self.state, self.period, self.world):
            box.currentIndexChanged.connect(lambda _: self._changed())
        for edit in (self.from_time, self.to_time):
            edit.editingFinished.connect(self._changed)
        self.text.textChanged.connect(lambda _: self._typed.start())
        self.text.returnPressed.connect(self._typed_out)
        self._typed.timeout.connect(self._typed_out)
        self.clear_button.clicked.connect(self.clear)

    def _typed_out(self) -> None:
        self._typed.stop()
        self._changed()

    def _choice(self, name: str, entries: Sequence[tuple[str, object]]) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for text, value in entries:
            box.addItem(text, value)
        return box

    def _moment(self, name: str) -> QDateTimeEdit:
        edit = QDateTimeEdit(QDateTime.currentDateTime())
        edit.setAccessibleName(name)
        edit.setToolTip(name)
        edit.setDisplayFormat("yyyy-MM-dd HH:mm:ss")
        edit.setCalendarPopup(True)
        edit.hide()
        return edit

    def _compose(self) -> None:
        self._until = QLabel("–")
        self._until.hide()
        set_look(self._until, role="muted")
        self.from_time.setDateTime(QDateTime.currentDateTime().addDays(-1))
        self.clear_button.setEnabled(False)
        top, below = QHBoxLayout(), QHBoxLayout()
        for row in (top, below):
            row.setSpacing(Space.SMALL)
        for box in (self.engine, self.kind, self.state, self.world):
            top.addWidget(box)
        top.addStretch(1)
        for widget in (self.period, self.from_time, self._until, self.to_time):
            below.addWidget(widget)
        below.addWidget(self.text, 1)
        below.addWidget(self.clear_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        column.addLayout(below)
