"""Asks users who have spent to sign collateral back, when the reserve does not cover what waits (hub spec 13)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from fractions import Fraction

from engine.core.bus import Bus
from engine.core.clock import Clock
from engine.hub.market import Listed, Market
from engine.hub.messages import PullAsked
from engine.hub.options import HubOptions
from engine.hub.ports import ChainLook
from engine.hub.pulls import PullRequest, PullState, Wanted, pulls_wanted
from engine.hub.remembered import Change, Remembered
from engine.hub.settlement import whole_tokens
from engine.hub.tokens import amount_of_usd


class Asking:
    """Who did not sign lately is left alone for as long again."""

    def __init__(
        self,
        held: Remembered,
        bus: Bus,
        clock: Clock,
        options: Callable[[], HubOptions],
        tokens: Mapping[int, Listed],
    ) -> None:
        self._held = held
        self._bus = bus
        self._clock = clock
        self._options = options
        self._tokens = tokens

    async def ask(self, look: ChainLook, market: Market) -> None:
        """Propose what is wanted now. market: every token has its price."""
        options, held = self._options(), self._held
        lacking = self._lacking(look)
        if not options.pull or held.stopped or held.attempt is not None or not lacking:
            return
        usd = Fraction(options.min_pull_usd)
        least = {token_id: amount_of_usd(usd, token, up=True) for token_id, token in market.tokens.items()}
        most = options.most_pulls - len(held.pulls)
        wanted = pulls_wanted(held.accounts, lacking, least, self._left_alone(options.pull_valid_s), most)
        if not wanted:
            return
        async with held.changing() as change:
            asked = [pull for one in wanted if (pull := self._proposed(change, one)) is not None]
        for pull in asked:
            listed = self._tokens[pull.token_id]
            amount = whole_tokens(pull.amount, listed.decimals)
            self._bus.emit(
                PullAsked(at_s=pull.made_at_s, id=pull.id, user=pull.user, symbol=listed.symbol, amount=amount)
            )

    def _lacking(self, look: ChainLook) -> dict[int, int]:
        """Base units by token that open requests ask for, beyond reserve and open pulls."""
        lacking = {token_id: -reserve for token_id, reserve in look.reserves.items()}
        for request in self._held.requests.values():
            lacking[request.token_id] = lacking.get(request.token_id, 0) + request.amount
        for pull in self._held.pulls.values():
            lacking[pull.token_id] = lacking.get(pull.token_id, 0) - pull.amount
        return {token_id: lack for token_id, lack in lacking.items() if lack > 0}

    def _left_alone(self, pull_valid_s: float) -> set[str]:
        """Who has an open pull, or ended one without its being carried out not long ago."""
        since_s = self._clock.now() - 2 * pull_valid_s
        lately = {
            one.user
            for one in self._held.pulls_ended.values()
            if one.state is not PullState.EXECUTED and one.made_at_s > since_s
        }
        return lately | {one.user for one in self._held.pulls.values()}

    def _proposed(self, change: Change, wanted: Wanted) -> PullRequest | None:
        """None when the hub's share was paid away meanwhile. The account's number is one for all of its tokens."""
        account = change.account(wanted.user, wanted.token_id)
        if account is None or account.pullable < wanted.amount:
            return None
        nonces = [one.nonce for id in self._tokens if (one := change.account(wanted.user, id)) is not None]
        pull = PullRequest(
            id=secrets.token_hex(16),
            user=wanted.user,
            token_id=wanted.token_id,
            amount=wanted.amount,
            nonce=max(nonces) + 1,
            made_at_s=change.now_s,
            valid_until_s=change.now_s + self._options().pull_valid_s,
        )
        change.set_account(wanted.user, wanted.token_id, account.promised(hub=wanted.amount))
        change.set_pull(pull)
        return pull
