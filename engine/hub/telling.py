"""The hub as a person sees it: one snapshot from what is remembered, what was read, and what was decided last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.core.messages import Reason
from engine.hub.batch import ranked
from engine.hub.dispatch import Dispatch
from engine.hub.front_desk import FrontDesk
from engine.hub.limits import stops_everybody
from engine.hub.market import Listed, Market, gwei
from engine.hub.messages import (
    AuditView,
    BudgetView,
    GasView,
    HubSnapshot,
    InFlightView,
    OnItsWay,
    PullView,
    RequestView,
    TokenView,
    TotalsView,
    WindowView,
)
from engine.hub.options import HubOptions
from engine.hub.ports import ChainLook
from engine.hub.pulls import PullRequest
from engine.hub.remembered import DAY_S, Remembered
from engine.hub.requests import Request, RequestState
from engine.hub.settlement import whole_tokens
from engine.hub.tokens import usd_of_amount

MOST_SHOWN = 200
One = TypeVar("One")


class Teller:
    """Makes and publishes the snapshot. reason_now: of an open request."""

    def __init__(
        self,
        *,
        chain_id: int,
        contract: str,
        entity: str,
        tokens: Mapping[int, Listed],
        held: Remembered,
        dispatch: Dispatch,
        desk: FrontDesk,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        reason_now: Callable[[Request], Reason],
    ) -> None:
        self._chain_id = chain_id
        self._contract = contract
        self._entity = entity
        self._tokens = tokens
        self._held = held
        self._dispatch = dispatch
        self._desk = desk
        self._bus = bus
        self._clock = clock
        self._options = options
        self._reason_now = reason_now
        self.http_port: int | None = None
        self.audit: AuditView | None = None

    def tell(self, look: ChainLook | None, market: Market, trouble: Reason | None, held_by: Reason | None) -> None:
        """held_by: why mode or master switch let nothing leave."""
        now_s, held = self._clock.now(), self._held
        open_requests = list(held.requests.values())
        self._bus.publish(
            HubSnapshot(
                at_s=now_s,
                chain_id=self._chain_id,
                contract=self._contract,
                entity=self._entity,
                block=0 if look is None else look.head,
                block_at_s=None if look is None else look.at_s,
                trouble=trouble or self._dispatch.halted,
                stopped=held.stopped,
                http_port=self.http_port,
                gas=self._gas(market),
                tokens=tuple(self._token(one, look, market, open_requests) for one in self._tokens.values()),
                queue=self._queue(open_requests, market, now_s),
                queue_length=len(open_requests),
                window=self._window(open_requests, now_s),
                in_flight=self._in_flight(),
                pulls=self._pulls(),
                budget=self._budget(now_s),
                totals=self._totals(),
                recent=tuple(held.records),
                accounts=len(held.accounts),
                audit=self.audit,
                held=held_by,
            )
        )

    def _gas(self, market: Market) -> GasView | None:
        limit, gas = market.limit, market.gas
        if limit is None or gas is None:
            return None
        options = self._options()
        return GasView(
            price_gwei=gwei(gas.gas_price_wei),
            at_s=market.gas_at_s,
            native_usd=gas.native_usd,
            soft_limit_usd=_usd(limit.usd),
            effective_usd=_usd(limit.effective_usd),
            limit_gwei=limit.gas_price_gwei,
            limit_at_s=limit.at_s,
            next_limit_at_s=limit.at_s + options.soft_limit_every_s,
            held=market.held,
            stops=stops_everybody(limit, options.caps),
        )

    def _token(self, one: Listed, look: ChainLook | None, market: Market, requests: Sequence[Request]) -> TokenView:
        token = market.tokens.get(one.token_id)
        reserve = None if look is None else look.reserves.get(one.token_id)
        waiting = sum(request.amount for request in requests if request.token_id == one.token_id)
        least = None if token is None or market.limit is None else market.limit.amount(token)
        return TokenView(
            token_id=one.token_id,
            symbol=one.symbol,
            price_usd=None if token is None else token.price_usd,
            reserve=None if reserve is None else whole_tokens(reserve, one.decimals),
            least=None if least is None else whole_tokens(least, one.decimals),
            waiting=whole_tokens(waiting, one.decimals),
            pullable=whole_tokens(self._held.accounts.total_pullable(one.token_id), one.decimals),
            accounts=self._held.accounts.count(one.token_id),
        )

    def _queue(self, requests: Sequence[Request], market: Market, now_s: float) -> tuple[RequestView, ...]:
        priced = [one for one in requests if one.token_id in market.tokens]
        order = ranked(priced, market.tokens, self._options().batches(stopped=False), now_s)
        return tuple(self._request(one, place, market) for place, one in enumerate(order[:MOST_SHOWN], 1))

    def _request(self, one: Request, place: int, market: Market) -> RequestView:
        listed, fees = self._tokens[one.token_id], one.fees
        amount, hub_fee, miner_fee, buffer, total = (
            whole_tokens(units, listed.decimals)
            for units in (fees.amount, fees.hub_fee, fees.miner_fee, fees.buffer, fees.total)
        )
        return RequestView(
            id=one.id,
            user=one.user,
            symbol=listed.symbol,
            amount=amount,
            hub_fee=hub_fee,
            miner_fee=miner_fee,
            buffer=buffer,
            total=total,
            usd=_usd(usd_of_amount(one.amount, market.tokens[one.token_id])),
            made_at_s=one.made_at_s,
            place=place,
            reason=self._reason_now(one),
        )

    def _window(self, requests: Sequence[Request], now_s: float) -> WindowView:
        options = self._options()
        made = [one.made_at_s for one in requests if one.state is RequestState.ACCEPTED]
        oldest_s = min(made, default=None)
        return WindowView(
            waiting=len(made),
            threshold=options.batch_size_threshold,
            window_s=options.interval_s,
            oldest_age_s=0.0 if oldest_s is None else max(0.0, now_s - oldest_s),
            goes_at_s=None if oldest_s is None else oldest_s + options.interval_s,
        )

    def _in_flight(self) -> InFlightView | None:
        attempt = self._held.attempt
        if attempt is None:
            return None
        return InFlightView(
            nonce=attempt.nonce,
            pushes=len(attempt.requests),
            pulls=len(attempt.pulls),
            pushed_usd=attempt.pushed_usd,
            since_s=attempt.at_s,
            predicted_gas=attempt.predicted_gas,
            reason=self._dispatch.progress or OnItsWay(attempt.nonce),
        )

    def _pulls(self) -> tuple[PullView, ...]:
        newest = [*self._held.pulls.values()][:MOST_SHOWN]
        ended = list(self._held.pulls_ended.values())[-(MOST_SHOWN - len(newest)) :] if len(newest) < MOST_SHOWN else []
        return tuple(self._pull(one) for one in (*ended, *newest))

    def _pull(self, one: PullRequest) -> PullView:
        listed = self._tokens[one.token_id]
        return PullView(
            id=one.id,
            user=one.user,
            symbol=listed.symbol,
            amount=whole_tokens(one.amount, listed.decimals),
            state=one.state.value,
            made_at_s=one.made_at_s,
            valid_until_s=one.valid_until_s,
        )

    def _budget(self, now_s: float) -> BudgetView:
        options, held = self._options(), self._held
        interval = held.pushed_since(now_s - options.interval_s)
        day = held.pushed_since(now_s - DAY_S)
        return BudgetView(
            interval_left_usd=_usd(max(Fraction(0), Fraction(options.max_interval_usd) - interval)),
            day_left_usd=_usd(max(Fraction(0), Fraction(options.max_day_usd) - day)),
        )

    def _totals(self) -> TotalsView:
        sums, answers = self._held.totals, self._desk.answers
        profit = sums.hub_fees_usd + sums.gas_taken_usd - sums.gas_paid_usd - sums.refunded_usd
        return TotalsView(
            batches=sums.batches,
            pushed_usd=sums.pushed_usd,
            pulled_usd=sums.pulled_usd,
            hub_fees_usd=sums.hub_fees_usd,
            gas_taken_usd=sums.gas_taken_usd,
            gas_paid_usd=sums.gas_paid_usd,
            refunded_usd=sums.refunded_usd,
            profit_usd=profit,
            return_ratio=float(profit / sums.pushed_usd) if sums.pushed_usd else None,
            accepted=sums.accepted,
            refused=sums.refused + self._desk.refused_since_saved,
            answers=len(answers),
            refusal_ratio=sum(answers) / len(answers) if answers else None,
        )


def nothing_seen(trouble: Reason, now_s: float) -> HubSnapshot:
    """A hub that has no place to work at."""
    zero = Decimal(0)
    return HubSnapshot(
        at_s=now_s,
        chain_id=0,
        contract="",
        entity="",
        block=0,
        block_at_s=None,
        trouble=trouble,
        stopped=False,
        http_port=None,
        gas=None,
        tokens=(),
        queue=(),
        queue_length=0,
        window=WindowView(0, 0, 0.0, 0.0, None),
        in_flight=None,
        pulls=(),
        budget=BudgetView(zero, zero),
        totals=TotalsView(0, zero, zero, zero, zero, zero, zero, zero, None, 0, 0, 0, None),
        recent=(),
        accounts=0,
        audit=None,
    )


def _usd(usd: Fraction) -> Decimal:
    """For people, to a cent's hundredth; figures to decide by are exact and elsewhere."""
    return Decimal(round(usd * 10_000)) / 10_000
