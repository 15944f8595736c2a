"""How the skew comes about in numbers, and what the governor can reach here at all (spec 18c)."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.governor.messages import GovernorSnapshot, Reach, SizeAdvice
from gui import formats
from gui.looks import Look
from gui.pill import Pill
from gui.theme import Space, Tone, number_font, scaled_font, set_look

translate = QCoreApplication.translate
_OUT_OF_REACH = Look("warning", "!", Tone.DAMPED)
_IN_REACH = Look("done", "✓", Tone.ACTING)
_UNKNOWN = Look("starting", "◌", Tone.NEUTRAL)


def reach_verdict(reach: Reach | None) -> tuple[Look, str]:
    """The word for what can be reached."""
    if reach is None:
        return _UNKNOWN, translate("GovernorNumbers", "Reach unknown")
    if reach.out_of_reach:
        return _OUT_OF_REACH, translate("GovernorNumbers", "Target out of reach")
    if reach.distance_points == 0:
        return _IN_REACH, translate("GovernorNumbers", "At target")
    return _IN_REACH, translate("GovernorNumbers", "Target within a day's reach")


def reach_sentence(reach: Reach | None) -> str:
    """What the governor can do here, before it is switched on and while it runs."""
    if reach is None:
        return translate("GovernorNumbers", "Not known before the first orders rest.")
    text = translate(
        "GovernorNumbers",
        "At full skew this grid moves at most {points} points of idle ratio a day ({held} with the floor held). {way}",
    )
    return text.format(
        points=f"{reach.points_per_day:.1f}", held=f"{reach.floor_held_points_per_day:.1f}", way=_way(reach)
    )


def _way(reach: Reach) -> str:
    if reach.distance_points == 0:
        return translate("GovernorNumbers", "The error is inside the neutral band.")
    distance = f"{reach.distance_points:.1f}"
    if reach.days_to_target is None:
        return translate("GovernorNumbers", "{distance} points to go, and nothing that moves them.").format(
            distance=distance
        )
    return translate("GovernorNumbers", "{distance} points to go: {days} days at least.").format(
        distance=distance, days=f"{reach.days_to_target:,.1f}"
    )


def size_sentence(size: SizeAdvice | None) -> str:
    """How finely one order moves the ratio, and the account on which that would be fine enough; empty when unknown."""
    if size is None:
        return ""
    moves = translate(
        "GovernorNumbers",
        "One order of {order} moves the ratio {points} points near the target, on {balance}; the band is ±{band}.",
    ).format(
        order=formats.usd(size.order_usd),
        points=f"{size.order_points:.1f}",
        balance=formats.usd(size.balance_usd),
        band=f"{size.band_points:.0f}",
    )
    if not size.too_coarse:
        return moves
    advice = translate(
        "GovernorNumbers",
        "A fifth of the band takes {balance}, with a floor of {floor} (runway_entries_factor {factor}).",
    ).format(
        balance=formats.usd(size.advised_balance_usd),
        floor=formats.usd(size.advised_floor_usd),
        factor=formats.UNKNOWN if size.advised_floor_factor is None else f"{size.advised_floor_factor:.1f}",
    )
    return f"{moves} {advice}"


class GovernorNumbers(QFrame):
    """Name and number in two columns, the reach below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, card=True)
        self.setAccessibleName(translate("GovernorNumbers", "The governor in numbers"))
        self._values: dict[str, QLabel] = {}
        self.reach = Pill()
        self._reach_text = QLabel()
        self._reach_text.setWordWrap(True)
        self._reach_text.setTextFormat(Qt.TextFormat.PlainText)
        self._reach_text.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._reach_text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.MinimumExpanding)
        self._reach_text.setMinimumHeight(2 * self._reach_text.fontMetrics().lineSpacing())
        set_look(self._reach_text, role="muted")
        self._compose()
        self.show_snapshot(None, 0.0)

    def show_snapshot(self, known: GovernorSnapshot | None, now_s: float) -> None:
        """Show the numbers; None before the first update."""
        look, verdict = reach_verdict(None if known is None else known.reach)
        self.reach.say(look, verdict)
        reach = None if known is None else known.reach
        size = "" if reach is None else size_sentence(reach.size)
        self._reach_text.setText("\n".join(filter(None, (reach_sentence(reach), size))))
        if known is None:
            for label in self._values.values():
                label.setText(formats.UNKNOWN)
            return
        self._say("error", formats.points(known.error))
        self._say("smoothed", formats.points(known.smoothed_error))
        self._say("velocity", f"{formats.points(known.velocity * 3600)}/h")
        self._say("next", formats.duration(known.next_update_s - now_s))
        self._say("p", formats.number(known.p, 4))
        self._say("d", formats.number(known.d, 4))
        self._say("cap", f"±{formats.percent(known.cap)}", Tone.DAMPED if known.damped else None)
        self._say("flips", str(known.sign_flips_1h), Tone.DAMPED if known.damped else None)

    def _say(self, name: str, value: str, tone: Tone | None = None) -> None:
        self._values[name].setText(value)
        set_look(self._values[name], tone=tone)

    def _compose(self) -> None:
        names = (
            ("error", translate("GovernorNumbers", "Error"), "p", translate("GovernorNumbers", "P part")),
            ("smoothed", translate("GovernorNumbers", "Smoothed"), "d", translate("GovernorNumbers", "D part")),
            ("velocity", translate("GovernorNumbers", "Velocity"), "cap", translate("GovernorNumbers", "Cap")),
            (
                "next",
                translate("GovernorNumbers", "Next update"),
                "flips",
                translate("GovernorNumbers", "Flips in 1 h"),
            ),
        )
        rows = QGridLayout()
        rows.setHorizontalSpacing(Space.MEDIUM)
        rows.setVerticalSpacing(Space.TIGHT)
        for at, (left, left_name, right, right_name) in enumerate(names):
            rows.addWidget(_muted(left_name), at, 0)
            rows.addWidget(self._value(left), at, 1)
            rows.addWidget(_muted(right_name), at, 3)
            rows.addWidget(self._value(right), at, 4)
        rows.setColumnMinimumWidth(2, Space.SMALL)
        rows.setColumnStretch(1, 1)
        rows.setColumnStretch(4, 1)
        verdict = QHBoxLayout()
        verdict.addWidget(self.reach)
        verdict.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(Space.MEDIUM, Space.MEDIUM, Space.MEDIUM, Space.MEDIUM)
        column.setSpacing(Space.TIGHT)
        column.addLayout(rows)
        column.addSpacing(Space.SMALL)
        column.addLayout(verdict)
        column.addWidget(self._reach_text, 1)

    def _value(self, name: str) -> QLabel:
        label = QLabel(formats.UNKNOWN)
        label.setFont(number_font(label.font()))
        label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._values[name] = label
        return label


def _muted(text: str) -> QLabel:
    label = QLabel(text)
    label.setFont(scaled_font(label.font(), 0.95))
    set_look(label, role="muted")
    return label
