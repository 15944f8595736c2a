"""One paper user of the hub: what it does there, what it counts, and what has no answer yet (hub spec 2 and 13)."""

from __future__ import annotations

import asyncio
import logging
import secrets as entropy
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from http import HTTPStatus
from typing import Any

from eth_utils.crypto import keccak

from engine.paper.hub_client import AccountView, HubAnswer, HubClient, HubMisbehaved, HubSilent, accounts_of, whole
from engine.paper.wallet import HubPlace, Wallet, hex_of

REQUESTS, PAYMENTS = "/v1/requests", "/v1/payments"
TRIES, FIRST_PAUSE_S = 4, 0.2
PASS_VALID_S, PASS_LEFT_S = 3600, 600
ENDED_STATES = ("done", "expired", "failed")
PROPOSED, UNKNOWN = "proposed", "unknown"

_log = logging.getLogger(__name__)


class Temper(Enum):
    """What a user does when asked to sign collateral back."""

    AT_ONCE = "at once"
    LATE = "late"
    NEVER = "never"
    REJECTS = "rejects"
    WRONGLY = "wrongly"


@dataclass(slots=True)
class HubUsersCounters:
    """What the users have come to know. Requests: asked (those answered, oddly the ones that were meant to be refused),
    accepted, refused by code, ended by state
    (unknown: the hub does not know it any more). Payments: paid, payments_refused by code. Pulls: signed, rejected,
    signatures_refused by code. repeated: orders sent again with an answer like the first; silent: no answer came, the
    order goes on later; errors: answers that break the interface, the newest in `last_error`."""

    asked: int = 0
    asked_oddly: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    paid: int = 0
    payments_refused: Counter[str] = field(default_factory=Counter)
    signed: int = 0
    rejected: int = 0
    signatures_refused: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    silent: int = 0
    errors: int = 0
    last_error: str = ""

    @property
    def refusal_ratio(self) -> float:
        """Of all requests that were answered."""
        return sum(self.refused.values()) / self.asked if self.asked else 0.0

    def wrong(self, words: str) -> None:
        """An answer that breaks the interface."""
        self.errors += 1
        self.last_error = words
        _log.warning("the hub broke its interface: %s", words)


@dataclass(frozen=True, slots=True)
class Order:
    """What was signed and has to get an answer: a request or a payment, by its path."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that was accepted and has not ended."""

    id: str
    token_id: int
    amount: int


