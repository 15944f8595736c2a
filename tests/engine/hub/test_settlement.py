"""What follows from a batch that was carried out, to the unit (hub spec 6)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.hub.fees import FeePolicy, GasMarket, GasSurplus, quote
from engine.hub.ledger import profit
from engine.hub.pulls import PullRequest
from engine.hub.records import BatchRecord, BatchStatus
from engine.hub.requests import Request
from engine.hub.settlement import GasPaid, gas_shares, record_of, whole_tokens
from engine.hub.tokens import GWEI, Token, usd_of_amount

NATIVE_USD = Decimal(3500)
TOKENS = {
    0: Token(0, 0, Decimal("7.5"), "COUPON"),
    1: Token(1, 6, Decimal(1), "USDC"),
    2: Token(2, 8, Decimal("61234.5"), "WBTC"),
    3: Token(3, 18, Decimal("0.997"), "DAI"),
}
requests = st.lists(
    st.tuples(st.sampled_from(sorted(TOKENS)), st.integers(1, 10**24), st.booleans()), min_size=1, max_size=10
)
paid = st.builds(GasPaid, st.integers(21_000, 2_000_000), st.integers(0, 500 * GWEI), st.just(NATIVE_USD))
nothing_paid = GasPaid(0, 0, NATIVE_USD)


def request(at: int, token_id: int, amount: int, gwei: int = 20) -> Request:
    fees = quote(amount, TOKENS[token_id], GasMarket(gwei * GWEI, NATIVE_USD), FeePolicy())
    return Request(f"r{at}", f"user {at}", token_id, fees, f"k{at}", 0.0)


def recorded(found: list[Request], pulls: list[PullRequest], gas: GasPaid, policy: FeePolicy) -> BatchRecord:
    shares = gas_shares(found, [False] * len(found), gas, TOKENS, policy)
    return record_of(
        nonce=1,
        status=BatchStatus.SETTLED,
        transaction_hash="0x1",
        pushes=[(one, share, used) for one, (share, used) in zip(found, shares, strict=True)],
        pulls=pulls,
        tokens=TOKENS,
        paid=gas,
        predicted_gas=1,
        sent_s=10.0,
        now_s=25.0,
    )


@given(requests, paid, st.sampled_from(GasSurplus))
def test_what_was_taken_for_gas_is_used_refunded_or_kept_and_the_hub_bears_what_lacks(
    asked: list[tuple[int, int, bool]], gas: GasPaid, surplus: GasSurplus
) -> None:
    found = [request(at, token_id, amount) for at, (token_id, amount, _) in enumerate(asked)]
    shares = gas_shares(found, [first for *_, first in asked], gas, TOKENS, FeePolicy(gas_surplus=surplus))
    assert sum(used for _, used in shares) == gas.gas_used
    for one, (share, _) in zip(found, shares, strict=True):
        kept = share.taken - min(share.used, share.taken) - share.refunded
        assert share.taken == one.fees.gas_taken
        assert kept >= 0
        assert share.refunded == (max(0, share.taken - share.used) if surplus is GasSurplus.REFUND else 0)
        assert share.shortfall == max(0, share.used - share.taken)
        assert profit(one.fees, share) == one.fees.hub_fee + kept - share.shortfall


@given(requests, paid)
def test_the_parts_cover_what_the_chain_took_and_pass_it_by_less_than_a_unit_each(
    asked: list[tuple[int, int, bool]], gas: GasPaid
) -> None:
    found = [request(at, token_id, amount) for at, (token_id, amount, _) in enumerate(asked)]
    shares = gas_shares(found, [first for *_, first in asked], gas, TOKENS, FeePolicy())
    usd = sum(
        (usd_of_amount(share.used, TOKENS[one.token_id]) for one, (share, _) in zip(found, shares, strict=True)),
        Fraction(0),
    )
    units = sum((usd_of_amount(1, TOKENS[one.token_id]) for one in found), Fraction(0))
    assert gas.cost_usd <= usd <= gas.cost_usd + units


def test_a_first_deposit_bears_the_gas_that_it_costs() -> None:
    found = [request(0, 1, 10**9), request(1, 1, 10**9)]
    gas = GasPaid(150_000, 10 * GWEI, NATIVE_USD)
    (first, first_gas), (later, later_gas) = gas_shares(found, [True, False], gas, TOKENS, FeePolicy())
    assert first_gas - later_gas == 17_100
    assert first.used > later.used


def test_what_somebody_elses_transaction_carried_costs_the_hub_nothing_and_all_gas_goes_back() -> None:
    found = [request(0, 1, 10**9)]
    ((share, gas),) = gas_shares(found, [False], nothing_paid, TOKENS, FeePolicy())
    assert (share.used, share.refunded, gas) == (0, found[0].fees.gas_taken, 0)


def test_a_batch_that_carried_nothing_has_no_shares() -> None:
    assert gas_shares([], [], GasPaid(100_000, GWEI, NATIVE_USD), TOKENS, FeePolicy()) == []


def test_the_worked_example_leaves_the_hub_ten_dollars() -> None:
    """Spec 4: 1000 at 50 gwei, carried out at the gas that was estimated."""
    found = [request(0, 1, 1000 * 10**6, gwei=50)]
    record = recorded(found, [], GasPaid(150_000, 50 * GWEI, NATIVE_USD), FeePolicy())
    assert (record.hub_fees_usd, record.gas_taken_usd, record.refunded_usd) == (10, Decimal("31.5"), Decimal("5.25"))
    assert record.gas_paid_usd == Decimal("26.25")
    assert record.profit_usd == 10
    assert record.waited_s == 15.0


@given(st.integers(1, 10**30), st.sampled_from(sorted(TOKENS)))
def test_what_counts_against_the_caps_is_never_rounded_down(amount: int, token_id: int) -> None:
    record = recorded([request(0, token_id, amount)], [], nothing_paid, FeePolicy())
    exact = usd_of_amount(amount, TOKENS[token_id])
    assert exact <= Fraction(record.pushed_usd) <= exact + Fraction(1, 10**12)


@given(st.integers(0, 10**40), st.sampled_from([0, 6, 8, 18]))
def test_whole_tokens_are_exact_however_many_digits_they_have(units: int, decimals: int) -> None:
    assert Fraction(whole_tokens(units, decimals)) == Fraction(units, 10**decimals)


def test_pulls_are_on_record_with_what_they_brought() -> None:
    pulls = [PullRequest("p", "anna", 2, 10**8, 4, 0.0, 1.0)]
    record = recorded([request(0, 1, 10**9)], pulls, nothing_paid, FeePolicy())
    assert [(one.user, one.symbol, one.amount) for one in record.pulls] == [("anna", "WBTC", Decimal(1))]
    assert record.pulled_usd == Decimal("61234.5")
