"""Portfolios' accounts on an EVM chain, for the drift engine's port (drift spec 4, 9, 11 to 13).

Reads go in batches, all at one block. A plan is one `redeemDelegations` under a delegation that is pinned to exactly
that plan; it is simulated before a person sees it (as the account itself, nothing signed) and again, signed, before it
is sent.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from engine.chain.abi import Transfer, address_in, byte_strings, call, raw, revert_words, selector, transfers, words
from engine.chain.delegation import (
    BATCH_CALL,
    Delegation,
    Execution,
    batch_execution,
    disable_call,
    permission_context,
    redeem_call,
    typed_data,
)
from engine.chain.life import Inclusion
from engine.chain.pinned import Enforcers, Swap, executions_of, pinned_delegation
from engine.chain.probing import diagnosed
from engine.chain.reading import PortfolioReader, eth_call, good
from engine.chain.rpc import NodeRefused, NodeSilent, Rpc, whole
from engine.chain.sender import ChainCall, NotCarriedOut, Sender, WrongChain, block_time_s
from engine.chain.signing import Owner, Signing
from engine.chain.standing import (
    StandingEnforcers,
    StandingTerms,
    delegation_in,
    redemptions_under,
    standing_delegations,
)
from engine.core.gate import Gate
from engine.core.journal import Memory
from engine.core.messages import Reason
from engine.drift.messages import (
    NotOnThisChain,
    NotRevoked,
    OnItsWay,
    ReceivedLess,
    RevokedElsewhere,
    SimulationReverted,
    StandingToSign,
)
from engine.drift.portfolios import Token
from engine.drift.ports import (
    ChainLook,
    ChainUnavailable,
    Ended,
    Order,
    OrderRefused,
    Prepared,
    Simulated,
    StandingRequest,
)

GAS_MARGIN_PERCENT = 125
REVOKE_GAS = 150_000
POOL_AVERAGES_GAS = 44_200
"""Two words written for the first time. A pool that was traded in the newest block is estimated as if no time passed,
so without the averages that it writes when some has."""
_EXECUTE = "executeFromExecutor(bytes32,bytes)"
Redemption = Sequence[tuple[Delegation, Execution | Sequence[Execution]]]


@dataclass(frozen=True, slots=True)
class Contracts:
    """Where the contracts are that a chain has for everybody."""

    manager: str
    router: str
    enforcers: Enforcers
    standing: StandingEnforcers | None = None


class PortfolioChain:
    """Implements `engine.drift.ports.Chain`.

    gas_cap_wei: the most that one gas may cost now. owners: who signs, by account. revokers:
    senders of the accounts' own, by account, that take delegations back.
    """

    def __init__(
        self,
        *,
        rpc: Rpc,
        sender: Sender,
        delegate: str,
        owners: Mapping[str, Owner],
        contracts: Contracts,
        chain_id: int,
        gate: Gate,
        gas_cap_wei: Callable[[], int],
        revokers: Mapping[str, Sender] | None = None,
    ) -> None:
        self._rpc = rpc
        self._sender = sender
        self._delegate = delegate
        self._revokers = {account.lower(): sender for account, sender in (revokers or {}).items()}
        self._revoking = asyncio.Lock()
        self._signing = Signing(gate, owners, chain_id, contracts.manager)
        self._contracts = contracts
        self._chain_id = chain_id
        self._tokens: dict[str, Token] = {}
        self._gas_cap_wei = gas_cap_wei
        self._reader = PortfolioReader(rpc)
        self._prepared: ChainCall | None = None

    @property
    def under_way(self) -> str:
        life = self._sender.life
        return "" if life is None else life.key

    async def start(self) -> None:
        try:
            await self._sender.start()
            await self._check_contracts()
        except (NodeSilent, NodeRefused, WrongChain) as error:
            raise ChainUnavailable(str(error)) from error

    async def look(self, accounts: Sequence[str], tokens: Sequence[Token]) -> ChainLook:
        try:
            looked = await self._reader.look(accounts, tokens)
        except (NodeSilent, NodeRefused) as error:
            raise ChainUnavailable(str(error)) from error
        self._tokens = {token.symbol: token for token in tokens}
        return looked

    async def simulate(self, order: Order) -> Simulated:
        """As the account itself does it when the manager tells it to, with balances read before and after."""
        swaps = _swaps(order, self._tokens)
        bought = [swap.path[-1] for swap in swaps]
        asked = [Execution(token, 0, bytes.fromhex(call("balanceOf(address)", order.account)[2:])) for token in bought]
        executions = executions_of(swaps, self._contracts.router, order.account, order.until_s)
        calls: list[Execution] = []
        for at, balance in enumerate(asked):
            calls += [balance, *executions[2 * at : 2 * at + 2], balance]
        try:
            answers = await self._run_as_account(order.account, calls)
        except OrderRefused as refused:
            raise await diagnosed(refused, order, executions, self._tokens, self._run_as_account) from None
        received = []
        for at, swap in enumerate(order.swaps):
            before, _, paid, after = (int.from_bytes(answer[-32:], "big") for answer in answers[4 * at : 4 * at + 4])
            if after - before < paid:
                raise OrderRefused(ReceivedLess(swap.path[-1], paid, after - before))
            received.append(after - before)
        return Simulated(tuple(received))

    async def prepare(self, key: str, orders: Sequence[Order]) -> Prepared:
        left_out: dict[str, Reason] = {}
        going: list[tuple[Order, Redemption]] = []
        gas = 0
        try:
            for order in orders:
                try:
                    redemption = await self._redemption(key, order)
                    gas = await self._estimate([*_all(going), *redemption])
                    going.append((order, redemption))
                except OrderRefused as refused:
                    left_out[order.portfolio] = refused.reason
            if not going:
                raise OrderRefused(next(iter(left_out.values())))
            if len(left_out) > 0:
                gas = await self._estimate(_all(going))
            data = redeem_call(_all(going))
            until_s = min(order.until_s for order, _ in going)
            hops = sum(len(swap.path) - 1 for order, _ in going for swap in order.swaps)
            limit = gas * GAS_MARGIN_PERCENT // 100 + hops * POOL_AVERAGES_GAS
        except (NodeSilent, NodeRefused) as error:
            raise ChainUnavailable(str(error)) from error
        self._prepared = ChainCall(
            key, self._contracts.manager, f"0x{data.hex()}", 0, limit, self._gas_cap_wei(), until_s
        )
        return Prepared(tuple(order for order, _ in going), left_out, gas)

    async def submit(self, key: str) -> None:
        prepared, self._prepared = self._prepared, None
        if prepared is None or prepared.key != key:
            raise RuntimeError(f"{key} was not prepared")
        try:
            await self._sender.submit(prepared)
        except (NodeSilent, NodeRefused) as error:
            raise ChainUnavailable(str(error)) from error

    async def advance(self) -> Reason | Ended:
        try:
            step = await self._sender.look()
            if step is None or not step.life.ended:
                return OnItsWay("") if step is None else step.reason
            if step.life.inclusion is None:
                return Ended(step.life.key, False, step.reason, never_sent=not step.life.seals)
            return await self._ended(step.life.key, step.life.inclusion, step.reason)
        except (NodeSilent, NodeRefused) as error:
            raise ChainUnavailable(str(error)) from error

    def forgotten(self) -> Memory:
        return self._sender.forgotten()

    async def _ended(self, key: str, inclusion: Inclusion, why: Reason) -> Ended:
        receipt, block = await self._rpc.ask_all(
            [
                ("eth_getTransactionReceipt", [inclusion.hash]),
                ("eth_getBlockByNumber", [hex(inclusion.block_number), False]),
            ]
        )
        if not isinstance(receipt, dict):
            raise NodeSilent("the receipt of a transaction that is final was not given")
        return Ended(
            key=key,
            succeeded=inclusion.succeeded,
            reason=why,
            hash=inclusion.hash,
            gas_used=inclusion.gas_used,
            gas_price_wei=inclusion.gas_price_wei,
            block_at_s=block_time_s(block),
            arrived=_arrived(transfers(receipt.get("logs"))) if inclusion.succeeded else None,
        )

    async def _check_contracts(self) -> None:
        """What is to be called must be there; the factory is the router's own."""
        wanted = {"DelegationManager": self._contracts.manager, "Uniswap V2 router": self._contracts.router}
        codes = await self._rpc.ask_all([("eth_getCode", [address, "latest"]) for address in wanted.values()])
        for (name, address), code in zip(wanted.items(), codes, strict=True):
            if not raw(good(code), "eth_getCode"):
                raise ChainUnavailable(f"there is no {name} at {address} on chain {self._chain_id}")
        (answer,) = await self._rpc.ask_all([eth_call(self._contracts.router, "factory()")])
        (factory,) = words(good(answer), 1, "factory")
        self._reader.factory = address_in(factory)

    async def _run_as_account(self, account: str, calls: Sequence[Execution]) -> list[bytes]:
        """What each call returns when the account makes them all, one after the other; nothing is signed or sent."""
        data = f"0x{(selector(_EXECUTE) + encode(['bytes32', 'bytes'], [BATCH_CALL, batch_execution(calls)])).hex()}"
        as_manager = {"from": self._contracts.manager, "to": account, "data": data}
        try:
            (answer,) = await self._rpc.ask_all([("eth_call", [as_manager, "latest"])])
            if isinstance(answer, NodeRefused):
                raise OrderRefused(SimulationReverted(0, revert_words(answer.data, answer.message)))
            found = byte_strings(answer, "executeFromExecutor")
        except NodeSilent as error:
            raise ChainUnavailable(str(error)) from error
        if len(found) != len(calls):
            raise ChainUnavailable(f"the simulation answered {len(found)} of {len(calls)} calls")
        return list(found)

    async def grant(self, request: StandingRequest, signatures: Sequence[str]) -> tuple[str, str]:
        try:
            pair = self._standing(request)
        except ValueError as error:
            raise OrderRefused(SimulationReverted(0, str(error))) from None
        if not signatures and not self._signing.has_key(request.account):
            manager = self._contracts.manager
            approvals, swaps = (json.dumps(typed_data(one, self._chain_id, manager)) for one in pair)
            raise OrderRefused(StandingToSign(approvals, swaps))
        if signatures:
            signed = [one.signed(bytes.fromhex(given[2:])) for one, given in zip(pair, signatures, strict=True)]
        else:
            name = f"standing/{request.portfolio}/{request.salt}/sign"
            signed = [
                await self._signing.signed(f"{name}/{at}", request.portfolio, one, request)
                for at, one in enumerate(pair)
            ]
        first, second = (f"0x{permission_context(one).hex()}" for one in signed)
        return first, second

    async def end(self, request: StandingRequest, contexts: Sequence[str]) -> None:
        for at, context in enumerate(contexts):
            name = f"end/{request.portfolio}/{request.salt}/{at}"
            await self._disable(name, delegation_in(bytes.fromhex(context[2:])))

    async def revoke(self, order: Order) -> str:
        delegation, _ = self._unsigned(order)
        return await self._disable(f"revoke/{order.plan}", delegation)

    async def _disable(self, name: str, delegation: Delegation) -> str:
        """By the account itself. Returns the transaction's hash."""
        account = delegation.delegator
        manager, data = self._contracts.manager, f"0x{disable_call(delegation).hex()}"
        sender = self._revokers.get(account.lower())
        if sender is None:
            raise OrderRefused(RevokedElsewhere(account, manager, data))
        # Asked again it is another call: one that has failed may be tried anew, and disabling twice does no harm.
        call_ = ChainCall(f"{name}/{secrets.token_hex(4)}", manager, data, 0, REVOKE_GAS, self._gas_cap_wei())
        try:
            async with self._revoking:
                return await sender.carried_out(call_)
        except NotCarriedOut as failure:
            raise OrderRefused(NotRevoked(failure.reason)) from None
        except (NodeSilent, NodeRefused, WrongChain) as error:
            raise ChainUnavailable(str(error)) from error

    def to_sign(self, order: Order) -> str:
        if order.contexts or self._signing.has_key(order.account):
            return ""
        delegation, _ = self._unsigned(order)
        return json.dumps(typed_data(delegation, self._chain_id, self._contracts.manager))

    def _unsigned(self, order: Order) -> tuple[Delegation, tuple[Execution, ...]]:
        """The delegation for this order alone, and what it lets happen; the same each time."""
        swaps = _swaps(order, self._tokens)
        executions = executions_of(swaps, self._contracts.router, order.account, order.until_s)
        delegation = pinned_delegation(
            swaps,
            executions,
            self._contracts.enforcers,
            delegate=self._delegate,
            account=order.account,
            salt=int.from_bytes(keccak(text=f"{order.portfolio}/{order.plan}"), "big"),
            until_s=order.until_s,
        )
        return delegation, executions

    async def _redemption(self, key: str, order: Order) -> Redemption:
        """What the order redeems: a delegation of its own, signed here or elsewhere, or the two that stand."""
        delegation, executions = self._unsigned(order)
        if order.contexts:
            approvals, swaps = (delegation_in(bytes.fromhex(context[2:])) for context in order.contexts)
            return redemptions_under(approvals, swaps, executions)
        if order.signature:
            return [(delegation.signed(bytes.fromhex(order.signature[2:])), executions)]
        name = f"{key}/{order.portfolio}/sign"
        signed = await self._signing.signed(name, order.portfolio, delegation, (*order.swaps, order.until_s))
        return [(signed, executions)]

    def _standing(self, request: StandingRequest) -> tuple[Delegation, Delegation]:
        if self._contracts.standing is None:
            raise OrderRefused(NotOnThisChain(self._chain_id))
        terms = StandingTerms(
            account=request.account,
            delegate=self._delegate,
            router=self._contracts.router,
            most_by_token={self._tokens[symbol].address: most for symbol, most in request.most.items()},
            uses=request.uses,
            until_s=request.until_s,
            salt=request.salt,
        )
        return standing_delegations(terms, self._contracts.standing)

    async def _estimate(self, redemptions: Redemption) -> int:
        """Gas of one transaction that carries them all. Raises OrderRefused when it would revert."""
        data = f"0x{redeem_call(redemptions).hex()}"
        wanted = {"from": self._delegate, "to": self._contracts.manager, "data": data}
        (answer,) = await self._rpc.ask_all([("eth_estimateGas", [wanted])])
        if isinstance(answer, NodeRefused):
            raise OrderRefused(SimulationReverted(0, revert_words(answer.data, answer.message)))
        return whole(answer, "eth_estimateGas")


def _all(going: Sequence[tuple[Order, Redemption]]) -> Redemption:
    return [one for _, redemption in going for one in redemption]


def _swaps(order: Order, tokens: Mapping[str, Token]) -> list[Swap]:
    return [
        Swap(tuple(tokens[symbol].address for symbol in swap.path), swap.amount_in, swap.min_out)
        for swap in order.swaps
    ]


def _arrived(found: Iterable[Transfer]) -> dict[str, tuple[int, ...]]:
    arrived: dict[str, tuple[int, ...]] = {}
    for transfer in found:
        arrived[transfer.recipient] = (*arrived.get(transfer.recipient, ()), transfer.amount)
    return arrived
