"""What the hub remembers as JSON and back; amounts are strings, for JSON numbers of other readers end at 2^53."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from engine.core.messages import plain
from engine.hub.accounts import Account
from engine.hub.fees import FeeBreakdown
from engine.hub.ledger import Ledger, Party
from engine.hub.pulls import PullRequest, PullState
from engine.hub.records import BatchRecord
from engine.hub.requests import Request, RequestState

_RECORD = TypeAdapter(BatchRecord)
_UNITS = ("ondelta", "offdelta", "collateral", "hub_hold", "user_hold", "user_credit", "hub_credit")


def account_row(account: Account) -> list[Any]:
    return [int(account.hub_is_left), *(str(getattr(account, name)) for name in _UNITS), account.nonce]


def account_from(row: list[Any]) -> Account:
    hub_is_left, *units, nonce = row
    fields = {name: int(text) for name, text in zip(_UNITS, units, strict=True)}
    return Account(hub_is_left=bool(hub_is_left), nonce=nonce, **fields)


def request_row(request: Request) -> dict[str, Any]:
    fees = request.fees
    return {
        "id": request.id,
        "user": request.user,
        "token_id": request.token_id,
        "fees": [str(one) for one in (fees.amount, fees.hub_fee, fees.miner_fee, fees.buffer)],
        "idempotency_key": request.idempotency_key,
        "made_at_s": request.made_at_s,
        "state": request.state.value,
        "sealed_nonce": request.sealed_nonce,
        "words": request.words,
    }


def request_from(row: dict[str, Any]) -> Request:
    fees = FeeBreakdown(*(int(one) for one in row["fees"]))
    return Request(**(row | {"fees": fees, "state": RequestState(row["state"])}))


def pull_row(pull: PullRequest) -> dict[str, Any]:
    return {**plain(pull), "amount": str(pull.amount)}


def pull_from(row: dict[str, Any]) -> PullRequest:
    return PullRequest(**(row | {"amount": int(row["amount"]), "state": PullState(row["state"])}))


def ledger_rows(ledger: Ledger) -> dict[str, str]:
    return {f"{token_id}/{party.value}": str(units) for (token_id, party), units in ledger.balances.items()}


def ledger_from(rows: dict[str, str]) -> Ledger:
    balances = {}
    for name, units in rows.items():
        token_id, _, party = name.partition("/")
        balances[int(token_id), Party(party)] = int(units)
    return Ledger(balances)


def record_from(payload: Any) -> BatchRecord:
    return _RECORD.validate_python(payload)
