"""A delegation that stands: an owner signs once, and plans go out without another signature until it is used up.

Opt-in, for it trusts the delegate's key with more than a plan does (drift spec 12). One delegation lets the delegate
approve the router, and nobody else, for the portfolio's tokens; one lets it swap there, with the account itself as the
recipient. Amounts out are not pinned: whoever has the delegate's key could sell at a price of their own making. So each
swap is bounded, token by token, the number of swaps is, and so is the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_abi.abi import decode

from engine.chain.delegation import (
    Caveat,
    Delegation,
    Execution,
    allowed_call_data,
    allowed_methods,
    allowed_targets,
    balance_may_fall,
    limited_calls,
    valid_between,
)
from engine.chain.uniswap import APPROVE, SWAP

SPENDER_AT, RECIPIENT_AT = 4, 100
_DELEGATIONS = "(address,address,bytes32,(address,bytes,bytes)[],uint256,bytes)[]"


@dataclass(frozen=True, slots=True)
class StandingEnforcers:
    """Where the caveats' contracts are."""

    allowed_targets: str
    allowed_methods: str
    allowed_calldata: str
    limited_calls: str
    timestamp: str
    erc20_balance_change: str


@dataclass(frozen=True, slots=True)
class StandingTerms:
    """What is let happen. most_by_token: base units that one swap may take, by the token's address; uses: swaps in all;
    until_s: of the chain's time."""

    account: str
    delegate: str
    router: str
    most_by_token: Mapping[str, int]
    uses: int
    until_s: int
    salt: int


def standing_delegations(terms: StandingTerms, at: StandingEnforcers) -> tuple[Delegation, Delegation]:
    """The two that the owner signs: for approvals, and for swaps. ValueError for terms without bounds."""
    if not terms.most_by_token or min(terms.most_by_token.values()) <= 0 or terms.uses <= 0 or terms.until_s <= 0:
        raise ValueError(f"a standing delegation has bounds above 0 for every token, uses and time, got {terms}")
    tokens = tuple(terms.most_by_token)
    bounds = (
        Caveat(at.timestamp, valid_between(0, terms.until_s)),
        Caveat(at.limited_calls, limited_calls(terms.uses)),
    )
    approvals = (
        Caveat(at.allowed_targets, allowed_targets(tokens)),
        Caveat(at.allowed_methods, allowed_methods([APPROVE])),
        Caveat(at.allowed_calldata, allowed_call_data(SPENDER_AT, _word(terms.router))),
        *bounds,
    )
    swaps = (
        Caveat(at.allowed_targets, allowed_targets([terms.router])),
        Caveat(at.allowed_methods, allowed_methods([SWAP])),
        Caveat(at.allowed_calldata, allowed_call_data(RECIPIENT_AT, _word(terms.account))),
        *bounds,
        *(
            Caveat(at.erc20_balance_change, balance_may_fall(token, terms.account, most))
            for token, most in terms.most_by_token.items()
        ),
    )
    return (
        Delegation(terms.delegate, terms.account, approvals, terms.salt),
        Delegation(terms.delegate, terms.account, swaps, terms.salt + 1),
    )


def redemptions_under(
    approvals: Delegation, swaps: Delegation, executions: Sequence[Execution]
) -> list[tuple[Delegation, Execution]]:
    """Each call of a plan under the one of the two that it needs; approvals and swaps come by turns."""
    return [((approvals, swaps)[at % 2], execution) for at, execution in enumerate(executions)]


def delegation_in(context: bytes) -> Delegation:
    """The delegation in a permission context of one. Raises eth_abi's DecodingError, ValueError."""
    ((row,),) = decode([_DELEGATIONS], context)
    delegate, delegator, authority, caveats, salt, signature = row
    return Delegation(delegate, delegator, tuple(Caveat(*caveat) for caveat in caveats), salt, authority, signature)


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])
