"""The list of alerts: when, how often, in words; acknowledged one by one or all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.desk.alerts import TrackedAlert
from gui.alerts.words import alert_times, alert_words, severity_word
from gui.icons import icon, paint_icon
from gui.looks import SEVERITIES
from gui.overlay import Overlay
from gui.theme import Space, scaled_font, set_look, theme_of

Index = QModelIndex | QPersistentModelIndex
WIDTH_PX = 460
_ICON_PX = 16


class _Alerts(QAbstractListModel):
    """Alerts as a list, newest first."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.alerts: Sequence[TrackedAlert] = ()

    def show(self, alerts: Sequence[TrackedAlert]) -> None:
        """Show these."""
        self.beginResetModel()
        self.alerts = alerts
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt declares it
        return 0 if parent.isValid() else len(self.alerts)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        alert = self.alerts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return alert_words(alert)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{severity_word(alert.severity)}. {alert_words(alert)} {alert_times(alert)}"
        return None


class _Row(QStyledItemDelegate):
    """Severity and time above, the words below in as many lines as they need."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        assert isinstance(view, QListView)
        room = view.viewport().width() - 2 * Space.MEDIUM - _ICON_PX - Space.SMALL
        words = option.fontMetrics.boundingRect(
            QRect(0, 0, max(room, 80), 10_000), int(Qt.TextFlag.TextWordWrap), index.data()
        )
        return QSize(0, option.fontMetrics.height() + words.height() + Space.MEDIUM + Space.SMALL)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, _Alerts)
        alert, theme = model.alerts[index.row()], theme_of()
        look = SEVERITIES[alert.severity.value]
        seen = alert.acknowledged_s is not None
        ink = theme.muted if seen else theme.tones[look.tone].text
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, QColor(theme.hover))
            painter.fillRect(QRect(option.rect.topLeft(), QSize(3, option.rect.height())), QColor(theme.accent))
        inside = option.rect.adjusted(Space.MEDIUM, Space.SMALL, -Space.MEDIUM, -Space.TIGHT)
        place = QRectF(inside.left(), inside.top(), _ICON_PX, _ICON_PX)
        paint_icon(painter, "done" if seen else look.icon, ink, place)
        words = inside.adjusted(_ICON_PX + Space.SMALL, 0, 0, 0)
        height = option.fontMetrics.height()
        painter.setFont(scaled_font(option.font, 0.9, bold=not seen))
        painter.setPen(QColor(ink))
        head = f"{severity_word(alert.severity)}  ·  {alert_times(alert)}"
        cut = painter.fontMetrics().elidedText(head, Qt.TextElideMode.ElideRight, words.width())
        painter.drawText(words, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), cut)
        painter.setFont(option.font)
        painter.setPen(QColor(theme.muted if seen else theme.text))
        painter.drawText(words.adjusted(0, height + Space.HAIR, 0, 0), int(Qt.TextFlag.TextWordWrap), index.data())
        painter.restore()


class AlertsPanel(Overlay):
    """acknowledged: the keys that a person has seen, as a tuple; what holds is shown when the engine says so."""

    acknowledged = Signal(tuple)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window, self.tr("Alerts"))
        self._alerts = _Alerts(self)
        self.list = QListView()
        self.list.setModel(self._alerts)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setAccessibleName(self.tr("Alerts, newest first"))
        self.list.doubleClicked.connect(lambda _: self.acknowledge_chosen())
        self._said = QLabel()
        self._said.setWordWrap(True)
        set_look(self._said, role="muted")
        self.one = QPushButton(self.tr("Acknowledge"))
        self.one.setToolTip(self.tr("You have seen the chosen one (Return)"))
        self.one.clicked.connect(self.acknowledge_chosen)
        self.all = QPushButton(self.tr("Acknowledge all"))
        self.all.setToolTip(self.tr("You have seen all of them (Ctrl+Shift+K)"))
        self.all.clicked.connect(self.acknowledge_all)
        self._close = QToolButton()
        self._close.setAutoRaise(True)
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.setAccessibleName(self.tr("Close the list of alerts"))
        self._close.clicked.connect(self.dismiss)
        self.first = self.list
        self._compose()
        self.list.selectionModel().currentChanged.connect(lambda *_: self._settle())
        self.show_alerts(())

    def area(self, window: QRect) -> QRect:
        width = min(WIDTH_PX, window.width() - 40)
        return QRect(window.width() - width - Space.LARGE, 64, width, max(240, window.height() - 64 - Space.LARGE))

    def open(self) -> None:
        """Show it, the newest alert chosen."""
        self._close.setIcon(icon("close", theme_of().text))
        super().open()
        if self._alerts.alerts and not self.list.currentIndex().isValid():
            self.list.setCurrentIndex(self._alerts.index(0, 0))

    def show_alerts(self, alerts: Sequence[TrackedAlert]) -> None:
        """Show these, newest first; the one that was chosen stays chosen."""
        chosen = self.chosen
        self._alerts.show(alerts)
        if chosen is not None:
            self.choose(chosen.key)
        waiting = sum(alert.acknowledged_s is None for alert in alerts)
        if not alerts:
            self._said.setText(self.tr("Nothing has asked for your attention."))
        else:
            self._said.setText(self.tr("{waiting} of {count} wait for you.").format(waiting=waiting, count=len(alerts)))
        self.all.setEnabled(waiting > 0)
        self._settle()

    def choose(self, key: str) -> None:
        """Choose the alert `key`, if it is there."""
        for at, alert in enumerate(self._alerts.alerts):
            if alert.key == key:
                self.list.setCurrentIndex(self._alerts.index(at, 0))

    @property
    def chosen(self) -> TrackedAlert | None:
        """The alert under the cursor."""
        at = self.list.currentIndex().row()
        return self._alerts.alerts[at] if 0 <= at < len(self._alerts.alerts) else None

    @property
    def words(self) -> list[str]:
        """What the list says, newest first."""
        return [self._alerts.index(at, 0).data(Qt.ItemDataRole.AccessibleTextRole) for at in range(self.count)]

    @property
    def count(self) -> int:
        """How many are listed."""
        return len(self._alerts.alerts)

    def acknowledge_chosen(self) -> None:
        """A person has seen the chosen one."""
        chosen = self.chosen
        if chosen is not None and chosen.acknowledged_s is None:
            self.acknowledged.emit((chosen.key,))

    def acknowledge_all(self) -> None:
        """A person has seen all of them."""
        keys = tuple(alert.key for alert in self._alerts.alerts if alert.acknowledged_s is None)
        if keys:
            self.acknowledged.emit(keys)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.acknowledge_chosen()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The words wrap anew."""
        super().resizeEvent(event)
        self.list.doItemsLayout()

    def _settle(self) -> None:
        chosen = self.chosen
        self.one.setEnabled(chosen is not None and chosen.acknowledged_s is None)

    def _compose(self) -> None:
        title = QLabel(self.tr("Alerts"))
        title.setFont(scaled_font(title.font(), 1.25, bold=True))
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(self._close)
        foot = QHBoxLayout()
        foot.setSpacing(Space.SMALL)
        foot.addWidget(self._said, 1)
        foot.addWidget(self.one)
        foot.addWidget(self.all)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        column.setSpacing(Space.SMALL)
        column.addLayout(top)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
