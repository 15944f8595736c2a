"""What the exchange is told at its start, and what the operator may set (governor spec 22)."""

from decimal import Decimal

import pytest

from engine.core.options import declared
from engine.paper.config import ApiKey, MarketSpec, PaperConfig
from engine.paper.options import PaperOptions

KEY = ApiKey(
    "k",
    "c2VjcmV0LXRoYXQtbm9ib2R5LXNlZXM=",
    permissions=("query-funds",),
    valid_until_s=2e9,
    ip_allowlist=("192.0.2.1",),
)


def test_a_config_comes_out_of_json_as_it_went_in():
    config = PaperConfig(
        keys=(KEY,),
        market=MarketSpec("gap", Decimal("0.1"), 3.5, Decimal(50)),
        usd=Decimal("12.34567"),
        speed=60,
        faults="delay:2s",
        happen="10m:kfee",
        control_token="t",
        state_file="world.sqlite",
    )

    assert PaperConfig.from_json(config.to_json()) == config


def test_a_config_does_not_show_its_secrets():
    shown = repr(PaperConfig(keys=(KEY,), control_token="token-that-nobody-sees"))

    assert "c2VjcmV0" not in shown
    assert "nobody" not in shown


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"host": "0.0.0.0"}, "loopback only"),
        ({"speed": 0}, "speed is above 0"),
        ({"tier": "expert"}, "tier is one of"),
        ({"usd": Decimal(-1)}, "not below 0"),
        ({"post_only_answer": "shrug"}, "`error` or `cancel`"),
    ],
)
def test_a_config_that_makes_no_sense_is_named(settings, told):
    with pytest.raises(ValueError, match=told):
        PaperConfig(keys=(KEY,), **settings)


@pytest.mark.parametrize(
    "settings", [{"regime": "sideways"}, {"start_price": Decimal(0)}, {"regime": "file"}, {"price_file": "p.csv"}]
)
def test_a_market_that_makes_no_sense_is_refused(settings):
    with pytest.raises(ValueError):
        MarketSpec(**settings)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": 3}', '{"keys": [], "usd": "much"}', '{"keys": [], "sped": 1}']
)
def test_json_that_is_no_config_is_refused_in_words(text):
    with pytest.raises(ValueError, match="the config"):
        PaperConfig.from_json(text)


def test_every_option_has_a_text_and_a_default_that_makes_a_config():
    options = PaperOptions()
    assert all(spec.text.endswith(".") and spec.restart for spec in declared(PaperOptions))

    config = PaperConfig(
        keys=(KEY,),
        usd=options.usd,
        doge=options.doge,
        maker_fee_bps=options.maker_fee_bps,
        taker_fee_bps=options.taker_fee_bps,
        tier=options.tier,
        seed=options.seed,
        speed=options.speed,
        faults=options.faults,
        happen=options.happen,
        market=MarketSpec(options.regime, options.start_price, options.spread_bps, options.liquidity),
    )
    assert config == PaperConfig(keys=(KEY,), seed=1, usd=options.usd)
