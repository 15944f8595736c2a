"""An account's key, and what it signs. The key is revealed here and nowhere else."""

from __future__ import annotations

import asyncio
from typing import Any

from engine.chain.life import Fees
from engine.chain.sender import ChainCall
from engine.core.secrets import Secret


class LocalSigner:
    """A key held in this process. `LocalSigner.of` makes one; both it and signing work in a thread."""

    def __init__(self, account: Any) -> None:
        self._account = account
        self.address: str = account.address

    @classmethod
    async def of(cls, key: Secret) -> LocalSigner:
        """Raises ValueError, without the key, when it is none."""
        return await asyncio.to_thread(cls._made, key)

    async def sign(self, call: ChainCall, nonce: int, fees: Fees, chain_id: int) -> tuple[str, str]:
        """Hash and bytes of an EIP-1559 transaction."""
        fields = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "to": call.to,
            "data": call.data,
            "value": call.value_wei,
            "gas": call.gas_limit,
            "maxFeePerGas": fees.max_fee_wei,
            "maxPriorityFeePerGas": fees.priority_wei,
        }
        signed = await asyncio.to_thread(self._account.sign_transaction, fields)
        return f"0x{signed.hash.hex().removeprefix('0x')}", f"0x{signed.raw_transaction.hex().removeprefix('0x')}"

    async def sign_digest(self, digest: bytes) -> bytes:
        """A signature of 32 bytes as they are, r, s and v: for what is hashed by its own rules, as EIP-712 is."""
        signed = await asyncio.to_thread(self._account.unsafe_sign_hash, digest)
        return bytes(signed.r.to_bytes(32, "big") + signed.s.to_bytes(32, "big") + bytes([signed.v]))

    @classmethod
    def _made(cls, key: Secret) -> LocalSigner:
        from eth_account import Account

        try:
            account = Account.from_key(key.reveal())
        except Exception:
            raise ValueError("expected a private key of 32 bytes as hex") from None
        return cls(account)
