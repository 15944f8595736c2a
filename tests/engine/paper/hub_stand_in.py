"""A hub as its interface says it is, kept in a dictionary, for what is tried of wallets and not of the real one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from aiohttp import web
from eth_account import Account
from eth_account.messages import encode_typed_data

from engine.paper.hub_world import HubWorld
from engine.paper.wallet import entity_of, hex_of

REQUEST = {"user": "bytes32", "tokenId": "uint256", "amount": "uint256", "idempotencyKey": "string"}
PAYMENT = {
    "payer": "bytes32",
    "payee": "bytes32",
    "tokenId": "uint256",
    "amount": "uint256",
    "idempotencyKey": "string",
}
PASS = {"user": "bytes32", "validUntil": "uint256"}
LEAST_USD = 100


class HubStandIn:
    """lost_answers: the next so many orders are carried out and not answered. orders: the keys of all that came."""

    def __init__(self, world: HubWorld) -> None:
        self.world = world
        self.owned: defaultdict[tuple[str, int], int] = defaultdict(int)
        for user in world.users:
            for token in world.tokens:
                self.owned[user.user, token.token_id] = 1_000 * self.least(token.token_id)
        self.answers: dict[tuple[str, str], dict[str, Any]] = {}
        self.pulls: dict[str, dict[str, Any]] = {}
        self.orders: list[str] = []
        self.lost_answers = 0
        self.status = 0
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def least(self, token_id: int) -> int:
        token = self.world.tokens[token_id]
        price = self.world.prices[token.coin]
        assert price is not None
        return int(-(-LEAST_USD * 10**token.decimals // price))

    def ask_back(self, at: int, amount: int) -> None:
        """Propose a pull to the user at this place."""
        wallet = self.world.users[at]
        name = f"pull-{len(self.pulls)}"
        digest = hex_of(wallet.pull_digest(self.world.place, 1, amount, 1))
        self.pulls[name] = {
            "id": name,
            "token_id": 1,
            "amount": str(amount),
            "account_nonce": 1,
            "digest": digest,
            "state": "proposed",
            "valid_until_s": 2e9,
            "user": wallet.user,
        }

    async def __aenter__(self) -> HubStandIn:
        application = web.Application()
        application.router.add_get("/v1/hub", self._hub)
        application.router.add_get("/v1/quote", self._quote)
        application.router.add_post("/v1/requests", self._order(self._request))
        application.router.add_get("/v1/requests/{id}", self._look)
        application.router.add_post("/v1/payments", self._order(self._payment))
        application.router.add_get("/v1/users/{user}/accounts", self._accounts)
        application.router.add_get("/v1/users/{user}/inbox", self._inbox)
        application.router.add_post("/v1/inbox/{id}/{answer}", self._pull)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _hub(self, _: web.Request) -> web.Response:
        place = self.world.place
        tokens = [
            {
                "token_id": token.token_id,
                "symbol": token.symbol,
                "decimals": token.decimals,
                "price_usd": str(self.world.prices[token.coin]),
                "least": str(self.least(token.token_id)),
            }
            for token in self.world.tokens
        ]
        domain = {
            "name": "Evenkeel Hub",
            "version": "1",
            "chainId": place.chain_id,
            "verifyingContract": place.contract,
        }
        about = {"chain_id": place.chain_id, "contract": place.contract, "entity": hex_of(place.entity)}
        return web.json_response({**about, "domain": domain, "tokens": tokens, "stops": None})

    async def _quote(self, request: web.Request) -> web.Response:
        return web.json_response(self._fees(int(request.query["amount"])))

    def _fees(self, amount: int) -> dict[str, str]:
        fee = amount // 100
        parts = {"amount": amount, "hub_fee": fee, "miner_fee": 2, "buffer": 1, "total": amount + fee + 3}
        return {name: str(part) for name, part in parts.items()}

    def _order(self, carry_out: Callable[[dict[str, Any]], dict[str, Any] | str]) -> Any:
        async def handle(request: web.Request) -> web.Response:
            if self.status:
                return web.Response(status=self.status)
            body = await request.json()
            key = (request.path, body["idempotency_key"])
            known = key in self.answers
            answer = self.answers[key] if known else carry_out(body)
            self.orders.append(body["idempotency_key"])
            if isinstance(answer, str):
                return web.json_response({"error": {"code": answer, "message": answer}}, status=422)
            self.answers[key] = answer
            if self.lost_answers:
                self.lost_answers -= 1
                assert request.transport is not None
                request.transport.close()
            return web.json_response(answer, status=200 if known else 201)

        return handle

    def _request(self, body: dict[str, Any]) -> dict[str, Any] | str:
        amount = int(body["amount"])
        message = {
            "user": body["user"],
            "tokenId": body["token_id"],
            "amount": amount,
            "idempotencyKey": body["idempotency_key"],
        }
        if self._signer("RebalanceRequest", REQUEST, message, body["signature"]) != body["user"]:
            return "not_signed"
        if amount < self.least(body["token_id"]):
            return "too_small"
        if int(self._fees(amount)["total"]) > self.owned[body["user"], body["token_id"]]:
            return "too_much"
        told = {"id": f"request-{len(self.answers)}", "user": body["user"], "token_id": body["token_id"]}
        return {**told, **self._fees(amount), "state": "accepted"}

    def _payment(self, body: dict[str, Any]) -> dict[str, Any] | str:
        payer, payee, amount, token_id = body["payer"], body["payee"], int(body["amount"]), body["token_id"]
        message = {"payer": payer, "payee": payee, "tokenId": token_id, "amount": amount}
        message["idempotencyKey"] = body["idempotency_key"]
        if self._signer("Payment", PAYMENT, message, body["signature"]) != payer:
            return "not_signed"
        if amount > self.owned[payer, token_id]:
            return "not_enough"
        self.owned[payer, token_id] -= amount
        self.owned[payee, token_id] += amount
        return {"payer": payer, "payee": payee, "token_id": token_id, "amount": str(amount)}

    async def _look(self, request: web.Request) -> web.Response:
        found = next(one for one in self.answers.values() if one.get("id") == request.match_info["id"])
        return web.json_response({**found, "state": "done"})

    async def _accounts(self, request: web.Request) -> web.Response:
        user = self._passed(request)
        accounts = [
            {"token_id": token_id, "collateral": "0", "secured": "0", "held": "0"}
            | {"unsecured": str(owned), "spendable": str(owned)}
            for (of, token_id), owned in self.owned.items()
            if of == user
        ]
        return web.json_response({"accounts": accounts})

    async def _inbox(self, request: web.Request) -> web.Response:
        user = self._passed(request)
        return web.json_response({"pulls": [pull for pull in self.pulls.values() if pull["user"] == user]})

    async def _pull(self, request: web.Request) -> web.Response:
        body, pull = await request.json(), self.pulls[request.match_info["id"]]
        if request.match_info["answer"] == "approve":
            digest, signature = bytes.fromhex(pull["digest"][2:]), bytes.fromhex(body["signature"][2:])
            if hex_of(entity_of(str(Account._recover_hash(digest, signature=signature)))) != pull["user"]:
                return web.json_response({"error": {"code": "not_their_signature", "message": ""}}, status=422)
            pull["state"] = "approved"
        else:
            assert self._passed(request, pull["user"]) == body["user"]
            pull["state"] = "rejected"
        return web.json_response({"id": pull["id"], "state": pull["state"]})

    def _passed(self, request: web.Request, user: str = "") -> str:
        """The user, whose pass was shown."""
        user = user or request.match_info["user"]
        until, _, signature = request.headers["Authorization"].removeprefix("Pass ").partition(".")
        assert self._signer("ReadPass", PASS, {"user": user, "validUntil": int(until)}, signature) == user
        return user

    def _signer(self, kind: str, fields: dict[str, str], message: dict[str, Any], signature: str) -> str:
        place = self.world.place
        domain = {
            "name": "Evenkeel Hub",
            "version": "1",
            "chainId": place.chain_id,
            "verifyingContract": place.contract,
        }
        types = {kind: [{"name": name, "type": type} for name, type in fields.items()]}
        ids = {name: bytes.fromhex(message[name][2:]) for name in ("user", "payer", "payee") if name in message}
        address = Account.recover_message(encode_typed_data(domain, types, {**message, **ids}), signature=signature)
        return hex_of(entity_of(str(address)))
