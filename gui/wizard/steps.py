"""The steps of the wizard, each a small form: what was chosen, and nothing done about it yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_problems import OptionProblem
from engine.core.secrets import SecretStore
from engine.core.tasks import Tasks
from engine.desk.options import DeskOptions, Look
from gui.icons import IconLabel
from gui.looks import MODES
from gui.notices import NoticeBar
from gui.pages.keys import KeysPage
from gui.sentences import word
from gui.settings.form import SectionCard, problem_sentence
from gui.settings.row import OptionRow
from gui.theme import Space, apply_look, set_look

translate = QCoreApplication.translate

LIMITS = (
    "grid.daily_loss_usd",
    "grid.stop_floor_usd",
    "grid.entries_per_tick",
    "drift.max_trade_usd",
    "drift.slippage_tolerance",
    "drift.max_gas_gwei",
    "hub.max_rebalance_usd",
    "hub.max_user_usd",
    "hub.max_day_usd",
    "hub.max_gas_gwei",
)
"""What bounds a loss most directly; all the others are on the Settings page."""


class Step(QWidget):
    """title, text: what is asked, and why. `changes` is what the draft gets of it.

    has_fields: Return in a field is the field's own there, and does not go on to the next step.
    """

    has_fields = False

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.title = title
        self.text = text
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(Space.SMALL)

    def entered(self) -> None:
        """It came into sight."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.has_fields and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
        else:
            super().keyPressEvent(event)

    @property
    def first(self) -> QWidget | None:
        """What gets the focus when it comes into sight."""
        return None

    def changes(self) -> Mapping[str, Any]:
        """By option path."""
        return {}

    def show_problems(self, problems: Iterable[OptionProblem]) -> bool:
        """Say what is wrong here; whether any of it is."""
        return False


class _Choice(QFrame):
    """A radio button with an icon and a sentence."""

    def __init__(self, title: str, text: str, icon: QWidget | None = None) -> None:
        super().__init__()
        set_look(self, card=True)
        self.button = QRadioButton(title)
        self.button.setAccessibleName(title)
        self.button.setAccessibleDescription(text)
        words = QLabel(text)
        words.setWordWrap(True)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setContentsMargins(26, 0, 0, 0)
        set_look(words, role="muted")
        top = QHBoxLayout()
        top.setSpacing(Space.SMALL)
        top.addWidget(self.button, 1)
        if icon is not None:
            top.addWidget(icon)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.SMALL, Space.MEDIUM, Space.SMALL)
        column.setSpacing(Space.HAIR)
        column.addLayout(top)
        column.addWidget(words)


class _ChoiceStep(Step):
    """One of several; arrow keys go from one to the other."""

    def __init__(self, title: str, text: str, path: str, choices: Sequence[tuple[str, _Choice]], chosen: str) -> None:
        super().__init__(title, text)
        self.buttons = {value: choice.button for value, choice in choices}
        self._path = path
        self._group = QButtonGroup(self)
        for value, choice in choices:
            self._group.addButton(choice.button)
            choice.button.setChecked(value == chosen)
            choice.button.toggled.connect(lambda on, value=value: self.chose(value) if on else None)
            self.column.addWidget(choice)
        self.column.addStretch(1)

    @property
    def value(self) -> str:
        """What is chosen."""
        return next(value for value, button in self.buttons.items() if button.isChecked())

    @property
    def first(self) -> QWidget | None:
        return self.buttons[self.value]

    def changes(self) -> Mapping[str, Any]:
        return {self._path: self.value}

    def chose(self, value: str) -> None:
        """The choice moved."""


class LookStep(_ChoiceStep):
    """Shown at once, so that it can be judged."""

    def __init__(self, configuration: Configuration) -> None:
        texts = {
            Look.SYSTEM: translate("LookStep", "Light or dark as the desktop has it now."),
            Look.LIGHT: translate("LookStep", "Dark words on a light ground."),
            Look.DARK: translate("LookStep", "Light words on a dark ground."),
        }
        titles = {
            Look.SYSTEM: translate("LookStep", "As the desktop"),
            Look.LIGHT: translate("LookStep", "Light"),
            Look.DARK: translate("LookStep", "Dark"),
        }
        super().__init__(
            translate("LookStep", "Look"),
            translate("LookStep", "How should the panel look? Ctrl+Shift+L switches it at any time."),
            "desk.look",
            [(look.value, _Choice(titles[look], text)) for look, text in texts.items()],
            configuration.settings.of(DeskOptions).look.value,
        )

    def chose(self, value: str) -> None:
        apply_look(value)


