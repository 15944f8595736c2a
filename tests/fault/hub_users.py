"""Users of a hub that may be killed at any moment: what they ask for, what they wrote down, what they ask for again."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from random import Random

from eth_account.signers.local import LocalAccount

from engine.chain.depository import (
    Batch,
    Diff,
    Settlement,
    account_key,
    batch_hash,
    encode_batch,
    entity_of,
    hanko_of,
    process_call,
    settlement_hash,
)
from engine.chain.rpc import NodeRefused, NodeSilent, Rpc
from engine.hub.front_desk import Asked
from engine.hub.messages import NotTheirSignature
from engine.hub.payments import Paid, Payment
from engine.hub.ports import ChainUnavailable
from engine.hub.pulls import PullRequest, PullState
from engine.hub.requests import Declined
from engine.paper.anvil import CHAIN_ID
from engine.paper.chain_parts import call_data
from tests.engine.chain.depository_world import raw_signature
from tests.engine.hub.running_hub import HUB, USERS, RunningHub, id_of

PEOPLE = USERS[:8]
TAKEN, REFUSED = "taken", "refused"
_PAUSE_S = 0.03
_AT_ONCE = 4
_LEAST_USD, _MOST_USD = 120, 1_500


@dataclass(frozen=True, slots=True)
class Order:
    """A payment, or with no payee a request for a rebalance. Base units."""

    key: str
    user: str
    payee: str
    token_id: int
    amount: int


class Notebook:
    """What wallets keep on disk: each order before it is sent, each answer once it is there."""

    def __init__(self, path: Path) -> None:
        self.orders: dict[str, Order] = {}
        self.answers: dict[str, list[str]] = {}
        self._open: dict[str, None] = {}
        lines = path.read_text().splitlines() if path.exists() else []
        for row in map(json.loads, lines):
            if "answer" in row:
                self._took(row["key"], row["answer"])
            else:
                self._sent(Order(**row))
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    @property
    def unanswered(self) -> list[Order]:
        return [self.orders[key] for key in self._open]

    def waits(self, key: str) -> bool:
        return key in self._open

    def send(self, order: Order) -> None:
        """Once more is as good as for the first time."""
        self._sent(order)
        self._write(asdict(order))

    def answered(self, order: Order, answer: str) -> None:
        """Raises AssertionError when what was taken is not any more, or is taken twice."""
        before = [one for one in self.answers.get(order.key, ()) if one.startswith(TAKEN)]
        assert not before or answer == before[0], f"{order} was answered {before[0]}, asked again {answer}"
        self._took(order.key, answer)
        self._write({"key": order.key, "answer": answer})

    def _sent(self, order: Order) -> None:
        self.orders[order.key] = order
        self._open[order.key] = None

    def _took(self, key: str, answer: str) -> None:
        self._open.pop(key, None)
        self.answers.setdefault(key, []).append(answer)

    def _write(self, row: dict[str, object]) -> None:
        os.write(self._file, f"{json.dumps(row)}\n".encode())


class Users:
    """Everybody at once. spoils: a ratio, of the pulls that are signed and used up on chain before the hub can."""

    def __init__(
        self, hub: RunningHub, notebook: Notebook, rpc: Rpc, chance: Random, stranger: str, spoils: float
    ) -> None:
        self._hub = hub
        self._notebook = notebook
        self._rpc = rpc
        self._chance = chance
        self._stranger = stranger
        self._spoils = spoils
        self._met: set[str] = set()

    async def settle(self) -> None:
        """What was sent and never answered is sent again, under its own key, until it is."""
        for order in self._notebook.unanswered:
            await self._give(order)

    async def trade(self) -> None:
        """Pay one another and ask for rebalances, until cancelled."""
        await self.settle()
        room = asyncio.Semaphore(_AT_ONCE)

        async def give(order: Order) -> None:
            async with room:
                await self._give(order)

        async with asyncio.TaskGroup() as group:
            while True:
                async with room:
                    order = self._next()
                if order is not None:
                    group.create_task(give(order))
                await asyncio.sleep(_PAUSE_S)

    async def sign(self) -> None:
        """Answer what is asked back, until cancelled."""
        while True:
            for user in PEOPLE:
                for pull in self._hub.engine.desk.inbox(id_of(user)):
                    if pull.state is PullState.PROPOSED and pull.id not in self._met:
                        self._met.add(pull.id)
                        await self._answer(user, pull)
            await asyncio.sleep(_PAUSE_S)

    async def _give(self, order: Order) -> None:
        answer = await self._answer_to(order)
        while answer is None:
            await asyncio.sleep(_PAUSE_S)
            answer = await self._answer_to(order)
        self._notebook.answered(order, answer)

    async def _answer_to(self, order: Order) -> str | None:
        """None while there is none."""
        engine = self._hub.engine
        try:
            if order.payee:
                paid = Payment(order.user, order.payee, order.token_id, order.amount, order.key)
                found = await engine.payments.pay(paid)
            else:
                found = await engine.desk.request_rebalance(Asked(order.user, order.token_id, order.amount, order.key))
        except ChainUnavailable:
            return None
        if isinstance(found, Declined):
            return None if found.status == HTTPStatus.SERVICE_UNAVAILABLE else f"{REFUSED} {found.reason.code}"
        return f"{TAKEN} {order.key if isinstance(found, Paid) else found.request.id}"

    def _next(self) -> Order | None:
        """A new one; or now and then one that was answered, for wallets do not always hear it."""
        answered = [key for key in self._notebook.answers if not self._notebook.waits(key)]
        if answered and self._chance.random() < 0.15:
            order: Order | None = self._notebook.orders[self._chance.choice(answered)]
        else:
            order = self._request() if self._chance.random() < 0.5 else self._payment()
        if order is not None:
            self._notebook.send(order)
        return order

    def _request(self) -> Order | None:
        accounts = self._hub.engine._held.accounts
        user, token = self._chance.choice(PEOPLE), self._chance.choice(self._hub.place.tokens)
        account = accounts.get(id_of(user), token.token_id)
        if account is None or account.user_free < _LEAST_USD * 10**token.decimals:
            return None
        amount = int(account.user_free * self._chance.choice((0.5, 0.8, 0.95, 1.0)))
        return Order(f"r{len(self._notebook.orders)}", id_of(user), "", token.token_id, amount)

    def _payment(self) -> Order:
        payer, payee = self._chance.sample(PEOPLE, 2)
        token = self._chance.choice(self._hub.place.tokens)
        amount = self._chance.randint(_LEAST_USD * 10**token.decimals, _MOST_USD * 10**token.decimals)
        key = f"p{len(self._notebook.orders)}"
        return Order(key, id_of(payer), id_of(payee), token.token_id, amount)

    async def _answer(self, user: LocalAccount, pull: PullRequest) -> None:
        desk, luck = self._hub.engine.desk, self._chance.random()
        if luck < 0.08:
            return  # never
        if luck < 0.14:
            await desk.reject(pull.id, pull.user)
            return
        if luck < 0.35:
            wrong = await desk.approve(pull.id, pull.user, self._signature(HUB, pull))
            assert isinstance(wrong, Declined), f"{pull} was approved by somebody else"
            assert isinstance(wrong.reason, NotTheirSignature)
        if self._chance.random() < self._spoils:
            await self._use_up(user, pull)
        for _ in range(1 + (luck > 0.8)):
            await desk.approve(pull.id, pull.user, self._signature(user, pull))

    def _signature(self, signer: LocalAccount, pull: PullRequest) -> str:
        digest = bytes.fromhex(self._hub.engine.desk.pull_digest(pull)[2:])
        return f"0x{raw_signature(signer, digest).hex()}"

    async def _use_up(self, user: LocalAccount, pull: PullRequest) -> None:
        """A settlement of nothing at the pull's number, in a batch of the user's own that the hub's key signed too."""
        hub, entity, contract = self._hub.place.entity, entity_of(user.address), self._hub.place.contract
        account, diffs = account_key(hub, entity), (Diff(pull.token_id, 0, 0, 0, 0),)
        digest = settlement_hash(CHAIN_ID, contract, account, pull.nonce, diffs)
        hanko = hanko_of(digest, HUB.address, lambda hashed: raw_signature(HUB, hashed))
        nothing = Settlement(account[:32], account[32:], diffs, (), hanko, pull.nonce)
        try:
            number = await self._read("entityNonces(bytes32)", entity) + 1
            encoded = encode_batch(Batch(settlements=(nothing,)))
            hashed = batch_hash(CHAIN_ID, contract, encoded, number)
            signed = hanko_of(hashed, user.address, lambda digest: raw_signature(user, digest))
            data = f"0x{process_call(encoded, signed, number).hex()}"
            call = {"from": self._stranger, "to": contract, "data": data, "gas": hex(10**6)}
            await self._rpc.ask("eth_sendTransaction", call)
            for _ in range(10):
                if await self._read("_accounts(bytes)", account) >= pull.nonce:
                    break
                await asyncio.sleep(_PAUSE_S)
        except (NodeSilent, NodeRefused):
            return  # then it is not used up

    async def _read(self, signature: str, argument: bytes) -> int:
        call = {"to": self._hub.place.contract, "data": f"0x{call_data(signature, argument).hex()}"}
        return int(await self._rpc.ask("eth_call", call, "latest"), 16)
