"""Calls of Uniswap V2's router and of ERC-20 tokens, to the byte (drift spec, "Facts")."""

from __future__ import annotations

from collections.abc import Sequence

from eth_abi.abi import encode
from eth_utils.crypto import keccak

APPROVE = keccak(text="approve(address,uint256)")[:4]
SWAP = keccak(text="swapExactTokensForTokens(uint256,uint256,address[],address,uint256)")[:4]


def approve_call(spender: str, amount: int) -> bytes:
    """Let `spender` take `amount` of the token that is called."""
    return APPROVE + encode(["address", "uint256"], [spender, amount])


def swap_call(amount_in: int, min_out: int, path: Sequence[str], recipient: str, deadline_s: int) -> bytes:
    """Sell exactly `amount_in` of the path's first token for at least `min_out` of its last."""
    return SWAP + encode(
        ["uint256", "uint256", "address[]", "address", "uint256"],
        [amount_in, min_out, list(path), recipient, deadline_s],
    )
