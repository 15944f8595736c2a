"""Sentences for what keeps the copy in PostgreSQL from being in step. The local store is complete all the while."""

from __future__ import annotations

from engine.desk.sentences.marking import QT_TRANSLATE_NOOP

SENTENCES: dict[str, str] = {
    "store_url_missing": QT_TRANSLATE_NOOP(
        "Reason", "There is no address of PostgreSQL: save it on the Keys page, or set {variable}."
    ),
    "store_url_wrong": QT_TRANSLATE_NOOP(
        "Reason",
        "The address of PostgreSQL is wrong: {fault}. It reads postgresql://user:password@host:port/database, with "
        "signs such as / @ # in the password written as % codes.",
    ),
    "store_tls_refused": QT_TRANSLATE_NOOP(
        "Reason",
        "sslmode={sslmode} would let the password go to {host} in the clear. Take it out of the address.",
    ),
    "store_tls_missing": QT_TRANSLATE_NOOP(
        "Reason", "No encrypted connection to {host} came about ({error}). Switch TLS on at the server."
    ),
    "store_unreachable": QT_TRANSLATE_NOOP(
        "Reason", "No PostgreSQL answers at {host}, port {port} ({error}). It is tried again."
    ),
    "store_password_wrong": QT_TRANSLATE_NOOP(
        "Reason", "PostgreSQL at {host} does not let {user} in with this password. Save the right address."
    ),
    "store_database_missing": QT_TRANSLATE_NOOP(
        "Reason", "There is no database {database} at {host}. Create it, or save the right address."
    ),
    "store_rights_missing": QT_TRANSLATE_NOOP(
        "Reason",
        "{user} may not {action} in database {database} ({error}). Its owner can create the schema evenkeel and make "
        "{user} its owner.",
    ),
    "store_busy": QT_TRANSLATE_NOOP(
        "Reason", "PostgreSQL did not finish in time ({error}); another session may hold a lock. It is tried again."
    ),
    "store_slow": QT_TRANSLATE_NOOP("Reason", "PostgreSQL did not answer within {deadline_s}. It is tried again."),
    "store_held_elsewhere": QT_TRANSLATE_NOOP(
        "Reason",
        "Another running Evenkeel writes under “{profile}” (last {seen_s} ago). End that one, or give this one a name "
        "of its own in the settings.",
    ),
    "store_taken_over": QT_TRANSLATE_NOOP(
        "Reason",
        "Another machine or profile has taken “{profile}” over (last {seen_s} ago). See that only one trades, or give "
        "this one a name of its own in the settings.",
    ),
    "store_forked": QT_TRANSLATE_NOOP(
        "Reason",
        "PostgreSQL has rows of “{profile}” that this local store never wrote: it is an older copy, or a copy is in "
        "use elsewhere. Use the newer one, or give this one a name of its own in the settings.",
    ),
    "store_newer": QT_TRANSLATE_NOOP(
        "Reason", "The tables at PostgreSQL are of a newer program (schema {found}; this one knows {known})."
    ),
    "store_error": QT_TRANSLATE_NOOP("Reason", "PostgreSQL could not be used ({error}). It is tried again."),
}
