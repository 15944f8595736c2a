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
    "drift": QT_TRANSLATE_NOOP("Word", "Drift"),
    "calm": QT_TRANSLATE_NOOP("Word", "Calm"),
    "blocked": QT_TRANSLATE_NOOP("Word", "Blocked"),
    "cooling": QT_TRANSLATE_NOOP("Word", "Cooling"),
    "proposed": QT_TRANSLATE_NOOP("Word", "Waits for you"),
    "ready": QT_TRANSLATE_NOOP("Word", "Ready"),
    "under_way": QT_TRANSLATE_NOOP("Word", "Under way"),
    "HIGH_DRIFT": QT_TRANSLATE_NOOP("Word", "High drift"),
    "REBALANCE_FAILED": QT_TRANSLATE_NOOP("Word", "Rebalance failed"),
    "HIGH_GAS_COST": QT_TRANSLATE_NOOP("Word", "High gas cost"),
    "SUCCESS": QT_TRANSLATE_NOOP("Word", "Success"),
    "FAILED": QT_TRANSLATE_NOOP("Word", "Failed"),
    "slice": QT_TRANSLATE_NOOP("Word", "Slice it"),
    "skip": QT_TRANSLATE_NOOP("Word", "Skip it"),
    "ORACLE": QT_TRANSLATE_NOOP("Word", "CoinGecko"),
    "ROUTER": QT_TRANSLATE_NOOP("Word", "the pools"),
    "oracle": QT_TRANSLATE_NOOP("Word", "CoinGecko"),
    "router": QT_TRANSLATE_NOOP("Word", "the pools"),
    "second": QT_TRANSLATE_NOOP("Word", "the second source"),
    "always": QT_TRANSLATE_NOOP("Word", "Always"),
    "HEALTHY": QT_TRANSLATE_NOOP("Word", "Healthy"),
    "NO_POOL": QT_TRANSLATE_NOOP("Word", "No pool"),
    "OFF_PEG": QT_TRANSLATE_NOOP("Word", "Off its peg"),
    "FEE_ON_TRANSFER": QT_TRANSLATE_NOOP("Word", "Fee on transfer"),
    "PAUSED": QT_TRANSLATE_NOOP("Word", "Paused"),
}


def word(value: Enum | str) -> str:
    """The operator's word for a value; a value without one is shown as it is, never hidden."""
    text = str(value.value) if isinstance(value, Enum) else value
    known = WORDS.get(text)
    return text if known is None else QCoreApplication.translate(CONTEXT, known)
