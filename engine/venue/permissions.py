"""What an API key may do, and whether LIVE may use it. Source: Kraken REST `GetApiKeyInfo`, "API key permissions"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core.messages import Reason, plain
from engine.venue.errors import AnswerUnreadable

WITHDRAWAL_PHRASE = "this key may withdraw"
"""What the operator types to use a key that can move funds off the exchange."""

NEEDED_TO_READ = frozenset({"query-funds", "query-open-trades", "query-closed-trades", "create-ws-token"})
"""Balances, orders and trades over REST, and the token of the private socket ("WebSocket interface")."""

NEEDED = NEEDED_TO_READ | {"modify-trades"}
"""Placing and amending too; who may modify orders may cancel them."""


@dataclass(frozen=True, slots=True)
class KeyPermissions:
    """Kraken's names of the rights of one key, and what they come to."""

    rights: frozenset[str]

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


def key_permissions(result: Any) -> KeyPermissions:
    """The rights listed by `GetApiKeyInfo`."""
    rights = result.get("permissions") if hasattr(result, "get") else None
    if not isinstance(rights, list) or not all(isinstance(right, str) for right in rights):
        raise AnswerUnreadable("permissions", rights)
    return KeyPermissions(frozenset(rights))


def live_verdict(permissions: KeyPermissions, typed: str | None = None) -> Reason | None:
    """Why LIVE refuses this key, or None when it may be used. `typed` is what the operator typed, None for nothing."""
    if permissions.missing:
        return RightsMissing(permissions.missing)
    if permissions.can_withdraw and typed != WITHDRAWAL_PHRASE:
        return KeyMayWithdraw(WITHDRAWAL_PHRASE)
    return None


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
        case _:
            return str(plain(reason))
