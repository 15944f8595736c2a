"""How far each token is from its target, as bars to both sides of it (panel spec 3)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QVBoxLayout, QWidget

from engine.drift.messages import TokenView
from gui import formats
from gui.plots.legend import Entry, Legend, Swatch
from gui.sentences import sentence
from gui.theme import Space, Tone, number_font, theme_of

translate = QCoreApplication.translate
MOST_THRESHOLDS = 5.0
"""A bar longer than this many thresholds is cut and ends in an arrow; its number stands beside it."""


def bars_summary(tokens: Sequence[TokenView], threshold: float, destination: float) -> str:
    """The bars in words (panel spec 15)."""
    parts = []
    for token in tokens:
        text = translate("DriftBars", "{symbol} {drift}").format(
            symbol=token.symbol, drift=formats.percent_change(token.drift, 1)
        )
        if token.residual_drift is not None:
            text += translate("DriftBars", ", after the plan {drift}").format(
                drift=formats.percent_change(token.residual_drift, 1)
            )
        parts.append(text)
    limits = translate("DriftBars", "Threshold ±{threshold}, destination ±{destination}.").format(
        threshold=formats.percent(threshold, 1), destination=formats.percent(destination, 1)
    )
    return " ".join((f"{'; '.join(parts)}." if parts else translate("DriftBars", "No tokens."), limits))


def reach(tokens: Sequence[TokenView], threshold: float) -> float:
    """The drift at the end of the scale, the same on both sides."""
    drifts = [abs(one) for token in tokens for one in (token.drift, token.residual_drift) if one is not None]
    return max(1.25 * threshold, min(max(drifts, default=0.0) * 1.05, MOST_THRESHOLDS * threshold), 1e-6)


class _Bars(QWidget):
    """The picture alone: a row a token, the target in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens: tuple[TokenView, ...] = ()
        self.threshold = 0.0
        self.destination = 0.0
        self.setFont(number_font(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(320, self._row_px * max(len(self.tokens), 1) + 2 * Space.TIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(self._names_px + self._numbers_px + 100, self.sizeHint().height())

    def event(self, event: QEvent) -> bool:
        """Over a row: its drift and its reasons."""
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            at = (event.pos().y() - Space.TIGHT) // self._row_px
            if 0 <= at < len(self.tokens):
                token = self.tokens[at]
                reasons = " ".join(sentence(reason) for reason in token.reasons)
                QToolTip.showText(
                    event.globalPos(), f"{token.symbol} {formats.percent_change(token.drift, 2)}. {reasons}", self
                )
                return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The destination's ground, bars, the lines of the threshold, the marks of what is left after the plan."""
        theme = theme_of()
        painter = QPainter(self)
        field = QRectF(self.rect()).adjusted(self._names_px, Space.TIGHT, -self._numbers_px, -Space.TIGHT)
        middle, per_ratio = field.center().x(), field.width() / 2 / reach(self.tokens, self.threshold)
        ground = QColor(theme.tones[Tone.ACTING].text)
        ground.setAlphaF(0.18)
        half = self.destination * per_ratio
        painter.fillRect(QRectF(middle - half, field.top(), 2 * half, field.height()), ground)
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.drawLine(QLineF(middle, field.top(), middle, field.bottom()))
        for at, token in enumerate(self.tokens):
            self._paint_row(painter, field, at, token, per_ratio)
        painter.setPen(QPen(QColor(theme.tones[Tone.DAMPED].text), 1, Qt.PenStyle.DashLine))
        for side in (-1, 1):
            x = round(middle + side * self.threshold * per_ratio)
            painter.drawLine(QLineF(x, field.top(), x, field.bottom()))
        if self.destination > 0:
            painter.setPen(QPen(QColor(theme.tones[Tone.ACTING].text), 1, Qt.PenStyle.DotLine))
            for side in (-1, 1):
                x = round(middle + side * half)
                painter.drawLine(QLineF(x, field.top(), x, field.bottom()))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.accent), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_row(self, painter: QPainter, field: QRectF, at: int, token: TokenView, per_ratio: float) -> None:
        theme = theme_of()
        row = QRectF(0, field.top() + at * self._row_px, self.width(), self._row_px)
        painter.setPen(QColor(theme.text))
        name = self.fontMetrics().elidedText(token.symbol, Qt.TextElideMode.ElideRight, self._names_px - Space.SMALL)
        painter.drawText(row.adjusted(Space.TIGHT, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), name)
        beyond = token.drift is not None and abs(token.drift) >= self.threshold
        tone = theme.tones[Tone.DAMPED if beyond else Tone.NEUTRAL]
        painter.setPen(QColor(tone.text if beyond else theme.text))
        painter.drawText(
            row.adjusted(0, 0, -Space.TIGHT, 0),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight),
            formats.percent_change(token.drift, 1),
        )
        middle, centre = field.center().x(), row.center().y()
        thick = self._row_px * 0.5
        if token.drift is not None:
            end = middle + max(-field.width() / 2, min(field.width() / 2, token.drift * per_ratio))
            bar = QRectF(min(middle, end), centre - thick / 2, abs(end - middle), thick)
            painter.fillRect(bar, QColor(tone.fill if beyond else theme.series[0]))
            if abs(token.drift * per_ratio) > field.width() / 2:
                _paint_arrow(painter, end, centre, thick, 1 if token.drift > 0 else -1, QColor(tone.text))
        if token.residual_drift is not None:
            left = middle + max(-field.width() / 2, min(field.width() / 2, token.residual_drift * per_ratio))
            painter.fillRect(QRectF(left - 1.5, centre - thick * 0.8, 3, thick * 1.6), QColor(theme.text))

    @property
    def _row_px(self) -> int:
        return self.fontMetrics().height() + Space.SMALL

    @property
    def _names_px(self) -> int:
        widths = [self.fontMetrics().horizontalAdvance(token.symbol) for token in self.tokens]
        return min(max(widths, default=40), 110) + Space.MEDIUM

    @property
    def _numbers_px(self) -> int:
        return self.fontMetrics().horizontalAdvance("−1,000.0%") + Space.SMALL


def _paint_arrow(painter: QPainter, x: float, y: float, thick: float, side: int, colour: QColor) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    tip, base = x + side * Space.TIGHT, x - side * Space.TIGHT
    painter.drawPolygon(QPolygonF([QPointF(tip, y), QPointF(base, y - thick), QPointF(base, y + thick)]))
    painter.setBrush(Qt.BrushStyle.NoBrush)


class DriftBars(QWidget):
    """The bars; `legend` is placed by whoever has the room. Their text summary is what a screen reader says, their
    table twin stands beside them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.legend = Legend()
        self.picture = _Bars()
        self.picture.setAccessibleName(translate("DriftBars", "Drift of each token"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.picture)
        column.addStretch(1)

    def show_tokens(self, tokens: Sequence[TokenView], threshold: float, destination: float) -> None:
        """Show these bars. threshold, destination: ratios, drawn on both sides."""
        picture = self.picture
        if (tuple(tokens), threshold, destination) == (picture.tokens, picture.threshold, picture.destination):
            return
        picture.tokens, picture.threshold, picture.destination = tuple(tokens), threshold, destination
        picture.setAccessibleDescription(bars_summary(tokens, threshold, destination))
        self._update_legend()
        picture.updateGeometry()
        picture.update()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "picture"):
            self._update_legend()

    def _update_legend(self) -> None:
        theme, picture = theme_of(), self.picture
        entries = [
            Entry(
                translate("DriftBars", "Threshold"),
                f"±{formats.percent(picture.threshold, 1)}",
                QColor(theme.tones[Tone.DAMPED].text),
                Swatch.DASHES,
            ),
            Entry(
                translate("DriftBars", "Destination"),
                f"±{formats.percent(picture.destination, 1)}",
                QColor(theme.tones[Tone.ACTING].text),
                Swatch.BAND,
            ),
        ]
        left = [abs(token.residual_drift) for token in picture.tokens if token.residual_drift is not None]
        if left:
            text = f"±{formats.percent(max(left), 1)}"
            entries.append(Entry(translate("DriftBars", "After the plan"), text, QColor(theme.text)))
        self.legend.show_entries(entries)
