"""One table of everything the operator can do; buttons, menu, shortcuts and help are all made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from engine.core.modes import Mode, ModeSnapshot, Switch
from gui.icons import icon
from gui.theme import theme_of

CONTEXT = "Action"


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether an action can be used: whether a session is attached, and what it acknowledged."""

    attached: bool = False
    mode: ModeSnapshot | None = None


def _always(standing: Standing) -> bool:
    return True


def _attached(standing: Standing) -> bool:
    return standing.attached


def _running(standing: Standing) -> bool:
    return standing.attached and (standing.mode is None or standing.mode.switch is Switch.RUNNING)


def _not_running(standing: Standing) -> bool:
    return standing.attached and standing.mode is not None and standing.mode.switch is not Switch.RUNNING


def _in_paper(standing: Standing) -> bool:
    return standing.attached and standing.mode is not None and standing.mode.mode is Mode.PAPER


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. keys: the first one is shown; none may be used twice. group: actions of one group stand together."""

    name: str
    group: str
    text: str
    tip: str
    icon: str
    keys: tuple[str, ...]
    enabled_when: Callable[[Standing], bool] = _always
    checkable: bool = False


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec(
        "switch.stop",
        "switch",
        QT_TRANSLATE_NOOP("Action", "Stop"),
        QT_TRANSLATE_NOOP("Action", "Cancel every order and halt; stays so over restarts until a person resumes"),
        "stop",
        ("F12", "Ctrl+."),
        _attached,
    ),
    ActionSpec(
        "switch.pause",
        "switch",
        QT_TRANSLATE_NOOP("Action", "Pause"),
        QT_TRANSLATE_NOOP("Action", "Open nothing new; what is open is completed"),
        "pause",
        ("F9",),
        _running,
    ),
    ActionSpec(
        "switch.resume",
        "switch",
        QT_TRANSLATE_NOOP("Action", "Resume…"),
        QT_TRANSLATE_NOOP("Action", "Let the engines act again; asks you first"),
        "run",
        ("Ctrl+Shift+R",),
        _not_running,
    ),
    ActionSpec(
        "page.overview",
        "page",
        QT_TRANSLATE_NOOP("Action", "Overview"),
        QT_TRANSLATE_NOOP("Action", "Every engine at a glance, and what needs attention"),
        "overview",
        ("Ctrl+1",),
        checkable=True,
    ),
    ActionSpec(
        "page.governor",
        "page",
        QT_TRANSLATE_NOOP("Action", "Governor"),
        QT_TRANSLATE_NOOP("Action", "Idle ratio, skew and sizes; the grid's slots, orders and fills"),
        "governor",
        ("Ctrl+2",),
        checkable=True,
    ),
    ActionSpec(
        "page.drift",
        "page",
        QT_TRANSLATE_NOOP("Action", "Drift"),
        QT_TRANSLATE_NOOP("Action", "On-chain portfolios: drift, plans, history and analytics"),
        "drift",
        ("Ctrl+3",),
        checkable=True,
    ),
    ActionSpec(
        "page.hub",
        "page",
        QT_TRANSLATE_NOOP("Action", "Hub"),
        QT_TRANSLATE_NOOP("Action", "Gas and soft limit, queue, fees, settlements and revenue of the payment hub"),
        "hub",
        ("Ctrl+4",),
        checkable=True,
    ),
    ActionSpec(
        "page.journal",
        "page",
        QT_TRANSLATE_NOOP("Action", "Journal"),
        QT_TRANSLATE_NOOP("Action", "What was done, why, and what it cost; filter and export"),
        "journal",
        ("Ctrl+7",),
        checkable=True,
    ),
    ActionSpec(
        "page.settings",
        "page",
        QT_TRANSLATE_NOOP("Action", "Settings"),
        QT_TRANSLATE_NOOP("Action", "Every option of every engine"),
        "settings",
        ("Ctrl+5",),
        checkable=True,
    ),
    ActionSpec(
        "page.keys",
        "page",
        QT_TRANSLATE_NOOP("Action", "Keys"),
        QT_TRANSLATE_NOOP("Action", "Keys and addresses in this computer's keyring"),
        "keys",
        ("Ctrl+6",),
        checkable=True,
    ),
    ActionSpec(
        "overview.decide",
        "overview",
        QT_TRANSLATE_NOOP("Action", "What waits for you"),
        QT_TRANSLATE_NOOP("Action", "Go to the first thing that only you can decide"),
        "help",
        ("F8",),
        _attached,
    ),
    ActionSpec(
        "drift.find",
        "drift",
        QT_TRANSLATE_NOOP("Action", "Find a portfolio"),
        QT_TRANSLATE_NOOP("Action", "Go to Drift and search"),
        "search",
        ("Ctrl+Shift+F",),
        _attached,
    ),
    ActionSpec(
        "drift.confirm",
        "drift",
        QT_TRANSLATE_NOOP("Action", "Confirm the plan…"),
        QT_TRANSLATE_NOOP("Action", "Read the picked portfolio's plan once more, then send exactly it"),
        "done",
        ("Ctrl+Shift+Return",),
        _attached,
    ),
    ActionSpec(
        "drift.dismiss",
        "drift",
        QT_TRANSLATE_NOOP("Action", "Dismiss the plan"),
        QT_TRANSLATE_NOOP("Action", "Do not send the picked portfolio's plan"),
        "close",
        ("Ctrl+Shift+Backspace",),
        _attached,
    ),
    ActionSpec(
        "hub.stop",
        "hub",
        QT_TRANSLATE_NOOP("Action", "Stop the hub"),
        QT_TRANSLATE_NOOP("Action", "Accept and send nothing there; what was sent goes on to its end"),
        "stop",
        ("Ctrl+Shift+H",),
        _attached,
    ),
    ActionSpec(
        "hub.resume",
        "hub",
        QT_TRANSLATE_NOOP("Action", "Resume the hub…"),
        QT_TRANSLATE_NOOP("Action", "Let the hub accept and send again; asks you first"),
        "run",
        ("Ctrl+Alt+H",),
        _attached,
    ),
    ActionSpec(
        "hub.ask_fees",
        "hub",
        QT_TRANSLATE_NOOP("Action", "What a rebalance costs"),
        QT_TRANSLATE_NOOP("Action", "Go to Hub and type an amount"),
        "search",
        ("Ctrl+Shift+E",),
        _attached,
    ),
    ActionSpec(
        "hub.copy_address",
        "hub",
        QT_TRANSLATE_NOOP("Action", "Copy the address for wallets"),
        QT_TRANSLATE_NOOP("Action", "Where wallets on this machine reach the hub"),
        "copy",
        ("Ctrl+Shift+C",),
        _attached,
    ),
    ActionSpec(
        "hub.audit",
        "hub",
        QT_TRANSLATE_NOOP("Action", "Check the hub's accounts"),
        QT_TRANSLATE_NOOP("Action", "Hold every account of the hub against its index now"),
        "done",
        ("Ctrl+Shift+A",),
        _attached,
    ),
    ActionSpec(
        "plot.show_menu",
        "plot",
        QT_TRANSLATE_NOOP("Action", "Menu of the plot"),
        QT_TRANSLATE_NOOP("Action", "Zoom, follow, move a threshold or save, in the plot that has the keyboard"),
        "menu",
        ("Ctrl+M",),
        _attached,
    ),
    ActionSpec(
        "plot.save_picture",
        "plot",
        QT_TRANSLATE_NOOP("Action", "Save the plot's picture…"),
        QT_TRANSLATE_NOOP("Action", "As PNG, of the plot that has the keyboard, else the first in sight"),
        "save",
        ("Ctrl+Shift+P",),
        _attached,
    ),
    ActionSpec(
        "plot.save_numbers",
        "plot",
        QT_TRANSLATE_NOOP("Action", "Save the plot's numbers…"),
        QT_TRANSLATE_NOOP("Action", "As CSV, of the plot that has the keyboard, else the first in sight"),
        "save",
        ("Ctrl+Shift+N",),
        _attached,
    ),
    ActionSpec(
        "paper.happen",
        "paper",
        QT_TRANSLATE_NOOP("Action", "Be somebody else…"),
        QT_TRANSLATE_NOOP("Action", "Let something happen at the paper exchange: edits, orders, faults of others"),
        "mode-paper",
        ("Ctrl+Shift+X",),
        _in_paper,
    ),
    ActionSpec(
        "journal.find",
        "journal",
        QT_TRANSLATE_NOOP("Action", "Find in the journal"),
        QT_TRANSLATE_NOOP("Action", "Go to the Journal and type what to look for"),
        "search",
        ("Ctrl+J",),
        _attached,
    ),
    ActionSpec(
        "journal.refresh",
        "journal",
        QT_TRANSLATE_NOOP("Action", "List the journal anew"),
        QT_TRANSLATE_NOOP("Action", "Read the journal again with the filter as it stands"),
        "reload",
        ("F5",),
        _attached,
    ),
    ActionSpec(
        "journal.to_newest",
        "journal",
        QT_TRANSLATE_NOOP("Action", "To the newest row"),
        QT_TRANSLATE_NOOP("Action", "Scroll the journal to what was recorded last, and follow it"),
        "journal",
        ("Ctrl+Shift+T",),
        _attached,
    ),
    ActionSpec(
        "journal.copy_row",
        "journal",
        QT_TRANSLATE_NOOP("Action", "Copy why"),
        QT_TRANSLATE_NOOP("Action", "Copy the explained row of the journal as text"),
        "copy",
        ("Ctrl+Alt+C",),
        _attached,
    ),
    ActionSpec(
        "journal.export",
        "journal",
        QT_TRANSLATE_NOOP("Action", "Export the journal…"),
        QT_TRANSLATE_NOOP("Action", "Write what the journal's filter shows to a CSV or JSON file"),
        "save",
        ("Ctrl+E",),
        _attached,
    ),
    ActionSpec(
        "settings.find",
        "settings",
        QT_TRANSLATE_NOOP("Action", "Find a setting"),
        QT_TRANSLATE_NOOP("Action", "Go to Settings and search"),
        "search",
        ("Ctrl+F",),
        _attached,
    ),
    ActionSpec(
        "settings.review",
        "settings",
        QT_TRANSLATE_NOOP("Action", "Review changed settings…"),
        QT_TRANSLATE_NOOP("Action", "See what was changed before it is applied"),
        "save",
        ("Ctrl+S",),
        _attached,
    ),
    ActionSpec(
        "palette.show",
        "view",
        QT_TRANSLATE_NOOP("Action", "Find anything…"),
        QT_TRANSLATE_NOOP("Action", "Type to find any action, page, setting or notice"),
        "search",
        ("Ctrl+K",),
    ),
    ActionSpec(
        "alerts.show",
        "view",
        QT_TRANSLATE_NOOP("Action", "Alerts"),
        QT_TRANSLATE_NOOP("Action", "What asks for your attention, to be acknowledged"),
        "bell",
        ("Ctrl+Shift+B",),
        _attached,
    ),
    ActionSpec(
        "alerts.acknowledge_all",
        "view",
        QT_TRANSLATE_NOOP("Action", "Acknowledge all alerts"),
        QT_TRANSLATE_NOOP("Action", "You have seen every alert; the list keeps them"),
        "done",
        ("Ctrl+Shift+K",),
        _attached,
    ),
    ActionSpec(
        "view.look",
        "view",
        QT_TRANSLATE_NOOP("Action", "Light or dark"),
        QT_TRANSLATE_NOOP("Action", "Switch between the light and the dark look"),
        "look",
        ("Ctrl+Shift+L",),
    ),
    ActionSpec(
        "help.wizard",
        "help",
        QT_TRANSLATE_NOOP("Action", "First steps…"),
        QT_TRANSLATE_NOOP("Action", "Look, mode, keys and limits, one after the other"),
        "run",
        ("Ctrl+Shift+W",),
        _attached,
    ),
    ActionSpec(
        "help.crash_bundle",
        "help",
        QT_TRANSLATE_NOOP("Action", "Save a crash bundle…"),
        QT_TRANSLATE_NOOP("Action", "Log, versions, options and stacks without secrets; shown before it is saved"),
        "save",
        ("Ctrl+Shift+D",),
    ),
    ActionSpec(
        "help.keys",
        "help",
        QT_TRANSLATE_NOOP("Action", "Keyboard shortcuts…"),
        QT_TRANSLATE_NOOP("Action", "Every action and its key"),
        "help",
        ("F1",),
    ),
    ActionSpec(
        "app.quit",
        "app",
        QT_TRANSLATE_NOOP("Action", "Quit"),
        QT_TRANSLATE_NOOP("Action", "Close the panel and the engines in it"),
        "quit",
        ("Ctrl+Q",),
    ),
)


def spoken(text: str) -> str:
    """A text of the table in the operator's language."""
    return QCoreApplication.translate(CONTEXT, text)