class HubUser:
    """wallet: its key. Every method that asks the hub raises HubSilent or HubMisbehaved."""

    def __init__(self, wallet: Wallet, place: HubPlace, temper: Temper, counters: HubUsersCounters) -> None:
        self.wallet = wallet
        self.temper = temper
        self.open: dict[str, OpenRequest] = {}
        self.unanswered: Order | None = None
        self.asks_again_s = 0.0
        self.busy = False
        self._place = place
        self._counters = counters
        self._pass = ""
        self._pass_until_s = 0
        self._pulls_met_s: dict[str, float] = {}
        self._pulls_done: set[str] = set()

    async def accounts(self, client: HubClient) -> list[AccountView]:
        """What the user has at the hub, by token."""
        answer = await client.get(f"/v1/users/{self.wallet.user}/accounts", await self._reading())
        return accounts_of(answer.wanted())

    async def pay(self, client: HubClient, payee: Wallet, token_id: int, amount: int, *, twice: bool) -> None:
        """Pay another user. twice: the order is sent again after its answer."""
        key = entropy.token_hex(12)
        signature = await asyncio.to_thread(self.wallet.payment, self._place, payee.entity, token_id, amount, key)
        names = {"payer": self.wallet.user, "payee": payee.user}
        self.unanswered = Order(PAYMENTS, {**names, **_order(token_id, amount, key, signature)})
        await self.settle(client, twice=twice)

    async def request(self, client: HubClient, token_id: int, amount: int, *, twice: bool) -> bool:
        """Ask for a rebalance; returns whether it was accepted."""
        key = entropy.token_hex(12)
        signature = await asyncio.to_thread(self.wallet.request, self._place, token_id, amount, key)
        self.unanswered = Order(REQUESTS, {"user": self.wallet.user, **_order(token_id, amount, key, signature)})
        return await self.settle(client, twice=twice)

    async def settle(self, client: HubClient, *, twice: bool = False) -> bool:
        """Send the order that has no answer yet until it has one, under the same key; returns whether it was taken.

        Raises HubSilent when there is none after several tries; the order is kept.
        """
        order = self.unanswered
        if order is None:
            return False
        answer = await self._sent(client, order)
        self.unanswered = None
        self._book(order, answer)
        if twice:
            await self._send_again(client, order, answer)
        return answer.taken

    async def poll(self, client: HubClient) -> None:
        """See what has become of the open requests."""
        for request in list(self.open.values()):
            answer = await client.get(f"{REQUESTS}/{request.id}")
            if answer.status == HTTPStatus.NOT_FOUND:
                del self.open[request.id]
                self._counters.ended[UNKNOWN] += 1
                continue
            body = answer.wanted()
            state = str(body.get("state"))
            if whole(body, "amount") != request.amount or body.get("user") != self.wallet.user:
                raise HubMisbehaved(f"request {request.id} has become another one")
            if state in ENDED_STATES:
                del self.open[request.id]
                self._counters.ended[state] += 1

    async def look_at_inbox(self, client: HubClient, late_s: float) -> None:
        """Do with what is asked back as the user's temper is. late_s: how long one who is late takes."""
        answer = await client.get(f"/v1/users/{self.wallet.user}/inbox", await self._reading())
        pulls = answer.wanted().get("pulls")
        if not isinstance(pulls, list):
            raise HubMisbehaved("an inbox without its list of pulls")
        waiting = [pull for pull in pulls if pull.get("state") == PROPOSED]
        names = {str(pull.get("id")) for pull in waiting}
        self._pulls_done &= names
        self._pulls_met_s = {name: met_s for name, met_s in self._pulls_met_s.items() if name in names}
        for pull in waiting:
            if str(pull.get("id")) not in self._pulls_done:
                await self._answer_pull(client, pull, late_s)

    async def _answer_pull(self, client: HubClient, pull: Mapping[str, Any], late_s: float) -> None:
        name = str(pull.get("id"))
        met_s = self._pulls_met_s.setdefault(name, time.monotonic())
        if self.temper is Temper.NEVER or (self.temper is Temper.LATE and time.monotonic() - met_s < late_s):
            return
        self._pulls_done.add(name)
        token_id, amount, nonce = (whole(pull, field) for field in ("token_id", "amount", "account_nonce"))
        digest = self.wallet.pull_digest(self._place, token_id, amount, nonce)
        if pull.get("digest") != hex_of(digest):
            raise HubMisbehaved(f"the digest of pull {name} is not that of what it says")
        if self.temper is Temper.REJECTS:
            await self._reject(client, name)
        else:
            await self._approve(client, name, digest)

    async def _approve(self, client: HubClient, name: str, digest: bytes) -> None:
        wrong = self.temper is Temper.WRONGLY
        signature = await asyncio.to_thread(self.wallet.sign, keccak(digest) if wrong else digest)
        body = {"user": self.wallet.user, "signature": signature}
        answer = await client.post(f"/v1/inbox/{name}/approve", body)
        if not answer.taken:
            self._counters.signatures_refused[answer.code] += 1
        elif wrong:
            raise HubMisbehaved(f"a wrong signature under pull {name} was taken")
        else:
            self._counters.signed += 1

    async def _reject(self, client: HubClient, name: str) -> None:
        body = {"user": self.wallet.user}
        answer = await client.post(f"/v1/inbox/{name}/reject", body, await self._reading())
        if answer.taken:
            self._counters.rejected += 1
        else:
            self._counters.signatures_refused[answer.code] += 1

    async def _sent(self, client: HubClient, order: Order) -> HubAnswer:
        for attempt in range(TRIES):
            try:
                return await client.post(order.path, order.body)
            except HubSilent:
                if attempt == TRIES - 1:
                    raise
                self._counters.silent += 1
                await asyncio.sleep(FIRST_PAUSE_S * 2**attempt)
        raise AssertionError("unreachable")

    async def _send_again(self, client: HubClient, order: Order, first: HubAnswer) -> None:
        """The same order gives the same answer, and nothing happens twice."""
        second = await client.post(order.path, order.body)
        if first.taken and (second.status != 200 or second.body.get("id") != first.body.get("id")):
            raise HubMisbehaved(f"{order.path}: the same order again was answered {second.status}, or is another one")
        self._counters.repeated += 1

    def _book(self, order: Order, answer: HubAnswer) -> None:
        counters = self._counters
        if order.path == PAYMENTS:
            counters.paid += answer.taken
            if not answer.taken:
                counters.payments_refused[answer.code] += 1
            return
        counters.asked += 1
        counters.accepted += answer.taken
        if not answer.taken:
            counters.refused[answer.code] += 1
            return
        id, amount = str(answer.body.get("id")), whole(answer.body, "amount")
        parts = sum(whole(answer.body, name) for name in ("amount", "hub_fee", "miner_fee", "buffer"))
        if parts != whole(answer.body, "total"):
            raise HubMisbehaved(f"request {id}: the parts do not sum to the total")
        self.open[id] = OpenRequest(id, whole(answer.body, "token_id"), amount)

    async def _reading(self) -> str:
        """The pass under which the user reads what is its own; a new one before the old one ends."""
        now_s = int(time.time())
        if self._pass_until_s - now_s < PASS_LEFT_S:
            self._pass_until_s = now_s + PASS_VALID_S
            self._pass = await asyncio.to_thread(self.wallet.read_pass, self._place, self._pass_until_s)
        return self._pass


def _order(token_id: int, amount: int, key: str, signature: str) -> dict[str, Any]:
    return {"token_id": token_id, "amount": str(amount), "idempotency_key": key, "signature": signature}
