"""Sentences for the reasons that every engine shares: switch, gate, bus."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "asked_by_person": QT_TRANSLATE_NOOP("Reason", "A person asked for it in {where}."),
    "guard_raised": QT_TRANSLATE_NOOP(
        "Reason",
        "The guard “{guard}” failed instead of answering, so everything was stopped ({error}). "
        "Find the cause before you resume.",
    ),
    "engine_halted": QT_TRANSLATE_NOOP(
        "Reason",
        "The {engine} engine found its own state in breach and stopped everything: {detail}. "
        "Compare with the exchange before you resume.",
    ),
    "nobody_handles": QT_TRANSLATE_NOOP(
        "Reason", "No running engine takes the command {command}. Wait until the engines have started, then try again."
    ),
    "too_many_commands": QT_TRANSLATE_NOOP(
        "Reason", "{waiting} commands are still being worked on; this one was not taken. Try again in a moment."
    ),
    "mode_holds": QT_TRANSLATE_NOOP("Reason", "Nothing leaves in mode {mode}."),
    "live_not_confirmed": QT_TRANSLATE_NOOP("Reason", "LIVE has not been confirmed by a person in this run."),
    "switch_holds": QT_TRANSLATE_NOOP("Reason", "The master switch is {switch}, which holds this back."),
    "key_used": QT_TRANSLATE_NOOP("Reason", "This was sent before (key {key}); it is not sent twice."),
    "overdue": QT_TRANSLATE_NOOP("Reason", "No answer came within {deadline_s}; it is being looked up."),
    "port_failed": QT_TRANSLATE_NOOP(
        "Reason", "The connection failed before it was known whether this arrived ({error}); it is being looked up."
    ),
    "way_not_offered": QT_TRANSLATE_NOOP(
        "Reason", "“{verb} {target}” is not offered now: look at what waits for a person again."
    ),
    "key_rights_missing": QT_TRANSLATE_NOOP(
        "Reason", "The API key lacks rights that the grid needs: {rights}. Add them at Kraken, or make another key."
    ),
    "key_may_withdraw": QT_TRANSLATE_NOOP(
        "Reason",
        "The API key may move funds off the exchange. Make one without that right; LIVE refuses this one unless "
        "“{phrase}” is typed.",
    ),
    "key_expired": QT_TRANSLATE_NOOP(
        "Reason",
        "The API key ends at {ends_s}, and orders that rest then could not be taken off. Make another key at Kraken.",
    ),
    "key_expires": QT_TRANSLATE_NOOP(
        "Reason", "The API key ends at {ends_s}, in {left_s}: make another one at Kraken before that."
    ),
    "key_bound": QT_TRANSLATE_NOOP(
        "Reason", "The API key works from these addresses alone: {addresses}. From any other Kraken calls it invalid."
    ),
    "key_sees_no_trades": QT_TRANSLATE_NOOP(
        "Reason", "The API key may read records up to {ends_s} alone, so no trade of today would be seen."
    ),
    "key_sees_from": QT_TRANSLATE_NOOP(
        "Reason", "The API key may read records from {begins_s} on; trades before that are hidden from it."
    ),
    "no_key_kept": QT_TRANSLATE_NOOP(
        "Reason", "The keyring holds no whole key yet: save both the API key and the private key."
    ),
    "key_rights_unread": QT_TRANSLATE_NOOP("Reason", "The rights could not be read: {error}."),
    "live_account_unread": QT_TRANSLATE_NOOP("Reason", "The account could not be read: {words}."),
    "status_page_off": QT_TRANSLATE_NOOP("Reason", "The status page is switched off."),
    "status_page_served": QT_TRANSLATE_NOOP(
        "Reason", "Programs on this machine can read the governor's status at port {port}."
    ),
    "happening_refused": QT_TRANSLATE_NOOP("Reason", "That cannot happen at the paper exchange: {words}."),
    "status_page_refused": QT_TRANSLATE_NOOP(
        "Reason",
        "The status page is not served: port {port} of this machine cannot be had ({error}). Choose another one in the "
        "settings; nothing else is affected.",
    ),
    "webhook_not_ready": QT_TRANSLATE_NOOP(
        "Reason",
        "Alerts are not posted to the webhook ({fault}). The panel and the log have all of them.",
    ),
    "paper_exchange_ended": QT_TRANSLATE_NOOP(
        "Reason",
        "The paper exchange has ended by itself (exit code {exit_code}), so nothing can be read or placed. "
        "End this session and start again.",
    ),
    "stop_would_cancel": QT_TRANSLATE_NOOP(
        "Reason",
        "Stop takes every order off the book ({open_orders} now) and lets nothing new out, over restarts too, until a "
        "person resumes.",
    ),
    "pause_would_hold": QT_TRANSLATE_NOOP(
        "Reason", "Pause lets no new entry out; exits are still placed and completed, and resting orders stay."
    ),
    "resume_would_act": QT_TRANSLATE_NOOP(
        "Reason", "Resume lets the engines act again in mode {mode}: orders are placed as soon as they are wanted."
    ),
    "already_there": QT_TRANSLATE_NOOP("Reason", "The master switch is {switch}; this changes nothing."),
    "permit_missing": QT_TRANSLATE_NOOP("Reason", "No person has allowed LIVE to start by itself."),
    "permit_expired": QT_TRANSLATE_NOOP("Reason", "What a person allowed LIVE to do by itself ended at {expired_s}."),
    "permit_clock_set_back": QT_TRANSLATE_NOOP(
        "Reason",
        "This machine's clock is {by_s} behind what was last written here, so it cannot be told how long LIVE may "
        "still start by itself.",
    ),
    "permit_of_another_machine": QT_TRANSLATE_NOOP(
        "Reason", "A person allowed LIVE to start by itself on another machine, not on this one."
    ),
    "permit_of_another_key": QT_TRANSLATE_NOOP(
        "Reason", "A person allowed LIVE to start by itself with another API key than the one in the keyring."
    ),
    "permit_options_changed": QT_TRANSLATE_NOOP(
        "Reason",
        "Options that change sizes, limits or access are not what they were when a person allowed LIVE to start by "
        "itself ({paths}).",
    ),
    "session_ends": QT_TRANSLATE_NOOP(
        "Reason", "The session ends and takes every order off the book, so nothing is placed."
    ),
    "orders_stay": QT_TRANSLATE_NOOP(
        "Reason",
        "Orders stay at the exchange with nobody watching them: {entries} entries and {exits} exits. The next start "
        "takes them up.",
    ),
    "nothing_rests": QT_TRANSLATE_NOOP("Reason", "No order of the grid stays at the exchange."),
}
