"""Has the hub's entity sign batches, each as an intent of its own: in the journal before it is made, and never twice
(hub spec 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.core.gate import Delivered, Gate, Intent
from engine.core.modes import Exposure
from engine.hub.messages import OnItsWay
from engine.hub.ports import BatchOrder, NotSealed

ENGINE, SIGN = "hub", "hub.sign"


class HubSigner(Protocol):
    """Signs for the hub's entity as its one member; the key is somewhere else."""

    address: str

    async def sign_digest(self, digest: bytes) -> bytes:
        """The signature, 65 bytes: r, s and v of 27 or 28, with the lower s."""
        ...


@dataclass(frozen=True, slots=True)
class SealingIntent:
    """The payload of the intent: which number of the hub's, the hash that is signed, and what it lets happen."""

    nonce: int
    hash: str
    order: BatchOrder


class Sealing:
    """The hub's signatures, through the gate."""

    def __init__(self, gate: Gate, signer: HubSigner) -> None:
        self._gate = gate
        self._signer = signer
        self._signatures: dict[str, bytes] = {}
        gate.connect(SIGN, self._sign)

    async def signature(self, name: str, digest: bytes, nonce: int, order: BatchOrder) -> bytes:
        """Over a batch's hash. name: of the intent, for ever. Raises NotSealed."""
        intent = Intent(
            key=name,
            engine=ENGINE,
            kind=SIGN,
            exposure=Exposure.OPENS,
            payload=SealingIntent(nonce, f"0x{digest.hex()}", order),
            reason=OnItsWay(nonce),
        )
        outcome = await self._gate.send(intent)
        if isinstance(outcome, Delivered):
            return self._signatures.pop(name)
        raise NotSealed(outcome.reason)

    async def _sign(self, intent: Intent) -> str:
        """The port. The signature itself stays out of the journal; the answer names it only."""
        digest = bytes.fromhex(intent.payload.hash[2:])
        self._signatures[intent.key] = await self._signer.sign_digest(digest)
        return "signed"
