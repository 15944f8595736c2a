"""Portfolios' accounts on an EVM chain, for the drift engine's port (drift spec 4, 9, 11 to 13).

Reads go in batches, all at one block. A plan is one `redeemDelegations` under a delegation that is pinned to exactly
that plan; it is simulated before a person sees it (as the account itself, nothing signed) and again, signed, before it
is sent.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from engine.chain.abi import Transfer, address_in, byte_strings, call, raw, revert_words, selector, transfers, words
from engine.chain.delegation import (
    BATCH_CALL,
    Delegation,
    Execution,
    batch_execution,
    delegation_digest,
    delegation_hash,
    disable_call,
    redeem_call,
    typed_data,
)
from engine.chain.gas import BLOCKS, PERCENTILE, gas_quote
from engine.chain.life import Inclusion
from engine.chain.pinned import Enforcers, Swap, executions_of, pinned_delegation
from engine.chain.rpc import MOST_IN_BATCH, Call, NodeRefused, NodeSilent, Rpc, whole
from engine.chain.sender import ChainCall, NotCarriedOut, Sender, WrongChain, block_time_s
from engine.core.gate import Delivered, Gate, Intent, Rejection
from engine.core.journal import Memory
from engine.core.messages import Reason
from engine.core.modes import Exposure
from engine.drift.messages import (
    HeldAtGate,
    NotRevoked,
    OnItsWay,
    OwnerKeyMissing,
    ReceivedLess,
    RevokedElsewhere,
    SimulationReverted,
)
from engine.drift.portfolios import Token
from engine.drift.ports import ChainLook, ChainUnavailable, Ended, Order, OrderRefused, Prepared, Simulated
from engine.drift.prices import PairState, brought_up_to

ENGINE, SIGN = "drift", "drift.sign"
GAS_MARGIN_PERCENT = 125
REVOKE_GAS = 150_000
POOL_AVERAGES_GAS = 44_200
"""Two words written for the first time. A pool that was traded in the newest block is estimated as if no time passed,
so without the averages that it writes when some has."""
_BALANCE_OF = f"0x{selector('balanceOf(address)').hex()}"
_EXECUTE = "executeFromExecutor(bytes32,bytes)"
Redemption = tuple[Delegation, tuple[Execution, ...]]


class Owner(Protocol):
    """Signs delegations for accounts; the key is somewhere else."""

    async def sign_digest(self, digest: bytes) -> bytes:
        """The signature, 65 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Contracts:
    """Where the contracts are that a chain has for everybody."""

    manager: str
    router: str
    enforcers: Enforcers


