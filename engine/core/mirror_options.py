"""What the operator may set about the copy of the local store at PostgreSQL (`engine.core.mirror`)."""

from __future__ import annotations

from engine.core.options import Options, Risk, option


class StoreOptions(Options, section="store"):
    """A copy of what the engines remember and record, in PostgreSQL. Its address is a secret and no option."""

    mirror: bool = option(
        False,
        restart=True,
        risk=Risk.ACCESS,
        text=(
            "Copy the governor's state and updates, fills, rebalances and the hub's ledger to PostgreSQL (a Supabase "
            "project is one), from where a new machine resumes the governor. The local store stays complete, and "
            "nothing waits for the copy. The "
            "address is kept in the keyring as store.url (Keys page), or given as EVENKEEL_POSTGRESQL_URL."
        ),
    )
    name: str = option(
        "",
        restart=True,
        risk=Risk.ACCESS,
        text=(
            "The name that rows are kept under at PostgreSQL; empty takes the name of the profile's folder. One "
            "running program writes under it at a time, and an empty profile with the same name resumes from it."
        ),
    )
