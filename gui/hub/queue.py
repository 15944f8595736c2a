"""Who waits, for how long and why; when the next batch goes (panel spec 4, hub spec 10, 11 and 17)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QAbstractItemView, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from engine.hub.messages import HubSnapshot, RequestView, WindowView
from gui import formats
from gui.hub.state import in_flight_text
from gui.labels import Prose
from gui.sentences import sentence
from gui.sentences.figures import short_id
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space

translate = QCoreApplication.translate
MEASURED_ROWS = 30
"""Below those in sight, for the width of the columns; Qt's own 1000 are slow on a long queue."""
AGE, WHY = 5, 6
_PROGRESS_STEPS = 1000


def tokens_text(amount: Decimal, symbol: str) -> str:
    """`1,041.5 USDC`."""
    return f"{formats.units(amount)} {symbol}"


def _worth(request: RequestView) -> str:
    return translate("HubQueue", "{amount} {symbol}, worth {usd}").format(
        amount=formats.quantity(request.amount), symbol=request.symbol, usd=formats.usd(request.usd)
    )


def _fees(request: RequestView) -> str:
    return translate("HubQueue", "Hub fee {hub_fee}, gas {gas}, buffer {buffer}").format(
        hub_fee=formats.units(request.hub_fee),
        gas=formats.units(request.miner_fee),
        buffer=formats.units(request.buffer),
    )


def queue_columns(now: Callable[[], float]) -> tuple[Column[RequestView], ...]:
    """One open request; now: the engine's clock."""
    return (
        Column(
            translate("HubQueue", "Place"),
            lambda one: str(one.place),
            right=True,
            tip=translate("HubQueue", "In the order of priority"),
        ),
        Column(translate("HubQueue", "User"), lambda one: short_id(one.user), hint=lambda one: one.user),
        Column(
            translate("HubQueue", "Amount"),
            lambda one: tokens_text(one.amount, one.symbol),
            right=True,
            hint=_worth,
        ),
        Column(
            translate("HubQueue", "Fees"),
            lambda one: formats.units(one.hub_fee + one.miner_fee + one.buffer),
            right=True,
            hint=_fees,
        ),
        Column(translate("HubQueue", "Total"), lambda one: formats.units(one.total), right=True),
        Column(
            translate("HubQueue", "Age"),
            lambda one: formats.duration(now() - one.made_at_s),
            right=True,
            hint=lambda one: formats.date_time(one.made_at_s),
        ),
        Column(translate("HubQueue", "Why it waits"), lambda one: sentence(one.reason)),
    )


def window_text(known: HubSnapshot, now_s: float) -> str:
    """How many wait for how many, and when the batch goes."""
    window = known.window
    if window.goes_at_s is None:
        return translate("HubQueue", "Nobody waits. The next request opens a window of {window}.").format(
            window=formats.duration(window.window_s)
        )
    left_s = window.goes_at_s - now_s
    held = known.stopped or known.trouble is not None or known.held is not None
    if held or (known.gas is not None and known.gas.stops is not None):
        when = translate("HubQueue", "No batch goes now, as is said above")
    elif left_s > 0:
        when = translate("HubQueue", "The batch goes in {left}").format(left=formats.duration(left_s))
    elif known.in_flight is not None:
        when = translate("HubQueue", "The next batch goes after the one under way")
    else:
        when = translate("HubQueue", "The window has ended")
    return translate("HubQueue", "{when}; {waiting} of the {threshold} that send it at once are waiting.").format(
        when=when, waiting=f"{window.waiting:,}", threshold=f"{window.threshold:,}"
    )


def window_share(window: WindowView, now_s: float) -> float:
    """How much of the window has passed, 0 to 1."""
    if window.goes_at_s is None or window.window_s <= 0:
        return 0.0
    return min(1.0, max(0.0, 1 - (window.goes_at_s - now_s) / window.window_s))


class QueueRows(RowsModel[RequestView]):
    """The queue; ages run on between two snapshots without touching anything else."""

    def age(self) -> None:
        """Ages are written anew."""
        if self.rowCount():
            self.dataChanged.emit(self.index(0, AGE), self.index(self.rowCount() - 1, AGE))


class HubQueue(QWidget):
    """The window with its countdown, the batch under way, and a row each request. opened: a row was chosen."""

    opened = Signal()

    def __init__(self, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._aged_s = -1
        self.window_words = Prose()
        self.bar = QProgressBar()
        self.bar.setRange(0, _PROGRESS_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setMaximumHeight(Space.SMALL)
        self.bar.setAccessibleName(translate("HubQueue", "How much of the batch window has passed"))
        self.in_flight = Prose()
        self.in_flight.setAccessibleName(translate("HubQueue", "Batch under way"))
        self.chosen_words = Prose()
        self.chosen_words.setAccessibleName(translate("HubQueue", "Why the selected request waits"))
        self.more = Prose(muted=True)
        self.requests = QueueRows(queue_columns(now), key=lambda one: one.id)
        self.view = LiveTable(self.requests, translate("HubQueue", "Queue, by priority"), stretch=WHY)
        self.view.horizontalHeader().setResizeContentsPrecision(MEASURED_ROWS)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setMinimumHeight(130)
        self.view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.view.activated.connect(lambda _: self.opened.emit())
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._say_chosen())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.setSpacing(Space.TIGHT)
        for part in (self.window_words, self.bar, self.in_flight):
            column.addWidget(part)
        column.addWidget(self.view, 1)
        column.addWidget(self.chosen_words)
        column.addWidget(self.more)
        self.show_snapshot(None)

    @property
    def chosen(self) -> RequestView | None:
        """The request whose row is selected."""
        rows, chosen = self.requests.rows, self.view.selectionModel().selectedRows()
        return rows[chosen[0].row()] if chosen and chosen[0].row() < len(rows) else None

    def show_snapshot(self, known: HubSnapshot | None) -> None:
        """Show who waits; None before the engine told anything."""
        self.requests.show_rows(() if known is None else known.queue)
        self._say_chosen()
        flying = "" if known is None else in_flight_text(known)
        self.in_flight.say(flying)
        self.in_flight.setVisible(bool(flying))
        shown, every = len(self.requests.rows), 0 if known is None else known.queue_length
        text = translate("HubQueue", "The first {shown} of {every} are shown.")
        self.more.say(text.format(shown=f"{shown:,}", every=f"{every:,}"))
        self.more.setVisible(every > shown)
        self.bar.setVisible(known is not None and known.window.threshold > 0)
        if known is None or not known.window.threshold:
            self.window_words.say(translate("HubQueue", "The engine has told nothing of its queue yet."))

    def show_times(self, known: HubSnapshot | None) -> None:
        """Bring countdown and ages up to date. A hub without a place to work at has no window."""
        if known is None or not known.window.threshold:
            return
        now_s = self._now()
        self.window_words.say(window_text(known, now_s))
        self.bar.setValue(round(_PROGRESS_STEPS * window_share(known.window, now_s)))
        if int(now_s) != self._aged_s:
            self._aged_s = int(now_s)
            self.requests.age()

    def _say_chosen(self) -> None:
        """The selected request's reason in full; a narrow table cuts it."""
        one = self.chosen
        text = "" if one is None else f"{short_id(one.user)}, {tokens_text(one.amount, one.symbol)}: "
        self.chosen_words.say("" if one is None else text + sentence(one.reason))
        self.chosen_words.setVisible(one is not None)
