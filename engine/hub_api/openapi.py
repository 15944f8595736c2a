"""The interface as an OpenAPI 3.1 document, from the same table that the server routes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.hub_api.bodies import (
    AccountsBody,
    Approval,
    ErrorBody,
    HubBody,
    InboxBody,
    PaymentBody,
    PaymentRequest,
    PullState,
    QuoteBody,
    RebalanceRequest,
    Rejection,
    RequestBody,
    schema_of,
)

TITLE, VERSION = "Evenkeel Hub", "1"
_MEANINGS = {
    200: "Done, now or before under the same key.",
    201: "Done now.",
    400: "Not of the form that is described; the message names the field.",
    401: "Not signed by the user.",
    404: "Nothing of that name.",
    409: "Not now: a limit, a cap or the queue; the numbers say what would change it.",
    413: "The body is too large.",
    415: "Expected application/json.",
    421: "Address the hub as 127.0.0.1 or localhost.",
    422: "Not like this: not affordable, an unknown token, a key that named something else.",
    503: "The hub cannot tell now: the chain or the prices are not known. Ask again.",
}


@dataclass(frozen=True, slots=True)
class Route:
    """handler: the name of the function. passed: whether the header `Authorization: Pass` is needed. query: names of
    the parameters."""

    method: str
    path: str
    handler: str
    summary: str
    answer: type[BaseModel]
    statuses: tuple[int, ...]
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    passed: bool = False


ROUTES: tuple[Route, ...] = (
    Route("GET", "/v1/hub", "hub", "The hub, its tokens and what holds for everybody now.", HubBody, (200,)),
    Route(
        "GET",
        "/v1/quote",
        "quote",
        "What securing an amount costs now.",
        QuoteBody,
        (200, 400, 409, 422, 503),
        query=("token_id", "amount"),
    ),
    Route(
        "POST",
        "/v1/requests",
        "ask",
        "Ask for a rebalance: `request_rebalance(token, amount)` of the hub.",
        RequestBody,
        (200, 201, 400, 401, 409, 413, 415, 422, 503),
        body=RebalanceRequest,
    ),
    Route("GET", "/v1/requests/{id}", "request", "How a request stands, and why.", RequestBody, (200, 404)),
    Route(
        "POST",
        "/v1/payments",
        "pay",
        "Pay another user inside the hub.",
        PaymentBody,
        (200, 201, 400, 401, 409, 413, 415, 422, 503),
        body=PaymentRequest,
    ),
    Route(
        "GET",
        "/v1/users/{user}/accounts",
        "accounts",
        "What the user has at the hub.",
        AccountsBody,
        (200, 400, 401, 503),
        passed=True,
    ),
    Route(
        "GET",
        "/v1/users/{user}/inbox",
        "inbox",
        "What the user is asked to sign back.",
        InboxBody,
        (200, 400, 401),
        passed=True,
    ),
    Route(
        "POST",
        "/v1/inbox/{id}/approve",
        "approve",
        "Sign collateral back; it is carried out in one of the next batches.",
        PullState,
        (200, 400, 404, 413, 415, 422),
        body=Approval,
    ),
    Route(
        "POST",
        "/v1/inbox/{id}/reject",
        "reject",
        "Do not sign it.",
        PullState,
        (200, 400, 401, 404, 413, 415),
        body=Rejection,
        passed=True,
    ),
)


def document(typed_data: Mapping[str, Any]) -> dict[str, Any]:
    """The whole document. typed_data: EIP-712 types of what is signed, by message."""
    models: list[type[BaseModel]] = [ErrorBody]
    models += [model for route in ROUTES for model in (route.answer, route.body) if model is not None]
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": VERSION,
            "description": "Token amounts are base units as decimal strings; users are entity ids.",
        },
        "paths": paths,
        "components": {
            "schemas": schema_of(list(dict.fromkeys(models))),
            "securitySchemes": {
                "pass": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`Pass VALID_UNTIL.SIGNATURE`: seconds since the epoch, at most a day ahead, and "
                    "the user's signature of `ReadPass`.",
                }
            },
        },
        "x-eip712": dict(typed_data),
    }


def _operation(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.handler,
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {str(status): _response(route, status) for status in (*route.statuses, 421)},
    }
    if route.body is not None:
        found["requestBody"] = {"required": True, "content": _content(route.body)}
    if route.passed:
        found["security"] = [{"pass": []}]
    return found


def _parameters(route: Route) -> Sequence[dict[str, Any]]:
    in_path = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    return [
        {"name": name, "in": where, "required": True, "schema": {"type": "string"}}
        for where, names in (("path", in_path), ("query", route.query))
        for name in names
    ]


def _response(route: Route, status: int) -> dict[str, Any]:
    return {"description": _MEANINGS[status], "content": _content(route.answer if status < 300 else ErrorBody)}


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
