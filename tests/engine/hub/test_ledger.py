"""Who has paid whom: nothing is made and nothing is lost, whatever happens (hub spec 4 to 6; issue 5, 3)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.hub.fees import FeePolicy, GasMarket, GasShare, GasSurplus, quote, settle_gas
from engine.hub.ledger import Ledger, Party, Unbalanced, accepted, given_back, profit, settled
from engine.hub.tokens import GWEI, Token

MARKET = GasMarket(50 * GWEI, Decimal(3500))
DOLLAR = Token(1, 18, Decimal(1))
WHOLE = 10**18


def test_a_thousand_dollars_at_50_gwei_leave_the_hub_ten() -> None:
    """Spec 4: the worked example, carried out at the very gas that was estimated."""
    fees = quote(1000 * WHOLE, DOLLAR, MARKET, FeePolicy())
    assert fees.total == 1041 * WHOLE + WHOLE // 2
    gas = settle_gas(fees.gas_taken, 150_000 * 50 * GWEI, DOLLAR, Decimal(3500), FeePolicy())
    ledger = settled(accepted(Ledger(), 1, fees), 1, fees, gas)
    assert profit(fees, gas) == ledger.of(1, Party.HUB) == 10 * WHOLE
    assert ledger.of(1, Party.CHAIN) == 2625 * WHOLE // 100
    assert gas.refunded == 525 * WHOLE // 100
    assert ledger.of(1, Party.ESCROW) == 0


def test_a_hub_that_keeps_the_surplus_has_it_as_profit() -> None:
    fees = quote(1000 * WHOLE, DOLLAR, MARKET, FeePolicy(gas_surplus=GasSurplus.KEEP))
    keep = FeePolicy(gas_surplus=GasSurplus.KEEP)
    gas = settle_gas(fees.gas_taken, 100_000 * 50 * GWEI, DOLLAR, Decimal(3500), keep)
    ledger = settled(accepted(Ledger(), 1, fees), 1, fees, gas)
    assert ledger.of(1, Party.HUB) == profit(fees, gas) == 10 * WHOLE + 14 * WHOLE
    assert ledger.of(1, Party.USERS) == -fees.fees


def test_gas_beyond_what_was_taken_is_the_hubs_loss() -> None:
    fees = quote(100 * WHOLE, DOLLAR, MARKET, FeePolicy())
    gas = settle_gas(fees.gas_taken, 300_000 * 50 * GWEI, DOLLAR, Decimal(3500), FeePolicy())
    ledger = settled(accepted(Ledger(), 1, fees), 1, fees, gas)
    assert gas.shortfall == 21 * WHOLE
    assert ledger.of(1, Party.HUB) == profit(fees, gas) == WHOLE - 21 * WHOLE


def test_a_posting_that_does_not_sum_to_nothing_is_refused() -> None:
    with pytest.raises(Unbalanced, match="sum to 0"):
        Ledger().posted(1, {Party.HUB: 1})
    with pytest.raises(Unbalanced, match="escrow"):
        Ledger().posted(1, {Party.ESCROW: -1, Party.HUB: 1})


class Bookkeeping(RuleBasedStateMachine):
    """Requests of one token that are taken, given back or carried out, in any order."""

    @initialize(
        decimals=st.sampled_from([0, 6, 8, 18]),
        price=st.sampled_from(["1", "0.37", "61234.5"]),
        surplus=st.sampled_from(list(GasSurplus)),
    )
    def begin(self, decimals: int, price: str, surplus: GasSurplus) -> None:
        self.token = Token(1, decimals, Decimal(price))
        self.policy = FeePolicy(gas_surplus=surplus)
        self.ledger = Ledger()
        self.open: list = []
        self.earned = 0

    @rule(amount=st.integers(1, 10**24), gwei=st.integers(0, 500))
    def take(self, amount: int, gwei: int) -> None:
        fees = quote(amount, self.token, GasMarket(gwei * GWEI, Decimal(3500)), self.policy)
        self.ledger = accepted(self.ledger, 1, fees)
        self.open.append(fees)

    @precondition(lambda self: self.open)
    @rule()
    def give_back(self) -> None:
        self.ledger = given_back(self.ledger, 1, self.open.pop(0))

    @precondition(lambda self: self.open)
    @rule(gas=st.integers(20_000, 400_000), gwei=st.integers(0, 900))
    def carry_out(self, gas: int, gwei: int) -> None:
        fees = self.open.pop()
        share: GasShare = settle_gas(fees.gas_taken, gas * gwei * GWEI, self.token, Decimal(3500), self.policy)
        self.ledger = settled(self.ledger, 1, fees, share)
        self.earned += profit(fees, share)

    @invariant()
    def it_balances(self) -> None:
        if hasattr(self, "ledger"):
            assert self.ledger.total(1) == 0
            assert self.ledger.of(1, Party.ESCROW) == sum(fees.fees for fees in self.open)
            assert self.ledger.of(1, Party.HUB) == self.earned


Bookkeeping.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestBookkeeping = Bookkeeping.TestCase
