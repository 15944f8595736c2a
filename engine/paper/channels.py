"""Messages of the private WebSocket v2 channels in Kraken's shapes. Money and prices are JSON numbers, times RFC 3339.

Source: Kraken's WebSocket v2 reference (`executions`, `balances`) and messages recorded from the live exchange: only
the first message of an order names symbol, side and price, and none of what is filled; later ones carry what has
changed; `order_userref` is 0 where there is none. The reference shows a whole order's only trade as `partially_filled`,
recordings say `filled`, as here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from engine.paper.book import Happening
from engine.paper.foreign_fields import in_executions
from engine.paper.holdings import FEE_CREDITS, Holdings, LedgerEntry
from engine.paper.orders import Order, Status, Trade
from engine.paper.pair import BASE, QUOTE, SYMBOL

Json = dict[str, Any]


def rfc3339(at_s: float) -> str:
    """Microseconds and a `Z`, as Kraken writes times."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def execution(happening: Happening) -> Json:
    """One row of the executions channel."""
    order = happening.order
    if happening.trade is not None:
        return trade_row(happening.trade, order)
    row: Json
    if happening.kind == "pending_new":
        row = {**_terms(order), "exec_type": "pending_new", "order_status": "pending_new", **_spent(order)}
    elif happening.kind == "new":
        row = {"exec_type": "new", "order_status": "new"}
    elif happening.kind == "amended":
        row = {
            "exec_type": "amended",
            "order_status": _live_status(order),
            "cum_qty": float(order.filled),
            "reason": "User requested",
            "amended": True,
            "order_qty": float(order.volume),
            "limit_price": float(order.price),
            "limit_price_type": "static",
        }
    else:
        row = {"exec_type": happening.kind, "order_status": happening.kind, **_progress(order)}
        if order.reason is not None:
            row |= {"cancel_reason": order.reason, "reason": order.reason}
    return {**row, **_identity(order), "timestamp": rfc3339(happening.at_s)}


def order_row(order: Order) -> Json:
    """All there is to say of an open order, for the snapshot."""
    return {
        **_terms(order),
        "exec_type": "new",
        "order_status": _live_status(order),
        "amended": order.amended,
        **_progress(order),
        **_identity(order),
        "timestamp": rfc3339(order.opened_s),
    }


def _terms(order: Order) -> Json:
    """What an order was placed with."""
    row: Json = {
        "symbol": order.symbol,
        "order_qty": float(order.volume),
        "time_in_force": order.time_in_force,
        "side": order.side,
        "order_type": order.type,
        "limit_price_type": "static",
        "limit_price": float(order.price),
        "stop_price": 0.0,
        "fee_ccy_pref": "fciq",
        **in_executions(order),
    }
    if order.expires_s is not None:
        row["expire_time"] = rfc3339(order.expires_s)
    return row


def trade_row(trade: Trade, order: Order) -> Json:
    """A fill. order: as it stood after it."""
    status = "filled" if order.filled == order.volume else "partially_filled"
    return {**_fill(trade, status), **_progress(order), **_identity(order), "fee_usd_equiv": float(fee_in_usd(trade))}


def past_trade_row(trade: Trade, order: Order | None) -> Json:
    """A fill for the snapshot. order: as it stands now, None where it is forgotten; what it came to is not told."""
    done = order is not None and order.status is Status.CLOSED and order.trades[-1:] == [trade.id]
    row = _fill(trade, "filled" if done else "partially_filled")
    row["order_userref"] = 0 if order is None else order.userref
    if trade.cl_ord_id is not None:
        row["cl_ord_id"] = trade.cl_ord_id
    return row


def _fill(trade: Trade, status: str) -> Json:
    return {
        "order_id": trade.order_id,
        "exec_id": trade.id,
        "exec_type": "trade",
        "trade_id": trade.trade_id or trade.number,
        "symbol": trade.symbol,
        "side": trade.side,
        "last_qty": float(trade.volume),
        "last_price": float(trade.price),
        "liquidity_ind": "m" if trade.maker else "t",
        "cost": float(trade.cost),
        "order_type": trade.type,
        "order_status": status,
        "fees": fees_of(trade),
        "fee_usd_equiv": float(fee_in_usd(trade)),
        "timestamp": rfc3339(trade.at_s),
    }


def fees_of(trade: Trade) -> list[Json]:
    """What was taken for a fill, each part in the asset it was taken in."""
    credits = [{"asset": FEE_CREDITS, "qty": float(trade.fee_credits)}] if trade.fee_credits else []
    dollars = [{"asset": QUOTE, "qty": float(trade.fee)}] if trade.fee or not credits else []
    return credits + dollars


def fee_in_usd(trade: Trade) -> Decimal:
    """The fee in dollars; a KFEE is a cent."""
    return trade.fee + trade.fee_credits / 100


def balances_snapshot(holdings: Holdings) -> list[Json]:
    return [_wallets(asset, holdings.wallets(asset)) for asset in holdings.assets()]


def ledger_row(entry: LedgerEntry) -> Json:
    """A transfer that is not a fill of ours."""
    row: Json = {
        "ledger_id": entry.id,
        "ref_id": entry.ref_id,
        "timestamp": rfc3339(entry.at_s),
        "type": entry.type,
        "asset": entry.asset,
        "asset_class": "currency",
        "category": entry.category,
        "wallet_type": entry.wallet_type,
        "wallet_id": entry.wallet_id,
        "amount": float(entry.amount),
        "fee": float(entry.fee),
        "balance": float(entry.balance),
    }
    return row | {"subtype": entry.subtype} if entry.subtype else row


def balance_updates(happening: Happening, seed: int) -> list[Json]:
    """The two ledger entries of a fill, none for anything else. The fee is in USD; one in KFEE has its own."""
    trade = happening.trade
    if trade is None or trade.symbol != SYMBOL:
        return []
    sign = 1 if trade.side == "buy" else -1
    rows = (
        (BASE, sign * trade.volume, Decimal(0), happening.doge),
        (QUOTE, -sign * trade.cost, trade.fee, happening.usd),
    )
    return [
        {
            "ledger_id": ledger_id,
            "ref_id": trade.id,
            "timestamp": rfc3339(trade.at_s),
            "type": "trade",
            "asset": asset,
            "asset_class": "currency",
            "category": "trade",
            "wallet_type": "spot",
            "wallet_id": "main",
            "amount": float(amount),
            "fee": float(fee),
            "balance": float(balance),
        }
        for ledger_id, (asset, amount, fee, balance) in zip(trade.ledger_ids(seed), rows, strict=True)
    ]


def _wallets(asset: str, wallets: list[tuple[str, str, Decimal]]) -> Json:
    """One asset of the snapshot; there is no wallet where there is nothing in it."""
    return {
        "asset": asset,
        "asset_class": "currency",
        "balance": float(sum(amount for _, _, amount in wallets)),
        "wallets": [{"type": kind, "id": name, "balance": float(amount)} for kind, name, amount in wallets if amount],
    }


def _identity(order: Order) -> Json:
    row: Json = {"order_id": order.id, "order_userref": order.userref}
    if order.cl_ord_id is not None:
        row["cl_ord_id"] = order.cl_ord_id
    if order.post_only:
        row["post_only"] = True
    return row


def _progress(order: Order) -> Json:
    return {"cum_qty": float(order.filled), "avg_price": float(order.average_price), **_spent(order)}


def _spent(order: Order) -> Json:
    return {"cum_cost": float(order.cost), "fee_usd_equiv": float(order.fee)}


def _live_status(order: Order) -> str:
    return "partially_filled" if order.filled else "new"
