"""A hub that runs on a real chain, asked over its real HTTP interface by wallets that know the interface alone."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from engine.chain.wallet_messages import WalletMessages
from engine.core.secrets import Secret
from engine.hub_api.server import HubServer
from engine.paper.anvil import CHAIN_ID
from engine.paper.wallet import HubPlace as WalletsHub
from engine.paper.wallet import Wallet
from tests.engine.hub.running_hub import USERS, HubPlace, RunningHub, running


@dataclass
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


@dataclass
class ServedHub:
    """One run. wallets: of USERS, in their order."""

    hub: RunningHub
    server: HubServer
    session: aiohttp.ClientSession
    wallets: tuple[Wallet, ...]
    place: WalletsHub

    async def ask(self, method: str, path: str, **given: Any) -> Answer:
        async with self.session.request(method, f"{self.server.address}{path}", **given) as answer:
            return Answer(answer.status, await answer.json(), answer.headers)

    async def get(self, path: str, **given: Any) -> Answer:
        return await self.ask("GET", path, **given)

    async def post(self, path: str, body: Any, **given: Any) -> Answer:
        return await self.ask("POST", path, json=body, **given)

    def wanted(self, wallet: Wallet, token_id: int, amount: int, key: str) -> dict[str, Any]:
        """The body of a request, signed."""
        return {
            "user": wallet.user,
            "token_id": token_id,
            "amount": str(amount),
            "idempotency_key": key,
            "signature": wallet.request(self.place, token_id, amount, key),
        }

    def payment(self, payer: Wallet, payee: Wallet, token_id: int, amount: int, key: str) -> dict[str, Any]:
        return {
            "payer": payer.user,
            "payee": payee.user,
            "token_id": token_id,
            "amount": str(amount),
            "idempotency_key": key,
            "signature": payer.payment(self.place, payee.entity, token_id, amount, key),
        }

    def passed(self, wallet: Wallet, for_s: int = 600) -> dict[str, str]:
        return {"Authorization": wallet.read_pass(self.place, int(time.time()) + for_s)}


@asynccontextmanager
async def served(place: HubPlace) -> AsyncIterator[ServedHub]:
    async with (
        running(place) as hub,
        HubServer(hub.engine, WalletMessages(CHAIN_ID, place.contract), place.clock) as server,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
    ):
        wallets = tuple(Wallet(Secret(f"0x{user.key.hex().removeprefix('0x')}")) for user in USERS[:8])
        yield ServedHub(hub, server, session, wallets, WalletsHub(CHAIN_ID, place.contract, place.entity))
