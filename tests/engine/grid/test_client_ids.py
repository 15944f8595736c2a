"""Client ids: unique to one life of one journal, readable without it, and the old ones as they were (grid spec 19)."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from engine.grid.client_ids import OrderName, client_id_of, name_in, new_life

LIFE = st.text("0123456789abcdefghijklmnopqrstuvwxyz", min_size=7, max_size=7).map("life-{}".format)
NAMES = st.builds(
    OrderName,
    life=LIFE,
    slot_id=st.integers(1, 50),
    trade=st.sampled_from("AB"),
    role=st.sampled_from(("entry", "exit", "recovery")),
    number=st.integers(0, 10_000_000),
)


def key_of(name: OrderName) -> str:
    return f"{name.life}.{name.slot_id}{name.trade}.{name.role}.{name.number}"


@given(NAMES)
def test_an_id_tells_whose_life_it_is_of_and_what_the_order_was_for(name: OrderName) -> None:
    assert name_in(client_id_of(key_of(name))) == name


@given(NAMES)
def test_an_id_is_one_that_kraken_takes(name: OrderName) -> None:
    """Free text of up to 18 characters."""
    assert re.fullmatch(r"[a-z0-9]{1,18}", client_id_of(key_of(name)))


@given(NAMES, NAMES)
def test_no_two_orders_share_an_id(one: OrderName, other: OrderName) -> None:
    assert (client_id_of(key_of(one)) == client_id_of(key_of(other))) == (one == other)


def test_orders_of_a_journal_that_began_before_lives_keep_their_names() -> None:
    """As the first version made them: what rests under these names remains ours."""
    assert client_id_of("l0123456789ab.1A.entry.0") == "ba522d3f-948f-5c96-be4c-5fbaad6f1a6e"


@given(st.text(max_size=40))
def test_what_is_none_of_ours_is_taken_for_none_of_ours(text: str) -> None:
    name = name_in(text)
    assert name is None or client_id_of(key_of(name)) == text


def test_a_life_is_drawn_from_all_digits() -> None:
    drawn = iter(range(29, 36))
    assert new_life(lambda below: next(drawn) % below) == "life-tuvwxyz"
