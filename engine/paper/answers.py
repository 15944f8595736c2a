"""REST answers in Kraken's shapes, field by field. Money and prices are strings, times are numbers.

Source: Kraken's REST reference, and what ccxt 4.5.90 parses (`ccxt/async_support/kraken.py`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from engine.paper.auth import KeyState
from engine.paper.book import Book
from engine.paper.fees import MAKER, TAKER, FeeSchedule
from engine.paper.foreign_fields import in_rest
from engine.paper.holdings import EARN_WALLETS, Holdings
from engine.paper.orders import Order, Status, Trade
from engine.paper.pair import (
    BASE_ID,
    COST_DECIMALS,
    LOT_DECIMALS,
    PAIR_ID,
    PRICE_DECIMALS,
    QUOTE,
    QUOTE_ID,
    QUOTE_UNIT,
    REST_NAME,
    pair_altname,
    pair_id,
)
from engine.paper.terms import Terms

Json = dict[str, Any]


def usd(amount: Decimal) -> str:
    """A balance in USD: four decimals, never rounded up."""
    return f"{amount.quantize(QUOTE_UNIT, rounding=ROUND_DOWN):f}"


def doge(amount: Decimal) -> str:
    return f"{amount:.{LOT_DECIMALS}f}"


def price(amount: Decimal) -> str:
    return f"{amount:.{PRICE_DECIMALS}f}"


def cost(amount: Decimal) -> str:
    return f"{amount:.{COST_DECIMALS}f}"


def server_time(now_s: float) -> Json:
    rfc1123 = time.strftime("%a, %d %b %y %H:%M:%S +0000", time.gmtime(now_s))
    return {"unixtime": int(now_s), "rfc1123": rfc1123}


def system_status(now_s: float, status: str) -> Json:
    return {"status": status, "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s))}


def assets() -> Json:
    return {
        BASE_ID: _asset("XDG", decimals=8, display=2, collateral=0.9),
        QUOTE_ID: _asset("USD", decimals=4, display=2, collateral=1.0),
    }


def _asset(altname: str, decimals: int, display: int, collateral: float) -> Json:
    return {
        "aclass": "currency",
        "altname": altname,
        "decimals": decimals,
        "display_decimals": display,
        "collateral_value": collateral,
        "status": "enabled",
    }


def asset_pairs(maker_fee: Decimal, taker_fee: Decimal, terms: Terms, status: str) -> Json:
    """The one pair. maker_fee, taker_fee: the schedule's first steps, not what the account pays."""
    return {
        PAIR_ID: {
            "altname": PAIR_ID,
            "wsname": REST_NAME,
            "aclass_base": "currency",
            "base": BASE_ID,
            "aclass_quote": "currency",
            "quote": QUOTE_ID,
            "lot": "unit",
            "cost_decimals": COST_DECIMALS,
            "pair_decimals": terms.price_decimals,
            "lot_decimals": LOT_DECIMALS,
            "lot_multiplier": 1,
            "leverage_buy": [2, 3, 4, 5],
            "leverage_sell": [2, 3, 4, 5],
            "fees": FeeSchedule.of(taker_fee, TAKER).rows(),
            "fees_maker": FeeSchedule.of(maker_fee, MAKER).rows(),
            "fee_volume_currency": QUOTE_ID,
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": f"{terms.order_min:f}",
            "costmin": f"{terms.cost_min:f}",
            "tick_size": f"{terms.price_unit:f}",
            "status": status,
            "execution_venue": "international",
            "long_position_limit": 10_000_000,
            "short_position_limit": 8_000_000,
        }
    }


def amount(name: str, value: Decimal) -> str:
    """An amount in a row of Balance: dollars with four decimals, all else with eight."""
    return usd(value) if name in (QUOTE_ID, *(f"{QUOTE}.{suffix}" for suffix in EARN_WALLETS)) else doge(value)


def balance(holdings: Holdings) -> Json:
    return {row.name: amount(row.name, row.amount) for row in holdings.rows()}


def balance_ex(holdings: Holdings) -> Json:
    return {
        row.name: {"balance": amount(row.name, row.amount), "hold_trade": amount(row.name, row.held)}
        for row in holdings.rows()
    }


