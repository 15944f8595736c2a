"""Makes the engine's snapshots (panel spec 3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.messages import Reason
from engine.drift.assessment import Assessment, cooldown_until, token_views
from engine.drift.dispatch import Dispatch, Proposal
from engine.drift.history import History
from engine.drift.messages import (
    AwaitsConfirmation,
    DriftSnapshot,
    PortfolioRow,
    PortfolioSnapshot,
    PortfolioState,
)
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Portfolio
from engine.drift.ports import ChainLook
from engine.drift.remembered import Remembered
from engine.drift.standing import view_of
from engine.drift.valuation import Valuation

MOST_RECENT = 50
MOST_IN_FULL = 50
"""With more portfolios than this, only those that are not calm, and the one that is shown, are told in full."""


class Teller:
    """Publishes one portfolio after the other, then the engine as a whole. shown: the portfolio a person looks at."""

    def __init__(
        self, chain_id: int, bus: Bus, memory: Remembered, history: History, dispatch: Dispatch, delegate: str
    ) -> None:
        self._chain_id = chain_id
        self._bus = bus
        self._memory = memory
        self._history = history
        self._dispatch = dispatch
        self._delegate = delegate
        self._rows: dict[str, PortfolioRow] = {}
        self._native_usd: Decimal | None = None
        self.shown = ""

    @property
    def names(self) -> Collection[str]:
        """The portfolios that were seen."""
        return self._rows.keys()

    def begin(self, portfolios: Sequence[Portfolio], valued: Valuation) -> None:
        """A new round: portfolios that are gone are forgotten."""
        names = {one.name for one in portfolios}
        self._rows = {name: row for name, row in self._rows.items() if name in names}
        self._native_usd = valued.native_usd

    def tell(
        self,
        portfolio: Portfolio,
        found: Assessment,
        valued: Valuation,
        options: DriftOptions,
        block_at_s: int,
        now_s: float,
    ) -> None:
        """One portfolio as it was found."""
        proposal = self._dispatch.proposal(portfolio.name)
        state, reason = self._state(found, proposal)
        self._rows[portfolio.name] = PortfolioRow(portfolio.name, state, found.value_usd, found.max_drift)
        few = len(self._rows) <= MOST_IN_FULL
        if not few and state is PortfolioState.CALM and portfolio.name != self.shown:
            return
        rest = self._memory.rest(portfolio.name)
        standing = self._memory.standings.get(portfolio.name)
        summary, attribution = self._history.summary(portfolio.name)
        self._bus.publish(
            PortfolioSnapshot(
                at_s=now_s,
                name=portfolio.name,
                account=portfolio.account,
                state=state,
                reason=reason,
                value_usd=found.value_usd,
                max_drift=found.max_drift,
                threshold=float(options.threshold),
                destination=float(options.threshold * options.destination_band),
                tokens=token_views(found, valued),
                plan=None if proposal is None else proposal.view,
                cooldown_until_s=cooldown_until(rest, options, now_s),
                failures=rest.failures,
                last=self._history.last(portfolio.name),
                recent=self._history.records(portfolio.name)[-MOST_RECENT:],
                summary=summary,
                attribution=attribution,
                standing=None
                if standing is None
                else view_of(standing, found.book, valued, self._delegate, block_at_s),
            )
        )

    def tell_engine(self, look: ChainLook | None, trouble: Reason | None, now_s: float) -> None:
        """The engine as a whole."""
        self._bus.publish(
            DriftSnapshot(
                at_s=now_s,
                chain_id=self._chain_id,
                block=0 if look is None else look.block,
                block_at_s=None if look is None else float(look.at_s),
                gas_price_wei=0 if look is None else look.gas_price_wei,
                native_usd=self._native_usd,
                trouble=trouble,
                under_way=self._dispatch.progress,
                rows=tuple(self._rows.values()),
            )
        )

    def _state(self, found: Assessment, proposal: Proposal | None) -> tuple[PortfolioState, Reason]:
        if proposal is None:
            return found.state, found.reason
        if self._dispatch.waits_for_person(proposal):
            return PortfolioState.PROPOSED, AwaitsConfirmation(proposal.view.valid_until_s)
        return PortfolioState.READY, self._dispatch.held() or found.reason
