"""What runs beside the engines, a line each: the copy of the records at PostgreSQL, and the status page."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QSizePolicy, QWidget

from engine.core.mirror_messages import MirrorSnapshot, MirrorState
from engine.desk.messages import StatusPageSnapshot
from gui import formats
from gui.looks import Look
from gui.pill import Pill
from gui.sentences import sentence
from gui.theme import Space, Tone, set_look

translate = QCoreApplication.translate
_OFF = Look("off", "○", Tone.NEUTRAL)
_MIRROR_LOOKS = {
    MirrorState.CONNECTING: Look("starting", "◌", Tone.NEUTRAL),
    MirrorState.BEHIND: Look("reload", "↻", Tone.DAMPED),
    MirrorState.IN_STEP: Look("done", "✓", Tone.ACTING),
    MirrorState.LOST: Look("warning", "!", Tone.DAMPED),
}


def mirror_line(known: MirrorSnapshot | None) -> tuple[Look, str, str]:
    """Look, word and sentence for the copy at PostgreSQL; None while it is switched off."""
    if known is None:
        return _OFF, translate("Services", "Off"), translate("Services", "The local store alone keeps the records.")
    look = _MIRROR_LOOKS[known.state]
    if known.state is MirrorState.CONNECTING:
        return look, translate("Services", "Connecting"), _behind(known)
    if known.state is MirrorState.IN_STEP:
        text = translate("Services", "PostgreSQL has every row of “{profile}” (last heard of at {at}).")
        at = formats.clock_time(known.last_success_s)
        return look, translate("Services", "Connected"), text.format(profile=known.profile, at=at)
    if known.state is MirrorState.BEHIND:
        return look, translate("Services", "Catching up"), _behind(known)
    lost = translate("Services", "The local store is complete and goes on alone.")
    return look, translate("Services", "Lost"), " ".join(filter(None, (sentence(known.reason), _behind(known), lost)))


def _behind(known: MirrorSnapshot) -> str:
    if not known.behind_rows:
        return translate("Services", "No rows are missing there.")
    return translate("Services", "Behind by {rows} rows since {since}.").format(
        rows=f"{known.behind_rows:,}", since=formats.clock_time(known.behind_since_s)
    )


def status_page_line(known: StatusPageSnapshot | None) -> tuple[Look, str, str]:
    """Look, word and sentence for the page that other programs of this machine may read."""
    if known is None or (known.port is None and known.why is None):
        return _OFF, translate("Services", "Off"), translate("Services", "Nobody can read the governor's status.")
    if known.port is not None:
        address = f"http://127.0.0.1:{known.port}/api/status"
        text = translate("Services", "Read-only at {address}.").format(address=address)
        return Look("done", "✓", Tone.ACTING), translate("Services", "Served"), text
    if known.why is not None and known.why.code == "status_page_off":
        return _OFF, translate("Services", "Off"), sentence(known.why)
    return Look("warning", "!", Tone.DAMPED), translate("Services", "Not served"), sentence(known.why)


class Services(QFrame):
    """Two lines: a name, a state, a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("Services", "Beside the engines"))
        self.mirror, self.status_page = Pill(ratio=0.95), Pill(ratio=0.95)
        self._mirror_text, self._status_text = _text(), _text()
        lines = QGridLayout(self)
        lines.setContentsMargins(Space.LARGE, Space.SMALL, Space.LARGE, Space.SMALL)
        lines.setHorizontalSpacing(Space.MEDIUM)
        lines.setVerticalSpacing(Space.TIGHT)
        named = (
            (translate("Services", "Copy at PostgreSQL"), self.mirror, self._mirror_text),
            (translate("Services", "Status page"), self.status_page, self._status_text),
        )
        for at, (name, pill, text) in enumerate(named):
            lines.addWidget(QLabel(name), at, 0)
            lines.addWidget(pill, at, 1)
            lines.addWidget(text, at, 2)
        lines.setColumnStretch(2, 1)
        self.show_snapshots(None, None)

    @property
    def words(self) -> str:
        """What both lines say."""
        return f"{self._mirror_text.text()} {self._status_text.text()}"

    def show_snapshots(self, mirror: MirrorSnapshot | None, status_page: StatusPageSnapshot | None) -> None:
        """Show how both stand."""
        look, word, text = mirror_line(mirror)
        self.mirror.say(look, word)
        self._mirror_text.setText(text)
        look, word, text = status_page_line(status_page)
        self.status_page.say(look, word)
        self._status_text.setText(text)
        self.setAccessibleDescription(self.words)


def _text() -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    set_look(label, role="muted")
    return label