def trade_balance(book: Book) -> Json:
    """The account in USD; there is no margin here, so its fields are zero."""
    total = usd(book.usd + book.doge * book.quote.mid_price)
    zero = usd(Decimal(0))
    return {"eb": total, "tb": total, "m": zero, "uv": zero, "n": zero, "c": zero, "v": zero, "e": total, "mf": total}


def order(item: Order, *, with_trades: bool = False) -> Json:
    """An order as OpenOrders, ClosedOrders and QueryOrders show it."""
    limit = item.type != "market"
    row: Json = {
        "refid": None,
        "userref": item.userref,
        "status": item.status.value,
        "opentm": item.opened_s,
        "starttm": 0,
        "expiretm": item.expires_s or 0,
        "descr": {
            "pair": pair_altname(item.symbol),
            "aclass": "forex",
            "type": item.side,
            "ordertype": item.type,
            "price": price(item.price) if limit else "0",
            "price2": "0",
            "leverage": "none",
            "order": item.description,
            "close": "",
        },
        "vol": doge(item.volume),
        "vol_exec": doge(item.filled),
        "cost": cost(item.cost),
        "fee": cost(item.fee),
        "price": price(item.average_price),
        "stopprice": price(Decimal(0)),
        "limitprice": price(Decimal(0)),
        "misc": "amended" if item.amended else "",
        "oflags": "fciq,post" if item.post_only else "fciq",
        **in_rest(item),
    }
    if item.cl_ord_id is not None:
        row["cl_ord_id"] = item.cl_ord_id
    if item.status is not Status.OPEN:
        row["closetm"] = item.closed_s
        row["reason"] = item.reason
    if with_trades and item.trades:
        row["trades"] = list(item.trades)
    return row


def trade(item: Trade, ledger_ids: Sequence[str] = ()) -> Json:
    """A fill as TradesHistory and QueryTrades show it. ledger_ids: where they were asked for."""
    row: Json = {
        "ordertxid": item.order_id,
        "postxid": "TKH2SE-M7IF5-CFI7LT",
        "pair": pair_id(item.symbol),
        "time": item.at_s,
        "type": item.side,
        "ordertype": item.type,
        "price": price(item.price),
        "cost": cost(item.cost),
        "fee": cost(item.fee),
        "vol": doge(item.volume),
        "margin": cost(Decimal(0)),
        "leverage": "0",
        "misc": "",
        "trade_id": item.trade_id or item.number,
        "maker": item.maker,
    }
    if ledger_ids:
        row["ledgers"] = list(ledger_ids)
    return row


def trade_volume(paid: tuple[Decimal, Decimal], first: tuple[Decimal, Decimal], volume_usd: Decimal) -> Json:
    """What the account pays, and the steps around it. paid, first: maker and taker, now and at the schedule's start."""

    def fee(ratio: Decimal, schedule: FeeSchedule) -> Json:
        following = schedule.next_below(ratio)
        return {
            "fee": _per_cent(ratio),
            "minfee": _per_cent(schedule.ratios[-1]),
            "maxfee": _per_cent(max(ratio, schedule.ratios[0])),
            "nextfee": None if following is None else _per_cent(following[1]),
            "nextvolume": None if following is None else usd(Decimal(following[0])),
            "tiervolume": usd(Decimal(schedule.volume_of(ratio))),
        }

    return {
        "currency": QUOTE_ID,
        "volume": usd(volume_usd),
        "fees": {PAIR_ID: fee(paid[1], FeeSchedule.of(first[1], TAKER))},
        "fees_maker": {PAIR_ID: fee(paid[0], FeeSchedule.of(first[0], MAKER))},
    }


def _per_cent(ratio: Decimal) -> str:
    return f"{ratio * 100:.4f}"


def api_key_info(state: KeyState, made_s: float) -> Json:
    """Never the secret. Kraken's reference has these names in camel case; what it answers has them so."""
    made = str(int(made_s))
    return {
        "api_key_name": state.api_key.name,
        "api_key": state.api_key.key,
        "nonce": str(state.nonce),
        "nonce_window": "0",
        "permissions": list(state.api_key.permissions),
        "iban": "AA00 N84G PAPR XXXX",
        "valid_until": str(int(state.valid_until_s)),
        "query_from": "0",
        "query_to": "0",
        "created_time": made,
        "modified_time": made,
        "ip_allowlist": list(state.ip_allowlist),
        "last_used": str(int(state.last_used_s)),
    }
