"""Reading what a client sends: forms, JSON and query strings hold text of many habits (`True`, `1`, `+30`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, cast

from engine.paper import errors
from engine.paper.errors import KrakenError, invalid
from engine.paper.orders import NewOrder, Side, TimeInForce
from engine.paper.pair import PAIR_NAMES

Arguments = Mapping[str, Any]
LARGEST = Decimal(10) ** 12
BATCH_MAX = 50
"""The most orders in one batch of cancels (Kraken "Cancel Order Batch" and "Batch Cancel")."""

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_FREE_TEXT = re.compile(r"[\x21-\x7e]{1,18}")


def text(arguments: Arguments, name: str) -> str | None:
    """A value as text, None when it is missing or empty."""
    value = arguments.get(name)
    return None if value is None or value == "" else str(value)


def flag(arguments: Arguments, name: str, default: bool = False) -> bool:
    value = text(arguments, name)
    return default if value is None else value.lower() in ("true", "1")


def number(arguments: Arguments, name: str, most: Decimal = LARGEST) -> Decimal | None:
    """A Decimal, None when missing. Raises KrakenError when it is not a number, or one beyond all reason (`most`)."""
    value = text(arguments, name)
    if value is None:
        return None
    try:
        result = Decimal(value)
    except InvalidOperation:
        raise invalid(name) from None
    if not result.is_finite() or result.copy_abs() > most:
        raise invalid(name)
    return result


def whole(arguments: Arguments, name: str, default: int = 0) -> int:
    value = number(arguments, name)
    if value is None:
        return default
    if value != int(value):
        raise invalid(name)
    return int(value)


def texts(arguments: Arguments, name: str) -> list[str]:
    """A list of texts, empty when missing. Raises KrakenError when it is something else."""
    value = arguments.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid(name)
    return value


def references(arguments: Arguments, name: str) -> list[str]:
    """A list of ids or of user references, which are whole numbers; as texts. Raises KrakenError."""
    value = arguments.get(name, [])
    if not isinstance(value, list) or any(isinstance(item, bool) or not isinstance(item, str | int) for item in value):
        raise invalid(name)
    return [str(item) for item in value]


def batch(arguments: Arguments, names: str, cl_ord_ids: str, least: int) -> tuple[list[str], list[str]]:
    """Which orders a batch means, by the two lists of these names. Raises KrakenError for too few or too many."""
    given = references(arguments, names), texts(arguments, cl_ord_ids)
    if not least <= len(set(given[0])) + len(set(given[1])) <= BATCH_MAX:
        raise invalid(names)
    return given


def moment(arguments: Arguments, name: str) -> float | None:
    """An RFC 3339 time as epoch seconds, None when missing. Raises KrakenError when it is something else."""
    value = text(arguments, name)
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise invalid(name) from None
    if parsed.tzinfo is None:
        raise invalid(name)
    return parsed.timestamp()


def known_pair(name: str | None) -> None:
    if name not in PAIR_NAMES:
        raise KrakenError(errors.UNKNOWN_PAIR)


def client_id(arguments: Arguments) -> str | None:
    """`cl_ord_id`: a UUID, 32 hexadecimal digits, or up to 18 characters of text (governor spec 19)."""
    value = text(arguments, "cl_ord_id")
    if value is not None and not _UUID.fullmatch(value) and not _FREE_TEXT.fullmatch(value):
        raise invalid("cl_ord_id")
    return value


def side_of(value: str | None, name: str) -> Side:
    if value not in ("buy", "sell"):
        raise invalid(name)
    return cast(Side, value)


def rest_order(arguments: Arguments, now_s: float) -> NewOrder:
    """The order of an AddOrder request. Raises KrakenError."""
    known_pair(text(arguments, "pair"))
    kind = _type_of(text(arguments, "ordertype"), "ordertype")
    flags = (text(arguments, "oflags") or "").split(",")
    unknown = set(flags) - {"", "post", "fciq", "nompp"}
    if unknown:
        raise invalid("oflags")
    time_in_force = _time_in_force(text(arguments, "timeinforce"), "timeinforce")
    expires = text(arguments, "expiretm")
    return _order(
        arguments,
        side=side_of(text(arguments, "type"), "type"),
        kind=kind,
        volume=number(arguments, "volume"),
        price=number(arguments, "price"),
        post_only="post" in flags,
        time_in_force=time_in_force,
        expires_s=_expiry(expires, now_s),
    )


def socket_order(arguments: Arguments) -> NewOrder:
    """The order of an `add_order` request on the socket. Raises KrakenError."""
    if text(arguments, "symbol") not in PAIR_NAMES:
        raise KrakenError(f"Currency pair not supported {text(arguments, 'symbol')}")
    return _order(
        arguments,
        side=side_of(text(arguments, "side"), "side"),
        kind=_type_of(text(arguments, "order_type"), "order_type"),
        volume=number(arguments, "order_qty"),
        price=number(arguments, "limit_price"),
        post_only=flag(arguments, "post_only"),
        time_in_force=_time_in_force(text(arguments, "time_in_force"), "time_in_force"),
        expires_s=moment(arguments, "expire_time"),
    )


def _order(
    arguments: Arguments,
    *,
    side: Side,
    kind: Literal["limit", "market"],
    volume: Decimal | None,
    price: Decimal | None,
    post_only: bool,
    time_in_force: TimeInForce,
    expires_s: float | None,
) -> NewOrder:
    if volume is None:
        raise invalid("volume")
    if (kind == "limit") != (price is not None):
        raise invalid("price")
    if (time_in_force == "GTD") != (expires_s is not None):
        raise invalid("expiretm")
    return NewOrder(
        side=side,
        volume=volume,
        price=price,
        post_only=post_only,
        cl_ord_id=client_id(arguments),
        userref=whole(arguments, "userref") or whole(arguments, "order_userref"),
        time_in_force=time_in_force,
        expires_s=expires_s,
        deadline_s=moment(arguments, "deadline"),
    )


def _type_of(value: str | None, name: str) -> Literal["limit", "market"]:
    if value not in ("limit", "market"):
        raise invalid(name)
    return cast(Literal["limit", "market"], value)


def _time_in_force(value: str | None, name: str) -> TimeInForce:
    upper = (value or "GTC").upper()
    if upper not in ("GTC", "GTD", "IOC"):
        raise invalid(name)
    return cast(TimeInForce, upper)


def _expiry(value: str | None, now_s: float) -> float | None:
    """`+30` is so many seconds from now, a bare number an epoch second, 0 no expiry."""
    if value is None or value == "0":
        return None
    if not re.fullmatch(r"\+?\d{1,12}(\.\d+)?", value):
        raise invalid("expiretm")
    return now_s + float(value[1:]) if value.startswith("+") else float(value)
