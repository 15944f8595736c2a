"""Accounts as they are opened: read from the chain when a user is seen first, with the credit that everybody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from http import HTTPStatus

from engine.core.messages import Reason
from engine.hub.accounts import Account, is_left
from engine.hub.batch import HubStopped
from engine.hub.market import Listed, Market
from engine.hub.messages import NotReady, UnknownToken
from engine.hub.options import HubOptions
from engine.hub.ports import AccountOnChain, Chain, ChainUnavailable, NotReadYet
from engine.hub.remembered import Remembered
from engine.hub.requests import CONFLICT, UNPROCESSABLE, Declined
from engine.hub.tokens import amount_of_usd

MOST_READINGS = 3
MOST_KNOWN = 100_000
"""Users of whom it is remembered that the chain was read."""


class Opening:
    """held_back: why nothing is accepted now, None when it is."""

    def __init__(
        self,
        *,
        chain: Chain,
        held: Remembered,
        options: Callable[[], HubOptions],
        market: Callable[[], Market],
        tokens: Mapping[int, Listed],
        held_back: Callable[[], Reason | None],
    ) -> None:
        self._chain = chain
        self._held = held
        self._options = options
        self._market = market
        self._tokens = tokens
        self._held_back = held_back

    def cannot(self, token_id: int) -> Declined | None:
        """Why nothing can be done with the token now."""
        if token_id not in self._tokens:
            return Declined(UnknownToken(token_id), UNPROCESSABLE)
        if self._held.stopped:
            return Declined(HubStopped(), CONFLICT)
        why = self._held_back()
        return None if why is None else Declined(NotReady(why), HTTPStatus.SERVICE_UNAVAILABLE)

    def fresh(self, user: str, token_id: int) -> Account:
        """An account that nothing was done with yet."""
        options, token = self._options(), self._market().tokens.get(token_id)
        user_credit, hub_credit = (
            0 if token is None else amount_of_usd(Fraction(usd), token, up=False)
            for usd in (options.user_credit_usd, options.hub_credit_usd)
        )
        left = is_left(bytes.fromhex(self._chain.entity[2:]), bytes.fromhex(user[2:]))
        return Account(left, 0, 0, 0, user_credit=user_credit, hub_credit=hub_credit)

    async def open(self, user: str) -> None:
        """Read what the chain has of a user who is new here. Raises ChainUnavailable."""
        held = self._held
        ids = [one for one in self._tokens if held.accounts.get(user, one) is None]
        if not ids or user in held.opened:
            return
        for _ in range(MOST_READINGS):
            block = held.scanned_block
            if block is None:
                raise NotReadYet("the chain was not read yet")
            found = await self._chain.accounts(user, ids, block)
            async with held.changing() as change:
                if held.scanned_block != block:
                    continue  # what happened meanwhile is not in what was read
                for one in found:
                    if (one.collateral or one.ondelta or one.nonce) and change.account(user, one.token_id) is None:
                        change.set_account(user, one.token_id, as_on_chain(self.fresh(user, one.token_id), one))
                if len(held.opened) >= MOST_KNOWN:
                    held.opened.clear()
                held.opened.add(user)
                return
        raise ChainUnavailable("the chain moved on each time that the account was read")


def as_on_chain(account: Account, found: AccountOnChain) -> Account:
    """The account with the chain's part of it as the chain has it."""
    return replace(account, collateral=found.collateral, ondelta=found.ondelta, nonce=found.nonce)
