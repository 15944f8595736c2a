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
    "enlarged_by_other": QT_TRANSLATE_NOOP(
        "Reason",
        "Somebody else made order {order_id} of slot {slot_id} larger at the exchange: {asked} were asked for, it "
        "is {now} now.",
    ),
    "reduced_by_other": QT_TRANSLATE_NOOP(
        "Reason",
        "Somebody else made order {order_id} of slot {slot_id} smaller at the exchange: {asked} were asked for, it"
        " is {now} now. The slot goes on with that.",
    ),
    "moved_by_other": QT_TRANSLATE_NOOP(
        "Reason",
        "Order {order_id} of slot {slot_id} was moved by somebody else from {was} to {now}. The slot goes on with "
        "that price.",
    ),
    "cancelled_by_other": QT_TRANSLATE_NOOP(
        "Reason",
        "Order {order_id} of slot {slot_id} was taken off the book by somebody else. The slot places another where"
        " one is due.",
    ),
    "surplus_traded": QT_TRANSLATE_NOOP(
        "Reason",
        "Slot {slot_id} traded {quantity} more than it had asked for, at {price} ({cause}). They wait for you.",
    ),
    "too_small_to_close": QT_TRANSLATE_NOOP(
        "Reason",
        "Slot {slot_id} holds {quantity}, and the exchange takes no order below {minimum} now: it goes along with "
        "the next exit of trade {trade}.",
    ),
    "adopted": QT_TRANSLATE_NOOP(
        "Reason", "{quantity} more were made the slot's own; one exit of all of it takes the place of this one."
    ),
    "restored": QT_TRANSLATE_NOOP("Reason", "The order gets back the size that was asked for, {quantity}."),
    "slot_released": QT_TRANSLATE_NOOP("Reason", "A person lets go of this slot; its orders are taken off the book."),
    "held_by_others": QT_TRANSLATE_NOOP(
        "Reason", "{side}: needs {needed}, and {free} is free; orders that are not the grid's hold {held}."
    ),
    "slot_waits": QT_TRANSLATE_NOOP("Reason", "Slot {slot_id} waits for you."),
    "key_used_elsewhere": QT_TRANSLATE_NOOP(
        "Reason",
        "Another program uses this account's key ({evidence}). Nothing new is entered until you say whether that "
        "is right.",
    ),
    "key_dead": QT_TRANSLATE_NOOP(
        "Reason",
        "Kraken takes this API key no more ({words}). Nothing can be placed or cancelled with it; orders rest as "
        "they are. Look at the key at Kraken, or save another one on the Keys page.",
    ),
    "market_closed": QT_TRANSLATE_NOOP(
        "Reason", "The exchange takes no new orders on this pair now ({status}). It ends by itself."
    ),
    "clock_off": QT_TRANSLATE_NOOP(
        "Reason",
        "This computer's clock is {ahead_s} ahead of the exchange's, too far for deadlines to hold. Set the "
        "clock; the grid goes on by itself then.",
    ),
    "locked_out": QT_TRANSLATE_NOOP(
        "Reason",
        "Kraken has locked this key out for a while ({words}): nothing is asked until {until_s}, then it goes on "
        "by itself. Orders rest as they are meanwhile.",
    ),
    "refused_for_good": QT_TRANSLATE_NOOP(
        "Reason",
        "The exchange refuses what it is asked, and asking again will not help ({words}). Nothing is placed until "
        "you have looked at it.",
    ),
    "unexplained_change": QT_TRANSLATE_NOOP(
        "Reason", "The account has {amount} {asset} that no trade and no entry of the ledger explains (worth {value})."
    ),
    "account_changed": QT_TRANSLATE_NOOP("Reason", "{amount} {asset}: {words}."),
    "rules_changed": QT_TRANSLATE_NOOP(
        "Reason", "The exchange changed a rule of the pair: {rule} was {was} and is {now}."
    ),
    "order_set_aside": QT_TRANSLATE_NOOP(
        "Reason", "A row of {channel} could not be read and was set aside ({words}); the account is read anew."
    ),
    "foreign_not_cancelled": QT_TRANSLATE_NOOP("Reason", "Order {order_id} was not taken off the book: {cause}"),
    "slot_halted": QT_TRANSLATE_NOOP(
        "Reason",
        "Slot {slot_id} and the exchange contradict each other: {detail}. The slot stands still, its orders stay "
        "on the book, the other slots go on.",
    ),
    "surplus_waits": QT_TRANSLATE_NOOP(
        "Reason",
        "Somebody else made an order of slot {slot_id} larger: {resting} of it still rests, {traded} was traded.",
    ),
    "earlier_orders": QT_TRANSLATE_NOOP(
        "Reason", "{count} orders of an earlier life of this program rest on the account, and its journal is not here."
    ),
    "earlier_order": QT_TRANSLATE_NOOP("Reason", "{side} {quantity} at {price}, order {order_id}."),
    "adopts_surplus": QT_TRANSLATE_NOOP(
        "Reason",
        "Makes {quantity} the slot's own: what was traded gets an exit at its own cost, what rests counts as asked"
        " for.",
    ),
    "dismisses_surplus": QT_TRANSLATE_NOOP(
        "Reason",
        "Leaves {quantity} to you: what was traded is listed as yours and not touched, what rests gets its size back.",
    ),
    "releases_slot": QT_TRANSLATE_NOOP(
        "Reason",
        "Takes {orders} orders off the book, lists {bought} bought and {sold} sold as yours, and begins slot "
        "{slot_id} anew.",
    ),
    "accepts_exchange": QT_TRANSLATE_NOOP(
        "Reason", "Looks up the {orders} orders of slot {slot_id} and takes what the exchange says of them."
    ),
    "adopts_orders": QT_TRANSLATE_NOOP(
        "Reason",
        "Makes {count} orders the grid's own: exits go on closing; an entry whose place is taken is cancelled instead.",
    ),
    "cancels_orders": QT_TRANSLATE_NOOP(
        "Reason", "Takes {count} orders off the book; what they were to close stays in your account."
    ),
    "goes_on": QT_TRANSLATE_NOOP("Reason", "Asks the exchange again, and goes on if it answers."),
    "shares_account": QT_TRANSLATE_NOOP(
        "Reason", "Lets the other program use the account; the grid goes on beside it and asks no more in this run."
    ),
    "evicts_recovery": QT_TRANSLATE_NOOP(
        "Reason",
        "Takes a recovery order of slot {slot_id} ({quantity} at {price}) off the book for good; what it was to close "
        "is kept with its cost and worked off by later fills.",
    ),
    "would_have_placed": QT_TRANSLATE_NOOP(
        "Reason", "Slot {slot_id} would have placed: {side} {quantity} at {price}. In this mode nothing is sent."
    ),
    "cannot_be_traded": QT_TRANSLATE_NOOP("Reason", "{amount} {asset} are earning and cannot be traded."),
    "connection_missing": QT_TRANSLATE_NOOP(
        "Reason",
        "Nothing has been heard of the exchange for {silent_s} ({words}). Orders rest as they are; it is tried again "
        "by itself.",
    ),
}
