"""What the account has besides USD and DOGE that trade: other assets, wallets that earn, and the ledger of transfers.

Kraken shows a wallet that earns as a row of its own (`USD.F` by itself, `.S` staked, `.M` and `.B` by older and younger
programs) and, on the balances channel, as a wallet of type `earn`. What is in it does not trade.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.paper.book import Book
from engine.paper.orders import Trade, name_of
from engine.paper.pair import BASE, QUOTE, SYMBOL, altname, asset_id, assets_of

LEDGER_KEPT = 1000
FEE_CREDITS = "KFEE"
EARN_WALLETS = {"F": "flex", "S": "bonded", "M": "flex", "B": "bonded"}
"""Wallet ids on the socket by the suffix of the row at REST."""


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One transfer, in the words of the balances channel. balance: of the wallet, after it."""

    id: str
    ref_id: str
    at_s: float
    type: str
    subtype: str
    category: str
    asset: str
    wallet_type: str
    wallet_id: str
    amount: Decimal
    balance: Decimal
    fee: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """A row of Balance: its name at REST, what there is and what orders hold of it."""

    name: str
    amount: Decimal
    held: Decimal = Decimal(0)


class Holdings:
    """The account as Kraken lists it; USD and DOGE that trade are the book's."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._spot: dict[str, Decimal] = {}
        self._earning: dict[tuple[str, str], Decimal] = {}
        self._entries = 0
        self.ledger: deque[LedgerEntry] = deque(maxlen=LEDGER_KEPT)

    def spot(self, asset: str) -> Decimal:
        """What of an asset is in the wallet that trades."""
        if asset == QUOTE:
            return self._book.usd
        if asset == BASE:
            return self._book.doge
        return self._book.fee_credits if asset == FEE_CREDITS else self._spot.get(asset, Decimal(0))

    def held(self, asset: str) -> Decimal:
        """What of it open orders hold."""
        if asset == QUOTE:
            return self._book.held_usd
        if asset == BASE:
            return self._book.held_doge
        others = [order for order in self._book.open.values() if order.symbol != SYMBOL]
        sold = [order.remaining for order in others if order.side == "sell" and assets_of(order.symbol)[0] == asset]
        paid = [
            order.remaining * order.price * (1 + order.fee_ratio)
            for order in others
            if order.side == "buy" and assets_of(order.symbol)[1] == asset
        ]
        return sum([*sold, *paid], Decimal(0))

    def free(self, asset: str) -> Decimal:
        return max(Decimal(0), self.spot(asset) - self.held(asset))

    def earning(self, asset: str, suffix: str) -> Decimal:
        return self._earning.get((asset, suffix), Decimal(0))

    def assets(self) -> list[str]:
        """Every asset there is something of, and always USD and DOGE."""
        credits = [FEE_CREDITS] if self._book.fee_credits else []
        return list(dict.fromkeys([QUOTE, BASE, *self._spot, *credits, *(asset for asset, _ in self._earning)]))

    def rows(self) -> list[BalanceRow]:
        """The rows of Balance and BalanceEx."""
        rows = [BalanceRow(asset_id(asset), self.spot(asset), self.held(asset)) for asset in self.assets()]
        return rows + [
            BalanceRow(f"{altname(asset)}.{suffix}", amount) for (asset, suffix), amount in self._earning.items()
        ]

    def wallets(self, asset: str) -> list[tuple[str, str, Decimal]]:
        """Type, id and content of each wallet of an asset."""
        earning: dict[str, Decimal] = {}
        for (name, suffix), amount in self._earning.items():
            if name == asset:
                earning[EARN_WALLETS[suffix]] = earning.get(EARN_WALLETS[suffix], Decimal(0)) + amount
        return [("spot", "main", self.spot(asset)), *(("earn", wallet, amount) for wallet, amount in earning.items())]

    def add(self, asset: str, amount: Decimal) -> Decimal:
        """Change what is in the wallet that trades; returns what is in it then."""
        if asset == QUOTE:
            self._book.usd += amount
        elif asset == BASE:
            self._book.doge += amount
        elif asset == FEE_CREDITS:
            self._book.fee_credits += amount
        else:
            self._spot[asset] = self.spot(asset) + amount
        return self.spot(asset)

    def transfer(self, asset: str, amount: Decimal, kind: str) -> list[LedgerEntry]:
        """Money comes (`deposit`) or goes (`withdrawal`, with an amount below 0)."""
        return [self._entered(kind, "", kind, asset, ("spot", "main"), amount, self.add(asset, amount))]

    def spent_credits(self, trade: Trade) -> list[LedgerEntry]:
        """The KFEE that a fill took; they are gone already."""
        if not trade.fee_credits:
            return []
        left = self.spot(FEE_CREDITS)
        wallet = ("spot", "main")
        return [self._entered("trade", "", "trade", FEE_CREDITS, wallet, -trade.fee_credits, left, trade.id)]

    def trade(self, trade_id: str, changes: dict[str, Decimal]) -> list[LedgerEntry]:
        """What a trade of another pair did, by asset."""
        return [
            self._entered("trade", "", "trade", asset, ("spot", "main"), amount, self.add(asset, amount), trade_id)
            for asset, amount in changes.items()
        ]

    def lock(self, asset: str, suffix: str, amount: Decimal) -> list[LedgerEntry]:
        """Move from the wallet that trades to one that earns, or back with an amount below 0."""
        left = self.add(asset, -amount)
        there = self._earning[asset, suffix] = self.earning(asset, suffix) + amount
        if not there:
            del self._earning[asset, suffix]
        to, back = ("spottostaking", "stakingfromspot") if amount > 0 else ("spotfromstaking", "stakingtospot")
        wallet = ("earn", EARN_WALLETS[suffix])
        first = self._entered("transfer", to, "transfer", asset, ("spot", "main"), -amount, left)
        second = self._entered("transfer", back, "transfer", asset, wallet, amount, there, first.ref_id)
        return [first, second]

    def saved(self) -> dict[str, Any]:
        """Everything but the ledger, as JSON types."""
        return {
            "spot": {asset: str(amount) for asset, amount in self._spot.items()},
            "earning": [[asset, suffix, str(amount)] for (asset, suffix), amount in self._earning.items()],
            "entries": self._entries,
        }

    def resume(self, saved: dict[str, Any]) -> None:
        """Go on from what `saved` gave."""
        self._spot = {asset: Decimal(amount) for asset, amount in saved["spot"].items()}
        self._earning = {(asset, suffix): Decimal(amount) for asset, suffix, amount in saved["earning"]}
        self._entries = saved["entries"]

    def _entered(
        self,
        kind: str,
        subtype: str,
        category: str,
        asset: str,
        wallet: tuple[str, str],
        amount: Decimal,
        balance: Decimal,
        ref_id: str | None = None,
    ) -> LedgerEntry:
        self._entries += 1
        seed = self._book.market.seed
        entry = LedgerEntry(
            id=name_of("L", seed, -self._entries),
            ref_id=ref_id or name_of("F", seed, self._entries),
            at_s=self._book.now_s,
            type=kind,
            subtype=subtype,
            category=category,
            asset=asset,
            wallet_type=wallet[0],
            wallet_id=wallet[1],
            amount=amount,
            balance=balance,
        )
        self.ledger.append(entry)
        return entry
