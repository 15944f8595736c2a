"""Sentences for the governor's reasons."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "governor.not_due": QT_TRANSLATE_NOOP("Reason", "The next update is due at {next_update_s}."),
    "governor.disabled": QT_TRANSLATE_NOOP(
        "Reason", "The governor is switched off in its settings; every entry has its base size."
    ),
    "governor.master_off": QT_TRANSLATE_NOOP(
        "Reason", "The master switch is not running, so every entry keeps its base size."
    ),
    "governor.earning_hold": QT_TRANSLATE_NOOP(
        "Reason",
        "{earning_ratio} of a currency is earning and cannot be traded (limit {limit_ratio}): the skew is held at 0.",
    ),
    "governor.capacity_hold": QT_TRANSLATE_NOOP(
        "Reason", "The grid is near its order limits (capacity: {band}), so nothing is skewed."
    ),
    "governor.observation_rejected": QT_TRANSLATE_NOOP(
        "Reason", "The reading of {field} cannot be believed ({found}, expected {expected}), so nothing is skewed."
    ),
    "governor.no_usd_observed": QT_TRANSLATE_NOOP("Reason", "No USD observed; the idle ratio counts as 0%."),
    "governor.usd_runway_breached": QT_TRANSLATE_NOOP(
        "Reason", "USD ({observed_usd}) is below its runway floor ({usd_runway_floor}); buys stay at base size."
    ),
    "governor.doge_runway_breached": QT_TRANSLATE_NOOP(
        "Reason", "DOGE ({observed_doge}) is below its runway floor ({doge_runway_floor}); sells stay at base size."
    ),
    "governor.neutral_band": QT_TRANSLATE_NOOP(
        "Reason",
        "The smoothed error ({smoothed_error}) is inside the neutral band (±{neutral_band}); both sides at base size.",
    ),
    "governor.ramping": QT_TRANSLATE_NOOP(
        "Reason", "The skew is on its way from {skew} to {raw}, at most {max_skew_step} an update."
    ),
    "governor.at_cap": QT_TRANSLATE_NOOP("Reason", "The skew is as large as it may be (±{cap})."),
    "governor.at_damped_cap": QT_TRANSLATE_NOOP(
        "Reason", "The skew kept changing sign, so its cap is halved to ±{cap} until {damped_until_s}."
    ),
    "governor.following": QT_TRANSLATE_NOOP(
        "Reason", "The skew is {skew}, as a smoothed error of {smoothed_error} asks for."
    ),
    "governor.state_field_reset": QT_TRANSLATE_NOOP(
        "Reason", "The saved {field} was unreadable ({found}, expected {expected}) and starts at zero."
    ),
    "governor.no_skew": QT_TRANSLATE_NOOP("Reason", "Nothing is skewed: base size."),
    "governor.other_side": QT_TRANSLATE_NOOP(
        "Reason", "The skew ({skew}) favours the other side; this one keeps its base size."
    ),
    "governor.not_scaled_here": QT_TRANSLATE_NOOP("Reason", "An order from {origin} keeps its base size."),
    "governor.skew_rejected": QT_TRANSLATE_NOOP("Reason", "The skew is not a number ({found}): base size."),
    "governor.scaled": QT_TRANSLATE_NOOP("Reason", "Made larger ({multiplier}) as a skew of {skew} asks."),
    "governor.size_capped": QT_TRANSLATE_NOOP(
        "Reason", "Made as large as an entry may be ({max_size_mult}); the skew is {skew}."
    ),
    "governor.starvation_guarded": QT_TRANSLATE_NOOP(
        "Reason",
        "{given_usd} instead of {wanted_usd}, so that a base size of the {available_usd} that is free stays for the "
        "other side.",
    ),
    "governor.insufficient_funds": QT_TRANSLATE_NOOP(
        "Reason", "Needs {needed} {currency}, but only {available} is free; not placed."
    ),
    "governor.below_minimum": QT_TRANSLATE_NOOP(
        "Reason", "{volume_doge} is below the exchange's minimum of {min_volume_doge}; not placed."
    ),
    "governor.volume_drift": QT_TRANSLATE_NOOP(
        "Reason",
        "The state says {state_volume_doge}, the exchange acknowledged {acknowledged_volume_doge}. Everything is "
        "halted: compare with the exchange before you resume.",
    ),
}