class ModeStep(_ChoiceStep):
    """PAPER runs already; another mode begins at the next start."""

    def __init__(self, configuration: Configuration) -> None:
        texts = {
            Mode.PAPER: translate(
                "ModeStep",
                "Everything works, on an exchange and chains that live on this computer. Nothing is real and nothing "
                "can be lost.",
            ),
            Mode.OBSERVE: translate(
                "ModeStep",
                "Reads the real exchange and chain and shows what the engines would do. Nothing is ever placed.",
            ),
            Mode.LIVE: translate(
                "ModeStep",
                "Places real orders with real money. You are asked at every start, and a key that may withdraw is "
                "refused.",
            ),
        }
        choices = []
        for mode, text in texts.items():
            shape = IconLabel(20)
            shape.say(MODES[mode].icon, MODES[mode].tone, word(mode))
            choices.append((mode.value, _Choice(word(mode).upper(), text, shape)))
        chosen = configuration.settings.of(DeskOptions).mode.value
        super().__init__(
            translate("ModeStep", "Mode"),
            translate(
                "ModeStep",
                "A PAPER session runs now. Which mode should the next starts have? It can be changed in the settings "
                "at any time.",
            ),
            "desk.mode",
            choices,
            chosen if chosen in {mode.value for mode in texts} else Mode.PAPER.value,
        )


class KeysStep(Step):
    """The rows of the Keys page, with what Kraken says of the key."""

    has_fields = True

    def __init__(self, secrets: SecretStore, bus: Any, tasks: Tasks) -> None:
        super().__init__(
            translate("KeysStep", "Keys"),
            translate(
                "KeysStep",
                "OBSERVE and LIVE need your exchange's key, PAPER needs none. Its rights are read from Kraken when it "
                "is saved. Leave it for later if you like: the Keys page has the same fields.",
            ),
        )
        self.notices = NoticeBar()
        self.page = KeysPage(secrets, bus, tasks, self.notices)
        self.page.setFrameShape(QFrame.Shape.NoFrame)
        self.page.setWidgetResizable(True)
        self.column.addWidget(self.notices)
        self.column.addWidget(self.page, 1)

    def entered(self) -> None:
        """The keyring is asked now, and not before: asking may open its window."""
        self.page.redraw()


class LimitsStep(Step):
    """A few options that bound what can be lost, with their bounds."""

    has_fields = True

    def __init__(self, configuration: Configuration) -> None:
        super().__init__(
            translate("LimitsStep", "Limits"),
            translate(
                "LimitsStep",
                "How much may be at stake? These hold in every mode, PAPER too. The Settings page has all the others.",
            ),
        )
        catalogue = configuration.catalogue
        values, origins = configuration.settings.by_path, configuration.current.origins
        self.rows: dict[str, OptionRow] = {}
        for path in LIMITS:
            if path in catalogue:
                row = OptionRow(catalogue.spec(path), catalogue.defaults[path])
                row.show_in_force(values[path], origins[path], configuration.held_by(path))
                self.rows[path] = row
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, Space.SMALL, 0)
        column.setSpacing(Space.SMALL)
        for section in dict.fromkeys(path.partition(".")[0] for path in self.rows):
            rows = [row for path, row in self.rows.items() if path.startswith(f"{section}.")]
            column.addWidget(SectionCard(section, rows))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setAccessibleName(self.title)
        scroll.setWidget(inside)
        self.column.addWidget(scroll, 1)

    @property
    def first(self) -> QWidget | None:
        return next((row.editor.field for row in self.rows.values()), None)

    def changes(self) -> Mapping[str, Any]:
        return {path: row.editor.value() for path, row in self.rows.items() if row.is_edited}

    def show_problems(self, problems: Iterable[OptionProblem]) -> bool:
        by_path = {problem.path: problem_sentence(problem) for problem in problems}
        for path, row in self.rows.items():
            row.show_problem(by_path.get(path, ""))
        return bool(by_path.keys() & self.rows.keys())


class ReadyStep(Step):
    """What comes of it."""

    def __init__(self) -> None:
        super().__init__(
            translate("ReadyStep", "Ready"),
            translate("ReadyStep", "Your PAPER session is running. This is what is set:"),
        )
        self._said = QLabel()
        self._said.setWordWrap(True)
        self._said.setTextFormat(Qt.TextFormat.PlainText)
        self.column.addWidget(self._said)
        self.column.addStretch(1)

    @property
    def words(self) -> str:
        """What is said."""
        return self._said.text()

    def say(self, lines: Iterable[str]) -> None:
        """Show these lines."""
        self._said.setText("\n\n".join(lines))
        self._said.setAccessibleName(self._said.text())
