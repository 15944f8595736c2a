"""One function for each thing that a wallet can do at the hub."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from engine.core.clock import Clock
from engine.core.messages import Reason
from engine.hub.engine import HubEngine
from engine.hub.front_desk import Asked
from engine.hub.messages import NoSuchPull
from engine.hub.payments import Payment
from engine.hub.requests import Declined
from engine.hub_api.answers import account_body, hub_body, payment_body, pull_body, quote_body, request_body
from engine.hub_api.bodies import (
    MOST_TOKEN_ID,
    AccountsBody,
    Approval,
    DomainBody,
    InboxBody,
    PaymentRequest,
    PullState,
    RebalanceRequest,
    Rejection,
)
from engine.hub_api.passes import NotProved, Passes, Wallets

_USER = re.compile(r"0x[0-9a-f]{64}")
_UNITS = re.compile(r"0|[1-9][0-9]{0,38}")


class Wrong(Exception):
    """What was asked does not have the form that is described; the text names the field."""


class NotFound(Exception):
    """There is nothing of that name."""


class Turned(Exception):
    """The hub declined."""

    def __init__(self, reason: Reason, status: int) -> None:
        super().__init__(reason.code)
        self.reason = reason
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and the status of HTTP that it comes with."""

    body: BaseModel
    status: int = HTTPStatus.OK


class Handlers:
    """entity: the hub's own id. Each raises Wrong, NotProved, NotFound or Turned."""

    def __init__(self, engine: HubEngine, wallets: Wallets, domain: DomainBody, entity: str, clock: Clock) -> None:
        self._engine = engine
        self._wallets = wallets
        self._domain = domain
        self._entity = entity
        self._passes = Passes(wallets, clock)

    async def hub(self, request: web.Request) -> Answer:
        options, engine = self._engine.options, self._engine
        return Answer(
            hub_body(engine.market, engine.tokens, options.caps, self._domain, self._entity, options.rebalance_fee_bps)
        )

    async def quote(self, request: web.Request) -> Answer:
        _only(request, "token_id", "amount")
        token_id = _whole(request, "token_id", MOST_TOKEN_ID)
        return Answer(quote_body(token_id, _good(self._engine.desk.quoted(token_id, _units(request, "amount")))))

    async def ask(self, request: web.Request) -> Answer:
        body = await _body(request, RebalanceRequest)
        amount = int(body.amount)
        digest = self._wallets.rebalance_request(body.user, body.token_id, amount, body.idempotency_key)
        self._signed(digest, body.signature, body.user)
        asked = Asked(body.user, body.token_id, amount, body.idempotency_key)
        found = _good(await self._engine.desk.request_rebalance(asked))
        status = HTTPStatus.OK if found.again else HTTPStatus.CREATED
        return Answer(request_body(found.request, self._engine.desk.reason(found.request)), status)

    async def request(self, request: web.Request) -> Answer:
        found = self._engine.desk.request(request.match_info["id"])
        if found is None:
            raise NotFound("no such request, or it ended long ago")
        return Answer(request_body(found, self._engine.desk.reason(found)))

    async def pay(self, request: web.Request) -> Answer:
        body = await _body(request, PaymentRequest)
        payment = Payment(body.payer, body.payee, body.token_id, int(body.amount), body.idempotency_key)
        digest = self._wallets.payment(
            payment.payer, payment.payee, payment.token_id, payment.amount, payment.idempotency_key
        )
        self._signed(digest, body.signature, body.payer)
        if self._entity in (payment.payer, payment.payee):
            raise Wrong("payee: the hub itself is no user")
        found = _good(await self._engine.payments.pay(payment))
        return Answer(payment_body(found.payment), HTTPStatus.OK if found.again else HTTPStatus.CREATED)

    async def accounts(self, request: web.Request) -> Answer:
        user = self._reader(request)
        found = await self._engine.desk.accounts(user)
        return Answer(AccountsBody(accounts=[account_body(*one) for one in found]))

    async def inbox(self, request: web.Request) -> Answer:
        user, desk = self._reader(request), self._engine.desk
        return Answer(InboxBody(pulls=[pull_body(one, desk.pull_digest(one)) for one in desk.inbox(user)]))

    async def approve(self, request: web.Request) -> Answer:
        body = await _body(request, Approval)
        pull = _good(await self._engine.desk.approve(request.match_info["id"], body.user, body.signature))
        return Answer(PullState(id=pull.id, state=pull.state.value))

    async def reject(self, request: web.Request) -> Answer:
        body = await _body(request, Rejection)
        self._passes.check(body.user, request.headers.get("Authorization"))
        pull = _good(await self._engine.desk.reject(request.match_info["id"], body.user))
        return Answer(PullState(id=pull.id, state=pull.state.value))

    def _reader(self, request: web.Request) -> str:
        user = request.match_info["user"]
        if not _USER.fullmatch(user):
            raise Wrong("user: expected 0x and 64 hex digits in lower case")
        self._passes.check(user, request.headers.get("Authorization"))
        return user

    def _signed(self, digest: bytes, signature: str, user: str) -> None:
        if self._wallets.signer(digest, signature) != user:
            raise NotProved("signature: not this user's over these fields; see `domain` of GET /v1/hub")


async def _body(request: web.Request, model: type[Any]) -> Any:
    """Raises Wrong, and what aiohttp raises for a body that is too large."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        text = await request.text()
    except (UnicodeError, LookupError):
        raise Wrong("body: expected JSON in UTF-8") from None
    return model.model_validate_json(text)


def _good(found: Any) -> Any:
    if isinstance(found, Declined):
        missing = isinstance(found.reason, NoSuchPull)
        raise Turned(found.reason, HTTPStatus.NOT_FOUND if missing else found.status)
    return found


def _only(request: web.Request, *names: str) -> None:
    """Each of these once, and nothing else."""
    if sorted(request.query.keys()) != sorted(names):
        raise Wrong(f"expected {' and '.join(names)}, each once")


def _whole(request: web.Request, name: str, most: int) -> int:
    text = request.query[name]
    if not re.fullmatch(r"[0-9]{1,16}", text) or int(text) > most:
        raise Wrong(f"{name}: expected a whole number from 0 to {most}")
    return int(text)


def _units(request: web.Request, name: str) -> int:
    text = request.query[name]
    if not _UNITS.fullmatch(text):
        raise Wrong(f"{name}: expected base units, up to 39 digits")
    return int(text)
