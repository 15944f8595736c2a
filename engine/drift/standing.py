"""Standing delegations: what an owner let happen without signing each plan, and what that puts at risk (spec 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

from engine.drift.book import Book, usd_of_value
from engine.drift.messages import StandingView
from engine.drift.ports import StandingRequest, SwapOrder
from engine.drift.valuation import Valuation


@dataclass(frozen=True, slots=True)
class Standing:
    """One portfolio's standing delegation, kept over restarts. contexts: signed, as hex: for approvals, for swaps.
    used: swaps that were carried out under it."""

    request: StandingRequest
    contexts: tuple[str, str]
    used: int = 0

    @property
    def uses_left(self) -> int:
        return max(0, self.request.uses - self.used)

    def covers(self, swaps: tuple[SwapOrder, ...], until_s: float, book: Book) -> bool:
        """Whether these swaps may go out under it until then; what it does not cover is signed for by itself.

        The contract that bounds a token's fall reverts while less of it is held than the bound, so nothing is covered
        then.
        """
        most = self.request.most
        held = {holding.symbol: holding.balance for holding in book.holdings}
        return (
            all(held.get(symbol, 0) >= bound for symbol, bound in most.items())
            and len(swaps) <= self.uses_left
            and until_s <= self.request.until_s
            and all(swap.amount_in <= most.get(swap.path[0], 0) for swap in swaps)
        )

    def after(self, swaps: int) -> Standing:
        return replace(self, used=self.used + swaps)


def to_plain(standing: Standing) -> Any:
    """For the journal; amounts as strings."""
    request = asdict(standing.request)
    most = {symbol: str(amount) for symbol, amount in standing.request.most.items()}
    request |= {"most": most, "salt": str(standing.request.salt)}
    return {"request": request, "contexts": list(standing.contexts), "used": standing.used}


def from_plain(value: Any) -> Standing:
    request = value["request"]
    most = {symbol: int(amount) for symbol, amount in request["most"].items()}
    first, second = value["contexts"]
    found = StandingRequest(**(request | {"most": most, "salt": int(request["salt"])}))
    return Standing(found, (first, second), int(value["used"]))


def request_of(
    portfolio: str,
    account: str,
    book: Book,
    max_trade_value: int,
    uses: int,
    until_s: int,
    salt: int,
) -> StandingRequest | None:
    """Bounds of one largest trade for each token that is held, and of half of it at most; None while one has no price.

    max_trade_value: in 10^-VALUE_DIGITS USD.
    """
    most: dict[str, int] = {}
    for holding in book.holdings:
        if holding.unit_value is None:
            return None
        bound = min(max_trade_value // holding.unit_value, holding.balance // 2)
        most |= {holding.symbol: bound} if bound > 0 else {}
    if not most:
        return None
    return StandingRequest(portfolio, account, most, uses, until_s, salt)


def view_of(standing: Standing, book: Book, valued: Valuation, delegate: str, at_s: float) -> StandingView | None:
    """As it is shown; None once it is over.

    could_take_usd: what somebody with the delegate's key could take by selling at a price of their own making: each use
    one token's bound, as much as is held, all uses together no more than the whole portfolio.
    """
    if standing.uses_left == 0 or at_s > standing.request.until_s:
        return None
    held = {holding.symbol: holding for holding in book.holdings}
    worth = [
        min(most, held[symbol].balance) * (held[symbol].unit_value or 0)
        for symbol, most in standing.request.most.items()
        if symbol in held
    ]
    total = sum(holding.balance * (holding.unit_value or 0) for holding in book.holdings)
    return StandingView(
        uses_left=standing.uses_left,
        until_s=float(standing.request.until_s),
        delegate=delegate,
        most=_units(standing.request.most, book),
        could_take_usd=usd_of_value(min(total, standing.uses_left * max(worth, default=0)), 2),
        priced=all(valued.prices[symbol].refused is None for symbol in held),
    )


def _units(most: Mapping[str, int], book: Book) -> tuple[tuple[str, Decimal], ...]:
    decimals = {holding.symbol: holding.decimals for holding in book.holdings}
    return tuple((symbol, Decimal(amount).scaleb(-decimals.get(symbol, 0))) for symbol, amount in most.items())