def why_disabled(spec: ActionSpec, standing: Standing) -> str:
    """Why an action cannot be used now, in words; empty where its own table lets it be used."""
    if spec.enabled_when(standing):
        return ""
    if not standing.attached:
        return QCoreApplication.translate("Action", "No session is running yet.")
    if spec.enabled_when is _running:
        return QCoreApplication.translate("Action", "The engines are paused or stopped already.")
    if spec.enabled_when is _not_running:
        return QCoreApplication.translate("Action", "The engines are running already.")
    if spec.enabled_when is _in_paper:
        return QCoreApplication.translate("Action", "Only in PAPER: nobody plays with a real account.")
    return QCoreApplication.translate("Action", "It has nothing to act on now.")


def key_text(spec: ActionSpec) -> str:
    """The key that is shown for an action, as the desktop writes it."""
    return QKeySequence(spec.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)


class Actions(QObject):
    """The table as Qt actions of one window."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        self.standing = Standing()
        for spec in ACTIONS:
            action = QAction(spoken(spec.text), window)
            action.setObjectName(spec.name)
            action.setShortcuts([QKeySequence(key) for key in spec.keys])
            action.setToolTip(f"{spoken(spec.tip)} ({key_text(spec)})")
            action.setCheckable(spec.checkable)
            window.addAction(action)
            self._actions[spec.name] = action
        self.recolour()
        self.refresh(Standing())

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[tuple[ActionSpec, QAction]]:
        return iter([(spec, self._actions[spec.name]) for spec in ACTIONS])

    def bind(self, name: str, callback: Callable[[], object]) -> None:
        """Call `callback` when the action is used."""
        self._actions[name].triggered.connect(lambda _checked=False: callback())

    def refresh(self, standing: Standing) -> None:
        """Enable what can be used now."""
        self.standing = standing
        for spec, action in self:
            action.setEnabled(spec.enabled_when(standing))

    def recolour(self) -> None:
        """Draw the icons in the colours of the theme in force."""
        theme = theme_of()
        for spec, action in self:
            action.setIcon(icon(spec.icon, theme.text, theme.disabled))

    def menu(self, parent: QWidget) -> QMenu:
        """All actions, group by group."""
        menu = QMenu(parent)
        last = ACTIONS[0].group
        for spec, action in self:
            if spec.group != last:
                menu.addSeparator()
                last = spec.group
            menu.addAction(action)
        return menu
