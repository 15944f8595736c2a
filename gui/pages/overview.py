"""Every engine at a glance, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from gui import formats
from gui.card import CardFacts, EngineCard
from gui.looks import CONDITIONS, GRID_STATES, SEVERITIES, STARTING
from gui.reflow import Reflow
from gui.sentences import sentence, word
from gui.switch_words import switch_words
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone, scaled_font, set_look

if TYPE_CHECKING:
    from engine.core.messages import Event
    from gui.hub.known import KnownHub
    from gui.overview.services import Services
    from gui.read_model import Alert, ReadModel
    from gui.troubles.waiting import Choose, Waiting

_SEVERITY_TONES = {"info": None, "warning": Tone.DAMPED, "grave": Tone.DANGER}
ALERTS_SHOWN = 100
LINE_SPAN_S = 6 * 3600.0
MAX_WAITING = 5


class OverviewPage(QScrollArea):
    """What waits for a person, cards in a grid, alerts below. Painted with cards that are starting before anything is
    attached.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model: ReadModel | None = None
        self._hub: KnownHub | None = None
        self._drawn: tuple[int, int] | None = None
        self.governor = EngineCard(
            "governor",
            self.tr("Governor"),
            (self.tr("Idle USD"), self.tr("Target"), self.tr("Skew"), self.tr("Size B"), self.tr("Size A")),
        )
        self.grid = EngineCard(
            "overview",
            self.tr("Grid"),
            (self.tr("Price"), self.tr("USD"), self.tr("DOGE"), self.tr("Orders"), self.tr("Realised today")),
        )
        self.drift = EngineCard(
            "drift",
            self.tr("Drift"),
            (
                self.tr("Value"),
                self.tr("Largest drift"),
                self.tr("Portfolios"),
                self.tr("Wait for you"),
                self.tr("Gas"),
            ),
        )
        self.hub = EngineCard(
            "hub",
            self.tr("Hub"),
            (self.tr("Gas"), self.tr("Soft limit"), self.tr("Waiting"), self.tr("Profit"), self.tr("Refused")),
        )
        self._services: Services | None = None
        self.waiting: Waiting | None = None
        self._alerts: RowsModel[Alert] = RowsModel(self._alert_columns(), key=id)
        self._compose()
        self._show_starting()

    def attach(self, model: ReadModel, hub: KnownHub, choose: Choose, now: Callable[[], float]) -> None:
        """Bind to a running session. choose: what the button of a way out of a trouble does."""
        from gui.overview.services import Services
        from gui.read_model import Plotted
        from gui.sparkline import Sparkline
        from gui.troubles.waiting import Waiting

        self._model, self._hub, self._now = model, hub, now
        self._services = Services()
        self.waiting = Waiting(choose, max_rows=MAX_WAITING, elsewhere=self.tr("Governor"))
        self._column.insertWidget(0, self.waiting)
        self._column.insertWidget(2, self._services)
        self._idle_line = Sparkline(
            self.tr("Idle ratio, last six hours"), model.series[Plotted.IDLE_RATIO], span_s=21600
        )
        self._price_line = Sparkline(self.tr("Price, last six hours"), model.series[Plotted.PRICE], span_s=21600)
        self._drift_line = Sparkline(self.tr("Largest drift, last six hours"), model.drift.largest, span_s=21600)
        self._limit_line = Sparkline(self.tr("Soft limit, last six hours"), hub.soft_limit_usd, span_s=21600)
        self.hub.place_line(self._limit_line, self.tr("Gas-adjusted soft limit, 6 h"))
        self.drift.place_line(self._drift_line, self.tr("Largest drift of all portfolios, 6 h"))
        self.governor.place_line(self._idle_line, self.tr("Idle ratio against target, 6 h"))
        self.grid.place_line(self._price_line, self.tr("DOGE/USD, 6 h"))
        self._drawn = None

    def redraw(self) -> None:
        """Show what the read model holds."""
        model, hub = self._model, self._hub
        if model is None or hub is None or (model.revision, hub.revision) == self._drawn:
            return
        self._drawn = model.revision, hub.revision
        self.governor.show_facts(self._governor_facts(model))
        self.grid.show_facts(self._with_stop(model, self._grid_facts(model)))
        self.drift.show_facts(self._drift_facts(model))
        self.hub.show_facts(self._hub_facts(hub))
        if model.governor is not None:
            self._idle_line.set_target(model.governor.target_idle_ratio)
        self._idle_line.redraw()
        self._price_line.redraw()
        self._drift_line.redraw()
        self._limit_line.redraw()
        if self.waiting is not None:
            self.waiting.show_troubles(model.waiting)
        if self._services is not None:
            self._services.show_snapshots(model.mirror, model.status_page)
        alerts = list(model.alerts)[: -ALERTS_SHOWN - 1 : -1]
        self._alerts.show_rows(alerts)
        self._show_alerts.setCurrentIndex(1 if alerts else 0)

    def decide(self) -> None:
        """Give the keyboard to the first thing that waits for a person."""
        self.redraw()
        if self.waiting is not None:
            self.waiting.focus_first()

    def _governor_facts(self, model: ReadModel) -> CardFacts:
        known = model.governor
        fallen = self._fallen(model, "governor")
        if fallen is not None:
            return fallen
        if known is None:
            return CardFacts(STARTING, self.tr("Starting"), self.tr("No update from the governor yet."))
        condition = known.condition
        return CardFacts(
            CONDITIONS[condition.value],
            word(condition),
            sentence(known.reason),
            (
                (formats.percent(known.idle_ratio), None),
                (formats.percent(known.target_idle_ratio), None),
                (formats.percent_change(known.skew), CONDITIONS[condition.value].tone if known.skew else None),
                (formats.multiplier(known.size_mult_b), None),
                (formats.multiplier(known.size_mult_a), None),
            ),
            self._last_action(model, "governor"),
        )

    def _grid_facts(self, model: ReadModel) -> CardFacts:
        known = model.grid
        fallen = self._fallen(model, "grid")
        if fallen is not None:
            return fallen
        if known is None:
            return CardFacts(STARTING, self.tr("Starting"), self.tr("No word from the grid yet."))
        waiting = sum(slot.phase.value != "S0" for slot in known.slots)
        why = sentence(known.why) or self.tr(
            "{slots} slots, {waiting} of them waiting for an exit; {trips} round trips so far."
        ).format(slots=len(known.slots), waiting=waiting, trips=known.round_trips)
        loss = Tone.DANGER if known.realised_today_usd < 0 else Tone.ACTING if known.realised_today_usd > 0 else None
        return CardFacts(
            GRID_STATES.get(known.state, STARTING),
            word(known.state),
            why,
            (
                (formats.price(known.price), None),
                (formats.usd(known.usd), None),
                (formats.doge(known.doge, 0).removesuffix(" DOGE"), None),
                (str(known.open_orders), Tone.DAMPED if known.band.value != "normal" else None),
                (formats.usd_change(known.realised_today_usd), loss),
            ),
            self._last_action(model, "grid"),
        )

    def _drift_facts(self, model: ReadModel) -> CardFacts:
        from engine.drift.messages import PortfolioState
        from gui.drift.engine_line import engine_sentence, engine_verdict

        known, life = model.drift.engine, model.engines.get("drift")
        look, said = engine_verdict(known, life)
        last = self._last_action(model, "drift")
        if known is None:
            nothing = tuple((formats.UNKNOWN, None) for _ in range(5))
            return CardFacts(look, said, engine_sentence(known, life), nothing, last)
        values = [row.value_usd for row in known.rows if row.value_usd is not None]
        drifts = [row.max_drift for row in known.rows if row.max_drift is not None]
        waiting = sum(row.state is PortfolioState.PROPOSED for row in known.rows)
        return CardFacts(
            look,
            said,
            engine_sentence(known, life),
            (
                (formats.usd_short(sum(values)) if len(values) == len(known.rows) else formats.UNKNOWN, None),
                (formats.percent(max(drifts, default=None), 1), None),
                (f"{len(known.rows):,}", None),
                (f"{waiting:,}", Tone.PAPER if waiting else None),
                (formats.gwei(known.gas_price_wei) if known.block_at_s is not None else formats.UNKNOWN, None),
            ),
            last,
        )

    def _hub_facts(self, hub: KnownHub) -> CardFacts:
        from gui.hub.revenue import MOST_REFUSED_RATIO
        from gui.hub.state import hub_sentence, hub_verdict
        from gui.sentences.figures import gwei_text

        known, gas = hub.snapshot, None if hub.snapshot is None else hub.snapshot.gas
        look, said = hub_verdict(known, hub.life)
        nothing = tuple((formats.UNKNOWN, None) for _ in range(5))
        if known is None:
            return CardFacts(look, said, hub_sentence(known, hub.life), nothing, self._last_words(hub.last_action))
        stopped = Tone.DANGER if gas is not None and gas.stops is not None else None
        totals = known.totals
        refused = totals.refusal_ratio is not None and totals.refusal_ratio > MOST_REFUSED_RATIO
        return CardFacts(
            look,
            said,
            hub_sentence(known, hub.life),
            (
                (gwei_text(None if gas is None else gas.price_gwei), stopped),
                (formats.usd(None if gas is None else gas.soft_limit_usd), stopped),
                (f"{known.queue_length:,}", None),
                (formats.usd_change(totals.profit_usd), Tone.DANGER if totals.profit_usd < 0 else None),
                (formats.percent(totals.refusal_ratio, 1), Tone.DAMPED if refused else None),
            ),
            self._last_words(hub.last_action),
        )

    def _with_stop(self, model: ReadModel, facts: CardFacts) -> CardFacts:
        """While orders may rest after a Stop, that is what the grid's card says."""
        words = switch_words(model.mode, model.grid, self._now())
        return replace(facts, look=words.look, word=words.short, sentence=words.full) if words.unsettled else facts

    def _fallen(self, model: ReadModel, engine: str) -> CardFacts | None:
        """What a card says of an engine that crashed and is not back yet; its old numbers would mislead."""
        life = model.engines.get(engine)
        if life is None or life.state.value != "restarting":
            return None
        text = self.tr("The engine crashed ({error}) and is started anew. It reads the exchange before it acts.")
        nothing = tuple((formats.UNKNOWN, None) for _ in range(5))
        return CardFacts(
            SEVERITIES["grave"],
            self.tr("Restarting"),
            text.format(error=life.last_error),
            nothing,
            self._last_action(model, engine),
        )

    def _last_action(self, model: ReadModel, engine: str) -> str:
        return self._last_words(model.last_action.get(engine))

    def _last_words(self, event: Event | None) -> str:
        from gui.sentences.events import event_sentence

        if event is None:
            return self.tr("Nothing done yet in this session.")
        return f"{formats.clock_time(event.at_s)}  {event_sentence(event)}"

    def _show_starting(self) -> None:
        nothing = tuple((formats.UNKNOWN, None) for _ in range(5))
        starting = CardFacts(
            STARTING,
            self.tr("Starting"),
            self.tr("The engine is being started."),
            nothing,
            self.tr("Nothing done yet."),
        )
        self.governor.show_facts(starting)
        self.grid.show_facts(starting)
        self.drift.show_facts(starting)
        self.hub.show_facts(starting)

    def _alert_columns(self) -> tuple[Column[Alert], ...]:
        from_event = _alert_text
        return (
            Column(self.tr("Time"), lambda alert: formats.clock_time(alert.event.at_s)),
            Column(
                self.tr("Weight"),
                lambda alert: f"{SEVERITIES[alert.severity.value].glyph}  {self._weight(alert)}",
                tone=lambda alert: _SEVERITY_TONES[alert.severity.value],
            ),
            Column(self.tr("What happened"), from_event),
        )

    def _weight(self, alert: Alert) -> str:
        return self.tr("Act now") if alert.severity.value == "grave" else self.tr("Look at it")

    def _compose(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inside = QWidget()
        cards = Reflow(
            (self.governor, self.grid, self.drift, self.hub),
            ((((0, 1), (1, 1)), ((2, 1), (3, 1))), tuple(((n, 1),) for n in range(4))),
        )
        column = self._column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Space.MEDIUM)
        column.addWidget(cards)
        column.addWidget(self._alerts_card(), 1)
        self.setWidget(inside)

    def _alerts_card(self) -> QWidget:
        card = QFrame()
        set_look(card, card=True)
        title = QLabel(self.tr("Alerts"))
        title.setFont(scaled_font(title.font(), 1.15, bold=True))
        none = QLabel(self.tr("Nothing needs your attention."))
        none.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        set_look(none, role="muted")
        self._show_alerts = QStackedLayout()
        self._show_alerts.addWidget(none)
        view = LiveTable(self._alerts, self.tr("Alerts, newest first"), stretch=2)
        view.setMinimumHeight(150)
        self._show_alerts.addWidget(view)
        head = QHBoxLayout()
        head.addWidget(title)
        head.addStretch(1)
        column = QVBoxLayout(card)
        column.setContentsMargins(Space.LARGE, Space.MEDIUM, Space.LARGE, Space.LARGE)
        column.setSpacing(Space.SMALL)
        column.addLayout(head)
        column.addLayout(self._show_alerts, 1)
        return card


def _alert_text(alert: Alert) -> str:
    from gui.sentences.events import event_sentence

    return event_sentence(alert.event)
