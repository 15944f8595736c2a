"""Every word that Kraken documents for a refusal, what it means and what is to be done about it.

Sources: "Error messages" (docs.kraken.com/exchange/guides/general/errors) and "Spot Error Messages"
(docs.kraken.com/api/docs/guides/spot-errors); "API error messages" (support.kraken.com, article 360001491786), which
says that a lockout lasts about 15 minutes. `cl_ord_id not unique` and `Post only order` are in none of them and were
taken from recorded answers of the live exchange. Of answers that are no JSON: "Status codes other than 200 indicate
that there was an issue with the request reaching our servers" (docs.kraken.com/rest).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from engine.core.messages import Reason
from engine.grid.ports import (
    BelowMinimum,
    DuplicateClientId,
    InsufficientFunds,
    OrderGone,
    PostOnlyRejected,
    VenueRefused,
)


class Advice(Enum):
    """What is to be done about an error.

    RETRY: nothing is wrong; the same may be asked again after a while. REREAD: our picture of the account or the pair
    is out of date. STOP: we asked something that makes no sense; stop and find out why. PERSON: only a person can set
    it right (keys, rights, account). UNTOLD: it cannot be told whether Kraken acted; look it up.
    """

    RETRY = "retry"
    REREAD = "reread"
    STOP = "stop"
    PERSON = "person"
    UNTOLD = "untold"


LOCKED_OUT_S = 900.0


@dataclass(frozen=True, slots=True)
class Rule:
    """Errors that begin with `words`.

    reason: a reason of its own for what is ordinary. again_in_s: how long Kraken refuses everything of the account.
    of_key: the key itself is not taken, whatever is asked.
    """

    words: str
    advice: Advice
    reason: Callable[[], Reason] | None = None
    again_in_s: float = 0.0
    of_key: bool = False

    def refusal(self, words: str) -> Reason | None:
        """What an error that says `words` comes to; None when it cannot be told whether Kraken acted."""
        if self.advice is Advice.UNTOLD:
            return None
        return self.reason() if self.reason is not None else VenueRefused(words, self.advice.value, self.again_in_s)


TRADING_LIMIT_WORDS = ("EOrder:Rate limit exceeded", "EOrder:Domain rate limit exceeded")
CALL_LIMIT_WORDS = "EAPI:Rate limit exceeded"
NONCE_WORDS = "EAPI:Invalid nonce"

RULES: tuple[Rule, ...] = (
    Rule("EOrder:Post only order", Advice.RETRY, PostOnlyRejected),
    Rule("EOrder:Insufficient funds", Advice.REREAD, InsufficientFunds),
    Rule("EOrder:Order minimum not met", Advice.REREAD, BelowMinimum),
    Rule("EOrder:Cost minimum not met", Advice.REREAD, BelowMinimum),
    Rule("EGeneral:Invalid arguments:volume minimum not met", Advice.REREAD, BelowMinimum),
    Rule("EGeneral:Invalid arguments:cl_ord_id not unique", Advice.REREAD, DuplicateClientId),
    Rule("EOrder:Unknown order", Advice.REREAD, OrderGone),
    Rule("EOrder:Invalid order", Advice.REREAD, OrderGone),
    # The matching engine or the way to it gave up: the order may be there all the same.
    Rule("EService:Unavailable", Advice.UNTOLD),
    Rule("EService:Busy", Advice.UNTOLD),
    Rule("EService:Deadline elapsed", Advice.UNTOLD),
    Rule("EService:Timeout", Advice.UNTOLD),
    Rule("EGeneral:Internal error", Advice.UNTOLD),
    Rule("EDatabase:", Advice.UNTOLD),
    Rule("EOrder:Cancel pending", Advice.UNTOLD),
    Rule("EGeneral:Temporary lockout", Advice.RETRY, again_in_s=LOCKED_OUT_S),
    *(Rule(words, Advice.RETRY) for words in TRADING_LIMIT_WORDS),
    Rule(CALL_LIMIT_WORDS, Advice.RETRY),
    Rule("EAuth:Rate limit exceeded", Advice.RETRY),
    Rule("EAuth:Too many requests", Advice.RETRY),
    Rule("EGeneral:Too many requests", Advice.RETRY),
    Rule("EService:Throttled", Advice.RETRY),
    Rule("EService: Throttled", Advice.RETRY),
    Rule("EService:Market in", Advice.REREAD),
    Rule("EGeneral:Invalid arguments:deadline", Advice.RETRY),
    Rule("ESession:Invalid session", Advice.RETRY),
    Rule("EOrder:Orders limit exceeded", Advice.REREAD),
    Rule("EOrder:Invalid price", Advice.REREAD),
    Rule("EOrder:Tick size check failed", Advice.REREAD),
    Rule("EGeneral:Invalid arguments:price", Advice.REREAD),
    Rule("EGeneral:Invalid arguments:volume", Advice.REREAD),
    Rule("EGeneral:Invalid arguments", Advice.STOP),
    Rule("EGeneral:Unknown method", Advice.STOP),
    Rule("EQuery:Unknown asset", Advice.STOP),
    Rule("EQuery:Invalid asset pair", Advice.STOP),
    Rule("EAPI:Bad request", Advice.STOP),
    Rule("ETrade:Invalid request", Advice.STOP),
    # What only margin, conditional orders and funding can bring, none of which is ever asked for.
    Rule("EOrder:Cannot open", Advice.STOP),
    Rule("EOrder:Margin", Advice.STOP),
    Rule("EOrder:Insufficient margin", Advice.STOP),
    Rule("EOrder:Positions limit exceeded", Advice.STOP),
    Rule("EOrder:Unknown position", Advice.STOP),
    Rule("EOrder:Reduce only", Advice.STOP),
    Rule("EOrder:Scheduled orders limit exceeded", Advice.STOP),
    Rule("EFunding:", Advice.STOP),
    Rule(NONCE_WORDS, Advice.PERSON),
    Rule("EAPI:Invalid key", Advice.PERSON, of_key=True),
    Rule("EAPI:Invalid signature", Advice.PERSON, of_key=True),
    Rule("EAPI:Feature disabled", Advice.PERSON),
    Rule("EGeneral:Permission denied", Advice.PERSON),
    Rule("EAccount:Invalid permissions", Advice.PERSON),
    Rule("EAuth:Account", Advice.PERSON, of_key=True),
    Rule("ETrade:Locked", Advice.PERSON, of_key=True),
    Rule("ETrade:User", Advice.PERSON, of_key=True),
    Rule("EOrder:Trading agreement required", Advice.PERSON),
    Rule("EBM:limit exceeded", Advice.PERSON),
)
"""The first rule that fits counts, so the longer words stand before the shorter ones."""

THROTTLED_S = 5.0
HTTP_RULES: dict[int, tuple[Advice, str]] = {
    400: (Advice.STOP, "the way to Kraken calls the request malformed"),
    401: (Advice.PERSON, "the way to Kraken asks for a name and a password"),
    403: (Advice.PERSON, "the way to Kraken is closed to this computer; its address may be blocked"),
    404: (Advice.STOP, "there is nothing of Kraken's at this address"),
    405: (Advice.STOP, "there is nothing of Kraken's at this address"),
    407: (Advice.PERSON, "the proxy asks for a name and a password"),
    408: (Advice.RETRY, "the request took too long to arrive"),
    413: (Advice.STOP, "the way to Kraken calls the request too large"),
    429: (Advice.RETRY, "too many requests"),
    451: (Advice.PERSON, "Kraken is closed to the country of this computer's address"),
}
"""Answers of what stands before Kraken's servers, which the request did not reach. Every other status (HTML of a 502, a
504...) leaves open whether it did.
"""

_THROTTLED_UNTIL = re.compile(r"EService:\s*Throttled:\s*(\d{10})(?!\d)", re.ASCII)


def rule_of(words: str) -> Rule | None:
    """The row for an error that says `words`; None for words that are in no documentation."""
    return next((rule for rule in RULES if words.startswith(rule.words)), None)


def throttled_until_s(words: str) -> float | None:
    """The moment that Kraken names in `EService:Throttled: 1767225600`."""
    match = _THROTTLED_UNTIL.match(words)
    return float(match[1]) if match else None
