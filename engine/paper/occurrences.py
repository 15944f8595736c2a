"""What happens at the exchange while it runs, declared in one string: `TIME:KIND:ARGUMENTS` once or more, between `;`.

`600s:amend:buy:+45%; 1h:status:cancel_only:20m; ~2h:deposit:usd:50`

TIME is an offset of paper time: on the command line and in the options from the exchange's start, at the control
address from the command. `~MEAN` instead comes by chance, again and again, this long apart in the mean; without a time
an entry comes at once. Durations read `250ms`, `30s`, `20m`, `2h` or `1d` and are paper time too.

| entry | what happens |
| --- | --- |
| `amend:TARGET:CHANGE` | somebody amends the size of a resting order of the account: `+45%`, `-20%`, `+5`, `=30` |
| `move:TARGET:CHANGE` | its price |
| `cancel:TARGET[:N]` | somebody cancels such orders, N of them or every one |
| `withdraw-foreign[:N]` | the same as `cancel:foreign` |
| `place:SIDE:SIZE[@PRICE][:PAIR][:type=T][:id=ID]` | an order by hand; `99usd` is what it holds with its fee |
| `trade:SIDE:SIZE[@PRICE][:PAIR][:type=T][:id=ID]` | a trade by hand, at the market (of another pair: at the price) |
| `deposit:ASSET:N`, `withdraw:ASSET:N` | money comes and goes, as far as it is free |
| `earn:ASSET:N`, `unearn:ASSET:N` | it moves to the row `.F` of its asset and back |
| `stake:ASSET:N[:S]`, `unstake:ASSET:N[:S]` | it moves to the row `.S` (or `M`, `B`) and back |
| `kfee[:off]` | fees are taken in KFEE, while there is some (10,000 at first) |
| `status:STATUS[:DURATION]` | the exchange is cancel_only, post_only, limit_only, maintenance or online |
| `pair-status:STATUS[:DURATION]` | the pair is (reduce_only too) |
| `decimals:N`, `minimum:N`, `costmin:N` | price decimals, least volume and least cost of the pair |
| `fee:MAKER:TAKER` | the account's fees, in basis points |
| `price:CHANGE` | the market jumps |
| `silence[:DURATION]` | the market stands still; heartbeats go on |
| `lockout:DURATION` | every private request is refused: `EGeneral:Temporary lockout` |
| `html:STATUS[:DURATION]`, `text:STATUS[:DURATION]` | REST answers so, with a page or a line instead of JSON |
| `hang:DURATION` | requests wait so long before they are carried out; channels go on |
| `mute:DURATION` | sockets say nothing at all, heartbeats neither |
| `key:dead[:WORDS]`, `key:live` | the key in use is refused from now on (`EAPI:Invalid key`); every key is good again |
| `key:expires:DURATION`, `key:address` | it ends then; it is bound to an address that is not ours |
| `rotate` | it is replaced by the next key of the config |
| `nonce:+DURATION` | another program used up the key's nonces so far ahead |
| `second-program:MEAN[:DURATION]` | one places and cancels small orders under the same key, so far apart in the mean |
| `clock:+DURATION` or `clock:-DURATION` | the exchange's clock differs: `Time`, deadlines, the socket's times |

TARGET is buy, sell, entry, exit, foreign or all. An exit is an order that offers what one on the other side filled
before it came; foreign are those that `place` and the second program made, which are in none of the others. Which of
them it is, is drawn. Where no such order rests, the entry waits for one, or by chance comes another time. The status
`off` ends what lasts (`html:off`). PRICE is a price, `market`, or a change from the middle of the market as `-5%`;
without one the order rests a tenth away.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from engine.paper.acts import (
    MARKET,
    OFF,
    TARGETS,
    Act,
    Change,
    Funds,
    Manual,
    OnKey,
    OnOrders,
    PriceMove,
    Rotation,
    Rule,
    Shift,
    State,
    length,
)
from engine.paper.orders import Side
from engine.paper.pair import PRICE_DECIMALS, SYMBOL

SYSTEM_STATUSES = ("online", "cancel_only", "post_only", "limit_only", "maintenance")
PAIR_STATUSES = ("online", "cancel_only", "post_only", "limit_only", "reduce_only")
MIN_MEAN_S = 1.0
_UNITS_S = {"ms": Decimal("0.001"), "s": Decimal(1), "m": Decimal(60), "h": Decimal(3600), "d": Decimal(86_400)}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,12})?")
_CHANGE = re.compile(r"([+\-=])(\d{1,12}(?:\.\d{1,12})?)(%?)")
_ASSET = re.compile(r"[a-z0-9]{2,10}")
_PAIR = re.compile(r"[A-Z0-9]{2,10}/[A-Z0-9]{2,10}")
_ORDER_TYPE = re.compile(r"[a-z][a-z-]{0,39}")
_CLIENT_ID = re.compile(r"[\x21-\x7e]{1,36}")
_ERROR = re.compile(r"[EW][A-Z][A-Za-z]*:.+")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One entry. after_s: how long after the declaration, or with `by_chance` how far apart in the mean; seconds."""

    act: Act
    after_s: float = 0.0
    by_chance: bool = False

    def __str__(self) -> str:
        return f"{'~' if self.by_chance else ''}{length(self.after_s)}:{self.act}"


