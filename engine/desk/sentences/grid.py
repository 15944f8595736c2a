"""Sentences for the grid's reasons."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "price_awaited": QT_TRANSLATE_NOOP("Reason", "Waiting for the first price."),
    "reconciling": QT_TRANSLATE_NOOP(
        "Reason",
        "Orders and trades are being read from the exchange before anything is placed; {unresolved} intents are "
        "still unresolved.",
    ),
    "disconnected": QT_TRANSLATE_NOOP(
        "Reason",
        "The connection to the exchange is down ({words}). Nothing is placed until it is back and the missed part "
        "is read.",
    ),
    "halted": QT_TRANSLATE_NOOP(
        "Reason", "Grid and exchange contradict each other: {detail}. Compare both before you resume."
    ),
    "daily_loss_reached": QT_TRANSLATE_NOOP(
        "Reason",
        "Today's realised result is {realised_usd}, at the daily limit of {limit_usd}. No entry is placed until the "
        "UTC day ends.",
    ),
    "price_stale": QT_TRANSLATE_NOOP(
        "Reason", "The last price is {age_s} old (limit {limit_s}). Nothing is placed until a fresh one arrives."
    ),
    "below_stop_floor": QT_TRANSLATE_NOOP(
        "Reason", "The account is worth {value_usd}, under the stop floor of {floor_usd}. No entry is placed."
    ),
    "profit_below_fees": QT_TRANSLATE_NOOP(
        "Reason",
        "An exit {profit_pct} away from its entry does not earn the maker fees of a round trip, {round_trip_pct}. "
        "No entry is placed until grid.profit_pct is larger.",
    ),
    "capacity_stop": QT_TRANSLATE_NOOP(
        "Reason", "Only {headroom} places for open orders are left on the pair; no entry is placed."
    ),
    "loss_rest": QT_TRANSLATE_NOOP("Reason", "Resting until {until_s} after {losses} losses in a row."),
    "missing_funds": QT_TRANSLATE_NOOP("Reason", "{side}: needs {needed}, but only {free} is free."),
    "below_exchange_minimum": QT_TRANSLATE_NOOP(
        "Reason", "{quantity} DOGE is below the exchange's minimum of {minimum} DOGE."
    ),
    "post_only_rejected": QT_TRANSLATE_NOOP(
        "Reason", "The price had moved, so the order would have taken liquidity; it is priced again."
    ),
    "insufficient_funds": QT_TRANSLATE_NOOP("Reason", "The exchange says that the funds do not suffice."),
    "below_minimum": QT_TRANSLATE_NOOP("Reason", "The exchange says that the order is too small."),
    "order_gone": QT_TRANSLATE_NOOP("Reason", "The order is not on the book any more."),
    "duplicate_client_id": QT_TRANSLATE_NOOP(
        "Reason", "An open order has this id already: the first attempt did arrive."
    ),
    "venue_refused": QT_TRANSLATE_NOOP("Reason", "The exchange refused: {words} (advice: {advice})."),
    "unknown_words": QT_TRANSLATE_NOOP(
        "Reason",
        "The exchange answered with an error that it does not document ({words}); it is looked up what came of it.",
    ),
    "venue_silent": QT_TRANSLATE_NOOP("Reason", "The exchange gave no answer that can be read ({words})."),
    "entry": QT_TRANSLATE_NOOP("Reason", "{cause} entry of {size_usd} (base {base_usd}, skew {skew})."),
    "exit": QT_TRANSLATE_NOOP("Reason", "Exit of an entry at {entry_price}, {profit_pct} away."),
    "refresh": QT_TRANSLATE_NOOP("Reason", "The entry had drifted {drift_ratio} from the market (move {move})."),
    "evicted": QT_TRANSLATE_NOOP("Reason", "A recovery order was given up; a slot keeps {kept}."),
    "evicted_for_capacity": QT_TRANSLATE_NOOP(
        "Reason",
        "A recovery order was given up, the one farthest from the market: with {headroom} places left for open orders "
        "no entry could be placed.",
    ),
    "evicted_by_person": QT_TRANSLATE_NOOP("Reason", "A person gave this recovery order up."),
    "inventory_abandoned": QT_TRANSLATE_NOOP(
        "Reason",
        "Slot {slot_id}, side {trade}: no order is to close {quantity} DOGE any more, traded for {cost_usd} and worth "
        "{market_usd} now. It is kept as abandoned inventory until entries of the other side work it off.",
    ),
    "order_below_minimum": QT_TRANSLATE_NOOP(
        "Reason",
        "Nothing trades: at {price} an entry of {size_usd} is less than the exchange takes, which is {least_usd}. "
        "Raise the order size.",
    ),
    "few_exits_fill": QT_TRANSLATE_NOOP(
        "Reason",
        "Exits {profit_pct} away become recovery orders after {wait_s}, by when only {fill_ratio} of them have "
        "filled. Let them wait longer (orphan_after), or most entries end as recovery orders.",
    ),
    "drifted_part": QT_TRANSLATE_NOOP(
        "Reason", "A partly filled entry drifted away: the rest is cancelled, {filled} DOGE gets its exit."
    ),
    "stopped": QT_TRANSLATE_NOOP("Reason", "The master switch is stopped: every order is taken off the book."),
    "slot_retired": QT_TRANSLATE_NOOP(
        "Reason", "Fewer slots are set now; the entries of this one are taken off the book, what it holds is closed."
    ),
    "chase_rests": QT_TRANSLATE_NOOP(
        "Reason", "Slot {slot_id}, side {trade}: moved {moves} times in one direction, resting until {until_s}."
    ),
    "orphaned": QT_TRANSLATE_NOOP(
        "Reason", "Slot {slot_id}, side {trade}: the exit is {age_s} old and became a recovery order."
    ),
    "order_turned_down": QT_TRANSLATE_NOOP(
        "Reason", "Slot {slot_id}, side {trade}: not taken, tried again in {retry_after_s}. {cause}"
    ),
}
