"""Everything the exchange process is told at its start: one JSON object on standard input, since it carries secrets."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

Regime = Literal["flat", "up", "down", "spike", "gap", "file"]
Tier = Literal["starter", "intermediate", "pro"]
PostOnlyAnswer = Literal["error", "cancel"]
REGIMES: tuple[Regime, ...] = get_args(Regime)
TIERS: tuple[Tier, ...] = get_args(Tier)
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MARKET_NAMES = ("seed", "regime", "start_price", "spread_bps", "liquidity", "price_file")
"""What makes a market; two worlds that agree on it have the same prices."""

BAD_START, BAD_STATE = 2, 3
BAD_START_WORDS = "paper exchange: "
"""Exit codes of the process when what it was told, or its state file, cannot be used; and what stands before the cause
in the last line of its standard error."""


class StateUnusable(ValueError):
    """A state file that is damaged, of another program, or of another world than was asked for."""


TRADING_PERMISSIONS = (
    "query-funds",
    "query-open-trades",
    "query-closed-trades",
    "modify-trades",
    "close-trades",
    "create-ws-token",
)


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """What the market is like. start_price: USD. spread_bps: ask over bid. liquidity: mean DOGE at a price per second.

    price_file: for regime `file`, a CSV of seconds from the start and price in USD.
    """

    regime: Regime = "flat"
    start_price: Decimal = Decimal("0.0966")
    spread_bps: float = 2.0
    liquidity: Decimal = Decimal(2000)
    price_file: str | None = None

    def __post_init__(self) -> None:
        if self.regime not in REGIMES:
            raise ValueError(f"regime is one of {', '.join(REGIMES)}, got {self.regime!r}")
        if not self.start_price > 0 or not self.liquidity > 0 or not self.spread_bps >= 0:
            raise ValueError("start price and liquidity are above 0 and the spread is not below 0")
        if (self.regime == "file") != (self.price_file is not None):
            raise ValueError("a price file belongs to regime `file`, and regime `file` needs one")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of the account. secret: base64, as Kraken issues it. permissions: Kraken's names.

    valid_until_s: epoch seconds of paper time, 0 for ever. ip_allowlist: the addresses it is good from, empty for any.
    """

    key: str
    secret: str = field(repr=False)
    permissions: tuple[str, ...] = TRADING_PERMISSIONS
    name: str = "paper"
    valid_until_s: float = 0.0
    ip_allowlist: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperConfig:
    """The paper exchange as its parent wants it.

    port: 0 for any. epoch_s, speed, origin_monotonic_s: the three numbers of `engine.core.clock.ScaledClock`; without
    an origin the clock starts when the process does. usd, doge: starting balances. faults: see `engine.paper.faults`.
    post_only_answer: how a post-only order that would take is refused; Kraken is recorded to do either. state_file: the
    world is kept there and resumed from it. insist: which of MARKET_NAMES a resumed world must have as told here; the
    others are taken from it. happen: what the world does, see `engine.paper.occurrences`.
    """

    keys: tuple[ApiKey, ...]
    host: str = "127.0.0.1"
    port: int = 0
    epoch_s: float = 1_767_225_600.0
    speed: float = 1.0
    origin_monotonic_s: float | None = None
    market: MarketSpec = MarketSpec()
    seed: int = 1
    usd: Decimal = Decimal(100)
    doge: Decimal = Decimal(1000)
    maker_fee_bps: Decimal = Decimal(25)
    taker_fee_bps: Decimal = Decimal(40)
    tier: Tier = "starter"
    rate_limits: bool = True
    post_only_answer: PostOnlyAnswer = "error"
    faults: str = ""
    happen: str = ""
    control_token: str = field(default="", repr=False)
    state_file: str | None = None
    insist: tuple[str, ...] = MARKET_NAMES

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK:
            raise ValueError(f"the paper exchange listens on loopback only, got host {self.host!r}")
        if not self.speed > 0:
            raise ValueError(f"speed is above 0, got {self.speed!r}")
        if self.tier not in TIERS:
            raise ValueError(f"tier is one of {', '.join(TIERS)}, got {self.tier!r}")
        if self.post_only_answer not in get_args(PostOnlyAnswer):
            raise ValueError(f"post_only_answer is `error` or `cancel`, got {self.post_only_answer!r}")
        if self.usd < 0 or self.doge < 0:
            raise ValueError("starting balances are not below 0")

    def market_told(self) -> dict[str, Any]:
        """What makes the market, by MARKET_NAMES, as JSON types."""
        market = self.market
        return {
            "seed": self.seed,
            "regime": market.regime,
            "start_price": format(market.start_price.normalize(), "f"),
            "spread_bps": market.spread_bps,
            "liquidity": format(market.liquidity.normalize(), "f"),
            "price_file": market.price_file,
        }

    def resuming(self, saved: Mapping[str, Any]) -> PaperConfig:
        """This config with the market of a saved world, its `market_told`. Raises StateUnusable where it insists."""
        told = self.market_told()
        for name in MARKET_NAMES:
            if name in self.insist and saved[name] != told[name]:
                raise StateUnusable(f"the saved world has {name} {saved[name]!r}, not {told[name]!r}")
        market = MarketSpec(
            regime=saved["regime"],
            start_price=Decimal(saved["start_price"]),
            spread_bps=saved["spread_bps"],
            liquidity=Decimal(saved["liquidity"]),
            price_file=saved["price_file"],
        )
        return dataclasses.replace(self, market=market, seed=saved["seed"])

    def to_json(self) -> str:
        """One line for the child's standard input. It holds the secrets: never log it."""
        return json.dumps(dataclasses.asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> PaperConfig:
        """The config that `to_json` wrote. Raises ValueError naming what does not fit, never quoting values."""
        try:
            fields: dict[str, Any] = dict(json.loads(text))
            market = dict(fields.pop("market", {}))
            for name in ("start_price", "liquidity"):
                if name in market:
                    market[name] = Decimal(market[name])
            for name in ("usd", "doge", "maker_fee_bps", "taker_fee_bps"):
                if name in fields:
                    fields[name] = Decimal(fields[name])
            if "insist" in fields:
                fields["insist"] = tuple(fields["insist"])
            keys = tuple(
                ApiKey(
                    **{
                        **key,
                        "permissions": tuple(key.get("permissions", TRADING_PERMISSIONS)),
                        "ip_allowlist": tuple(key.get("ip_allowlist", ())),
                    }
                )
                for key in fields.pop("keys")
            )
        except (TypeError, KeyError, ArithmeticError, json.JSONDecodeError) as error:
            raise ValueError(f"the config does not have the expected form ({type(error).__name__})") from None
        unknown = set(fields) - {item.name for item in dataclasses.fields(cls)}
        if unknown:
            raise ValueError(f"the config has unknown fields: {', '.join(sorted(unknown))}")
        return cls(keys=keys, market=MarketSpec(**market), **fields)
