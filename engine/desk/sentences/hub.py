"""Sentences for the hub engine's reasons."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "hub.nothing_seen": QT_TRANSLATE_NOOP("Reason", "The chain has not been looked at yet."),
    "hub.not_set_up": QT_TRANSLATE_NOOP("Reason", "Not set up: {words}."),
    "hub.chain_not_ready": QT_TRANSLATE_NOOP("Reason", "There is no chain to work on: {words}."),
    "hub.chain_silent": QT_TRANSLATE_NOOP(
        "Reason", "The node does not answer as expected ({words}). It is asked again; until it does nothing is sent."
    ),
    "hub.prices_missing": QT_TRANSLATE_NOOP(
        "Reason", "No price that may be used is known for {coins}, so nothing is accepted or sent."
    ),
    "hub.prices_hold": QT_TRANSLATE_NOOP(
        "Reason",
        "The price of the native coin is {age_s} old (limit {max_age_s}): the soft limit is held where it was.",
    ),
    "hub.tokens_unreadable": QT_TRANSLATE_NOOP(
        "Reason", "hub.toml cannot be used ({words}). Nothing is accepted or sent until it can; mend the file."
    ),
    "hub.gas_above_cap": QT_TRANSLATE_NOOP(
        "Reason",
        "Gas costs {gas_price_gwei}, above the {cap_gwei} that the hub pays. What waits goes by itself when it falls.",
    ),
    "hub.on_its_way": QT_TRANSLATE_NOOP("Reason", "Batch {nonce} carries it to the chain."),
    "hub.may_still_be_mined": QT_TRANSLATE_NOOP(
        "Reason",
        "It was left out ({words}). A signed batch that carries it may still be mined until number {nonce} is used; "
        "its fees go back then.",
    ),
    "hub.batch_reverts": QT_TRANSLATE_NOOP(
        "Reason",
        "Tried on a copy of the chain the batch fails, whatever is in it ({words}); nothing is sent until it passes.",
    ),
    "hub.item_reverts": QT_TRANSLATE_NOOP("Reason", "Tried on a copy of the chain the batch fails with it ({words})."),
    "hub.another_signer": QT_TRANSLATE_NOOP(
        "Reason",
        "The hub's number {nonce} was used by a batch that this program never signed: somebody else has the hub's key. "
        "Move its funds to a new key before you resume.",
    ),
    "hub.audit_differs": QT_TRANSLATE_NOOP(
        "Reason",
        "The full scan found accounts that the index has wrong: {differences}. Nothing is sent until this program is "
        "started anew.",
    ),
    "hub.waited_too_long": QT_TRANSLATE_NOOP(
        "Reason", "It could not be carried out within {valid_s}; its fees went back."
    ),
    "hub.queue_full": QT_TRANSLATE_NOOP("Reason", "{waiting} requests wait already. Ask again later."),
    "hub.key_reused": QT_TRANSLATE_NOOP("Reason", "The key {key} named another request before. Take a new one."),
    "hub.unknown_token": QT_TRANSLATE_NOOP("Reason", "The hub does not handle token {token_id}."),
    "hub.not_enough_to_pay": QT_TRANSLATE_NOOP("Reason", "The payer can pay {most} at most now."),
    "hub.may_not_receive": QT_TRANSLATE_NOOP(
        "Reason", "The receiver's account takes {most} at most now: beyond that the hub would owe more than it may."
    ),
    "hub.no_such_pull": QT_TRANSLATE_NOOP("Reason", "Nothing named {id} waits for this user's signature."),
    "hub.not_their_signature": QT_TRANSLATE_NOOP("Reason", "The signature is not the user's over what is asked back."),
    "hub.not_ready": QT_TRANSLATE_NOOP("Reason", "The hub cannot say now. {why}"),
    "hub.nothing_unsecured": QT_TRANSLATE_NOOP("Reason", "All that the user holds at the hub is collateral already."),
    "hub.may_ask": QT_TRANSLATE_NOOP("Reason", "The user may ask for up to {most}."),
    "hub.window": QT_TRANSLATE_NOOP(
        "Reason", "Window: pending {waited_s} of {window_s}; {missing} more send the batch at once."
    ),
    "hub.batch_in_flight": QT_TRANSLATE_NOOP("Reason", "Another batch is on its way; the next one goes after it."),
    "hub.stopped": QT_TRANSLATE_NOOP("Reason", "The hub is stopped; it waits until a person resumes it."),
    "hub.batch_full": QT_TRANSLATE_NOOP("Reason", "{ahead} go before it, and a batch takes {batch_max}."),
    "hub.waits_for_funds": QT_TRANSLATE_NOOP("Reason", "Waits for funds: reserve and signed pulls lack {short}."),
    "hub.waits_for_signature": QT_TRANSLATE_NOOP(
        "Reason", "Waits for signature: pulls of {unsigned} would fund it once their users have signed."
    ),
    "hub.in_batch": QT_TRANSLATE_NOOP("Reason", "Goes now, as number {place} of {pairs}."),
    "hub.below_soft_limit": QT_TRANSLATE_NOOP(
        "Reason", "Below the soft limit {limit} by {short}, at a gas price of {gas_price_gwei}."
    ),
    "hub.nobody_can_rebalance": QT_TRANSLATE_NOOP(
        "Reason",
        "Gas stops everybody: at {gas_price_gwei} the soft limit of {soft_limit_usd} is above what a user may have "
        "({max_user_usd}). It resumes at {resumes_at_gwei}.",
    ),
    "hub.above_request_cap": QT_TRANSLATE_NOOP("Reason", "One request may be for {cap} at most."),
    "hub.above_user_cap": QT_TRANSLATE_NOOP(
        "Reason", "The user's collateral, with what is on its way, may grow by {left} at most."
    ),
    "hub.interval_spent": QT_TRANSLATE_NOOP(
        "Reason", "The interval's budget has {left} left; it waits for the next interval."
    ),
    "hub.day_spent": QT_TRANSLATE_NOOP("Reason", "The day's budget has {left} left; it waits until some is free."),
    "hub.not_amount": QT_TRANSLATE_NOOP("Reason", "A request is for more than nothing."),
    "hub.not_affordable": QT_TRANSLATE_NOOP(
        "Reason", "With its fees it comes to {total}, and {free} is free: {most} could be asked for."
    ),
}
