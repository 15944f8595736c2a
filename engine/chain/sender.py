"""One sending account: seals, sends and watches one transaction at a time, and forgets nothing (hub spec 15).

Before anything leaves, the life with its signed bytes is in the journal, in one commit with the intent that lets it
leave by the gate. After a crash the same bytes are sent again or their receipt is read; an intent's key never gets a
second nonce.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import TypeAdapter

from engine.chain.gas import BLOCKS, PERCENTILE, gas_quote
from engine.chain.life import (
    Fees,
    Inclusion,
    Life,
    LifeRules,
    Seal,
    SealAt,
    Send,
    Stage,
    Step,
    View,
    answered,
    sealed,
    step,
)
from engine.chain.rpc import NodeRefused, NodeSilent, Rpc, whole
from engine.core.clock import Clock
from engine.core.gate import Delivered, Gate, Intent, NoAnswer, Rejection
from engine.core.journal import AlreadyRecorded, Batch, Fact, Journal, Memory
from engine.core.messages import Reason, plain
from engine.core.modes import Exposure

ENGINE = "chain"
BROADCAST = "chain.broadcast"
CARRIED = "carried"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 64.0
_LIFE = TypeAdapter(Life)
_KNOWN_WORDS = ("already known", "already imported", "known transaction")


@dataclass(frozen=True, slots=True)
class ChainCall:
    """What an intent asks of the chain. data: hex. cap_wei: the most that one gas may cost. until_s: when it has not
    been signed by a block of that time, it never is; 0 for no bound."""

    key: str
    to: str
    data: str
    value_wei: int
    gas_limit: int
    cap_wei: int
    until_s: int = 0


@dataclass(frozen=True, slots=True)
class Broadcast:
    """The payload of an intent that leaves by the gate: which bytes of which call."""

    call_key: str
    hash: str
    raw: str


@dataclass(frozen=True, slots=True)
class Carries(Reason, code="chain.carries"):
    """It carries the intent `key`, at these fees."""

    key: str
    max_fee_wei: int
    priority_wei: int


@dataclass(frozen=True, slots=True)
class NodeSaid(Reason, code="chain.node_said"):
    """The node's own words."""

    words: str


@dataclass(frozen=True, slots=True)
class CallExpired(Reason, code="chain.call_expired"):
    """It could not be signed in time, for its fees were above the cap; nothing of it left."""

    until_s: int


class NotCarriedOut(RuntimeError):
    """A call ended without success; `reason` says how."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Busy(RuntimeError):
    """The account has a transaction under way; a second one waits for its end."""


class Spent(RuntimeError):
    """The key had its nonce before, and its life has ended: it never gets a second one."""


class Signer(Protocol):
    """Holds the account's key."""

    address: str

    async def sign(self, call: ChainCall, nonce: int, fees: Fees, chain_id: int) -> tuple[str, str]:
        """Hash and bytes of the signed transaction, both as hex with 0x."""
        ...


class WrongChain(RuntimeError):
    """The node is on another chain than the one that was configured."""


