"""The key as Kraken describes it, on the Keys page (cases: LIVE, rehearsed)."""

from __future__ import annotations

from engine.desk.messages import KeyRightsSnapshot
from gui import formats
from gui.keys.rights import key_facts

ENDS_S = 1_800_000_000.0


def test_a_key_is_shown_with_its_name_its_end_and_the_addresses_it_works_from() -> None:
    known = KeyRightsSnapshot(
        at_s=0.0,
        rights=("modify-trades", "query-funds"),
        why=None,
        name="grid",
        valid_until_s=ENDS_S,
        query_from_s=ENDS_S - 86_400,
        addresses=("192.0.2.7", "192.0.2.8"),
    )
    assert key_facts(known).splitlines() == [
        "Name at Kraken: grid",
        "Kraken's names: modify-trades, query-funds",
        f"Ends: {formats.date_time(ENDS_S)}",
        "Works from addresses: 192.0.2.7, 192.0.2.8",
        f"May read records from {formats.date_time(ENDS_S - 86_400)} to –",
    ]


def test_a_key_without_bounds_says_that_it_has_none() -> None:
    said = key_facts(KeyRightsSnapshot(at_s=0.0, rights=("query-funds",), why=None))
    assert "Ends: never" in said
    assert "Works from addresses: any" in said


def test_of_a_key_whose_rights_were_not_read_nothing_is_said() -> None:
    assert key_facts(KeyRightsSnapshot(at_s=0.0, rights=None, why=None)) == ""
