"""What rebalancing was worth and what it cost (drift spec 16)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from engine.drift.analytics import PERIOD_DAYS, Contribution, Costs, Summary
from engine.drift.messages import PortfolioSnapshot
from gui import formats
from gui.drift.history import bps
from gui.reflow import Reflow
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure: its name, its text, and what it means or why it is not known."""

    name: str
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """What one token added to the change in value; None where it is not known."""

    symbol: str
    part: Contribution | None


def figure_rows(summary: Summary | None) -> list[FigureRow]:
    """Every figure of spec 16, in its order; a dash with its cause where one is not known."""
    if summary is None:
        untold = translate("DriftAnalytics", "The engine has told no analytics of this portfolio yet.")
        return [FigureRow(row.name, formats.UNKNOWN, untold) for row in figure_rows(_NOTHING)]
    one = summary
    no_plan = translate("DriftAnalytics", "No plan has reached the chain yet.")
    no_trade = translate("DriftAnalytics", "Nothing was traded yet.")
    no_sample = translate("DriftAnalytics", "The portfolio was not sampled yet.")
    two_samples = translate("DriftAnalytics", "Needs two samples of a value above 0.")
    year = translate("DriftAnalytics", "Over samples, scaled to {days} days.").format(days=PERIOD_DAYS)
    moved = translate("DriftAnalytics", "Needs three samples whose value changed.")
    fell = translate("DriftAnalytics", "Needs samples between which the value fell.")
    return [
        FigureRow(translate("DriftAnalytics", "Rebalances"), f"{one.rebalances:,}"),
        _row(translate("DriftAnalytics", "Success rate"), formats.percent(one.success_rate, 1), no_plan),
        _row(translate("DriftAnalytics", "Average drift"), formats.percent(one.average_drift, 2), no_sample),
        FigureRow(translate("DriftAnalytics", "Traded"), formats.usd(one.turnover_usd)),
        _row(translate("DriftAnalytics", "Gas per dollar traded"), _usd(one.gas_per_usd), no_trade),
        _row(
            translate("DriftAnalytics", "Less than quoted"),
            formats.UNKNOWN if one.slippage_bps is None else bps(one.slippage_bps),
            no_trade,
        ),
        _row(translate("DriftAnalytics", "Return"), formats.percent_change(one.total_return, 2), two_samples),
        _row(
            translate("DriftAnalytics", "Return of holding"),
            formats.percent_change(one.holding_return, 2),
            two_samples,
            translate("DriftAnalytics", "What the first sample's units would have returned, untouched."),
        ),
        _row(
            translate("DriftAnalytics", "Rebalancing alpha"),
            formats.percent_change(one.alpha, 2),
            two_samples,
            translate("DriftAnalytics", "Return above holding."),
        ),
        _row(
            translate("DriftAnalytics", "Cost drag"),
            formats.percent(one.cost_drag, 2),
            two_samples,
            translate("DriftAnalytics", "What the same trades would have returned more without their costs."),
        ),
        _row(translate("DriftAnalytics", "Sharpe ratio"), _ratio(one.sharpe), moved, year),
        _row(translate("DriftAnalytics", "Sortino ratio"), _ratio(one.sortino), fell, year),
        FigureRow(
            translate("DriftAnalytics", "Deepest drawdown"),
            formats.percent_change(one.max_drawdown, 2),
            translate("DriftAnalytics", "The deepest fall from a peak."),
        ),
    ]


def cost_rows(summary: Summary | None) -> list[FigureRow]:
    """What trading took, by kind."""
    costs = None if summary is None else summary.costs
    untold = translate("DriftAnalytics", "The engine has told no analytics of this portfolio yet.")
    named = (
        (translate("DriftAnalytics", "Pool fees"), None if costs is None else costs.fee_usd),
        (translate("DriftAnalytics", "Price impact"), None if costs is None else costs.impact_usd),
        (translate("DriftAnalytics", "Slippage"), None if costs is None else costs.slippage_usd),
        (translate("DriftAnalytics", "Gas"), None if costs is None else costs.gas_usd),
        (translate("DriftAnalytics", "All of it"), None if costs is None else costs.total_usd),
    )
    return [FigureRow(name, formats.usd(usd), "" if costs is not None else untold) for name, usd in named]


