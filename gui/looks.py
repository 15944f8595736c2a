"""How a state looks: an icon, a glyph for plain text, and a tone; the word comes from `gui.sentences.word`."""

from __future__ import annotations

from typing import NamedTuple

from engine.core.modes import Mode, Switch
from gui.theme import Tone


class Look(NamedTuple):
    """icon: of gui.icons. glyph: the same shape where only text goes (title bar, seed 9.2 line)."""

    icon: str
    glyph: str
    tone: Tone


STARTING = Look("starting", "◌", Tone.NEUTRAL)
ABSENT = Look("absent", "▢", Tone.NEUTRAL)

MODES = {
    Mode.OFF: Look("mode-off", "○", Tone.NEUTRAL),
    Mode.OBSERVE: Look("mode-observe", "◉", Tone.OBSERVE),
    Mode.PAPER: Look("mode-paper", "▤", Tone.PAPER),
    Mode.LIVE: Look("mode-live", "◆", Tone.DANGER),
}

SWITCHES = {
    Switch.RUNNING: Look("run", "▶", Tone.ACTING),
    Switch.PAUSED: Look("pause", "‖", Tone.DAMPED),
    Switch.STOPPED: Look("stop", "■", Tone.DANGER),
}

CONDITIONS = {
    "off": Look("off", "○", Tone.NEUTRAL),
    "held": Look("held", "‖", Tone.NEUTRAL),
    "neutral": Look("neutral", "=", Tone.NEUTRAL),
    "acting": Look("run", "▶", Tone.ACTING),
    "damped": Look("damped", "≈", Tone.DAMPED),
}
"""By the value of the governor's `Condition`."""

DIRECTIONS = {
    "buy_doge": Look("buy", "▶", Tone.ACTING),
    "sell_doge": Look("sell", "◀", Tone.ACTING),
    "neutral": Look("neutral", "=", Tone.NEUTRAL),
}
"""By the value of the governor's `SkewDirection`: the arrow says which side is scaled up (seed 9.2)."""

GRID_STATES = {
    "connecting": STARTING,
    "reconciling": Look("reload", "↻", Tone.NEUTRAL),
    "running": Look("run", "▶", Tone.ACTING),
    "held": Look("held", "‖", Tone.DAMPED),
    "halted": Look("danger", "✕", Tone.DANGER),
}

PORTFOLIO_STATES = {
    "unknown": STARTING,
    "calm": Look("neutral", "=", Tone.NEUTRAL),
    "blocked": Look("warning", "!", Tone.DAMPED),
    "cooling": Look("pause", "‖", Tone.NEUTRAL),
    "proposed": Look("help", "?", Tone.PAPER),
    "ready": Look("run", "▶", Tone.ACTING),
    "under_way": Look("reload", "↻", Tone.ACTING),
}
"""By the value of drift's `PortfolioState`."""

SEVERITIES = {
    "info": Look("info", "i", Tone.NEUTRAL),
    "warning": Look("warning", "!", Tone.DAMPED),
    "grave": Look("danger", "✕", Tone.DANGER),
}
