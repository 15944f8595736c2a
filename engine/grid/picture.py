"""The whole account as the exchange shows it, and what of it nothing explains (spec of the account's picture).

Every row of the account is kept, and beside it what it should come to: the total seen last, plus every trade and ledger
entry that came since. A difference that lasts, and is worth more than `UNEXPLAINED_RATIO` of the account, is told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from engine.core.messages import Reason
from engine.grid.ports import Balances, Holding, LedgerEntry, LedgerKind, Side, VenueFill, Wallet

UNEXPLAINED_RATIO = Decimal("0.001")
NOISE_RATIO = Decimal("0.0001")
"""The exchange rounds each cost and fee that it books; so small a part of the account is taken over without a word."""

SETTLES_S = 20.0
"""So long a difference must last: trades and balances come by different ways, one before the other."""

TRADES_KEPT = 2_000
ZERO = Decimal(0)

Row = tuple[str, Wallet]


@dataclass(frozen=True, slots=True)
class UnexplainedChange(Reason, code="unexplained_change"):
    """The account has `amount` of an asset more (or less) than trades and ledger explain; `value` is in quote."""

    asset: str
    wallet: Wallet
    amount: Decimal
    value: Decimal


@dataclass(frozen=True, slots=True)
class AccountChanged(Reason, code="account_changed"):
    """The exchange's ledger says why an amount came or went: a deposit, a withdrawal, a transfer, earnings."""

    asset: str
    wallet: Wallet
    kind: LedgerKind
    words: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CannotBeTraded(Reason, code="cannot_be_traded"):
    """So much of one of the pair's currencies is earning or staked; the grid cannot use it."""

    asset: str
    amount: Decimal