def parse_occurrences(text: str) -> tuple[Occurrence, ...]:
    """The entries of a declaration; empty for none. Raises ValueError naming the entry and what does not fit."""
    return tuple(_entry(part.strip()) for part in text.split(";") if part.strip())


def _entry(entry: str) -> Occurrence:
    words = entry.split(":")
    try:
        by_chance, after_s = False, 0.0
        if words[0].startswith("~") or words[0][:1].isdigit():
            by_chance = words[0].startswith("~")
            after_s = (_mean_s if by_chance else seconds_of)(words.pop(0).removeprefix("~"))
        kind, *rest = words or [""]
        if kind not in KINDS:
            raise ValueError(f"{kind!r} is not one of {', '.join(KINDS)}")
        return Occurrence(_READERS[kind](kind, rest), after_s, by_chance)
    except ValueError as error:
        raise ValueError(f"happening {entry!r}: {error}") from None


def _on_orders(kind: Any, words: list[str]) -> Act:
    if kind == "withdraw-foreign":
        kind, words = "cancel", ["foreign", *words]
    target, *rest = _counted(words, 1, 2)
    if target not in TARGETS:
        raise ValueError(f"expected one of {', '.join(TARGETS)}, got {target!r}")
    if kind == "cancel":
        return OnOrders(kind, target, count=_whole(rest[0]) if rest else None)
    if not rest:
        raise ValueError("expected a change like +45%, -20%, +5 or =30, got ''")
    return OnOrders(kind, target, _change(rest[0]))


def _manual(kind: Any, words: list[str]) -> Act:
    side, size, *rest = _counted(words, 2, 5)
    amount, _, price_text = size.partition("@")
    in_usd = amount.endswith("usd")
    price = None if not price_text else _price(price_text)
    symbol, named = SYMBOL, {"type": "", "id": ""}
    for word in rest:
        name, equals, value = word.partition("=")
        if "/" in name and not equals:
            if not _PAIR.fullmatch(word):
                raise ValueError(f"expected a pair like BTC/USD, got {word!r}")
            symbol = word
        elif name in named and equals:
            named[name] = value
        else:
            raise ValueError(f"expected a pair, type=WORD or id=TEXT, got {word!r}")
    if symbol != SYMBOL and not (isinstance(price, Change) and price.sign == "="):
        raise ValueError(f"an order of {symbol} needs its price, as 0.001@20000")
    if named["type"] and not _ORDER_TYPE.fullmatch(named["type"]):
        raise ValueError(f"expected an order type in small letters, got {named['type']!r}")
    if named["id"] and not _CLIENT_ID.fullmatch(named["id"]):
        raise ValueError(f"expected a client id, got {named['id']!r}")
    if in_usd and price == MARKET:
        raise ValueError("an order at the market has a size in the base asset")
    return Manual(
        kind,
        _side(side),
        _positive(amount.removesuffix("usd")),
        "usd" if in_usd else "base",
        price,
        symbol,
        named["type"] or None,
        named["id"] or None,
    )


def _funds(kind: Any, words: list[str]) -> Act:
    staking = kind in ("stake", "unstake")
    asset, amount, *rest = _counted(words, 2, 3 if staking else 2)
    if not _ASSET.fullmatch(asset.lower()):
        raise ValueError(f"expected an asset like usd or btc, got {asset!r}")
    suffix = rest[0] if rest else "S" if staking else ""
    if staking and suffix not in ("S", "M", "B"):
        raise ValueError(f"expected S, M or B, got {suffix!r}")
    return Funds(kind, asset.upper(), _positive(amount), suffix)


def _rule(kind: Any, words: list[str]) -> Act:
    count = 2 if kind == "fee" else 1
    values = tuple(_number(word) for word in _counted(words, count, count))
    if kind == "decimals" and values[0] not in range(1, PRICE_DECIMALS + 1):
        raise ValueError(f"expected 1 to {PRICE_DECIMALS} price decimals, got {words[0]!r}")
    if kind == "fee" and max(values) > 1000:
        raise ValueError(f"expected fees of at most 1000 basis points, got {':'.join(words)!r}")
    return Rule(kind, values)


