"""Where the venue may talk to (architecture page, "Modes")."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.modes import Mode
from engine.venue.addresses import LIVE, Addresses, AddressRefused, check, loopback


@pytest.mark.parametrize(
    "rest",
    [
        None,
        "",
        "https://api.kraken.com",
        "http://localhost:8080",
        "http://127.0.0.1@api.kraken.com",
        "http://127.0.0.1.kraken.com",
        "http://user@127.0.0.1:80",
        "http://10.0.0.1",
        "file://127.0.0.1",
        "http://[::2]",
        "http://[",
        "127.0.0.1:80",
    ],
)
def test_paper_refuses_an_address_that_is_not_a_loopback_number(rest):
    with pytest.raises(AddressRefused, match="this machine"):
        check(Mode.PAPER, Addresses(rest, "ws://127.0.0.1:1/v2", "ws://127.0.0.1:1/v2"))


@pytest.mark.parametrize("missing", ["rest", "ws_public", "ws_private"])
def test_paper_refuses_when_one_address_is_left_to_ccxt(missing):
    given = {"rest": "http://127.0.0.1:1", "ws_public": "ws://127.0.0.1:1/v2", "ws_private": "ws://[::1]:1/v2"}
    check(Mode.PAPER, Addresses(**given))
    with pytest.raises(AddressRefused):
        check(Mode.PAPER, Addresses(**{**given, missing: None}))


@pytest.mark.parametrize("where", [LIVE, loopback(1)])
def test_off_talks_to_nobody(where):
    with pytest.raises(AddressRefused, match="OFF"):
        check(Mode.OFF, where)


@given(st.integers(1, 65535))
def test_paper_takes_every_port_of_this_machine(port):
    check(Mode.PAPER, loopback(port))


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.OBSERVE])
def test_live_and_observe_take_what_ccxt_has(mode):
    check(mode, LIVE)
