"""A secret that an operator may enter: once, never shown again (panel spec 6 and 17)."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from engine.core.secrets import Secret
from gui.looks import Look
from gui.pill import Pill
from gui.theme import Space, Tone, scaled_font, set_look

translate = QCoreApplication.translate
_KEPT = Look("done", "✓", Tone.ACTING)
_ABSENT = Look("absent", "▢", Tone.NEUTRAL)
_UNKNOWN = Look("starting", "◌", Tone.NEUTRAL)


@dataclass(frozen=True, slots=True)
class KeyField:
    """A secret that an operator may enter. name: in the secret store."""

    name: str
    title: str
    text: str


KRAKEN: tuple[KeyField, ...] = (
    KeyField(
        "kraken.api_key",
        QT_TRANSLATE_NOOP("KeysPage", "Kraken API key"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "Made at Kraken under Settings, API. It needs the rights to query funds and orders and to modify orders.",
        ),
    ),
    KeyField(
        "kraken.api_secret",
        QT_TRANSLATE_NOOP("KeysPage", "Kraken private key"),
        QT_TRANSLATE_NOOP("KeysPage", "Shown by Kraken once, when the key is made. Give the key no right to withdraw."),
    ),
)

POSTGRESQL: tuple[KeyField, ...] = (
    KeyField(
        "store.url",
        QT_TRANSLATE_NOOP("KeysPage", "PostgreSQL address"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "postgresql://user:password@host:port/database, for the copy of the records that store.mirror switches on.",
        ),
    ),
)


CHAIN: tuple[KeyField, ...] = (
    KeyField(
        "chain.rpc",
        QT_TRANSLATE_NOOP("KeysPage", "Node address"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "https address of a node of the chain in chain.chain_id. It is kept as a secret: it often holds one.",
        ),
    ),
    KeyField(
        "chain.private_rpc",
        QT_TRANSLATE_NOOP("KeysPage", "Private node address"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "Where transactions are sent to instead, so that nobody sees them before they are mined. Leave it empty to "
            "send them to the node above.",
        ),
    ),
    KeyField(
        "drift.delegate_key",
        QT_TRANSLATE_NOOP("KeysPage", "Sending account's key"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "Private key of an ordinary account with a little gas. It carries plans out, and can do nothing that an "
            "owner did not sign.",
        ),
    ),
    KeyField(
        "drift.owner_key",
        QT_TRANSLATE_NOOP("KeysPage", "Portfolio owner's key"),
        QT_TRANSLATE_NOOP(
            "KeysPage", "Private key of the owner of the portfolios' accounts. In LIVE it signs each plan's delegation."
        ),
    ),
    KeyField(
        "coingecko.key",
        QT_TRANSLATE_NOOP("KeysPage", "CoinGecko key"),
        QT_TRANSLATE_NOOP("KeysPage", "Of CoinGecko's Pro interface. Without one the public interface is asked."),
    ),
    KeyField(
        "drift.webhook_secret",
        QT_TRANSLATE_NOOP("KeysPage", "Webhook secret"),
        QT_TRANSLATE_NOOP(
            "KeysPage", "Shared with the receiver at drift.webhook_url: alerts are signed with it (HMAC-SHA256)."
        ),
    ),
)


HUB: tuple[KeyField, ...] = (
    KeyField(
        "hub.key",
        QT_TRANSLATE_NOOP("KeysPage", "Hub's key"),
        QT_TRANSLATE_NOOP(
            "KeysPage", "Private key of the hub's entity at the Depository. It signs every batch, and nothing else."
        ),
    ),
    KeyField(
        "hub.sender_key",
        QT_TRANSLATE_NOOP("KeysPage", "Hub's sending account's key"),
        QT_TRANSLATE_NOOP(
            "KeysPage", "Private key of an ordinary account with gas. It carries the hub's signed batches to the chain."
        ),
    ),
)


ALERTS: tuple[KeyField, ...] = (
    KeyField(
        "desk.webhook_secret",
        QT_TRANSLATE_NOOP("KeysPage", "Alert webhook's secret"),
        QT_TRANSLATE_NOOP(
            "KeysPage",
            "Shared with the receiver at desk.webhook_url: the alerts of every engine are signed with it.",
        ),
    ),
)


class SecretRow(QWidget):
    """One secret: whether it is kept, a field to enter it, and the two things to do with it."""

    def __init__(self, field: KeyField) -> None:
        super().__init__()
        self.name = field.name
        title = translate("KeysPage", field.title)
        self._title = QLabel(title)
        self._title.setFont(scaled_font(self._title.font(), 1.05, bold=True))
        text = QLabel(translate("KeysPage", field.text))
        text.setWordWrap(True)
        set_look(text, role="muted")
        self.state = Pill(ratio=0.95)
        self.entry = QLineEdit()
        self.entry.setEchoMode(QLineEdit.EchoMode.Password)
        self.entry.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.entry.setAccessibleName(title)
        self.entry.setAccessibleDescription(translate("KeysPage", field.text))
        self.entry.setPlaceholderText(translate("KeysPage", "paste it here"))
        self.save = QPushButton(translate("KeysPage", "Save"))
        self.save.setAccessibleName(translate("KeysPage", "Save {name}").format(name=title))
        set_look(self.save, primary=True)
        self.delete = QPushButton(translate("KeysPage", "Delete…"))
        self.delete.setAccessibleName(translate("KeysPage", "Delete {name}").format(name=title))
        self.title = title
        self._kept: bool | None = None
        self._usable = False
        self.entry.textChanged.connect(lambda _: self._settle())
        self.entry.returnPressed.connect(self.save.click)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, Space.SMALL, 0, Space.SMALL)
        grid.setHorizontalSpacing(Space.SMALL)
        grid.setVerticalSpacing(Space.TIGHT)
        head = QHBoxLayout()
        head.setSpacing(Space.SMALL)
        head.addWidget(self._title)
        head.addWidget(self.state)
        head.addStretch(1)
        grid.addLayout(head, 0, 0, 1, 3)
        grid.addWidget(text, 1, 0, 1, 3)
        grid.addWidget(self.entry, 2, 0)
        grid.addWidget(self.save, 2, 1)
        grid.addWidget(self.delete, 2, 2)
        grid.setColumnStretch(0, 1)
        self.show_kept(None)

    def take(self) -> Secret:
        """The secret that was entered; the field is emptied. Raises ValueError for one that is too short."""
        text = self.entry.text().strip()
        self.entry.setText("")  # unlike clear(), this leaves nothing for Ctrl+Z to bring back
        return Secret(text)

    def show_kept(self, kept: bool | None) -> None:
        """Whether the keyring has it; None while that is not known."""
        self._kept = kept
        if kept is None:
            self.state.say(_UNKNOWN, translate("KeysPage", "Not known"))
        elif kept:
            self.state.say(_KEPT, translate("KeysPage", "Kept in the keyring"))
        else:
            self.state.say(_ABSENT, translate("KeysPage", "Not kept"))
        self._settle()

    def allow(self, usable: bool) -> None:
        """Let it be saved and deleted, or not while something is under way."""
        self._usable = usable
        self._settle()

    def _settle(self) -> None:
        self.entry.setEnabled(self._usable)
        self.save.setEnabled(self._usable and bool(self.entry.text().strip()))
        self.delete.setEnabled(self._usable and self._kept is not False)
