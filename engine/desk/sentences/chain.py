"""Sentences for the life of a transaction, which drift and hub share."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "chain.fees_above_cap": QT_TRANSLATE_NOOP(
        "Reason",
        "Gas costs {needed_wei}, above the cap of {cap_wei}. It waits and goes on by itself when gas is cheaper.",
    ),
    "chain.awaits_block": QT_TRANSLATE_NOOP("Reason", "Waits to be mined (sent at block {sent_block})."),
    "chain.awaits_depth": QT_TRANSLATE_NOOP(
        "Reason", "In block {block_number}; it counts as final after {missing} more."
    ),
    "chain.final": QT_TRANSLATE_NOOP("Reason", "Final in block {block_number}: it {succeeded}."),
    "chain.nonce_taken": QT_TRANSLATE_NOOP(
        "Reason",
        "The account's nonce {nonce} was used by a transaction that is not ours; nothing is sent in its place. See who "
        "else uses the account's key.",
    ),
    "chain.carries": QT_TRANSLATE_NOOP(
        "Reason", "It carries {key} at up to {max_fee_wei} a gas, {priority_wei} of it as a tip."
    ),
    "chain.node_said": QT_TRANSLATE_NOOP("Reason", "The node said: {words}."),
    "chain.call_expired": QT_TRANSLATE_NOOP(
        "Reason", "Gas stayed above the cap until {until_s}, so it was never signed; nothing of it left."
    ),
}
