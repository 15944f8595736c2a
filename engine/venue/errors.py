"""What a failed request comes to.

Every failure becomes one of two: `Rejection`, when Kraken certainly did nothing, or `NoAnswer`, when that cannot be
told. What is not in the table (error_table.py) cannot be told: an unknown word is looked up, never trusted.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import Reason
from engine.grid.ports import VenueRefused, VenueSilent
from engine.venue.error_table import HTTP_RULES, THROTTLED_S, Advice, rule_of


class HttpStatusError(Exception):
    """An answer of what stands before Kraken's servers: a status, and no words of Kraken's.

    again_in_s: how long it asks to be left alone, 0 where it does not say.
    """

    def __init__(self, status: int, text: str, again_in_s: float = 0.0) -> None:
        super().__init__(f"HTTP {status} {text}".strip())
        self.status = status
        self.again_in_s = again_in_s

    def reason(self) -> VenueRefused | None:
        """What it comes to; None when it leaves open whether the request reached Kraken."""
        if self.status not in HTTP_RULES:
            return None
        advice, words = HTTP_RULES[self.status]
        again_in_s = self.again_in_s or (THROTTLED_S if self.status == _TOO_MANY else 0.0)
        return VenueRefused(f"{words} ({self})", advice.value, again_in_s if advice is Advice.RETRY else 0.0)


_LONGEST_WORDS = 200
_TOO_MANY = 429
_PROXY_ASKS = frozenset({401, 403, 407})
_UNTRUSTED = (
    "the certificate shown for Kraken is not trusted ({}); where a company's network reads what goes by, "
    "venue.trust = system uses the certificates of this computer"
)


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
    if isinstance(error, HttpStatusError):
        refused = error.reason()
        return NoAnswer(VenueSilent(str(error))) if refused is None else Rejection(refused)
    words = tuple(map(hide, kraken_words(error)))
    reason = judge(words)
    if reason is not None and _answer_in(error).get("result"):
        return NoAnswer(VenueSilent(f"Kraken's answer carries an error and a result: {', '.join(words)}"))
    if reason is not None:
        return Rejection(reason)
    if type(error).__name__ == "AuthenticationError":
        return Rejection(VenueRefused("the request carried no key that Kraken takes", "person"))
    if (way := way_trouble(error)) is not None:
        return Rejection(way)
    if _never_left(error):
        return Rejection(VenueRefused("no connection to Kraken could be made, nothing was sent", "retry"))
    return NoAnswer(VenueSilent(", ".join(words) or hide(silence_words(error))))


def silence_words(error: BaseException) -> str:
    """How a connection ended without an answer, for a person."""
    from aiohttp import ClientConnectionError

    causes = tuple(_causes(error))
    if isinstance(error, TimeoutError | ConnectionError) and str(error):
        return str(error)[:_LONGEST_WORDS]
    if any(isinstance(cause, TimeoutError) or type(cause).__name__ == "RequestTimeout" for cause in causes):
        return "no answer came in time"
    if any(isinstance(cause, ClientConnectionError | ConnectionError) for cause in causes):
        return "the connection broke before the answer came"
    return f"{type(error).__name__}: {str(error)[:_LONGEST_WORDS]}"


def _answer_in(error: BaseException) -> dict[str, Any]:
    text = str(error)
    start = text.find("{")
    try:
        answer = json.loads(text[start:]) if start >= 0 else {}
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _judge_one(word: str) -> Reason | None:
    rule = rule_of(word)
    return None if rule is None else rule.refusal(word)


def way_trouble(error: BaseException) -> VenueRefused | None:
    """What kept a connection from coming about where a person can set it right: certificates and proxies."""
    from aiohttp import ClientError, ClientHttpProxyError, ClientProxyConnectionError

    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError) and not isinstance(cause, ClientError):
            return VenueRefused(_UNTRUSTED.format(cause.verify_message), Advice.PERSON.value)
        if isinstance(cause, ClientHttpProxyError):
            advice = Advice.PERSON if cause.status in _PROXY_ASKS else Advice.RETRY
            return VenueRefused(f"the proxy lets nothing through to Kraken (HTTP {cause.status})", advice.value)
        if isinstance(cause, ClientProxyConnectionError):
            return VenueRefused("the proxy on the way to Kraken cannot be reached", Advice.RETRY.value)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from, and what aiohttp keeps inside of it."""
    waiting, seen = [error], set[int]()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        kept = (getattr(found, name, None) for name in ("__cause__", "certificate_error", "os_error"))
        waiting += [item for item in (*kept, *found.args) if isinstance(item, BaseException)]


def _never_left(error: BaseException) -> bool:
    """Whether no connection came about: aiohttp says so by one class, which ccxt keeps as the cause."""
    from aiohttp import ClientConnectorError

    return isinstance(error.__cause__, ClientConnectorError | socket.gaierror)