def contribution_rows(known: PortfolioSnapshot) -> list[ContributionRow]:
    """Each token's part; unknown while the samples are of other tokens than now."""
    parts = known.attribution if len(known.attribution) == len(known.tokens) else (None,) * len(known.tokens)
    return [ContributionRow(token.symbol, part) for token, part in zip(known.tokens, parts, strict=True)]


def _row(name: str, text: str, missing: str, meaning: str = "") -> FigureRow:
    return FigureRow(name, text, missing if text == formats.UNKNOWN else meaning)


def _usd(value: float | None) -> str:
    return formats.UNKNOWN if value is None else formats.usd(value, 4)


def _ratio(value: float | None) -> str:
    return formats.UNKNOWN if value is None else formats.signed(f"{value:z.2f}")


def _figure_columns(title: str) -> tuple[Column[FigureRow], ...]:
    return (
        Column(title, lambda row: row.name, hint=lambda row: row.hint),
        Column("", lambda row: row.text, right=True, hint=lambda row: row.hint),
    )


def _contribution_columns() -> tuple[Column[ContributionRow], ...]:
    def missing(row: ContributionRow) -> str:
        return "" if row.part is not None else translate("DriftAnalytics", "Not sampled with these tokens yet.")

    def tone(row: ContributionRow) -> Tone | None:
        return Tone.DANGER if row.part is not None and row.part.price_usd + row.part.trading_usd < 0 else None

    return (
        Column(translate("DriftAnalytics", "Token"), lambda row: row.symbol),
        Column(
            translate("DriftAnalytics", "By its price"),
            lambda row: formats.usd_change(row.part and row.part.price_usd),
            right=True,
            hint=missing,
        ),
        Column(
            translate("DriftAnalytics", "By trading"),
            lambda row: formats.usd_change(row.part and row.part.trading_usd),
            right=True,
            hint=missing,
        ),
        Column(
            translate("DriftAnalytics", "Together"),
            lambda row: formats.usd_change(row.part and row.part.price_usd + row.part.trading_usd),
            right=True,
            tone=tone,
            hint=missing,
        ),
    )


class DriftAnalytics(QWidget):
    """Three tables: figures, costs by kind, contributions."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.figures: RowsModel[FigureRow] = RowsModel(
            _figure_columns(translate("DriftAnalytics", "Analytics")), key=lambda row: row.name
        )
        self.costs: RowsModel[FigureRow] = RowsModel(
            _figure_columns(translate("DriftAnalytics", "Costs")), key=lambda row: row.name
        )
        self.parts: RowsModel[ContributionRow] = RowsModel(_contribution_columns(), key=lambda row: row.symbol)
        tables = (
            LiveTable(self.figures, translate("DriftAnalytics", "Analytics"), stretch=0),
            LiveTable(self.costs, translate("DriftAnalytics", "Costs by kind"), stretch=0),
            LiveTable(self.parts, translate("DriftAnalytics", "Contribution of each token"), stretch=0),
        )
        for table in tables:
            table.setMinimumSize(230, 120)
            table.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        right = Reflow(tables[1:], ((((0, 1),), ((1, 1),)),))
        right.setMinimumWidth(250)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.addWidget(Reflow((tables[0], right), ((((0, 1), (1, 1)),), (((0, 1),), ((1, 1),)))))

    def show_snapshot(self, known: PortfolioSnapshot | None) -> None:
        """Show them; dashes before they were told."""
        summary = None if known is None else known.summary
        self.figures.show_rows(figure_rows(summary))
        self.costs.show_rows(cost_rows(summary))
        self.parts.show_rows([] if known is None else contribution_rows(known))


_NOTHING = Summary(
    rebalances=0,
    success_rate=None,
    average_drift=None,
    turnover_usd=Decimal(0),
    gas_per_usd=None,
    slippage_bps=None,
    total_return=None,
    holding_return=None,
    alpha=None,
    cost_drag=None,
    sharpe=None,
    sortino=None,
    max_drawdown=0.0,
    costs=Costs(),
)
