"""Why a row is there: the rule with its numbers and limits, what was expected and what came, and what belongs to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.journal_query import JournalRow
from engine.desk.journal_export import as_data
from gui import formats
from gui.journal.comparison import Compared, compared
from gui.journal.lines import Line, line_of
from gui.journal.names import Figure, figures, inputs, limits
from gui.journal.words import engine_word, kind_word, mode_of, standing, what
from gui.labels import Prose
from gui.pill import Pill
from gui.sentences import lowered, word
from gui.sentences.recorded import recorded_sentence
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, scaled_font, set_look

translate = QCoreApplication.translate
LEAST_HEIGHT_PX = 236


class _Words(QWidget):
    """Asks for the height that its words need at the width it has; words that wrap ask for theirs at the least one."""

    def heightForWidth(self, width: int) -> int:
        return self.layout().minimumHeightForWidth(width)

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self.heightForWidth(max(1, self.width())))


class Explanation(QFrame):
    """`show_row` fills it. picked: the number of another row that belongs to this one and was opened."""

    picked = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: JournalRow | None = None
        self.related: tuple[JournalRow, ...] = ()
        self._title = QLabel()
        self._title.setFont(scaled_font(self._title.font(), 1.2, bold=True))
        self.state = Pill()
        self.why = Prose()
        self.answer = Prose()
        self.about = Prose(muted=True)
        for prose in (self.why, self.answer, self.about):
            prose.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.compared: RowsModel[Compared] = RowsModel(_compared_columns(), key=lambda one: one.at)
        self.inputs: RowsModel[Figure] = RowsModel(_figure_columns(), key=lambda one: one.at)
        self.limits: RowsModel[Figure] = RowsModel(_figure_columns(), key=lambda one: one.at)
        self.others: RowsModel[Line] = RowsModel(_line_columns(), key=lambda one: one.number)
        self.copy_text_button = QPushButton(self.tr("Copy as text"))
        self.copy_json_button = QPushButton(self.tr("Copy as JSON"))
        self._sections: list[tuple[QLabel, LiveTable, RowsModel[Any]]] = []
        self._compose()
        self.copy_text_button.clicked.connect(self.copy_text)
        self.copy_json_button.clicked.connect(self.copy_json)
        self.show_nothing()

    def show_nothing(self, why: str = "") -> None:
        """No row is chosen."""
        self.row, self.related = None, ()
        self._title.setText(self.tr("Why"))
        self.state.hide()
        self.why.say(why or self.tr("Choose a row to see its rule, its inputs, and what it cost and brought."))
        self.answer.hide()
        self.about.say("")
        for model in (self.compared, self.inputs, self.limits, self.others):
            model.show_rows(())
        self._show_sections()

    def show_row(self, row: JournalRow, related: Sequence[JournalRow]) -> None:
        """Explain `row`."""
        self.row, self.related = row, tuple(related)
        said, look = standing(row)
        self._title.setText(what(row))
        self.state.say(look, said)
        self.state.show()
        self.why.say(reason_text(row) or self.tr("No rule is recorded with it: it is something that happened."))
        answer = answer_text(row)
        self.answer.setVisible(bool(answer))
        self.answer.say(answer)
        self.about.say("\n".join(about_lines(row, related)))
        self.compared.show_rows(compared(row, related))
        self.inputs.show_rows(_numbered([*figures(inputs(row.reason), _room(row)), *figures(row.payload, row.engine)]))
        self.limits.show_rows(figures(limits(row.reason), _room(row)))
        self.others.show_rows([line_of(one) for one in related])
        self._show_sections()
        self.setAccessibleDescription(f"{what(row)}. {said}. {self.why.text()}")

    def copy_text(self) -> None:
        """What is explained goes to the clipboard, as lines of text."""
        if self.row is not None:
            QGuiApplication.clipboard().setText(self.as_text())

    def copy_json(self) -> None:
        """The row and what belongs to it go to the clipboard, as they are exported."""
        if self.row is not None:
            data = {**as_data(self.row), "related": [as_data(one) for one in self.related]}
            QGuiApplication.clipboard().setText(json.dumps(data, ensure_ascii=False, indent=2))

    def as_text(self) -> str:
        """Everything that is shown, as lines."""
        lines = [f"{self._title.text()} – {self.state.text}", self.why.text()]
        lines += [self.answer.text()] if not self.answer.isHidden() else []
        lines += self.about.text().splitlines()
        for title, _, model in self._sections:
            if model.rows:
                lines += ["", title.text(), *(_row_text(row) for row in model.rows)]
        return "\n".join(line for line in lines)

    def _show_sections(self) -> None:
        for title, view, model in self._sections:
            for widget in (title, view):
                widget.setVisible(bool(model.rows))
        for button in (self.copy_text_button, self.copy_json_button):
            button.setEnabled(self.row is not None)

    def _compose(self) -> None:
        set_look(self, card=True)
        self.setAccessibleName(self.tr("Why: what explains the chosen row"))
        self.setMinimumHeight(LEAST_HEIGHT_PX)
        row = QHBoxLayout(self)
        row.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.MEDIUM)
        row.setSpacing(Space.LARGE)
        rule, numbers, others = QVBoxLayout(), QVBoxLayout(), QVBoxLayout()
        row.addWidget(self._rule(rule), 5)
        row.addLayout(numbers, 4)
        row.addLayout(others, 4)
        for column, text, model, stretch, share in (
            (rule, self.tr("Expected against real"), self.compared, 0, 50),
            (numbers, self.tr("Limits"), self.limits, 1, 2),
            (numbers, self.tr("Inputs"), self.inputs, 1, 5),
            (others, self.tr("Belongs to it"), self.others, 1, 1),
        ):
            column.setSpacing(Space.TIGHT)
            self._add_section(column, text, model, stretch, share)
        rule.addStretch(1)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.copy_text_button)
        foot.addWidget(self.copy_json_button)
        others.addStretch(0)
        others.addLayout(foot)

    def _rule(self, column: QVBoxLayout) -> QScrollArea:
        """The words, which scroll where they need more room than there is."""
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addSpacing(Space.SMALL)
        top.addWidget(self.state)
        top.addStretch(1)
        inside = _Words()
        inside.setLayout(column)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(top)
        for prose in (self.why, self.answer, self.about):
            policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
            policy.setHeightForWidth(True)
            prose.setSizePolicy(policy)
            column.addWidget(prose)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("Rule, answer and times"))
        area.setWidget(inside)
        area.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)  # the card's own ground shows
        return area

    def _add_section(self, column: QVBoxLayout, text: str, model: RowsModel[Any], stretch: int, share: int) -> None:
        title = QLabel(text)
        set_look(title, role="title")
        view = LiveTable(model, text, stretch=stretch)
        view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        view.setMinimumHeight(view.horizontalHeader().sizeHint().height() + 2 * view.fontMetrics().height())
        if model is self.others:
            view.activated.connect(lambda index: self.picked.emit(model.rows[index.row()].number))
            view.setToolTip(self.tr("Enter or a double click opens the row"))
        column.addWidget(title)
        column.addWidget(view, share)
        self._sections.append((title, view, model))


def reason_text(row: JournalRow) -> str:
    """The rule, as a sentence."""
    return line_of(row).why if row.is_fact else recorded_sentence(row.reason)


def answer_text(row: JournalRow) -> str:
    """What was answered, where it is more than that it went through."""
    if row.outcome is None:
        return "" if row.is_fact else translate("Explanation", "No outcome is recorded yet.")
    if "code" in row.outcome:
        return translate("Explanation", "Answer: {said}").format(said=recorded_sentence(row.outcome))
    return ""


def about_lines(row: JournalRow, related: Sequence[JournalRow]) -> list[str]:
    """Who, in which mode and under which revision of the options; when it was decided, answered and settled."""
    by = translate("Explanation", "{engine} · {kind} · {mode}").format(
        engine=engine_word(row.engine), kind=kind_word(row.engine, row.kind), mode=word(mode_of(row))
    )
    if row.revision is not None:
        by += translate("Explanation", " · revision {revision} of the options").format(revision=row.revision)
    times = [formats.date_time(row.at_s)]
    if row.took_s is not None:
        times.append(translate("Explanation", "answered after {time}").format(time=short_time(row.took_s)))
    ends = [one for one in related if one.is_fact and one.kind in ("fill", "round_trip", "rebalance", "batch")]
    if ends and not row.is_fact:
        last = ends[-1]
        times.append(
            translate("Explanation", "{what} after {time}").format(
                what=lowered(kind_word(last.engine, last.kind)), time=short_time(last.at_s - row.at_s)
            )
        )
    return [by, " · ".join(times), row.key]


def short_time(seconds: float) -> str:
    """`340 ms`, else as any duration."""
    return f"{max(0, round(seconds * 1000))} ms" if seconds < 1 else formats.duration(seconds)


def _numbered(rows: Sequence[Figure]) -> list[Figure]:
    """What both the reason and the payload say is shown once."""
    once = {(one.name, one.text): one for one in reversed(rows)}
    kept = [one for one in rows if once[one.name, one.text] is one]
    return [Figure(at, one.name, one.text, one.whole) for at, one in enumerate(kept)]


def _room(row: JournalRow) -> str:
    return str((row.reason or {}).get("code", "")).partition(".")[0]


def _row_text(row: Any) -> str:
    if isinstance(row, Figure):
        return f"{row.name}: {row.whole or row.text}"
    if isinstance(row, Compared):
        return f"{row.name}: {row.expected} / {row.real} ({row.difference})"
    return f"{formats.date_time(row.at_s)}  {row.what}  {row.numbers}  {row.state}"


def _figure_columns() -> tuple[Column[Figure], ...]:
    return (
        Column(translate("Explanation", "Name"), lambda one: one.name),
        Column(translate("Explanation", "Value"), lambda one: one.text, hint=lambda one: one.whole),
    )


def _compared_columns() -> tuple[Column[Compared], ...]:
    return (
        Column(translate("Explanation", "Figure"), lambda one: one.name),
        Column(translate("Explanation", "Expected"), lambda one: one.expected, right=True),
        Column(translate("Explanation", "Real"), lambda one: one.real, right=True),
        Column(
            translate("Explanation", "Difference"), lambda one: one.difference, right=True, tone=lambda one: one.tone
        ),
    )


def _line_columns() -> tuple[Column[Line], ...]:
    return (
        Column(translate("Explanation", "Time"), lambda one: formats.clock_time(one.at_s)),
        Column(
            translate("Explanation", "What"), lambda one: f"{one.what} – {one.numbers}" if one.numbers else one.what
        ),
        Column(
            translate("Explanation", "State"),
            lambda one: f"{one.look.glyph} {one.state}",
            tone=lambda one: one.look.tone,
        ),
    )