class Sender:
    """One account on one chain. `start` first; then `submit` a call, and `look` now and again until it has ended.

    purpose: a word that tells senders of one gate apart. outlet: where transactions are sent to, when that is another
    node than the one that is read: a private one, so that nobody sees them before they are mined.
    """

    def __init__(
        self,
        *,
        purpose: str,
        rpc: Rpc,
        signer: Signer,
        chain_id: int,
        gate: Gate,
        journal: Journal,
        clock: Clock,
        rules: LifeRules,
        outlet: Rpc | None = None,
    ) -> None:
        self._rpc = rpc
        self._outlet = outlet or rpc
        self._kind = f"{BROADCAST}.{purpose}"
        self._signer = signer
        self._chain_id = chain_id
        self._gate = gate
        self._journal = journal
        self._clock = clock
        self._rules = rules
        self._life: Life | None = None
        self._call: ChainCall | None = None
        self._sends = 0
        self._knocking = _Knocking()
        gate.connect(self._kind, self._broadcast)

    @property
    def life(self) -> Life | None:
        """The transaction under way, or the last one until it is forgotten."""
        return self._life

    async def start(self) -> None:
        """Check the chain and take up what an earlier run left. Raises WrongChain, NodeSilent or NodeRefused."""
        found = whole(await self._rpc.ask("eth_chainId"), "eth_chainId")
        if found != self._chain_id:
            raise WrongChain(f"expected chain {self._chain_id}, the node is on chain {found}")
        remembered = (await self._journal.recall(ENGINE, self._name)).get(self._name)
        self._life, self._call, self._sends = None, None, 0
        if remembered is not None:
            life: Life = _LIFE.validate_python(remembered["life"])
            # Whether the newest seal ever arrived is not known: it is sent again, which does no harm.
            self._life = life if life.ended else replace(life, sent_block=None)
            self._call = ChainCall(**remembered["call"])
            self._sends = remembered["sends"]

    async def submit(self, call: ChainCall) -> Life:
        """Begin the life of a call; nothing is signed or sent before the next look. Raises Busy or Spent.

        A call that was submitted before goes on where it is: its key never gets a second nonce.
        """
        if self._life is not None and self._life.key == call.key:
            return self._life
        if self._life is not None:
            raise Busy(f"{self._life.key} is under way, or has ended and was not forgotten")
        count = await self._rpc.ask("eth_getTransactionCount", self._signer.address, "latest")
        life = Life(call.key, whole(count, "nonce"), call.cap_wei)
        carried = Fact(ENGINE, CARRIED, f"{self._name}/{call.key}", {"nonce": life.nonce}, self._clock.now())
        try:
            await self._journal.commit(Batch(remember=(self._memory(life, call, 0),), facts=(carried,)))
        except AlreadyRecorded:
            raise Spent(f"{call.key} had its transaction already; what is to be done again needs another key") from None
        self._life, self._call, self._sends = life, call, 0
        return life

    async def carried_out(self, call: ChainCall, look_every_s: float = 1.0) -> str:
        """Submit one call and wait until it is final; returns its hash. What an earlier run left ends first.

        Raises NotCarriedOut when it ended badly, NodeSilent, NodeRefused or WrongChain; asked again it goes on.
        """
        if self._life is None:
            await self.start()
        if self._life is not None and self._life.key != call.key:
            await self._ended(look_every_s)
            await self._gate.admit([], remember=[self.forgotten()])
        await self.submit(call)
        step = await self._ended(look_every_s)
        await self._gate.admit([], remember=[self.forgotten()])
        if step.life.inclusion is None or not step.life.inclusion.succeeded:
            raise NotCarriedOut(step.reason)
        return step.life.inclusion.hash

    async def _ended(self, look_every_s: float) -> Step:
        while True:
            step = await self.look()
            assert step is not None
            if step.life.ended:
                return step
            await self._clock.sleep(look_every_s)

    def forgotten(self) -> Memory:
        """For the commit that books what came of an ended life; after it, the account is free."""
        if self._life is None or not self._life.ended:
            raise Busy("only a life that has ended is forgotten")
        self._life, self._call = None, None
        return Memory(ENGINE, self._name, None, self._clock.now())

    async def look(self) -> Step | None:
        """One look at the chain, and what follows from it. Raises NodeSilent or NodeRefused; nothing is lost then."""
        if self._life is None:
            return None
        view, block_s = await self._view(self._life)
        found = step(self._life, view, self._rules)
        if self._is_too_late(found.life, block_s):
            found = Step(replace(found.life, stage=Stage.FAILED), (), CallExpired(self._until_s))
        if found.life != self._life:
            self._life = found.life
            await self._gate.admit([], remember=[self._memory_now()])
        reason = found.reason
        for action in found.actions:
            reason = await self._carry_out(action) or reason
        if self._life.ended:
            await self._settle(self._life, reason)
        return Step(self._life, found.actions, reason)

    async def _carry_out(self, action: SealAt | Send) -> Reason | None:
        """Returns what keeps it from the node; None when the node has it."""
        assert self._life is not None
        assert self._call is not None
        held = self._gate.holds(Exposure.OPENS)
        if held is not None:
            return held
        if isinstance(action, Send):
            return await self._send(action.seal)
        signed = await self._signer.sign(self._call, self._life.nonce, action.fees, self._chain_id)
        seal = Seal(action.fees, *signed)
        self._life = sealed(self._life, seal)
        return await self._send(seal)

    async def _send(self, seal: Seal) -> Reason | None:
        """Remember, then let it leave: one commit holds the bytes and the intent that lets them go."""
        assert self._life is not None
        now_s = self._clock.now()
        if not self._knocking.is_due(seal, now_s):
            return self._knocking.said
        self._sends += 1
        intent = Intent(
            key=f"{self._life.key}/{self._life.nonce}.{self._sends}",
            engine=ENGINE,
            kind=self._kind,
            exposure=Exposure.OPENS,
            payload=Broadcast(self._life.key, seal.hash, seal.raw),
            reason=Carries(self._life.key, seal.fees.max_fee_wei, seal.fees.priority_wei),
        )
        (held,) = await self._gate.admit([intent], remember=[self._memory_now()])
        outcome = held or await self._gate.deliver(intent)
        if isinstance(outcome, Delivered):
            self._life = answered(self._life, seal, outcome.answer)
        said = None if isinstance(outcome, Delivered) else outcome.reason
        self._knocking = self._knocking.after(seal, now_s, said)
        return said

    async def _settle(self, life: Life, why: Reason) -> None:
        """Of every sending whose answer was lost, it is known now what came of it."""
        for row in await self._journal.unresolved(ENGINE):
            if row.kind == self._kind and row.payload["call_key"] == life.key:
                mined = life.inclusion is not None and row.payload["hash"] == life.inclusion.hash
                self._gate.settle(row.key, "delivered" if mined else "rejected", plain(why))

    async def _broadcast(self, intent: Intent) -> int:
        """The port: returns the head at which the node had the bytes. Raises Rejection or NoAnswer."""
        try:
            (sent,) = await self._outlet.ask_all([("eth_sendRawTransaction", [intent.payload.raw])])
            (head,) = await self._rpc.ask_all([("eth_blockNumber", [])])
        except NodeSilent as silence:
            raise NoAnswer(NodeSaid(str(silence))) from None
        if isinstance(sent, NodeRefused) and not _is_known(sent):
            raise Rejection(NodeSaid(str(sent)))
        if isinstance(head, NodeRefused):
            raise NoAnswer(NodeSaid(str(head)))
        return whole(head, "eth_blockNumber")

    @property
    def _until_s(self) -> int:
        return 0 if self._call is None else self._call.until_s

    def _is_too_late(self, life: Life, block_s: int) -> bool:
        """Only what was never signed is given up: its nonce is free, and nothing of it can ever be mined."""
        return not life.ended and not life.seals and 0 < self._until_s < block_s

    async def _view(self, life: Life) -> tuple[View, int]:
        """What the chain shows of this life, and the time of its newest block."""
        calls: list[tuple[str, list[Any]]] = [
            ("eth_feeHistory", [hex(BLOCKS), "latest", [PERCENTILE]]),
            ("eth_getTransactionCount", [self._signer.address, "latest"]),
            ("eth_getBlockByNumber", ["latest", False]),
            *(("eth_getTransactionReceipt", [seal.hash]) for seal in life.seals),
        ]
        answers = await self._rpc.ask_all(calls)
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        gas = gas_quote(answers[0], self._clock.now())
        block_s = block_time_s(answers[2])
        head = whole(answers[2].get("number"), "number")
        receipts = [_inclusion(receipt) for receipt in answers[3:] if receipt is not None]
        view = View(
            head=head,  # the fees may be of a block that is older: nodes count them a little later
            next_base_fee_wei=gas.base_fee_wei,
            priority_wei=max(1, gas.priority_wei),
            account_nonce=whole(answers[1], "eth_getTransactionCount"),
            inclusions={one.hash: one for one in receipts},
        )
        return view, block_s

    @property
    def _name(self) -> str:
        return f"life/{self._kind}/{self._chain_id}/{self._signer.address}"

    def _memory_now(self) -> Memory:
        assert self._life is not None
        assert self._call is not None
        return self._memory(self._life, self._call, self._sends)

    def _memory(self, life: Life, call: ChainCall, sends: int) -> Memory:
        value = {"life": _LIFE.dump_python(life, mode="json"), "call": plain(call), "sends": sends}
        return Memory(ENGINE, self._name, value, self._clock.now())


