"""Has owners sign delegations, each as an intent of its own: in the journal before it is made, and never twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from engine.chain.delegation import Delegation, delegation_digest, delegation_hash
from engine.core.gate import Delivered, Gate, Intent, Rejection
from engine.core.modes import Exposure
from engine.drift.messages import HeldAtGate, OnItsWay, OwnerKeyMissing
from engine.drift.ports import OrderRefused

ENGINE, SIGN = "drift", "drift.sign"


class Owner(Protocol):
    """Signs delegations for accounts; the key is somewhere else."""

    async def sign_digest(self, digest: bytes) -> bytes:
        """The signature, 65 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class SignDelegation:
    """The payload of the intent: for which account, what it lets happen, and the delegation's own hash."""

    portfolio: str
    account: str
    delegation: str
    lets: Any


class Signing:
    """owners: who signs, by account."""

    def __init__(self, gate: Gate, owners: Mapping[str, Owner], chain_id: int, manager: str) -> None:
        self._gate = gate
        self._owners = {account.lower(): owner for account, owner in owners.items()}
        self._chain_id = chain_id
        self._manager = manager
        self._to_sign: dict[str, bytes] = {}
        self._signatures: dict[str, bytes] = {}
        gate.connect(SIGN, self._sign)

    def has_key(self, account: str) -> bool:
        """Whether the owner's key is here."""
        return account.lower() in self._owners

    async def signed(self, name: str, portfolio: str, delegation: Delegation, lets: Any) -> Delegation:
        """The delegation with its owner's signature. name: of the intent, for ever. Raises OrderRefused."""
        named = f"0x{delegation_hash(delegation).hex()}"
        intent = Intent(
            key=name,
            engine=ENGINE,
            kind=SIGN,
            exposure=Exposure.OPENS,
            payload=SignDelegation(portfolio, delegation.delegator, named, lets),
            reason=OnItsWay(name),
        )
        self._to_sign[name] = delegation_digest(delegation, self._chain_id, self._manager)
        try:
            outcome = await self._gate.send(intent)
        finally:
            del self._to_sign[name]
        if isinstance(outcome, Delivered):
            return delegation.signed(self._signatures.pop(name))
        raise OrderRefused(HeldAtGate(outcome.reason))

    async def _sign(self, intent: Intent) -> str:
        """The port. The signature itself stays out of the journal; the answer names it only."""
        owner = self._owners.get(intent.payload.account.lower())
        if owner is None:
            raise Rejection(OwnerKeyMissing(intent.payload.account))
        self._signatures[intent.key] = await owner.sign_digest(self._to_sign[intent.key])
        return "signed"
