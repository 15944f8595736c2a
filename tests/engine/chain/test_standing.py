"""A delegation that stands, on the real contracts: what it lets happen, and what a leaked key cannot do (spec 12)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.chain.delegation import Delegation, permission_context, redeem_call
from engine.chain.pinned import executions_of
from engine.chain.standing import (
    StandingTerms,
    delegation_in,
    redemptions_under,
    standing_delegations,
)
from engine.chain.uniswap import approve_call, swap_call
from engine.paper.chain_parts import call_data
from tests.engine.chain.conftest import FAR_S, LocalChain, Receipt


def standing(chain: LocalChain, *, uses: int = 4, until_s: int = FAR_S) -> tuple[Delegation, Delegation]:
    """Up to 1,000 USDC or 1,000 DAI in one swap, signed."""
    most = {chain.parts.token("USDC").address: 1000 * 10**6, chain.parts.token("DAI").address: 1000 * 10**18}
    terms = StandingTerms(chain.account, chain.delegate, chain.router, most, uses, until_s, salt=5)
    approvals, swaps = standing_delegations(terms, chain.standing_enforcers)
    return chain.sign(approvals), chain.sign(swaps)


def carried_out(chain: LocalChain, pair: tuple[Delegation, Delegation], *legs: tuple[int, str, str]) -> Receipt:
    executions = executions_of([chain.swap(*leg) for leg in legs], chain.router, chain.account, FAR_S)
    return chain.send(chain.manager, redeem_call(redemptions_under(*pair, executions)), chain.delegate)


def refused(chain: LocalChain, pair: tuple[Delegation, Delegation], *calls: tuple[int, str, bytes]) -> bool:
    """Whether the contracts refuse each call, `(which of the two, target, data)`."""
    redemptions = [(pair[which], chain.single(target, data)) for which, target, data in calls]
    return not chain.send(chain.manager, redeem_call(redemptions), chain.delegate).succeeded


def test_several_plans_go_out_under_one_signature(chain: LocalChain) -> None:
    pair = standing(chain)
    assert carried_out(chain, pair, (500, "USDC", "WETH"), (500, "DAI", "USDC")).succeeded
    assert carried_out(chain, pair, (900, "USDC", "WETH")).succeeded


def test_it_is_used_up_after_so_many_swaps(chain: LocalChain) -> None:
    pair = standing(chain, uses=2)
    assert carried_out(chain, pair, (10, "USDC", "WETH"), (10, "USDC", "WETH")).succeeded
    assert not carried_out(chain, pair, (10, "USDC", "WETH")).succeeded


def test_no_swap_takes_more_of_a_token_than_its_bound(chain: LocalChain) -> None:
    assert not carried_out(chain, standing(chain), (1001, "USDC", "WETH")).succeeded


def test_a_leaked_key_can_approve_nobody_but_the_router(chain: LocalChain) -> None:
    usdc = chain.parts.token("USDC").address
    assert refused(chain, standing(chain), (0, usdc, approve_call(chain.delegate, 10**6)))
    assert not refused(chain, standing(chain), (0, usdc, approve_call(chain.router, 10**6)))


def test_a_leaked_key_can_send_what_a_swap_gives_to_nobody_else(chain: LocalChain) -> None:
    usdc, weth = chain.parts.token("USDC").address, chain.parts.token("WETH").address
    theft = swap_call(10**6, 1, (usdc, weth), chain.delegate, FAR_S)
    approve = approve_call(chain.router, 10**6)
    assert refused(chain, standing(chain), (0, usdc, approve), (1, chain.router, theft))


def test_a_leaked_key_can_call_nothing_else(chain: LocalChain) -> None:
    usdc = chain.parts.token("USDC").address
    transfer = call_data("transfer(address,uint256)", chain.delegate, 10**6)
    assert refused(chain, standing(chain), (0, usdc, transfer))
    assert refused(chain, standing(chain), (1, usdc, transfer))


def test_after_its_time_it_is_refused(chain: LocalChain) -> None:
    now_s = int(chain.node.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    assert not carried_out(chain, standing(chain, until_s=now_s - 1), (10, "USDC", "WETH")).succeeded


def test_terms_without_bounds_are_never_made(chain: LocalChain) -> None:
    good = StandingTerms(chain.account, chain.delegate, chain.router, {chain.account: 1}, 1, 1, 1)
    for change in ({"most_by_token": {}}, {"most_by_token": {chain.account: 0}}, {"uses": 0}, {"until_s": 0}):
        with pytest.raises(ValueError, match="bounds above 0"):
            standing_delegations(replace(good, **change), chain.standing_enforcers)  # type: ignore[arg-type]


def test_a_delegation_survives_the_way_through_its_permission_context(chain: LocalChain) -> None:
    _, swaps = standing(chain)
    found = delegation_in(permission_context(swaps))
    assert permission_context(found) == permission_context(swaps)
