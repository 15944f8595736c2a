"""Sentences for the drift engine's reasons."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "drift.token_unfit": QT_TRANSLATE_NOOP(
        "Reason", "{symbol} cannot be traded as it is ({health}): trying the plan on a copy of the chain showed it."
    ),
    "drift.standing_to_sign": QT_TRANSLATE_NOOP(
        "Reason",
        "The owner's key is not here: sign both typed data in the owner's wallet, then grant with the two signatures.",
    ),
    "drift.standing_unbounded": QT_TRANSLATE_NOOP(
        "Reason",
        "A standing delegation has bounds: 1 to {most_uses} swaps, up to {most_days} days, a price for each token.",
    ),
    "drift.nothing_stands": QT_TRANSLATE_NOOP("Reason", "{portfolio} has no standing delegation."),
    "drift.not_on_this_chain": QT_TRANSLATE_NOOP(
        "Reason", "The contracts of a standing delegation are not known for chain {chain_id}."
    ),
    "drift.nothing_to_revoke": QT_TRANSLATE_NOOP(
        "Reason", "There is nothing to revoke: plan {plan} is over, or no delegation was made for it."
    ),
    "drift.revoked_elsewhere": QT_TRANSLATE_NOOP(
        "Reason",
        "The owner's key is not here. To revoke, send from {account} to the DelegationManager {to} the call {data}",
    ),
    "drift.not_revoked": QT_TRANSLATE_NOOP("Reason", "The call to revoke did not succeed. {cause}"),
    "drift.within_threshold": QT_TRANSLATE_NOOP(
        "Reason", "The largest drift is {max_drift}, within the threshold of {threshold}: it is left as it is."
    ),
    "drift.price_missing": QT_TRANSLATE_NOOP(
        "Reason", "A price that may be used is missing, and without every price there is no total: it waits."
    ),
    "drift.waits_for_prices": QT_TRANSLATE_NOOP("Reason", "Waits for {unpriced}, which has no price that may be used."),
    "drift.nothing_held": QT_TRANSLATE_NOOP("Reason", "The portfolio is empty."),
    "drift.unhealthy": QT_TRANSLATE_NOOP("Reason", "Not traded ({health}); its value counts in the total."),
    "drift.inside_destination": QT_TRANSLATE_NOOP("Reason", "Near enough to its target already ({drift})."),
    "drift.sold": QT_TRANSLATE_NOOP("Reason", "{usd} of it is sold."),
    "drift.bought": QT_TRANSLATE_NOOP("Reason", "{usd} of it is bought."),
    "drift.destination_moved": QT_TRANSLATE_NOOP(
        "Reason",
        "What cannot be traded keeps its value, so the destination here is a share of {share} instead of {target}.",
    ),
    "drift.nothing_to_buy": QT_TRANSLATE_NOOP("Reason", "Nothing that it could be sold for may be traded."),
    "drift.below_minimum": QT_TRANSLATE_NOOP(
        "Reason", "A trade of {usd} would be below the minimum of {min_trade_usd} and is left out."
    ),
    "drift.sliced": QT_TRANSLATE_NOOP("Reason", "{usd} of {wanted_usd} now, the rest after the next cooldown."),
    "drift.above_maximum": QT_TRANSLATE_NOOP(
        "Reason", "A trade of {usd} is above the maximum of {max_trade_usd}, and “oversize” says to skip it."
    ),
    "drift.impact_too_high": QT_TRANSLATE_NOOP(
        "Reason",
        "The whole trade would move its pools by {price_impact} (limit {max_impact}): {left_out_usd} of it is left "
        "out.",
    ),
    "drift.no_quote": QT_TRANSLATE_NOOP("Reason", "The pools would give nothing for it; nothing is sold for nothing."),
    "drift.ends_outside": QT_TRANSLATE_NOOP(
        "Reason", "After the plan it is still off by {residual_drift} (destination ±{destination})."
    ),
    "drift.no_price": QT_TRANSLATE_NOOP("Reason", "There is no price from {source}."),
    "drift.price_stale": QT_TRANSLATE_NOOP(
        "Reason", "The newest price from {source} is {age_s} old (limit {max_age_s})."
    ),
    "drift.prices_disagree": QT_TRANSLATE_NOOP(
        "Reason", "The sources disagree: {price} and {second_price} are {deviation} apart (limit {max_deviation})."
    ),
    "drift.price_jumped": QT_TRANSLATE_NOOP(
        "Reason",
        "The pools' price of {price} is {deviation} from its average of {twap} (limit {max_deviation}): somebody may "
        "have moved it.",
    ),
    "drift.cooling": QT_TRANSLATE_NOOP("Reason", "Rests until {until_s} (failures in a row: {failures})."),
    "drift.unresolved": QT_TRANSLATE_NOOP(
        "Reason", "A plan was sent ({plan}) and its outcome is not known yet; no second one is made meanwhile."
    ),
    "drift.plan_is_another": QT_TRANSLATE_NOOP(
        "Reason", "The plan that was read for {portfolio} no longer stands. Nothing was sent; read the new one."
    ),
    "drift.signature_needed": QT_TRANSLATE_NOOP(
        "Reason",
        "The key of the owner of {account} is not here. Sign the plan's delegation in the owner's wallet, and confirm "
        "with that signature: 65 bytes as hex.",
    ),
    "drift.no_such_portfolio": QT_TRANSLATE_NOOP("Reason", "No portfolio named {portfolio} is watched."),
    "drift.awaits_confirmation": QT_TRANSLATE_NOOP(
        "Reason", "A plan waits for you until {until_s}: read it, then confirm or dismiss it."
    ),
    "drift.not_confirmed_in_time": QT_TRANSLATE_NOOP(
        "Reason", "Nobody confirmed the plan within {valid_s}; nothing was sent."
    ),
    "drift.dismissed": QT_TRANSLATE_NOOP("Reason", "A person read the plan and dismissed it."),
    "drift.about_to_send": QT_TRANSLATE_NOOP(
        "Reason", "A plan (swaps: {legs}) goes out as soon as the account that sends is free."
    ),
    "drift.on_its_way": QT_TRANSLATE_NOOP("Reason", "The plan {plan} was handed to the chain."),
    "drift.nothing_tradable": QT_TRANSLATE_NOOP(
        "Reason", "Out of balance by {max_drift}, but nothing may be traded: each token says why."
    ),
    "drift.gas_price_unknown": QT_TRANSLATE_NOOP(
        "Reason", "The coin that gas is paid in has no price, so the cost of a plan cannot be told; none is sent."
    ),
    "drift.nothing_seen": QT_TRANSLATE_NOOP("Reason", "The chain has not been looked at yet."),
    "drift.never_sent": QT_TRANSLATE_NOOP("Reason", "The program ended before the plan left; it was given up."),
    "drift.chain_silent": QT_TRANSLATE_NOOP(
        "Reason",
        "The node does not answer ({words}). Nothing new is decided until it does; what stands here is from before.",
    ),
    "drift.not_set_up": QT_TRANSLATE_NOOP("Reason", "Not set up: {words}."),
    "drift.chain_not_ready": QT_TRANSLATE_NOOP("Reason", "There is no chain to look at: {words}."),
    "drift.prices_silent": QT_TRANSLATE_NOOP(
        "Reason",
        "CoinGecko does not answer ({words}). The last prices count until they are too old; then portfolios wait.",
    ),
    "drift.nothing_watched": QT_TRANSLATE_NOOP("Reason", "No portfolio is listed in {file} yet. Add one there."),
    "drift.portfolios_unreadable": QT_TRANSLATE_NOOP(
        "Reason", "The list of portfolios cannot be read ({words}). Nothing is decided until it can; mend the file."
    ),
    "drift.simulation_reverted": QT_TRANSLATE_NOOP(
        "Reason", "Tried on a copy of the newest block, {leg} failed ({words}); nothing was sent."
    ),
    "drift.received_less": QT_TRANSLATE_NOOP(
        "Reason",
        "Of {symbol}, {paid_out} base units were paid out and {arrived} arrived: it takes a fee on transfers and is "
        "no longer traded.",
    ),
    "drift.owner_key_missing": QT_TRANSLATE_NOOP(
        "Reason", "The keyring holds no key for the owner of {account}, so nothing can be signed for it here."
    ),
    "drift.held_at_gate": QT_TRANSLATE_NOOP("Reason", "Held back: {cause}"),
}
