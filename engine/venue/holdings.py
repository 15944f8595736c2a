"""What the account holds: every balance row, and why it changed.

Shapes: docs.kraken.com "Get Extended Balance" and "Get Account Balance", and `balances` of the WebSocket v2 reference.
Only the spot wallet's own row of an asset counts as tradable: what earns or is staked is listed, never counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from engine.grid.ports import Balances, Holding, LedgerEntry, LedgerKind, RowSetAside, Wallet
from engine.venue.asset_codes import asset_and_wallet
from engine.venue.errors import AnswerUnreadable
from engine.venue.translate import PairNames, decimal_at, decimal_of, instant_at, list_at, text_at

_MAIN = ("spot", "main")
_ASSET = re.compile(r"[A-Za-z0-9.]{1,24}", re.ASCII)
_WALLETS = {"spot": Wallet.SPOT, "earn": Wallet.EARN}
_KINDS = {
    "trade": LedgerKind.TRADE,
    "deposit": LedgerKind.DEPOSIT,
    "withdrawal": LedgerKind.WITHDRAWAL,
    "transfer": LedgerKind.TRANSFER,
    "earn": LedgerKind.EARN,
    "staking": LedgerKind.EARN,
    "reward": LedgerKind.EARN,
    "fee": LedgerKind.FEE,
}


def balances(result: Any, names: PairNames, at_s: float, aside: Callable[[RowSetAside], None]) -> Balances:
    """Every row of `BalanceEx`, or of `Balance`, which does not say what is held.

    Kraken leaves out assets that the account never held. A row of another asset that cannot be read is set aside.
    """
    if not isinstance(result, Mapping):
        raise AnswerUnreadable("result", result)
    rows: dict[str, Holding] = {}
    for code, row in result.items():
        try:
            rows[code] = _holding(code, row)
        except AnswerUnreadable as unreadable:
            if code in (names.quote_id, names.base_id):
                raise
            aside(RowSetAside("BalanceEx", "", "", unreadable.words))
    extended = any(holding.held is not None for holding in rows.values())
    quote, base = (rows.get(code) for code in (names.quote_id, names.base_id))
    none_held = Decimal(0) if extended or not rows else None
    return Balances(
        usd=quote.total if quote else Decimal(0),
        doge=base.total if base else Decimal(0),
        at_s=at_s,
        quote_held=quote.held if quote else none_held,
        base_held=base.held if base else none_held,
        holdings=tuple(rows.values()),
    )


def _holding(code: str, row: Any) -> Holding:
    if _ASSET.fullmatch(code) is None:
        raise AnswerUnreadable("asset", code)
    asset, wallet = asset_and_wallet(code)
    if not isinstance(row, Mapping):
        return Holding(asset, code, wallet, decimal_of(row, code))
    total, held = (_amount(row, field, code) for field in ("balance", "hold_trade"))
    if held < 0:
        raise AnswerUnreadable(f"{code}.hold_trade", held)
    return Holding(asset, code, wallet, total, held)


def _amount(row: Mapping[str, Any], field: str, code: str) -> Decimal:
    if field not in row:
        raise AnswerUnreadable(f"{code}.{field}", row)
    return decimal_of(row[field], f"{code}.{field}")


class BalanceSheet:
    """Follows the `balances` channel, row by row.

    An amount of the pair's two assets that could not be read is not known from then on, and no balances are told until
    it is: an old one would be spent twice.
    """

    def __init__(self, names: PairNames) -> None:
        self._names = names
        self._totals: dict[tuple[str, str, str], Decimal] = {}
        self._unsure: set[str] = set()
        self._begun = False

    def begin(self) -> None:
        """A snapshot comes: all assets held; what is not listed is 0."""
        self._begun = True
        self._totals = {(asset, *_MAIN): Decimal(0) for asset in (self._names.quote, self._names.base)}
        self._unsure = set()

    def take(self, entry: Any, *, snapshot: bool) -> LedgerEntry | None:
        """One row: of a snapshot an asset's wallets, else a ledger entry with the balance after it."""
        if not self._begun:
            raise UpdateBeforeSnapshot
        asset = ""
        try:
            asset = _asset(entry)
            if snapshot:
                self._take_wallets(asset, entry)
                return None
            return self._take_change(asset, entry)
        except AnswerUnreadable:
            self._unsure |= {asset} if asset else {self._names.base, self._names.quote}
            raise

    def sheet(self, at_s: float) -> Balances | None:
        """How the account stands; None while an amount of the pair is not known."""
        if self._unsure & {self._names.base, self._names.quote}:
            return None
        return Balances(
            usd=self._totals[self._names.quote, *_MAIN],
            doge=self._totals[self._names.base, *_MAIN],
            at_s=at_s,
            holdings=tuple(_row(*key, total) for key, total in self._totals.items()),
        )

    def _take_wallets(self, asset: str, entry: Any) -> None:
        """An empty list of wallets is recorded too: then the one balance is the spot wallet's."""
        wallets = list_at(entry, "wallets") if "wallets" in entry else []
        if wallets:
            found: dict[tuple[str, str, str], Decimal] = {}
            for wallet in wallets:
                key = (asset, text_at(wallet, "type"), text_at(wallet, "id"))
                found[key] = found.get(key, Decimal(0)) + decimal_at(wallet, "balance")
        else:
            found = {(asset, *_MAIN): decimal_at(entry, "balance")}
        self._totals.update(found)
        self._unsure.discard(asset)

    def _take_change(self, asset: str, entry: Any) -> LedgerEntry:
        kind, place = (text_at(entry, field) if field in entry else usual for field, usual in _USUAL_WALLET)
        after = decimal_at(entry, "balance")
        words, subtype = text_at(entry, "type"), entry.get("subtype") or ""
        change = LedgerEntry(
            ledger_id=text_at(entry, "ledger_id"),
            asset=asset_and_wallet(asset)[0],
            wallet=_wallet(asset, kind, place),
            kind=_KINDS.get(words, LedgerKind.OTHER),
            words=f"{words} {subtype}".strip(),
            ref_id=text_at(entry, "ref_id"),
            amount=decimal_at(entry, "amount"),
            fee=decimal_at(entry, "fee"),
            at_s=instant_at(entry, "timestamp"),
        )
        self._totals[asset, kind, place] = after
        if (kind, place) == _MAIN:
            self._unsure.discard(asset)
        return change


class UpdateBeforeSnapshot(AnswerUnreadable):
    """A change of a balance of which the whole was never told: the sequence is wrong, not the row."""

    def __init__(self) -> None:
        super().__init__("balances", "an update before the snapshot")


_USUAL_WALLET = (("wallet_type", "spot"), ("wallet_id", "main"))


def _asset(entry: Any) -> str:
    asset = text_at(entry, "asset")
    if _ASSET.fullmatch(asset) is None:
        raise AnswerUnreadable("asset", asset)
    return asset


def _wallet(asset: str, kind: str, place: str) -> Wallet:
    wallet = _WALLETS.get(kind, Wallet.OTHER)
    if wallet is Wallet.SPOT and place != "main":
        return Wallet.OTHER
    return asset_and_wallet(asset)[1] if wallet is Wallet.SPOT else wallet


def _row(asset: str, kind: str, place: str, total: Decimal) -> Holding:
    code = asset if (kind, place) == _MAIN else f"{asset} {kind}/{place}"
    return Holding(asset_and_wallet(asset)[0], code, _wallet(asset, kind, place), total)
