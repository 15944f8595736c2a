"""How the panel looks: colours by meaning, in light and dark, with spacing and fonts; no plot library is loaded here.

The theme in force is a property of the application. A widget that paints itself asks `theme_of()` each time, or again
when `changeEvent` brings a PaletteChange. Text reaches a contrast of 4.5 to 1 on every ground it may stand on, and
lines 3 to 1 (WCAG 2.1, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from gui.stylesheet import stylesheet

_PROPERTY = "evenkeel_theme"


class Tone(Enum):
    """What a colour says. It never says it alone: a word and an icon stand beside it (panel spec 2)."""

    ACTING = "acting"
    NEUTRAL = "neutral"
    DAMPED = "damped"
    DANGER = "danger"
    PAPER = "paper"
    OBSERVE = "observe"


class Space(IntEnum):
    """Distances in pixels at 100 %; nothing in between is used."""

    HAIR = 2
    TIGHT = 4
    SMALL = 8
    MEDIUM = 12
    LARGE = 16
    WIDE = 24


RADIUS = 8


@dataclass(frozen=True, slots=True)
class ToneColours:
    """text: on the window, a card or `soft`. soft: a quiet ground. fill: a loud ground, with `on_fill` as its text."""

    text: str
    soft: str
    fill: str
    on_fill: str


@dataclass(frozen=True, slots=True)
class Theme:
    """One look. window: behind everything. surface: a card. sunken: an input, a table. series: plot lines in order."""

    name: str
    dark: bool
    window: str
    surface: str
    sunken: str
    hover: str
    border: str
    grid: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    series: tuple[str, ...]
    tones: Mapping[Tone, ToneColours]


LIGHT = Theme(
    name="light",
    dark=False,
    window="#f2f4f7",
    surface="#ffffff",
    sunken="#f7f9fb",
    hover="#e8edf2",
    border="#d5dbe2",
    grid="#e7ebef",
    text="#17202a",
    muted="#52606d",
    disabled="#98a3ae",
    accent="#1b66ac",
    on_accent="#ffffff",
    series=("#1b66ac", "#c2561a", "#7447c2", "#17774a", "#b32d5e", "#52606d"),
    tones={
        Tone.ACTING: ToneColours("#14693f", "#e2f3e9", "#17774a", "#ffffff"),
        Tone.NEUTRAL: ToneColours("#52606d", "#e9edf1", "#5b6874", "#ffffff"),
        Tone.DAMPED: ToneColours("#7d5300", "#fdf1d3", "#f2b632", "#2b1d00"),
        Tone.DANGER: ToneColours("#b3231c", "#fce6e4", "#c62b23", "#ffffff"),
        Tone.PAPER: ToneColours("#17599a", "#e3eefa", "#1b66ac", "#ffffff"),
        Tone.OBSERVE: ToneColours("#633ab0", "#eee8fa", "#7447c2", "#ffffff"),
    },
)

DARK = Theme(
    name="dark",
    dark=True,
    window="#10151b",
    surface="#181f27",
    sunken="#131920",
    hover="#242e39",
    border="#2c3742",
    grid="#242d37",
    text="#e5eaf0",
    muted="#9aa8b6",
    disabled="#5d6a77",
    accent="#5aa9f0",
    on_accent="#06182a",
    series=("#5aa9f0", "#f29d52", "#b794f6", "#55cc8a", "#f27ba5", "#9aa8b6"),
    tones={
        Tone.ACTING: ToneColours("#5fd394", "#16301f", "#3fb878", "#04180d"),
        Tone.NEUTRAL: ToneColours("#a5b2bf", "#252f39", "#8a98a6", "#10151b"),
        Tone.DAMPED: ToneColours("#f0c24d", "#352a0f", "#e8b431", "#241800"),
        Tone.DANGER: ToneColours("#ff8a80", "#3b1a1a", "#cf2f28", "#ffffff"),
        Tone.PAPER: ToneColours("#7cb9f5", "#14293d", "#4c9be3", "#04162a"),
        Tone.OBSERVE: ToneColours("#c4a9fb", "#281f40", "#a583ef", "#150a2b"),
    },
)

THEMES = {theme.name: theme for theme in (LIGHT, DARK)}


def application() -> QApplication:
    """The running application; raises RuntimeError before there is one."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        raise RuntimeError("a theme needs a QApplication; make one first")
    return app


def system_theme() -> Theme:
    """What the desktop asks for; light where it says nothing."""
    return DARK if application().styleHints().colorScheme() is Qt.ColorScheme.Dark else LIGHT


def apply_theme(theme: Theme) -> None:
    """Make `theme` the look of every window, now and from now on."""
    app = application()
    if app.property(_PROPERTY) is None:  # once: with a style sheet in force the style no longer says its own name
        app.setStyle("Fusion")
    app.setProperty(_PROPERTY, theme.name)
    app.setPalette(palette(theme))
    app.setStyleSheet(stylesheet(theme, RADIUS))


def apply_look(look: str) -> None:
    """Make the look that an option names (`light`, `dark`, `system`) the one of every window."""
    wanted = THEMES.get(look) or system_theme()
    if application().property(_PROPERTY) != wanted.name:  # every widget is polished anew, which takes a moment
        apply_theme(wanted)


def theme_of() -> Theme:
    """The theme in force; light before one was applied."""
    return THEMES.get(application().property(_PROPERTY), LIGHT)


def palette(theme: Theme) -> QPalette:
    """The theme for everything that Qt paints by itself."""
    made = QPalette()
    role = QPalette.ColorRole
    for roles, colour in (
        ((role.Window,), theme.window),
        ((role.Base, role.ToolTipBase), theme.surface),
        ((role.AlternateBase,), theme.sunken),
        ((role.Button,), theme.surface),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText), theme.text),
        ((role.PlaceholderText,), theme.muted),
        ((role.BrightText,), theme.tones[Tone.DANGER].text),
        ((role.Highlight, role.Accent, role.Link), theme.accent),
        ((role.LinkVisited,), theme.tones[Tone.OBSERVE].text),
        ((role.HighlightedText,), theme.on_accent),
        ((role.Light, role.Midlight), theme.hover),
        ((role.Mid, role.Dark), theme.border),
        ((role.Shadow,), theme.window),
    ):
        for each in roles:
            made.setColor(each, QColor(colour))
    for each in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, each, QColor(theme.disabled))
    return made


def set_look(widget: QWidget, **properties: object) -> None:
    """Give `widget` a look of the stylesheet: `role="title"`, `tone=Tone.ACTING`, `badge=Tone.DANGER`, `card=True`.

    None takes a look away. Nothing is repainted when nothing changed.
    """
    changed = False
    for name, value in properties.items():
        wanted = value.value if isinstance(value, Tone) else value
        if widget.property(name) != wanted:
            widget.setProperty(name, wanted)
            changed = True
    if changed:
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def number_font(font: QFont) -> QFont:
    """`font` with digits of one width, so that a number that changes does not move what stands beside it."""
    made = QFont(font)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def scaled_font(font: QFont, ratio: float, *, bold: bool = False) -> QFont:
    """`font` at `ratio` of its size, at least 7.5 pt."""
    made = QFont(font)
    made.setPointSizeF(max(font.pointSizeF() * ratio, 7.5))
    if bold:
        made.setWeight(QFont.Weight.DemiBold)
    return made


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21 (WCAG 2.1, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    made = QColor(colour)
    parts = zip((made.redF(), made.greenF(), made.blueF()), (0.2126, 0.7152, 0.0722), strict=True)
    return sum(weight * (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4) for c, weight in parts)