@dataclass(frozen=True, slots=True)
class _Knocking:
    """How often the same bytes are tried, so that hours without an answer leave few rows: new ones at once, then after
    one second, two, four, up to a minute. said: what the node or the gate said last, None when it was taken."""

    hash: str = ""
    tries: int = 0
    tried_s: float = 0.0
    said: Reason | None = None

    def is_due(self, seal: Seal, now_s: float) -> bool:
        if seal.hash != self.hash:
            return True
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self.tries - 1, 32), LONGEST_PAUSE_S)
        return not 0 <= now_s - self.tried_s < pause_s

    def after(self, seal: Seal, now_s: float, said: Reason | None) -> _Knocking:
        return _Knocking(seal.hash, self.tries + 1 if seal.hash == self.hash else 1, now_s, said)


def block_time_s(block: Any) -> int:
    """The time of a block, in seconds since the epoch. Raises NodeSilent when there is none."""
    if not isinstance(block, dict):
        raise NodeSilent(f"eth_getBlockByNumber: expected an object, got {type(block).__name__}")
    return whole(block.get("timestamp"), "timestamp")


def _is_known(refusal: NodeRefused) -> bool:
    """Saying that it has the bytes is as good as taking them."""
    return any(words in refusal.message.lower() for words in _KNOWN_WORDS)


def _inclusion(receipt: Any) -> Inclusion:
    if not isinstance(receipt, dict):
        raise NodeSilent(f"eth_getTransactionReceipt: expected an object, got {type(receipt).__name__}")
    return Inclusion(
        hash=str(receipt.get("transactionHash")),
        block_number=whole(receipt.get("blockNumber"), "blockNumber"),
        block_hash=str(receipt.get("blockHash")),
        succeeded=whole(receipt.get("status"), "status") == 1,
        gas_used=whole(receipt.get("gasUsed"), "gasUsed"),
        gas_price_wei=whole(receipt.get("effectiveGasPrice"), "effectiveGasPrice"),
    )
