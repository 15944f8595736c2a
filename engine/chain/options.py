"""What the operator may set of the EVM chain that drift and hub act on."""

from __future__ import annotations

from engine.core.options import Options, Risk, option


class ChainOptions(Options, section="chain"):
    """Which chain, and how long a transaction is watched. The node's address is a secret: it is in the keyring."""

    chain_id: int = option(
        1,
        ge=1,
        le=2**53,
        restart=True,
        risk=Risk.ACCESS,
        text="The number of the chain; a node that is on another one is refused. PAPER has a chain of its own.",
    )
    confirmations: int = option(
        4,
        ge=1,
        le=64,
        unit="blocks",
        restart=True,
        risk=Risk.TIMING,
        text="Blocks until a transaction is final, its own included: one more than a reorganisation may take back.",
    )
    replace_after_blocks: int = option(
        2,
        ge=1,
        le=64,
        unit="blocks",
        restart=True,
        risk=Risk.TIMING,
        text="How long a transaction with too low fees waits before the same one is sent at higher fees.",
    )
    deadline_s: float = option(
        10.0, gt=0, le=120, unit="s", restart=True, risk=Risk.TIMING, text="How long the node may take to answer."
    )