def _state(kind: Any, words: list[str]) -> Act:
    """What lasts: STATUS[:DURATION], or a duration alone."""
    if words == [OFF]:
        return State(kind, OFF)
    if kind == "kfee":
        [value] = _counted(words or ["on"], 1, 1)
        return State(kind, _among(value, ("on", OFF)))
    if kind in ("lockout", "hang", "mute"):
        return State(kind, duration_s=seconds_of(_counted(words, 1, 1)[0]))
    if kind == "silence":
        return State(kind, duration_s=seconds_of(words[0]) if _counted(words, 0, 1) else None)
    value, *rest = _counted(words, 1, 2)
    if kind == "second-program":
        value = length(_mean_s(value))
    elif kind in ("html", "text"):
        if not re.fullmatch(r"[45]\d\d", value):
            raise ValueError(f"expected an HTTP status from 400 to 599, got {value!r}")
    else:
        _among(value, SYSTEM_STATUSES if kind == "status" else PAIR_STATUSES)
    return State(kind, value, seconds_of(rest[0]) if rest else None)


def _on_key(_: str, words: list[str]) -> Act:
    how, *rest = words or [""]
    _among(how, ("dead", "expires", "address", "live"))
    if how == "expires":
        return OnKey("expires", duration_s=seconds_of(_counted(rest, 1, 1)[0]))
    if how != "dead":
        _counted(rest, 0, 0)
        return OnKey(cast(Any, how))
    error = ":".join(rest)
    if rest and not _ERROR.fullmatch(error):
        raise ValueError(f"an error reads like `EAPI:Invalid key`, got {error!r}")
    return OnKey("dead", error)


def _rotation(_: str, words: list[str]) -> Act:
    _counted(words, 0, 0)
    return Rotation()


def _shift(kind: Any, words: list[str]) -> Act:
    [word] = _counted(words, 1, 1)
    if word[:1] not in ("+", "-") or (kind == "nonce" and word[0] == "-"):
        raise ValueError(f"expected {'+' if kind == 'nonce' else '+ or -'} and a duration, got {word!r}")
    return Shift(kind, seconds_of(word[1:]) * (-1 if word[0] == "-" else 1))


def _price_move(_: str, words: list[str]) -> Act:
    return PriceMove(_change(_counted(words, 1, 1)[0]))


_Reader = Callable[[str, list[str]], Act]
_READERS: Final[dict[str, _Reader]] = {
    **dict.fromkeys(("amend", "move", "cancel", "withdraw-foreign"), _on_orders),
    **dict.fromkeys(("place", "trade"), _manual),
    **dict.fromkeys(("deposit", "withdraw", "earn", "unearn", "stake", "unstake"), _funds),
    "kfee": _state,
    **dict.fromkeys(("status", "pair-status"), _state),
    **dict.fromkeys(("decimals", "minimum", "costmin", "fee"), _rule),
    "price": _price_move,
    **dict.fromkeys(("silence", "lockout", "html", "text", "hang", "mute"), _state),
    "key": _on_key,
    "rotate": _rotation,
    "nonce": _shift,
    "second-program": _state,
    "clock": _shift,
}
KINDS: Final[tuple[str, ...]] = tuple(_READERS)


def _counted(words: list[str], least: int, most: int) -> list[str]:
    if not least <= len(words) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ValueError(f"expected {wanted} parts after the kind, got {':'.join(words)!r}")
    return words


def _among(word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        raise ValueError(f"expected one of {', '.join(words)}, got {word!r}")
    return word


def seconds_of(text: str) -> float:
    """A duration as it is written. Raises ValueError."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a duration like 250ms, 30s, 20m, 2h or 1d, got {text!r}")
    return float(Decimal(match[1]) * _UNITS_S[match[2]])


def _mean_s(text: str) -> float:
    mean_s = seconds_of(text)
    if mean_s < MIN_MEAN_S:
        raise ValueError(f"expected at least {MIN_MEAN_S:g}s between two in the mean, got {text!r}")
    return mean_s


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"expected a number, got {text!r}")
    return Decimal(text)


def _positive(text: str) -> Decimal:
    number = _number(text)
    if not number:
        raise ValueError(f"expected a number above 0, got {text!r}")
    return number


def _whole(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise ValueError(f"expected a whole number from 1 on, got {text!r}")
    return int(text)


def _change(text: str) -> Change:
    match = _CHANGE.fullmatch(text)
    if match is None or (match[1] == "=" and match[3]):
        raise ValueError(f"expected a change like +45%, -20%, +5 or =30, got {text!r}")
    return Change(cast(Any, match[1]), Decimal(match[2]), percent=bool(match[3]))


def _price(text: str) -> Any:
    if text == MARKET:
        return MARKET
    return _change(text if text[0] in "+-" else f"={text}")


def _side(text: str) -> Side:
    return cast(Side, _among(text, ("buy", "sell")))