@dataclass(slots=True)
class Picture:
    """What there is and what there should be. Mutable, owned by one decider. base, quote: the pair's assets."""

    base: str
    quote: str
    holdings: tuple[Holding, ...] = ()
    prices: dict[str, Decimal] = field(default_factory=dict)
    quote_held: Decimal | None = None
    base_held: Decimal | None = None
    _expected: dict[Row, Decimal] = field(default_factory=dict)
    _actual: dict[Row, Decimal] = field(default_factory=dict)
    _differs_since_s: dict[Row, float] = field(default_factory=dict)
    _asked_about: set[Row] = field(default_factory=set)
    _seen: dict[str, None] = field(default_factory=dict)

    @property
    def assets(self) -> tuple[str, ...]:
        """Every asset of which there is something, the pair's own left out."""
        held = {row.asset for row in self.holdings if row.total}
        return tuple(sorted(held - {self.base, self.quote}))

    def value(self, mid: Decimal) -> Decimal:
        """All that the account holds, in quote; assets without a price are not in it."""
        return sum((amount * (self._price(asset, mid) or ZERO) for (asset, _), amount in self._actual.items()), ZERO)

    def value_of(self, holding: Holding, mid: Decimal | None) -> Decimal | None:
        """What a row is worth in quote; None where the asset has no price."""
        price = self._price(holding.asset, mid)
        return None if price is None else holding.total * price

    def earning(self, asset: str) -> Decimal:
        """How much of an asset lies where it cannot be traded."""
        away = (row.total for row in self.holdings if row.asset == asset and row.wallet is not Wallet.SPOT)
        return sum(away, ZERO)

    @property
    def away(self) -> tuple[CannotBeTraded, ...]:
        """What of the pair's currencies cannot be traded."""
        amounts = ((asset, self.earning(asset)) for asset in (self.quote, self.base))
        return tuple(CannotBeTraded(asset, amount) for asset, amount in amounts if amount > 0)

    def balanced(self, balances: Balances, now_s: float) -> None:
        """The exchange told balances: of every row, or of the pair's two assets alone."""
        if balances.holdings:
            self.holdings = balances.holdings
            totals: dict[Row, Decimal] = {}
            for row in balances.holdings:
                key = (row.asset, row.wallet)
                totals[key] = totals.get(key, ZERO) + row.total
            for key in self._actual.keys() - totals.keys():
                totals[key] = ZERO
        else:
            totals = {(self.quote, Wallet.SPOT): balances.usd, (self.base, Wallet.SPOT): balances.doge}
        if balances.quote_held is not None:
            self.quote_held, self.base_held = balances.quote_held, balances.base_held
        first = not self._expected
        for key, total in totals.items():
            self._actual[key] = total
            if first:
                self._expected[key] = total
            elif key not in self._expected:
                self._expected[key] = ZERO
            self._compare(key, now_s)

    def traded(self, fill: VenueFill, now_s: float) -> None:
        """A trade of the account, ours or not, moves what there should be; each counts once."""
        if not self._first_time(fill.trade_id):
            return
        base, _, quote = fill.pair.partition("/") if fill.pair else (self.base, "/", self.quote)
        sign = 1 if fill.side is Side.BUY else -1
        self._expect(base, sign * fill.quantity, now_s)
        self._expect(quote, -sign * fill.quantity * fill.price, now_s)
        for asset, fee in fill.fees or ((self.quote, fill.fee_usd),):
            self._expect(asset, -fee, now_s)

    def entered(self, entry: LedgerEntry, now_s: float) -> AccountChanged | None:
        """A ledger entry explains a change by its kind; what a trade did is told by the trade itself."""
        if entry.kind is LedgerKind.TRADE or not self._first_time(entry.ledger_id):
            return None
        self._expect(entry.asset, entry.amount - entry.fee, now_s, entry.wallet)
        return AccountChanged(entry.asset, entry.wallet, entry.kind, entry.words, entry.amount - entry.fee)

    def rebase(self) -> None:
        """What there is counts as explained: the picture begins, or a person was told."""
        self._expected = dict(self._actual)
        self._differs_since_s.clear()

    def doubtful(self, now_s: float) -> bool:
        """Whether something differs for a while and the account should be read once more before it is told: an answer
        of REST may be older than what the sockets told before it.
        """
        fresh = {key for key, since_s in self._differs_since_s.items() if now_s - since_s >= SETTLES_S / 3}
        fresh -= self._asked_about
        self._asked_about |= fresh
        return bool(fresh)

    def unexplained(self, mid: Decimal, now_s: float) -> list[UnexplainedChange]:
        """Differences that lasted and matter; each is told once, for it counts as known from then on."""
        account = self.value(mid)
        told: list[UnexplainedChange] = []
        for key, since_s in list(self._differs_since_s.items()):
            if now_s - since_s < SETTLES_S:
                continue
            asset, wallet = key
            difference = self._actual.get(key, ZERO) - self._expected.get(key, ZERO)
            price = self._price(asset, mid)
            worth = abs(difference) * (price or ZERO)
            if price is not None and worth <= account * NOISE_RATIO:
                self._take_over(key)
            elif price is None or worth > account * UNEXPLAINED_RATIO:
                told.append(UnexplainedChange(asset, wallet, difference, worth))
                self._take_over(key)
        return told

    def _price(self, asset: str, mid: Decimal | None) -> Decimal | None:
        if asset == self.quote:
            return Decimal(1)
        return mid if asset == self.base and mid else self.prices.get(asset)

    def price_all(self, prices: Mapping[str, Decimal]) -> None:
        """Newest prices of other assets, in quote."""
        self.prices.update(prices)

    def _expect(self, asset: str, change: Decimal, now_s: float, wallet: Wallet = Wallet.SPOT) -> None:
        key = (asset, wallet)
        if self._expected:
            self._expected[key] = self._expected.get(key, ZERO) + change
            self._compare(key, now_s)

    def _compare(self, key: Row, now_s: float) -> None:
        if self._actual.get(key, ZERO) == self._expected.get(key, ZERO):
            self._differs_since_s.pop(key, None)
            self._asked_about.discard(key)
        else:
            self._differs_since_s.setdefault(key, now_s)

    def _take_over(self, key: Row) -> None:
        self._expected[key] = self._actual.get(key, ZERO)
        self._differs_since_s.pop(key, None)
        self._asked_about.discard(key)

    def _first_time(self, name: str) -> bool:
        if name in self._seen:
            return False
        self._seen[name] = None
        while len(self._seen) > TRADES_KEPT:
            del self._seen[next(iter(self._seen))]
        return True
