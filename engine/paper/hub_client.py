"""A paper user's end of the hub's HTTP interface: what it answers, and the two ways in which it fails (hub spec 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import aiohttp

from engine.paper.wallet import DOMAIN_NAME, DOMAIN_VERSION, HubPlace, hex_of

_DEADLINE_S = 10.0


class HubSilent(Exception):
    """No answer, or one of a server in trouble: what was asked may have been done or not."""


class HubMisbehaved(Exception):
    """An answer that the interface does not know; the text says what was wrong with it."""


@dataclass(frozen=True, slots=True)
class HubAnswer:
    """status: of HTTP, below 500. body: the JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def taken(self) -> bool:
        return self.status in (200, 201)

    @property
    def code(self) -> str:
        """Why it was declined. Raises HubMisbehaved where that is not said."""
        error = self.body.get("error")
        if not isinstance(error, dict) or not isinstance(error.get("code"), str):
            raise HubMisbehaved(f"an answer of status {self.status} without the code of an error")
        return str(error["code"])

    def wanted(self) -> Mapping[str, Any]:
        """The body of an answer that had to be 200 or 201. Raises HubMisbehaved."""
        if not self.taken:
            raise HubMisbehaved(f"status {self.status} with {self.code}, expected 200")
        return self.body


@dataclass(frozen=True, slots=True)
class TokenTerms:
    """least: base units that may be asked for; None while the hub does not know. price_usd: of a whole token."""

    token_id: int
    decimals: int
    price_usd: Decimal | None
    least: int | None

    def usd(self, amount: int) -> Decimal:
        """What base units are worth; 0 without a price."""
        return (self.price_usd or Decimal(0)) * Decimal(amount).scaleb(-self.decimals)

    def amount(self, usd: Decimal) -> int:
        """Base units worth `usd`, rounded down; 0 without a price."""
        return int((usd / self.price_usd).scaleb(self.decimals)) if self.price_usd else 0


@dataclass(frozen=True, slots=True)
class HubTerms:
    """What the hub says of itself. stops: the code of why nobody can rebalance now, empty when they can."""

    tokens: Mapping[int, TokenTerms]
    stops: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """One token of a user's account at the hub, in base units."""

    token_id: int
    collateral: int
    secured: int
    unsecured: int
    spendable: int
    held: int


class HubClient:
    """The hub at `base_url` (http on this machine). Use as an async context."""

    def __init__(self, base_url: str, deadline_s: float = _DEADLINE_S) -> None:
        self._base_url = base_url.rstrip("/")
        self._deadline_s = deadline_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> HubClient:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._deadline_s))
        return self

    async def __aexit__(self, *_: object) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def get(self, path: str, authorization: str = "", **query: str) -> HubAnswer:
        """Raises HubSilent or HubMisbehaved."""
        return await self._ask("GET", path, authorization, params=query)

    async def post(self, path: str, body: Mapping[str, Any], authorization: str = "") -> HubAnswer:
        """Raises HubSilent or HubMisbehaved."""
        return await self._ask("POST", path, authorization, json=dict(body))

    async def _ask(self, method: str, path: str, authorization: str, **arguments: Any) -> HubAnswer:
        if self._session is None:
            raise RuntimeError("use the client as an async context")
        headers = {"Authorization": authorization} if authorization else {}
        try:
            async with self._session.request(
                method, f"{self._base_url}{path}", headers=headers, allow_redirects=False, **arguments
            ) as answer:
                status = answer.status
                body = await answer.json(content_type=None) if status < 500 else None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise HubSilent(type(error).__name__) from None
        except ValueError:
            raise HubMisbehaved(f"{method} {path}: status {status} with something that is not JSON") from None
        if status >= 500:
            raise HubSilent(f"status {status}")
        if not isinstance(body, dict):
            raise HubMisbehaved(f"{method} {path}: status {status} with {type(body).__name__}, expected an object")
        return HubAnswer(status, body)


def terms_of(body: Mapping[str, Any], place: HubPlace) -> HubTerms:
    """The answer of `GET /v1/hub`. Raises HubMisbehaved, for another hub than `place` too."""
    try:
        said = HubPlace(body["chain_id"], body["contract"].lower(), bytes.fromhex(body["entity"].removeprefix("0x")))
        domain = body["domain"]
        signs = (domain["name"], domain["version"], domain["chainId"], domain["verifyingContract"].lower())
        tokens = {one["token_id"]: _token_terms(one) for one in body["tokens"]}
        stops = "" if body["stops"] is None else str(body["stops"]["code"])
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise HubMisbehaved(f"what the hub says of itself cannot be read ({error!r})") from None
    contract = place.contract.lower()
    if said != HubPlace(place.chain_id, contract, place.entity):
        raise HubMisbehaved(f"another hub than {hex_of(place.entity)} on chain {place.chain_id}")
    if signs != (DOMAIN_NAME, DOMAIN_VERSION, place.chain_id, contract):
        raise HubMisbehaved("the domain of its signatures is another")
    return HubTerms(tokens, stops)


def accounts_of(body: Mapping[str, Any]) -> list[AccountView]:
    """The answer of `GET /v1/users/{user}/accounts`. Raises HubMisbehaved."""
    names = ("collateral", "secured", "unsecured", "spendable", "held")
    try:
        return [AccountView(one["token_id"], *(int(one[name]) for name in names)) for one in body["accounts"]]
    except (KeyError, TypeError, ValueError) as error:
        raise HubMisbehaved(f"an account cannot be read ({error!r})") from None


def whole(body: Mapping[str, Any], name: str) -> int:
    """A number of base units. Raises HubMisbehaved."""
    try:
        return int(body[name])
    except (KeyError, TypeError, ValueError):
        raise HubMisbehaved(f"{name}: expected a whole number, got {str(body.get(name))[:40]!r}") from None


def _token_terms(one: Mapping[str, Any]) -> TokenTerms:
    price, least = one["price_usd"], one["least"]
    return TokenTerms(
        token_id=one["token_id"],
        decimals=one["decimals"],
        price_usd=None if price is None else Decimal(price),
        least=None if least is None else int(least),
    )
