"""Answers of the paper exchange's own book, as they would come over REST and the sockets, for tests that change them.

The account has an order of ours that filled in parts, one that rests partly filled, one that was cancelled, one of
another client id, and one that was placed by hand.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from engine.paper import answers, channels, public_channels
from engine.paper.auth import KeyState
from engine.paper.book import Book, Happening
from engine.paper.config import ApiKey, MarketSpec
from engine.paper.history import closed_orders, open_orders, orders_named, trades_page
from engine.paper.holdings import Holdings
from engine.paper.market import Market
from engine.paper.orders import NewOrder, describe
from engine.paper.tape import Tape
from engine.venue.wire import loads

EPOCH_S = 1_767_225_600.0
FEES = Decimal("0.0025"), Decimal("0.004")
MINE = "6c1f6f0e-7d0c-5d55-9c3c-0f1b7f0f2a11"
OTHER = "6c1f6f0e-7d0c-5d55-9c3c-0f1b7f0f2a12"
DONE = "6c1f6f0e-7d0c-5d55-9c3c-0f1b7f0f2a13"


@dataclass(frozen=True, slots=True)
class Recorded:
    """rest: results by endpoint. rows: entries of socket messages by channel. balances_told: all totals ever said."""

    rest: dict[str, Any]
    rows: dict[str, list[Any]]
    order_ids: frozenset[str]
    balances_told: tuple[frozenset[Decimal], frozenset[Decimal]]


@cache
def recorded() -> Recorded:
    market = Market(MarketSpec(liquidity=Decimal(15)), 7)
    market.hold(0)
    told: list[Any] = []
    ledger: list[Any] = []

    def note(happening: Happening) -> None:
        told.append(channels.execution(happening))
        ledger.extend(channels.balance_updates(happening, 7))

    book = Book(market, EPOCH_S, Decimal(100), Decimal(1000), listener=note)

    book.place(NewOrder("buy", Decimal(25), Decimal("0.0960"), post_only=True, cl_ord_id=DONE))
    _move(book, "0.0955")
    resting = book.place(NewOrder("sell", Decimal(40), Decimal("0.0970"), post_only=True, cl_ord_id=MINE))
    _move(book, "0.0975", seconds=1)
    book.amend(resting, Decimal(45), Decimal("0.0980"), post_only=True)
    _move(book, "0.0966")
    cancelled = book.place(NewOrder("buy", Decimal(20), Decimal("0.0940"), post_only=True, cl_ord_id=OTHER))
    book.place(NewOrder("buy", Decimal(30), Decimal("0.0930")))
    book.cancel(cancelled)
    book.place(NewOrder("buy", Decimal(20), Decimal("0.0941"), post_only=True, cl_ord_id=OTHER))

    now_s = book.now_s
    text = describe("buy", Decimal(25), Decimal("0.0960"))
    rest = {
        "AssetPairs": answers.asset_pairs(*FEES, book.terms, "online"),
        "AddOrder": {"descr": {"order": text}, "txid": ["OAAAAA-BBBBB-CCCCCC"]},
        "OpenOrders": open_orders(book, {}, now_s),
        "OpenOrders of one": open_orders(book, {"cl_ord_id": MINE}, now_s),
        "ClosedOrders of one": closed_orders(book, {"cl_ord_id": DONE}, now_s),
        "QueryOrders": orders_named(book, {"txid": ",".join(book.open)}, now_s),
        "TradesHistory": trades_page(book, {}, now_s),
        "Balance": answers.balance_ex(Holdings(book)),
        "TradeVolume": answers.trade_volume(FEES, FEES, Decimal(0)),
        "GetApiKeyInfo": answers.api_key_info(KeyState(ApiKey("a key", "c2VjcmV0")), now_s),
        "GetWebSocketsToken": {"token": "a token", "expires": 900},
    }
    rows = {
        "ticker": [public_channels.ticker(book.quote, Tape(book).day(), now_s)],
        "executions": told,
        "balances snapshot": channels.balances_snapshot(Holdings(book)),
        "balances update": ledger,
    }
    over_the_wire = loads(json.dumps({"rest": rest, "rows": rows}))
    totals = [{Decimal(str(row["balance"])) for row in ledger if row["asset"] == asset} for asset in ("USD", "DOGE")]
    return Recorded(
        rest=over_the_wire["rest"],
        rows=over_the_wire["rows"],
        order_ids=frozenset((*book.open, *book.closed)),
        balances_told=(
            frozenset(totals[0] | {Decimal(str(float(book.usd)))}),
            frozenset(totals[1] | {Decimal(str(float(book.doge)))}),
        ),
    )


def _move(book: Book, price: str, seconds: int = 30) -> None:
    book.market.set_price(book.step + 1, Decimal(price))
    book.market.hold(book.step + 1)
    book.advance(book.now_s + seconds)
