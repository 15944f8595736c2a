"""Single words for the values of enumerations and states that engines send."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

CONTEXT = "Word"

WORDS: dict[str, str] = {
    "off": QT_TRANSLATE_NOOP("Word", "Off"),
    "observe": QT_TRANSLATE_NOOP("Word", "Observe"),
    "paper": QT_TRANSLATE_NOOP("Word", "Paper"),
    "live": QT_TRANSLATE_NOOP("Word", "Live"),
    "running": QT_TRANSLATE_NOOP("Word", "Running"),
    "paused": QT_TRANSLATE_NOOP("Word", "Paused"),
    "stopped": QT_TRANSLATE_NOOP("Word", "Stopped"),
    "connecting": QT_TRANSLATE_NOOP("Word", "Connecting"),
    "reconciling": QT_TRANSLATE_NOOP("Word", "Reconciling"),
    "held": QT_TRANSLATE_NOOP("Word", "Held"),
    "halted": QT_TRANSLATE_NOOP("Word", "Halted"),
    "damped": QT_TRANSLATE_NOOP("Word", "Damped"),
    "acting": QT_TRANSLATE_NOOP("Word", "Acting"),
    "neutral": QT_TRANSLATE_NOOP("Word", "Neutral"),
    "buy_doge": QT_TRANSLATE_NOOP("Word", "Buy DOGE"),
    "sell_doge": QT_TRANSLATE_NOOP("Word", "Sell DOGE"),
    "buy": QT_TRANSLATE_NOOP("Word", "Buy"),
    "sell": QT_TRANSLATE_NOOP("Word", "Sell"),
    "normal": QT_TRANSLATE_NOOP("Word", "Normal"),
    "caution": QT_TRANSLATE_NOOP("Word", "Caution"),
    "stop": QT_TRANSLATE_NOOP("Word", "Stop"),
    "entry": QT_TRANSLATE_NOOP("Word", "Entry"),
    "exit": QT_TRANSLATE_NOOP("Word", "Exit"),
    "recovery": QT_TRANSLATE_NOOP("Word", "Recovery"),
    "sent": QT_TRANSLATE_NOOP("Word", "Sent"),
    "open": QT_TRANSLATE_NOOP("Word", "Open"),
    "amending": QT_TRANSLATE_NOOP("Word", "Moving"),
    "cancelling": QT_TRANSLATE_NOOP("Word", "Cancelling"),
    "unknown": QT_TRANSLATE_NOOP("Word", "Unknown"),
    "closing": QT_TRANSLATE_NOOP("Word", "Closing"),
    "funds": QT_TRANSLATE_NOOP("Word", "Funds"),
    "capacity": QT_TRANSLATE_NOOP("Word", "Capacity"),
    "cooldown": QT_TRANSLATE_NOOP("Word", "Cooldown"),
    "minimum": QT_TRANSLATE_NOOP("Word", "Minimum"),
    "limit": QT_TRANSLATE_NOOP("Word", "Limit"),
    "price_age": QT_TRANSLATE_NOOP("Word", "Price age"),
    "governor": QT_TRANSLATE_NOOP("Word", "Governor"),
    "grid": QT_TRANSLATE_NOOP("Word", "Grid"),
    "bootstrap": QT_TRANSLATE_NOOP("Word", "Bootstrap"),
    "reseed": QT_TRANSLATE_NOOP("Word", "Reseed"),
    "repair": QT_TRANSLATE_NOOP("Word", "Repair"),
    "cycle": QT_TRANSLATE_NOOP("Word", "Cycle"),
    "orphan": QT_TRANSLATE_NOOP("Word", "Orphan"),
    "refresh": QT_TRANSLATE_NOOP("Word", "Refresh"),
    "panel": QT_TRANSLATE_NOOP("Word", "the panel"),
    "terminal": QT_TRANSLATE_NOOP("Word", "the terminal"),
    "none": QT_TRANSLATE_NOOP("Word", "No risk"),
    "display": QT_TRANSLATE_NOOP("Word", "Display only"),
    "timing": QT_TRANSLATE_NOOP("Word", "Changes timing"),
    "size": QT_TRANSLATE_NOOP("Word", "Changes order sizes"),
    "access": QT_TRANSLATE_NOOP("Word", "Changes access"),
}


def word(value: Enum | str) -> str:
    """The operator's word for a value; a value without one is shown as it is, never hidden."""
    text = str(value.value) if isinstance(value, Enum) else value
    known = WORDS.get(text)
    return text if known is None else QCoreApplication.translate(CONTEXT, known)
