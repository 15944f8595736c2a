"""The three lines that say what the governor does (seed 9.2), with icon, word and colour."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.governor.messages import GovernorSnapshot
from gui import formats
from gui.looks import CONDITIONS, DIRECTIONS, STARTING
from gui.pill import Pill
from gui.sentences import sentence, word
from gui.theme import Space, number_font, scaled_font, set_look

translate = QCoreApplication.translate
_GOING = frozenset({"acting", "damped"})


def first_line(known: GovernorSnapshot) -> str:
    """`Governor: ▶ Buy DOGE (skew +15%)`; the condition's word where no side is favoured."""
    condition, direction = known.condition.value, known.direction.value
    skewed = condition in _GOING and direction != "neutral"
    look = DIRECTIONS[direction] if skewed else CONDITIONS[condition]
    return translate("GovernorLines", "Governor: {glyph} {what} (skew {skew})").format(
        glyph=look.glyph, what=word(direction if skewed else condition), skew=formats.percent_change(known.skew)
    )


def size_line(known: GovernorSnapshot) -> str:
    """`Size B: ×1.15 | Size A: ×1.00`."""
    return translate("GovernorLines", "Size B: {b} | Size A: {a}").format(
        b=formats.multiplier(known.size_mult_b), a=formats.multiplier(known.size_mult_a)
    )


def idle_line(known: GovernorSnapshot) -> str:
    """`Idle USD: 75% → target 40%`."""
    return translate("GovernorLines", "Idle USD: {idle} → target {target}").format(
        idle=formats.percent(known.idle_ratio), target=formats.percent(known.target_idle_ratio)
    )


def details(known: GovernorSnapshot) -> str:
    """Error, velocity and both contributions in numbers: the tool tip of the lines (panel spec 2)."""
    rows = (
        (translate("GovernorLines", "Error"), formats.points(known.error)),
        (translate("GovernorLines", "Smoothed error"), formats.points(known.smoothed_error, 2)),
        (translate("GovernorLines", "Velocity"), f"{formats.number(known.velocity)} /s"),
        (translate("GovernorLines", "P = Kp {gain:g} × smoothed").format(gain=known.kp), formats.number(known.p)),
        (translate("GovernorLines", "D = Kd {gain:g} s × velocity").format(gain=known.kd), formats.number(known.d)),
        (translate("GovernorLines", "Asked for"), formats.percent_change(known.raw, 1)),
        (translate("GovernorLines", "Cap"), f"±{formats.percent(known.cap)}"),
    )
    return "\n".join(f"{name}: {value}" for name, value in rows)


class GovernorLines(QFrame):
    """Green while acting, gray while neutral, held or off, amber while damped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("GovernorLines", "What the governor does"))
        self.first = QLabel()
        self.first.setFont(number_font(scaled_font(self.first.font(), 1.2, bold=True)))
        self.sizes = QLabel()
        self.idle = QLabel()
        for label in (self.sizes, self.idle):
            label.setFont(number_font(scaled_font(label.font(), 1.1)))
        self.condition = Pill()
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._why.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._why.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self._why.setMinimumHeight(3 * self._why.fontMetrics().lineSpacing())
        set_look(self._why, role="muted")
        self._compose()
        self.show_snapshot(None)

    def show_snapshot(self, known: GovernorSnapshot | None) -> None:
        """Show the three lines; None before the first update."""
        if known is None:
            self.first.setText(translate("GovernorLines", "Governor: ◌ Starting"))
            self.condition.say(STARTING, translate("GovernorLines", "Starting"))
            self._why.setText(translate("GovernorLines", "No update from the governor yet."))
            return
        look = CONDITIONS[known.condition.value]
        self.first.setText(first_line(known))
        set_look(self.first, tone=look.tone)
        self.sizes.setText(size_line(known))
        self.idle.setText(idle_line(known))
        self.condition.say(look, word(known.condition))
        self._why.setText(" ".join(filter(None, (sentence(known.reason), sentence(known.signal_reason)))))
        self.setToolTip(details(known))
        self.setAccessibleDescription(". ".join((first_line(known), size_line(known), idle_line(known))))

    def _compose(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(Space.SMALL)
        top.addWidget(self.first, 1)
        top.addWidget(self.condition)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        column.setSpacing(Space.TIGHT)
        column.addLayout(top)
        column.addSpacing(Space.TIGHT)
        column.addWidget(self.sizes)
        column.addWidget(self.idle)
        column.addSpacing(Space.TIGHT)
        column.addWidget(self._why, 1)