@dataclass(frozen=True, slots=True)
class SignDelegation:
    """The payload of the intent to sign: what may be done for which account, named by the delegation's own hash."""

    portfolio: str
    account: str
    delegation: str
    swaps: tuple[Swap, ...]
    until_s: int


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
        self._owners = {account.lower(): owner for account, owner in owners.items()}
        self._contracts = contracts
        self._chain_id = chain_id
        self._gate = gate
        self._tokens: dict[str, Token] = {}
        self._gas_cap_wei = gas_cap_wei
        self._factory = ""
        self._pairs: dict[tuple[str, str], str] = {}
        self._to_sign: dict[str, bytes] = {}
        self._signatures: dict[str, bytes] = {}
        self._prepared: ChainCall | None = None
        gate.connect(SIGN, self._signed)

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
            await self._find_pairs(tokens)
            looked = await self._looked(accounts, tokens)
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
        answers = await self._run_as_account(order.account, calls)
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
                    gas = await self._estimate([*(one for _, one in going), redemption])
                    going.append((order, redemption))
                except OrderRefused as refused:
                    left_out[order.portfolio] = refused.reason
            if not going:
                raise OrderRefused(next(iter(left_out.values())))
            if len(left_out) > 0:
                gas = await self._estimate([one for _, one in going])
            data = redeem_call([one for _, one in going])
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
            if not raw(_good(code), "eth_getCode"):
                raise ChainUnavailable(f"there is no {name} at {address} on chain {self._chain_id}")
        (answer,) = await self._rpc.ask_all([_call(self._contracts.router, "factory()")])
        (factory,) = words(_good(answer), 1, "factory")
        self._factory = address_in(factory)

    async def _find_pairs(self, tokens: Sequence[Token]) -> None:
        """Ask the factory for every pair of tokens that it was not asked for yet."""
        wanted = [
            (a.address, b.address)
            for a, b in itertools.combinations(tokens, 2)
            if (a.address, b.address) not in self._pairs
        ]
        if not wanted:
            return
        answers = await self._rpc.ask_all([_call(self._factory, "getPair(address,address)", *pair) for pair in wanted])
        for pair, answer in zip(wanted, answers, strict=True):
            (found,) = words(_good(answer), 1, "getPair")
            if found:
                self._pairs[pair] = address_in(found)
            else:
                self._pairs[pair] = ""

    async def _looked(self, accounts: Sequence[str], tokens: Sequence[Token]) -> ChainLook:
        head = whole(await self._rpc.ask("eth_blockNumber"), "eth_blockNumber")
        at = hex(head)
        pairs = [
            (a, b, address)
            for a, b in itertools.combinations(tokens, 2)
            if (address := self._pairs.get((a.address, b.address), ""))
        ]
        calls: list[Call] = [
            ("eth_getBlockByNumber", [at, False]),
            ("eth_feeHistory", [hex(BLOCKS), at, [PERCENTILE]]),
        ]
        for _, _, address in pairs:
            calls += [
                _call(address, signature, at=at)
                for signature in ("getReserves()", "price0CumulativeLast()", "price1CumulativeLast()")
            ]
        answers = [_good(answer) for answer in await self._rpc.ask_all(calls)]
        at_s = block_time_s(answers[0])
        states = answers[2:]
        return ChainLook(
            block=head,
            at_s=at_s,
            gas_price_wei=gas_quote(answers[1], float(at_s)).price_wei,
            balances=await self._balances(accounts, tokens, at),
            pairs=tuple(_pair_state(a, b, states[3 * at_ : 3 * at_ + 3], at_s) for at_, (a, b, _) in enumerate(pairs)),
        )

    async def _balances(self, accounts: Sequence[str], tokens: Sequence[Token], at: str) -> dict[str, tuple[int, ...]]:
        """In base units, in the order of the tokens; a batch at a time, so that the loop is never held up."""
        held: dict[str, tuple[int, ...]] = {}
        together = max(1, MOST_IN_BATCH // max(1, len(tokens)))
        for start in range(0, len(accounts), together):
            asked = accounts[start : start + together]
            calls: list[Call] = []
            for account in asked:
                data = _BALANCE_OF + account[2:].lower().zfill(64)
                calls += [("eth_call", [{"to": token.address, "data": data}, at]) for token in tokens]
            answers = iter(await self._rpc.ask_all(calls))
            for account in asked:
                held[account] = tuple(words(_good(next(answers)), 1, "balanceOf")[0] for _ in tokens)
        return held

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

    async def revoke(self, order: Order) -> str:
        delegation, _ = self._unsigned(order)
        manager, data = self._contracts.manager, f"0x{disable_call(delegation).hex()}"
        sender = self._revokers.get(order.account.lower())
        if sender is None:
            raise OrderRefused(RevokedElsewhere(order.account, manager, data))
        call_ = ChainCall(f"revoke/{order.plan}", manager, data, 0, REVOKE_GAS, self._gas_cap_wei())
        try:
            return await sender.carried_out(call_)
        except NotCarriedOut as failure:
            raise OrderRefused(NotRevoked(failure.reason)) from None
        except (NodeSilent, NodeRefused, WrongChain) as error:
            raise ChainUnavailable(str(error)) from error

    def to_sign(self, order: Order) -> str:
        if order.account.lower() in self._owners:
            return ""
        delegation, _ = self._unsigned(order)
        return json.dumps(typed_data(delegation, self._chain_id, self._contracts.manager))

    def _unsigned(self, order: Order) -> Redemption:
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
        """The order's delegation, signed here or elsewhere, and what it lets happen."""
        delegation, executions = self._unsigned(order)
        if order.signature:
            return delegation.signed(bytes.fromhex(order.signature[2:])), executions
        swaps = _swaps(order, self._tokens)
        what = SignDelegation(
            order.portfolio, order.account, f"0x{delegation_hash(delegation).hex()}", tuple(swaps), order.until_s
        )
        intent = Intent(
            key=f"{key}/{order.portfolio}/sign",
            engine=ENGINE,
            kind=SIGN,
            exposure=Exposure.OPENS,
            payload=what,
            reason=OnItsWay(key),
        )
        self._to_sign[intent.key] = delegation_digest(delegation, self._chain_id, self._contracts.manager)
        try:
            outcome = await self._gate.send(intent)
        finally:
            del self._to_sign[intent.key]
        if isinstance(outcome, Delivered):
            return delegation.signed(self._signatures.pop(intent.key)), executions
        raise OrderRefused(HeldAtGate(outcome.reason))

    async def _signed(self, intent: Intent) -> str:
        """The port of the intent to sign. The signature itself stays out of the journal: the answer names it only."""
        owner = self._owners.get(intent.payload.account.lower())
        if owner is None:
            raise Rejection(OwnerKeyMissing(intent.payload.account))
        self._signatures[intent.key] = await owner.sign_digest(self._to_sign[intent.key])
        return "signed"

    async def _estimate(self, redemptions: Sequence[Redemption]) -> int:
        """Gas of one transaction that carries them all. Raises OrderRefused when it would revert."""
        data = f"0x{redeem_call(redemptions).hex()}"
        wanted = {"from": self._delegate, "to": self._contracts.manager, "data": data}
        (answer,) = await self._rpc.ask_all([("eth_estimateGas", [wanted])])
        if isinstance(answer, NodeRefused):
            raise OrderRefused(SimulationReverted(0, revert_words(answer.data, answer.message)))
        return whole(answer, "eth_estimateGas")


def _swaps(order: Order, tokens: Mapping[str, Token]) -> list[Swap]:
    return [
        Swap(tuple(tokens[symbol].address for symbol in swap.path), swap.amount_in, swap.min_out)
        for swap in order.swaps
    ]


def _call(to: str, signature: str, *arguments: str, at: str = "latest") -> Call:
    return "eth_call", [{"to": to, "data": call(signature, *arguments)}, at]


def _good(answer: Any) -> Any:
    if isinstance(answer, NodeRefused):
        raise answer
    return answer


def _pair_state(a: Token, b: Token, answers: Sequence[Any], at_s: int) -> PairState:
    """The pair's own order is by address. Its cumulatives are brought up to the block by what stood since."""
    reserve_0, reserve_1, touched_s = words(answers[0], 3, "getReserves")
    (cumulative_0,), (cumulative_1,) = (
        words(answers[1], 1, "price0CumulativeLast"),
        words(answers[2], 1, "price1CumulativeLast"),
    )
    first, second = (a, b) if int(a.address, 16) < int(b.address, 16) else (b, a)
    touched = PairState(
        first.symbol, second.symbol, reserve_0, reserve_1, cumulative_0, cumulative_1, at_s - (at_s - touched_s) % 2**32
    )
    return brought_up_to(touched, at_s)


def _arrived(found: Iterable[Transfer]) -> dict[str, tuple[int, ...]]:
    arrived: dict[str, tuple[int, ...]] = {}
    for transfer in found:
        arrived[transfer.recipient] = (*arrived.get(transfer.recipient, ()), transfer.amount)
    return arrived
