"""JSON-RPC to a node: calls in batches, each with a deadline; what a failure means (drift spec 11; hub spec 15).

Coding and signing are web3's and eth_account's; the transport is small and ours, so that every call has a deadline,
batches keep their order whatever order the answers have, and the address (a secret: it often holds a key) is in no
error.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from engine.core.redaction import without
from engine.core.secrets import Secret

MOST_IN_BATCH = 100
Call = tuple[str, Sequence[Any]]


class NodeSilent(Exception):
    """No answer, or one that tells nothing: it is not known whether the node did what was asked."""


class NodeRefused(Exception):
    """The node answered with an error of its own; data: what a contract said that reverted, as hex."""

    def __init__(self, method: str, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"{method} was refused: {message} (code {code})")
        self.method = method
        self.code = code
        self.message = message
        self.data = data


class AddressRefused(ValueError):
    """An RPC address that may not be used; the text does not hold it."""


class Rpc:
    """One node. Use as an async context. address: http for this machine alone, else https."""

    def __init__(self, address: Secret, deadline_s: float = 10.0) -> None:
        check_address(address)
        self._address = address
        self._deadline_s = deadline_s
        self._ids = itertools.count(1)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Rpc:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, method: str, *params: Any) -> Any:
        """One call. Raises NodeSilent or NodeRefused."""
        (answer,) = await self.ask_all([(method, params)])
        if isinstance(answer, NodeRefused):
            raise answer
        return answer

    async def ask_all(self, calls: Sequence[Call]) -> list[Any]:
        """Results in the order of the calls; where the node refused one, its NodeRefused. Raises NodeSilent."""
        results: list[Any] = []
        for start in range(0, len(calls), MOST_IN_BATCH):
            results += await self._batch(calls[start : start + MOST_IN_BATCH])
        return results

    async def _batch(self, calls: Sequence[Call]) -> list[Any]:
        requests = [
            {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": list(params)}
            for method, params in calls
        ]
        answers = await self._post(requests)
        by_id = {one["id"]: one for one in answers if isinstance(one, dict) and isinstance(one.get("id"), int)}
        return [_result(request, by_id.get(request["id"]), self._address) for request in requests]

    async def _post(self, requests: list[dict[str, Any]]) -> list[Any]:
        if self._session is None:
            raise RuntimeError("use the client as an async context")
        try:
            async with self._session.post(self._address.reveal(), json=requests, allow_redirects=False) as answer:
                text = await answer.text()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, UnicodeDecodeError) as error:
            raise NodeSilent(f"the node does not answer ({type(error).__name__})") from None
        try:
            answers = json.loads(text)
        except (ValueError, RecursionError):
            raise NodeSilent(f"the node answered {status} with something that is not JSON") from None
        if isinstance(answers, dict):  # some nodes answer a whole batch with one error
            answers = [{**answers, "id": request["id"]} for request in requests]
        if not isinstance(answers, list):
            raise NodeSilent(f"the node answered {status} with {type(answers).__name__}, expected a list")
        return answers


def check_address(address: Secret) -> None:
    """Raises AddressRefused for what is no http address, or plain http to another machine."""
    parts = urlsplit(address.reveal())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise AddressRefused("an RPC address begins with https:// (or http:// for this machine) and names a host")
    if parts.scheme == "http" and not is_loopback(address):
        raise AddressRefused("plain http is for a node on this machine alone; use the node's https address")


def is_loopback(address: Secret) -> bool:
    """Whether the node is on this machine."""
    host = urlsplit(address.reveal()).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _result(request: dict[str, Any], answer: dict[str, Any] | None, address: Secret) -> Any:
    method = request["method"]
    if answer is None:
        raise NodeSilent(f"the node left {method} unanswered")
    error = answer.get("error")
    if error is not None:
        fields = error if isinstance(error, dict) else {"message": error}
        code = fields.get("code")
        number = code if isinstance(code, int) else 0
        words = without(str(fields.get("message", "")), address)
        return NodeRefused(method, number, words[:300], fields.get("data"))
    if "result" not in answer:
        raise NodeSilent(f"the node answered {method} with neither a result nor an error")
    return answer["result"]


def whole(value: Any, what: str) -> int:
    """A hex quantity. Raises NodeSilent naming `what` when it is none."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return int(value, 16)
        except ValueError:
            pass
    raise NodeSilent(f"{what}: expected a hex number, got {str(value)[:40]!r}")
