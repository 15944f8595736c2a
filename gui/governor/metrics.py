"""What to watch once the governor runs (seed 10.3): one row a metric, by side where it has sides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.governor.messages import GovernorSnapshot
from engine.grid.messages import GridMetrics, GridSnapshot, SideFigures
from gui import formats
from gui.tables import Column, LiveTable, RowsModel
from gui.theme import Space, Tone

translate = QCoreApplication.translate
FLIPS_WANTED_BELOW = 3


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric. buys, sells: side B and side A; empty where it has no sides. wanted: what is hoped of it."""

    name: str
    buys: str = ""
    sells: str = ""
    both: str = ""
    wanted: str = ""
    tone: Tone | None = None


def metric_rows(governor: GovernorSnapshot | None, grid: GridSnapshot | None) -> list[MetricRow]:
    """Every metric of seed 10.3, in its order."""
    figures = GridMetrics() if grid is None else grid.metrics
    return [
        _idle_trend(governor),
        MetricRow(
            translate("Metrics", "USD deployed"),
            buys=translate("Metrics", "{usd} per hour").format(usd=formats.usd(figures.deployed_per_hour_usd)),
            both=translate("Metrics", "{usd} in all").format(usd=formats.usd(figures.deployed_usd)),
            wanted=translate("Metrics", "more while buys are larger"),
        ),
        *_round_trips(figures),
        _flips(governor),
        MetricRow(
            translate("Metrics", "Average entry"),
            buys=_average(figures.b),
            sells=_average(figures.a),
            wanted=translate("Metrics", "larger on the side that is favoured"),
        ),
        _lone(translate("Metrics", "long_only triggers"), figures.long_only_1d, figures.long_only),
        _lone(translate("Metrics", "short_only triggers"), figures.short_only_1d, figures.short_only),
        _drift(grid, figures),
    ]


def metrics_summary(governor: GovernorSnapshot | None, grid: GridSnapshot | None) -> str:
    """The metrics in sentences, for those who read rather than look (panel spec 15)."""
    return " ".join(_read_out(row) for row in metric_rows(governor, grid))


def _read_out(row: MetricRow) -> str:
    parts = (
        translate("Metrics", "buys {value}").format(value=row.buys) if row.buys else "",
        translate("Metrics", "sells {value}").format(value=row.sells) if row.sells else "",
        row.both,
    )
    return f"{row.name}: {', '.join(part for part in parts if part)}."


def _idle_trend(governor: GovernorSnapshot | None) -> MetricRow:
    name = translate("Metrics", "Idle USD trend")
    if governor is None:
        return MetricRow(name, both=formats.UNKNOWN)
    return MetricRow(
        name,
        both=translate("Metrics", "{idle}, {trend}/h").format(
            idle=formats.percent(governor.idle_ratio, 1), trend=formats.points(governor.velocity * 3600)
        ),
        wanted=translate("Metrics", "towards {target} while the skew acts").format(
            target=formats.percent(governor.target_idle_ratio)
        ),
    )


def _round_trips(figures: GridMetrics) -> Iterator[MetricRow]:
    b, a = figures.b, figures.a
    yield MetricRow(
        translate("Metrics", "Realised by round trips"),
        buys=_profit(b),
        sells=_profit(a),
        both=formats.usd_change(b.profit_usd + a.profit_usd, 4),
        wanted=translate("Metrics", "grows with the size"),
    )
    yield MetricRow(
        translate("Metrics", "Margin per round trip"),
        buys=formats.percent_change(b.margin_ratio, 2),
        sells=formats.percent_change(a.margin_ratio, 2),
        wanted=translate("Metrics", "stays as it is"),
    )
    yield MetricRow(
        translate("Metrics", "Recoveries given up"),
        buys=f"{b.evicted:,}",
        sells=f"{a.evicted:,}",
        both=formats.usd_change(b.evicted_usd + a.evicted_usd, 4),
        wanted=translate("Metrics", "none"),
        tone=Tone.DAMPED if b.evicted + a.evicted else None,
    )


def _profit(side: SideFigures) -> str:
    return translate("Metrics", "{usd} in {count}").format(
        usd=formats.usd_change(side.profit_usd, 4), count=f"{side.trips:,}"
    )


def _average(side: SideFigures) -> str:
    if side.average_usd is None or side.size_multiplier is None:
        return formats.UNKNOWN
    return translate("Metrics", "{usd} ({multiplier}) in {count}").format(
        usd=formats.usd(side.average_usd),
        multiplier=formats.multiplier(side.size_multiplier),
        count=f"{side.entries:,}",
    )


def _lone(name: str, last_day: int, in_all: int) -> MetricRow:
    return MetricRow(
        name,
        both=translate("Metrics", "{day} in a day, {all} in all").format(day=f"{last_day:,}", all=f"{in_all:,}"),
        wanted=translate("Metrics", "no more than without the governor"),
    )


def _flips(governor: GovernorSnapshot | None) -> MetricRow:
    name = translate("Metrics", "Skew sign flips")
    if governor is None:
        return MetricRow(name, both=formats.UNKNOWN)
    flips = governor.sign_flips_1h
    return MetricRow(
        name,
        both=translate("Metrics", "{count} in the last hour").format(count=flips),
        wanted=translate("Metrics", "fewer than {count} an hour").format(count=FLIPS_WANTED_BELOW),
        tone=Tone.DAMPED if flips >= FLIPS_WANTED_BELOW else None,
    )


def _drift(grid: GridSnapshot | None, figures: GridMetrics) -> MetricRow:
    name = translate("Metrics", "Volume drift to Kraken")
    wanted = translate("Metrics", "0; any other number halts the grid")
    if grid is None:
        return MetricRow(name, both=formats.UNKNOWN, wanted=wanted)
    text = translate("Metrics", "{count} orders").format(count=figures.volume_drifts)
    return MetricRow(name, both=text, wanted=wanted, tone=Tone.DANGER if figures.volume_drifts else None)


class Metrics(QWidget):
    """A table that is brought up to date in place; its description holds the same in sentences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: RowsModel[MetricRow] = RowsModel(
            (
                Column(translate("Metrics", "Metric"), lambda row: row.name),
                Column(translate("Metrics", "Side B (buys first)"), lambda row: row.buys, right=True),
                Column(translate("Metrics", "Side A (sells first)"), lambda row: row.sells, right=True),
                Column(translate("Metrics", "Both"), lambda row: row.both, right=True, tone=lambda row: row.tone),
                Column(translate("Metrics", "What it should be"), lambda row: row.wanted),
            ),
            key=lambda row: row.name,
        )
        self._view = LiveTable(self.rows, translate("Metrics", "Metrics"), stretch=4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, Space.SMALL, 0, 0)
        column.addWidget(self._view)

    def show_snapshots(self, governor: GovernorSnapshot | None, grid: GridSnapshot | None) -> None:
        """Show what both engines confirmed."""
        self.rows.show_rows(metric_rows(governor, grid))
        self._view.setAccessibleDescription(metrics_summary(governor, grid))
