"""What Kraken's refusals and failures mean, in one table.

Every failure becomes one of two: `Rejection`, when Kraken certainly did nothing, or `NoAnswer`, when that cannot be
told. What is not in the table cannot be told: an unknown word is looked up, never trusted.

Sources: Kraken's "API error messages" (support.kraken.com) and "Errors" (docs.kraken.com/exchange/guides/general);
`cl_ord_id not unique` and `Post only order` are in neither and were taken from recorded answers of the live exchange.

Advice of `VenueRefused`:
    retry   nothing is wrong; the same may be asked again after a while
    reread  our picture of the account or the pair is out of date; read it before asking again
    stop    we asked something that makes no sense, or are locked out; stop and find out why
    person  only a person can set it right (keys, rights, account)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import Reason
from engine.grid.ports import (
    BelowMinimum,
    DuplicateClientId,
    InsufficientFunds,
    OrderGone,
    PostOnlyRejected,
    VenueRefused,
    VenueSilent,
)


@dataclass(frozen=True, slots=True)
class Rule:
    """Errors that begin with `words` become `reason`, called with the whole error; None: it cannot be told."""

    words: str
    reason: Callable[[str], Reason] | None


def _refused(advice: str) -> Callable[[str], Reason]:
    return lambda words: VenueRefused(words, advice)


RETRY, REREAD, STOP, PERSON = map(_refused, ("retry", "reread", "stop", "person"))

TRADING_LIMIT_WORDS = "EOrder:Rate limit exceeded"
CALL_LIMIT_WORDS = "EAPI:Rate limit exceeded"

RULES: tuple[Rule, ...] = (
    Rule("EOrder:Post only order", lambda _: PostOnlyRejected()),
    Rule("EOrder:Insufficient funds", lambda _: InsufficientFunds()),
    Rule("EOrder:Order minimum not met", lambda _: BelowMinimum()),
    Rule("EOrder:Cost minimum not met", lambda _: BelowMinimum()),
    Rule("EGeneral:Invalid arguments:volume minimum not met", lambda _: BelowMinimum()),
    Rule("EGeneral:Invalid arguments:cl_ord_id not unique", lambda _: DuplicateClientId()),
    Rule("EOrder:Unknown order", lambda _: OrderGone()),
    Rule("EOrder:Invalid order", lambda _: OrderGone()),
    # The matching engine or the way to it gave up: the order may be there all the same.
    Rule("EService:Unavailable", None),
    Rule("EService:Busy", None),
    Rule("EService:Deadline elapsed", None),
    Rule("EService:Timeout", None),
    Rule("EGeneral:Internal error", None),
    Rule("EDatabase:Internal error", None),
    Rule("EOrder:Cancel pending", None),
    Rule(TRADING_LIMIT_WORDS, RETRY),
    Rule(CALL_LIMIT_WORDS, RETRY),
    Rule("EAuth:Rate limit exceeded", RETRY),
    Rule("EAuth:Too many requests", RETRY),
    Rule("EGeneral:Too many requests", RETRY),
    Rule("EService:Throttled", RETRY),
    Rule("EService:Market in", RETRY),
    Rule("EGeneral:Invalid arguments:deadline", RETRY),
    Rule("EOrder:Orders limit exceeded", REREAD),
    Rule("EOrder:Invalid price", REREAD),
    Rule("EOrder:Tick size check failed", REREAD),
    Rule("EGeneral:Invalid arguments:price", REREAD),
    Rule("EGeneral:Invalid arguments:volume", REREAD),
    Rule("EGeneral:Temporary lockout", STOP),
    Rule("EGeneral:Invalid arguments", STOP),
    Rule("EGeneral:Unknown method", STOP),
    Rule("EQuery:Unknown asset", STOP),
    Rule("EQuery:Invalid asset pair", STOP),
    Rule("EAPI:Invalid nonce", PERSON),
    Rule("EAPI:Invalid key", PERSON),
    Rule("EAPI:Invalid signature", PERSON),
    Rule("EGeneral:Permission denied", PERSON),
    Rule("EAccount:Invalid permissions", PERSON),
    Rule("EAuth:Account", PERSON),
    Rule("ESession:Invalid session", PERSON),
    Rule("ETrade:User Locked", PERSON),
    Rule("EOrder:Trading agreement required", PERSON),
)
"""The first rule that fits counts, so the longer words stand before the shorter ones."""


class AnswerUnreadable(NoAnswer):
    """An answer in which a field is missing or is not what Kraken documents; `got` is shown shortened."""

    def __init__(self, field: str, got: Any) -> None:
        self.field = field
        self.got = got
        super().__init__(_unreadable(field, repr(got)))

    @property
    def words(self) -> str:
        """What could not be read, for a person."""
        return _unreadable(self.field, repr(self.got)).words

    def hidden(self, hide: Callable[[str], str]) -> NoAnswer:
        """The same, with what `hide` takes out of words."""
        shown = repr(self.got)
        return self if hide(shown) == shown else NoAnswer(_unreadable(self.field, hide(shown)))


def _unreadable(field: str, got: str) -> VenueSilent:
    return VenueSilent(f"Kraken's answer is unreadable at {field}: got {got[:120]}")


def kraken_words(error: BaseException) -> tuple[str, ...]:
    """The errors that Kraken named in its answer, empty when ccxt raised for another cause.

    ccxt puts the whole answer behind its own name: `kraken {"error":["EOrder:Unknown order"]}`.
    """
    words = _answer_in(error).get("error")
    return tuple(str(word) for word in words) if isinstance(words, list) else ()


def judge(words: tuple[str, ...]) -> Reason | None:
    """What Kraken's errors mean together: None when one of them leaves open whether it acted."""
    reasons = [_judge_one(word) for word in words]
    return reasons[0] if reasons and None not in reasons else None


def failure(error: BaseException, hide: Callable[[str], str] = str) -> Rejection | NoAnswer:
    """What to raise for `error`, which ccxt raised on a request. hide: takes what is secret out of its words."""
    if isinstance(error, AnswerUnreadable):
        return error.hidden(hide)
    if isinstance(error, Rejection | NoAnswer):
        return error
    words = tuple(map(hide, kraken_words(error)))
    reason = judge(words)
    if reason is not None and _answer_in(error).get("result"):
        return NoAnswer(VenueSilent(f"Kraken's answer carries an error and a result: {', '.join(words)}"))
    if reason is not None:
        return Rejection(reason)
    if type(error).__name__ == "AuthenticationError":
        return Rejection(VenueRefused("the request carried no key that Kraken takes", "person"))
    if _never_left(error):
        return Rejection(VenueRefused("no connection to Kraken could be made, nothing was sent", "retry"))
    return NoAnswer(VenueSilent(", ".join(words) or f"{type(error).__name__}: {hide(str(error))[:200]}"))


def _answer_in(error: BaseException) -> dict[str, Any]:
    text = str(error)
    start = text.find("{")
    try:
        answer = json.loads(text[start:]) if start >= 0 else {}
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _judge_one(word: str) -> Reason | None:
    for rule in RULES:
        if word.startswith(rule.words):
            return None if rule.reason is None else rule.reason(word)
    return None


def _never_left(error: BaseException) -> bool:
    """Whether no connection came about: aiohttp says so by one class, which ccxt keeps as the cause."""
    from aiohttp import ClientConnectorError

    return isinstance(error.__cause__, ClientConnectorError)
