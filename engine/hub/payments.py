"""Payments between two users inside the hub: what they do to both accounts, once for each key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.journal import AlreadyRecorded, Fact
from engine.core.messages import plain
from engine.hub.booking import end_pull
from engine.hub.market import Listed
from engine.hub.messages import KeyReused, MayNotReceive, NotEnoughToPay
from engine.hub.opening import Opening
from engine.hub.pulls import PullRequest, PullState
from engine.hub.remembered import ENGINE, PAID, Change, Remembered
from engine.hub.requests import CONFLICT, UNPROCESSABLE, Declined, NotAmount
from engine.hub.tokens import text_of_amount

MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Payment:
    """Base units from one user to another, inside the hub."""

    payer: str
    payee: str
    token_id: int
    amount: int
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class Paid:
    """The payment; again: it was made before, under the same key."""

    payment: Payment
    again: bool


class Payments:
    """Keys of the newest payments are known by heart, all older ones by the journal alone."""

    def __init__(self, held: Remembered, opening: Opening, tokens: Mapping[int, Listed]) -> None:
        self._held = held
        self._opening = opening
        self._tokens = tokens
        self._made: dict[tuple[str, str], Payment] = {}

    def recall(self, rows: list[Fact]) -> None:
        """Payments that were made lately, so that one that is asked for again is known."""
        for fact in rows:
            self._keep(Payment(**(fact.payload | {"amount": int(fact.payload["amount"])})))

    async def pay(self, payment: Payment) -> Paid | Declined:
        """Move units between two users. Raises JournalFailed, ChainUnavailable."""
        known = self._made_before(payment)
        if known is not None:
            return known
        why = self._opening.cannot(payment.token_id)
        if why is None and (payment.amount <= 0 or payment.payer == payment.payee):
            why = Declined(NotAmount(), UNPROCESSABLE)
        if why is not None:
            return why
        for user in (payment.payer, payment.payee):
            await self._opening.open(user)
        try:
            async with self._held.changing() as change:
                known = self._made_before(payment)
                declined = known or self._move(change, payment)
                if declined is not None:
                    return declined
        except AlreadyRecorded:
            return Declined(KeyReused(payment.idempotency_key), UNPROCESSABLE)
        self._keep(payment)
        return Paid(payment, again=False)

    def _made_before(self, payment: Payment) -> Paid | Declined | None:
        known = self._made.get((payment.payer, payment.idempotency_key))
        if known is None:
            return None
        again = known == payment
        return Paid(known, again=True) if again else Declined(KeyReused(payment.idempotency_key), UNPROCESSABLE)

    def _keep(self, payment: Payment) -> None:
        self._made[payment.payer, payment.idempotency_key] = payment
        if len(self._made) > MOST_KEPT:
            self._made.pop(next(iter(self._made)))

    def _move(self, change: Change, payment: Payment) -> Declined | None:
        token = self._tokens[payment.token_id]
        payer, payee = (
            change.account(user, payment.token_id) or self._opening.fresh(user, payment.token_id)
            for user in (payment.payer, payment.payee)
        )
        if payment.amount > payer.spendable:
            return Declined(NotEnoughToPay(text_of_amount(payer.spendable, token.decimals)), UNPROCESSABLE)
        if payment.amount > payee.receivable:
            given_up = self._pull_to_give_up(payment)
            payee = payee if given_up is None else payee.promised(hub=-given_up.amount)
            if given_up is None or payment.amount > payee.receivable:
                return Declined(MayNotReceive(text_of_amount(payee.receivable, token.decimals)), CONFLICT)
            end_pull(change, given_up, PullState.WITHDRAWN)
        change.set_account(payment.payer, payment.token_id, payer.charged(payment.amount))
        change.set_account(payment.payee, payment.token_id, payee.charged(-payment.amount))
        name = f"{payment.payer}/{payment.idempotency_key}"
        fields = {**plain(payment), "amount": str(payment.amount)}
        change.facts.append(Fact(ENGINE, PAID, name, fields, change.now_s))
        return None

    def _pull_to_give_up(self, payment: Payment) -> PullRequest | None:
        """The payee's open pull that no signed batch carries yet: the hub's share may be paid instead."""
        for pull in self._held.pulls.values():
            waits = pull.state in (PullState.PROPOSED, PullState.APPROVED) and not pull.sealed_nonce
            if waits and (pull.user, pull.token_id) == (payment.payee, payment.token_id):
                return pull
        return None
