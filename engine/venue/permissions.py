"""What an API key may do and how long, and whether LIVE may use it.

Source: Kraken REST `GetApiKeyInfo`, "API key permissions". Its reference writes the names in camel case (`validUntil`),
what it is recorded to answer has them in snake case (`valid_until`): both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.core.messages import Reason, plain
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import LATEST_S, decimal_of

WITHDRAWAL_PHRASE = "this key may withdraw"
"""What the operator types to use a key that can move funds off the exchange."""

NEEDED_TO_READ = frozenset({"query-funds", "query-open-trades", "query-closed-trades", "create-ws-token"})
"""Balances, orders and trades over REST, and the token of the private socket ("WebSocket interface")."""

NEEDED = NEEDED_TO_READ | {"modify-trades"}
"""Placing and amending too; who may modify orders may cancel them."""


EXPIRY_WARNED_S = 7 * 86_400.0
EXPIRY_REFUSED_S = 3600.0
"""Orders that rest when the key ends could be taken off by a person alone."""


@dataclass(frozen=True, slots=True)
class KeyPermissions:
    """Kraken's names of the rights of one key and what they come to, and within which bounds it works.

    account: the same for every key of an account (Kraken's IBAN of it). valid_until_s: None where it does not end.
    query_from_s, query_to_s: of which time it may read records, None where that has no bound. addresses: those that it
    works from, empty for all.
    """

    rights: frozenset[str]
    name: str = ""
    account: str = ""
    valid_until_s: float | None = None
    query_from_s: float | None = None
    query_to_s: float | None = None
    addresses: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """The rights that the grid needs and the key lacks, sorted."""
        return tuple(sorted(NEEDED - self.rights))

    @property
    def can_query(self) -> bool:
        return {"query-funds", "query-open-trades", "query-closed-trades"} <= self.rights

    @property
    def can_trade(self) -> bool:
        return "modify-trades" in self.rights

    @property
    def can_withdraw(self) -> bool:
        """Any right that speaks of withdrawing counts, so that a new name of Kraken's does not pass unseen."""
        return any("withdraw" in right.lower() for right in self.rights)


@dataclass(frozen=True, slots=True)
class RightsMissing(Reason, code="key_rights_missing"):
    """The key lacks these rights."""

    rights: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyMayWithdraw(Reason, code="key_may_withdraw"):
    """The key can move funds off the exchange; `phrase` must be typed to use it all the same."""

    phrase: str


@dataclass(frozen=True, slots=True)
class KeyExpired(Reason, code="key_expired"):
    """The key has ended at `ends_s`, or does so in less than an hour."""

    ends_s: float


@dataclass(frozen=True, slots=True)
class KeyExpires(Reason, code="key_expires"):
    """The key ends at `ends_s`, in `left_s`."""

    ends_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class KeyBound(Reason, code="key_bound"):
    """The key works from these addresses alone."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeySeesNoTrades(Reason, code="key_sees_no_trades"):
    """The key may read records up to `ends_s` alone, so the trades of today are hidden from it."""

    ends_s: float


@dataclass(frozen=True, slots=True)
class KeySeesFrom(Reason, code="key_sees_from"):
    """The key may read records from `begins_s` on; trades before that are hidden from it."""

    begins_s: float


def key_permissions(result: Any) -> KeyPermissions:
    """What `GetApiKeyInfo` says of the key that asked."""
    rights = _named(result, "permissions")
    if not isinstance(rights, list) or not all(isinstance(right, str) for right in rights):
        raise AnswerUnreadable("permissions", rights)
    addresses = _named(result, "ip_allowlist", "ipAllowlist")
    if not isinstance(addresses, list | None) or not all(isinstance(address, str) for address in addresses or ()):
        raise AnswerUnreadable("ip_allowlist", addresses)
    return KeyPermissions(
        rights=frozenset(rights),
        name=_text(result, "api_key_name", "apiKeyName"),
        account=_text(result, "iban"),
        valid_until_s=_moment(result, "valid_until", "validUntil"),
        query_from_s=_moment(result, "query_from", "queryFrom"),
        query_to_s=_moment(result, "query_to", "queryTo"),
        addresses=tuple(address for address in addresses or () if address),
    )


def _named(result: Any, *names: str) -> Any:
    """The first of these fields that is there; None where none is."""
    if not isinstance(result, Mapping):
        raise AnswerUnreadable(names[0], result)
    return next((result[name] for name in names if name in result), None)


def _text(result: Any, *names: str) -> str:
    value = _named(result, *names)
    if not isinstance(value, str | None):
        raise AnswerUnreadable(names[0], value)
    return value or ""


def _moment(result: Any, *names: str) -> float | None:
    """Seconds since the epoch; 0 and a field that is not there are no bound."""
    value = _named(result, *names)
    seconds = Decimal(0) if value is None else decimal_of(value, names[0])
    if not 0 <= seconds < LATEST_S:
        raise AnswerUnreadable(names[0], value)
    return float(seconds) or None


def live_verdict(permissions: KeyPermissions, now_s: float, typed: str | None = None) -> Reason | None:
    """Why LIVE refuses this key, or None when it may be used. `typed` is what the operator typed, None for nothing."""
    if permissions.missing:
        return RightsMissing(permissions.missing)
    if permissions.can_withdraw and typed != WITHDRAWAL_PHRASE:
        return KeyMayWithdraw(WITHDRAWAL_PHRASE)
    if permissions.valid_until_s is not None and permissions.valid_until_s < now_s + EXPIRY_REFUSED_S:
        return KeyExpired(permissions.valid_until_s)
    if permissions.query_to_s is not None and permissions.query_to_s < now_s + EXPIRY_REFUSED_S:
        return KeySeesNoTrades(permissions.query_to_s)
    return None


def key_warnings(permissions: KeyPermissions, now_s: float) -> tuple[Reason, ...]:
    """What a person should know of a key that may be used."""
    warnings: list[Reason] = []
    if permissions.valid_until_s is not None and permissions.valid_until_s < now_s + EXPIRY_WARNED_S:
        warnings.append(KeyExpires(permissions.valid_until_s, max(0.0, permissions.valid_until_s - now_s)))
    if permissions.addresses:
        warnings.append(KeyBound(permissions.addresses))
    if permissions.query_from_s is not None:
        warnings.append(KeySeesFrom(permissions.query_from_s))
    return tuple(warnings)


def observe_verdict(permissions: KeyPermissions) -> Reason | None:
    """Why OBSERVE cannot use this key, or None. What it may do besides reading does not matter: nothing is sent."""
    missing = tuple(sorted(NEEDED_TO_READ - permissions.rights))
    return RightsMissing(missing) if missing else None


def key_refused_words(reason: Reason) -> str:
    """A verdict in words, for a log and a terminal."""
    match reason:
        case RightsMissing(rights):
            return f"it lacks the rights {', '.join(rights)}; give it these at Kraken, or make another key"
        case KeyMayWithdraw(phrase):
            return (
                "it may withdraw funds, and trading needs no such right; make one with trading rights alone, "
                f"or type “{phrase}” when asked at the start"
            )
        case KeyExpired(ends_s):
            return (
                f"it ends at {_written(ends_s)} UTC, and orders that rest then could not be taken off; make another key"
            )
        case KeySeesNoTrades(ends_s):
            return f"it may read records up to {_written(ends_s)} UTC alone, so no trade of today would be seen"
        case _:
            return str(plain(reason))


def _written(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M")
