"""Refusals in Kraken's own words.

Source: Kraken's API error table, and for `cl_ord_id not unique` and `Post only order` what the live exchange is
publicly recorded to answer, since its table leaves both out.
"""

from __future__ import annotations


class KrakenError(Exception):
    """The exchange says no; `words` is what goes into the `error` list of the answer."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


INVALID_KEY = "EAPI:Invalid key"
INVALID_SIGNATURE = "EAPI:Invalid signature"
INVALID_NONCE = "EAPI:Invalid nonce"
CALL_RATE = "EAPI:Rate limit exceeded"
ORDER_RATE = "EOrder:Rate limit exceeded"
ORDERS_LIMIT = "EOrder:Orders limit exceeded"
PERMISSION = "EGeneral:Permission denied"
UNKNOWN_METHOD = "EGeneral:Unknown method"
UNKNOWN_PAIR = "EQuery:Unknown asset pair"
UNKNOWN_ASSET = "EQuery:Unknown asset"
UNKNOWN_ORDER = "EOrder:Unknown order"
INSUFFICIENT_FUNDS = "EOrder:Insufficient funds"
ORDER_MINIMUM = "EOrder:Order minimum not met"
COST_MINIMUM = "EOrder:Cost minimum not met"
POST_ONLY = "EOrder:Post only order"
DEADLINE = "EService:Deadline elapsed"
DUPLICATE_CLIENT_ID = "EGeneral:Invalid arguments:cl_ord_id not unique"
INVALID_SESSION = "ESession:Invalid session"
LOCKOUT = "EGeneral:Temporary lockout"
UNAVAILABLE = "EService:Unavailable"


def invalid(argument: str) -> KrakenError:
    """`EGeneral:Invalid arguments:<argument>`."""
    return KrakenError(f"EGeneral:Invalid arguments:{argument}")


def market_in(mode: str) -> KrakenError:
    """What a market answers to what its mode does not take."""
    return KrakenError(f"EService:Market in {mode} mode")
