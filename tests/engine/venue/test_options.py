"""The venue's options explain what they can do."""

import pytest
from pydantic import ValidationError

from engine.core.options import declared
from engine.venue.options import VenueOptions


def test_what_lets_orders_end_by_themselves_is_off_by_default():
    """Governor spec 21."""
    options = VenueOptions()
    assert options.dead_man_s == 0


def test_the_dead_mans_switch_says_that_it_cancels_exits_and_manual_orders_too():
    """Governor spec 21."""
    text = next(spec.text for spec in declared(VenueOptions) if spec.name == "dead_man_s")
    assert all(word in text for word in ("whole account", "exits", "by hand"))


@pytest.mark.parametrize(
    ("name", "value"), [("request_timeout_s", 0), ("request_timeout_s", 61), ("dead_man_renew_s", 40)]
)
def test_what_kraken_would_refuse_is_refused_here(name, value):
    with pytest.raises(ValidationError):
        VenueOptions(**{name: value})


@pytest.mark.parametrize("proxy", ["", "system", "http://proxy.example:3128", " https://10.0.0.1:8080/ "])
def test_a_proxy_is_an_address_or_the_systems(proxy):
    assert VenueOptions(proxy=proxy).proxy == proxy.strip()


@pytest.mark.parametrize("proxy", ["proxy.example", "socks5://a:1", "http://a", "http://me:secret@a:1", "http://a:1/x"])
def test_a_proxy_that_cannot_be_used_is_refused(proxy):
    with pytest.raises(ValidationError, match="HOST:PORT"):
        VenueOptions(proxy=proxy)
