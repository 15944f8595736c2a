"""The form: a card for each section with a row for each of its options, and what is wrong with a draft of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from engine.core.configuration import Configuration
from engine.core.option_catalogue import Catalogue
from engine.core.option_problems import OptionProblem
from gui.sentences import sentence
from gui.sentences.declared import section_title
from gui.settings.row import OptionRow
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate


def problem_sentence(problem: OptionProblem) -> str:
    """What is wrong, and on which line of the file if it stands there."""
    said = sentence(problem.expectation).replace(" .", ".").replace("..", ".")
    if problem.line is None:
        return said
    return translate("OptionForm", "Line {line}: {said}").format(line=problem.line, said=said)


class _Rule(QFrame):
    """A thin line between two rows."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(1)
        self.setObjectName("rule")


class SectionCard(QFrame):
    """One section: its title, a rule broken across its options if one is, its rows."""

    def __init__(self, section: str, rows: Iterable[OptionRow]) -> None:
        super().__init__()
        set_look(self, card=True)
        self.section = section
        self.rows = tuple(rows)
        title = QLabel(section_title(section))
        title.setFont(scaled_font(title.font(), 1.25, bold=True))
        title.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, 0)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setContentsMargins(Space.LARGE, 0, Space.LARGE, 0)
        set_look(self._problem, tone=Tone.DANGER)
        self._problem.hide()
        self._rules: list[_Rule] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, Space.SMALL)
        column.setSpacing(0)
        column.addWidget(title)
        column.addWidget(self._problem)
        for row in self.rows:
            if self._rules or row is not self.rows[0]:
                rule = _Rule()
                self._rules.append(rule)
                column.addWidget(rule)
            column.addWidget(row)

    def show_problem(self, text: str) -> None:
        """Say which rule across the options is broken; empty for none."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def filter(self, words: str) -> int:
        """Show the rows that match; returns how many do."""
        found = 0
        for at, row in enumerate(self.rows):
            matches = row.matches(words)
            row.setVisible(matches)
            if at:
                self._rules[at - 1].setVisible(matches and found > 0)
            found += matches
        self.setVisible(found > 0)
        return found


class OptionForm(QWidget):
    """Every option of the catalogue. `edited` says that the draft has to be made anew."""

    edited = Signal()

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__()
        self.rows = {spec.path: OptionRow(spec, catalogue.defaults[spec.path]) for spec in catalogue}
        self.cards = {
            section: SectionCard(section, [self.rows[spec.path] for spec in catalogue.of_section(section)])
            for section in catalogue.sections
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, Space.SMALL, 0)
        column.setSpacing(Space.MEDIUM)
        for card in self.cards.values():
            column.addWidget(card)
        column.addStretch(1)
        for row in self.rows.values():
            row.edited.connect(self.edited)

    def show_in_force(self, configuration: Configuration) -> None:
        """Show the revision in force; what was typed stays."""
        values, origins = configuration.settings.by_path, configuration.current.origins
        for path, row in self.rows.items():
            row.show_in_force(values[path], origins[path], configuration.held_by(path))

    def changes(self) -> Mapping[str, Any]:
        """What was typed, by path, as a draft takes it."""
        return {path: row.editor.value() for path, row in self.rows.items() if row.is_edited}

    def discard(self) -> None:
        """Forget everything that was typed."""
        for row in self.rows.values():
            row.discard()
        for card in self.cards.values():
            card.show_problem("")

    def show_problems(self, problems: Iterable[OptionProblem]) -> None:
        """Say each problem where it stands."""
        by_path: dict[str, list[str]] = {}
        for problem in problems:
            by_path.setdefault(problem.path, []).append(problem_sentence(problem))
        for path, row in self.rows.items():
            row.show_problem(" ".join(by_path.get(path, ())))
        for section, card in self.cards.items():
            card.show_problem(" ".join(by_path.get(section, ())))

    def filter(self, words: str) -> int:
        """Show the options that match; returns how many do."""
        return sum(card.filter(words) for card in self.cards.values())

    def fields(self) -> Iterator[QWidget]:
        """Every field, top to bottom."""
        return (row.editor.field for row in self.rows.values())
