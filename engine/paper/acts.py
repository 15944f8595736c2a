"""What can happen at the exchange, as data: one frozen class for each shape of words, each written back by `str`.

`engine.paper.occurrences` reads them and lists the kinds; `engine.paper.interference` carries them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal, get_args

from engine.paper.orders import Side
from engine.paper.pair import SYMBOL

Target = Literal["buy", "sell", "entry", "exit", "all", "foreign"]
TARGETS: tuple[Target, ...] = get_args(Target)
Unit = Literal["base", "usd"]
MARKET = "market"
OFF = "off"
_UNITS_S = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def length(seconds: float) -> str:
    """A duration as the grammar writes it: `20m`, `90s`, `0.25s`."""
    exact = Decimal(repr(seconds))
    unit, unit_s = next(((unit, unit_s) for unit, unit_s in _UNITS_S if exact and not exact % unit_s), ("s", 1))
    return f"{plain(exact / unit_s)}{unit}"


def plain(number: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{number.normalize():f}"


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for an old one: `+45%`, `-20%`, `+5`, `-5` or `=30`."""

    sign: Literal["+", "-", "="]
    amount: Decimal
    percent: bool = False

    def of(self, old: Decimal, unit: Decimal) -> Decimal:
        """The new value in whole units."""
        step = old * self.amount / 100 if self.percent else self.amount
        new = step if self.sign == "=" else old + step if self.sign == "+" else old - step
        return (new / unit).quantize(Decimal(1), rounding=ROUND_HALF_EVEN) * unit

    def __str__(self) -> str:
        return f"{self.sign}{plain(self.amount)}{'%' if self.percent else ''}"


@dataclass(frozen=True, slots=True)
class OnOrders:
    """Somebody amends, moves or cancels orders of the account. count: how many to cancel, None for every one."""

    kind: Literal["amend", "move", "cancel"]
    target: Target
    change: Change | None = None
    count: int | None = None

    def __str__(self) -> str:
        return _joined(self.kind, self.target, self.change, self.count)


@dataclass(frozen=True, slots=True)
class Manual:
    """Somebody places an order by hand (`place`), or trades at once (`trade`).

    amount: of the base asset, or with the unit usd what the order holds with its fee. price: None for one that rests a
    tenth away from the market.
    """

    kind: Literal["place", "trade"]
    side: Side
    amount: Decimal
    unit: Unit = "base"
    price: Change | Literal["market"] | None = None
    symbol: str = SYMBOL
    order_type: str | None = None
    client_id: str | None = None

    def __str__(self) -> str:
        size = plain(self.amount) + ("usd" if self.unit == "usd" else "")
        if self.price is not None:
            size += f"@{str(self.price).removeprefix('=')}"
        pair = None if self.symbol == SYMBOL else self.symbol
        named = [f"type={self.order_type}"] if self.order_type else []
        named += [f"id={self.client_id}"] if self.client_id else []
        return _joined(self.kind, self.side, size, pair, *named)


@dataclass(frozen=True, slots=True)
class Funds:
    """Money comes, goes, or moves between the wallets of the account. suffix: of the row that it moves to or from."""

    kind: Literal["deposit", "withdraw", "earn", "unearn", "stake", "unstake"]
    asset: str
    amount: Decimal
    suffix: str = ""

    def __str__(self) -> str:
        return _joined(self.kind, self.asset.lower(), plain(self.amount), self.suffix or None)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the pair or a fee of the account becomes another."""

    kind: Literal["decimals", "minimum", "costmin", "fee"]
    values: tuple[Decimal, ...]

    def __str__(self) -> str:
        return _joined(self.kind, *map(plain, self.values))


@dataclass(frozen=True, slots=True)
class State:
    """Something is so from now on. value: empty where there is nothing to say of it, `off` where it ends.

    duration_s: paper seconds until it ends by itself, None for never.
    """

    kind: Literal[
        "status", "pair-status", "lockout", "html", "text", "hang", "mute", "silence", "kfee", "second-program"
    ]
    value: str = ""
    duration_s: float | None = None

    def __str__(self) -> str:
        return _joined(self.kind, self.value or None, None if self.duration_s is None else length(self.duration_s))


@dataclass(frozen=True, slots=True)
class OnKey:
    """The key that is in use dies, gets an end, is bound to an address that is not ours, or lives again."""

    how: Literal["dead", "expires", "address", "live"]
    words: str = ""
    duration_s: float = 0.0
    kind: Literal["key"] = "key"

    def __str__(self) -> str:
        return _joined(self.kind, self.how, self.words or None, length(self.duration_s) if self.duration_s else None)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The key that is in use is replaced by the account's next one."""

    kind: Literal["rotate"] = "rotate"

    def __str__(self) -> str:
        return self.kind


@dataclass(frozen=True, slots=True)
class Shift:
    """Nonces are used up so far ahead, or the exchange's clock shows so much more or less."""

    kind: Literal["nonce", "clock"]
    seconds: float

    def __str__(self) -> str:
        return f"{self.kind}:{'-' if self.seconds < 0 else '+'}{length(abs(self.seconds))}"


@dataclass(frozen=True, slots=True)
class PriceMove:
    """The market jumps."""

    change: Change
    kind: Literal["price"] = "price"

    def __str__(self) -> str:
        return f"{self.kind}:{self.change}"


Act = OnOrders | Manual | Funds | Rule | State | OnKey | Rotation | Shift | PriceMove


def _joined(*parts: object) -> str:
    return ":".join(str(part) for part in parts if part is not None)
