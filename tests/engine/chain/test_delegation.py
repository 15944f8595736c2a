"""Delegations on the real contracts: what a plan's delegation lets happen, and everything else that it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from web3 import Web3

from engine.chain.delegation import (
    Caveat,
    Delegation,
    Execution,
    allowed_methods,
    allowed_targets,
    delegation_hash,
    disable_call,
)
from engine.chain.pinned import Swap, executions_of, pinned_delegation
from engine.chain.uniswap import APPROVE, SWAP, approve_call, swap_call
from engine.paper.chain_parts import call_data, load_contract
from tests.engine.chain.conftest import FAR_S, OWNER, LocalChain


def plan(
    chain: LocalChain, *legs: tuple[int, str, str], until_s: int = FAR_S
) -> tuple[list[Swap], tuple[Execution, ...], Delegation]:
    """Swaps, executions and the signed delegation of a plan."""
    swaps = [chain.swap(*leg) for leg in legs]
    executions = executions_of(swaps, chain.router, chain.account, FAR_S)
    delegation = pinned_delegation(
        swaps,
        executions,
        chain.enforcers,
        delegate=chain.delegate,
        account=chain.account,
        salt=1,
        until_s=until_s,
    )
    return swaps, executions, chain.sign(delegation)


def test_the_hash_of_a_delegation_is_the_managers_own(chain: LocalChain) -> None:
    _, _, delegation = plan(chain, (10, "USDC", "WETH"))
    asked = keccak(text="getDelegationHash((address,address,bytes32,(address,bytes,bytes)[],uint256,bytes))")[:4]
    data = asked + disable_call(delegation)[4:]
    answer = chain.node.ask("eth_call", {"to": chain.manager, "data": f"0x{data.hex()}"}, "latest")
    assert answer == f"0x{delegation_hash(delegation).hex()}"


def test_one_transaction_carries_a_plan_and_gives_what_was_quoted_to_the_base_unit(chain: LocalChain) -> None:
    """Issue 4, 3."""
    (leg,), executions, delegation = plan(chain, (10_000, "USDC", "WETH"))
    quoted, before, sold = chain.quote(leg), chain.balance("WETH"), chain.balance("USDC")
    assert chain.redeem(delegation, executions).succeeded
    assert chain.balance("WETH") - before == quoted
    assert sold - chain.balance("USDC") == leg.amount_in


@pytest.mark.parametrize("legs", [1, 2, 4])
def test_a_plan_takes_at_most_a_hundred_thousand_gas_and_225_thousand_a_leg(chain: LocalChain, legs: int) -> None:
    """Issue 4, 3: what a plan itself takes. The first trade of a pool in a second writes its averages as well."""
    at_s = int(chain.node.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16) + 10
    for pool in chain.parts.pools:
        chain.node.ask("evm_setNextBlockTimestamp", hex(at_s))
        assert chain.send(pool.address, call_data("sync()"), chain.stranger).succeeded
    wanted = [(1000, "USDC", "WETH"), (1000, "DAI", "USDC"), (1, "WBTC", "WETH"), (20, "LINK", "WETH")][:legs]
    _, executions, delegation = plan(chain, *wanted)
    chain.node.ask("evm_setNextBlockTimestamp", hex(at_s))
    receipt = chain.redeem(delegation, executions)
    assert receipt.succeeded
    assert receipt.gas_used <= 100_000 + 225_000 * legs


def refused(chain: LocalChain, delegation: Delegation, executions: object, sender: str | None = None) -> bool:
    before = [chain.balance(token.symbol) for token in chain.parts.tokens]
    receipt = chain.redeem(delegation, executions, sender)
    return not receipt.succeeded and before == [chain.balance(token.symbol) for token in chain.parts.tokens]


def test_a_foreign_spender_is_refused(chain: LocalChain) -> None:
    """Issue 4, 4."""
    (leg,), executions, delegation = plan(chain, (100, "USDC", "WETH"))
    foreign = replace(executions[0], call_data=approve_call(chain.delegate, leg.amount_in))
    assert refused(chain, delegation, (foreign, executions[1]))


def test_a_foreign_recipient_is_refused(chain: LocalChain) -> None:
    (leg,), executions, delegation = plan(chain, (100, "USDC", "WETH"))
    foreign = replace(executions[1], call_data=swap_call(leg.amount_in, 1, leg.path, chain.delegate, FAR_S))
    assert refused(chain, delegation, (executions[0], foreign))


def test_another_path_is_refused(chain: LocalChain) -> None:
    (leg,), executions, delegation = plan(chain, (100, "USDC", "WETH"))
    other = (leg.path[0], chain.parts.token("DAI").address)
    foreign = replace(executions[1], call_data=swap_call(leg.amount_in, 1, other, chain.account, FAR_S))
    assert refused(chain, delegation, (executions[0], foreign))


def test_a_larger_amount_is_refused(chain: LocalChain) -> None:
    _, _, delegation = plan(chain, (100, "USDC", "WETH"))
    larger = executions_of([chain.swap(101, "USDC", "WETH")], chain.router, chain.account, FAR_S)
    assert refused(chain, delegation, larger)


def test_a_second_redemption_is_refused(chain: LocalChain) -> None:
    _, executions, delegation = plan(chain, (100, "USDC", "WETH"))
    assert chain.redeem(delegation, executions).succeeded
    assert refused(chain, delegation, executions)


def test_after_its_time_it_is_refused(chain: LocalChain) -> None:
    now_s = int(chain.node.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    _, executions, delegation = plan(chain, (100, "USDC", "WETH"), until_s=now_s + 60)
    chain.node.ask("evm_increaseTime", 120)
    chain.node.ask("evm_mine")
    assert refused(chain, delegation, executions)


def test_another_redeemer_is_refused(chain: LocalChain) -> None:
    _, executions, delegation = plan(chain, (100, "USDC", "WETH"))
    assert refused(chain, delegation, executions, chain.stranger)


def test_a_revoked_delegation_is_refused(chain: LocalChain) -> None:
    _, executions, delegation = plan(chain, (100, "USDC", "WETH"))
    assert chain.send_as_account(chain.manager, disable_call(delegation)).succeeded
    assert refused(chain, delegation, executions)


def test_a_delegation_that_somebody_else_signed_is_refused(chain: LocalChain) -> None:
    _, executions, delegation = plan(chain, (100, "USDC", "WETH"))
    forged = delegation.signed(delegation.signature[:-2] + bytes([delegation.signature[-2] ^ 1]) + b"\x1b")
    assert refused(chain, forged, executions)


def test_the_sources_own_scope_of_targets_and_methods_lets_the_delegate_empty_the_account(chain: LocalChain) -> None:
    """Issue 4, 4, the control: under targets and methods alone, approving the attacker is allowed."""
    usdc = chain.parts.token("USDC")
    caveats = (
        Caveat(chain.parts.contracts["AllowedTargetsEnforcer"], allowed_targets([usdc.address, chain.router])),
        Caveat(chain.parts.contracts["AllowedMethodsEnforcer"], allowed_methods([APPROVE, SWAP])),
    )
    delegation = chain.sign(Delegation(chain.delegate, chain.account, caveats, salt=7))
    held = chain.balance("USDC")
    approval = chain.single(usdc.address, approve_call(chain.delegate, held))
    assert chain.redeem(delegation, approval).succeeded
    theft = call_data("transferFrom(address,address,uint256)", chain.account, chain.delegate, held)
    assert chain.send(usdc.address, theft, chain.delegate).succeeded
    assert chain.balance("USDC") == 0


def test_a_leg_without_a_lower_bound_is_never_built(chain: LocalChain) -> None:
    """Spec 9: amountOutMin is never 0."""
    with pytest.raises(ValueError, match="more than nothing"):
        executions_of([chain.swap(100, "USDC", "WETH", min_out=0)], chain.router, chain.account, FAR_S)


def test_a_smart_account_of_its_own_is_served_like_one_with_code_under_eip_7702(chain: LocalChain) -> None:
    """Issue 4: HybridDeleGator, owned by an ordinary key, behind a proxy."""
    begin = call_data("initialize(address,string[],uint256[],uint256[])", OWNER.address, [], [], [])
    creation = bytes.fromhex(load_contract("ERC1967Proxy")["bytecode"]) + encode(
        ["address", "bytes"], [chain.parts.contracts["HybridDeleGator"], begin]
    )
    made = {"from": chain.deployer, "data": f"0x{creation.hex()}", "gas": hex(3_000_000)}
    sent = chain.node.ask("eth_sendTransaction", made)
    while (receipt := chain.node.ask("eth_getTransactionReceipt", sent)) is None:
        chain.node.ask("evm_mine")
    account = Web3.to_checksum_address(receipt["contractAddress"])
    mint = call_data("mint(address,uint256)", account, 500 * 10**6)
    chain.send(chain.parts.token("USDC").address, mint, chain.deployer)
    swaps = [chain.swap(500, "USDC", "WETH")]
    executions = executions_of(swaps, chain.router, account, FAR_S)
    delegation = pinned_delegation(
        swaps, executions, chain.enforcers, delegate=chain.delegate, account=account, salt=1, until_s=FAR_S
    )
    quoted = chain.quote(swaps[0])
    assert chain.redeem(chain.sign(delegation), executions).succeeded
    assert chain.balance("WETH", account) == quoted
    assert chain.balance("USDC", account) == 0
