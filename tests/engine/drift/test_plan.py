"""Plans: legs, limits and a reason for each token (drift spec 6 to 10)."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.drift import reasons as why
from engine.drift.book import HEALTHY, USD, Book, Holding, Pool, unit_value, value_of_usd
from engine.drift.legs import Oversize, minimum_out
from engine.drift.plan import ONE_BPS, Action, Plan, Policy, plan
from tests.engine.drift.books import ANY_SIZE, random_book, triggered_books

UNTIL_EXACT = Policy()


def dollars(symbol: str, usd: str, target_bps: int, health: str = "HEALTHY") -> Holding:
    return Holding(symbol, 6, int(Decimal(usd) * 10**6), target_bps, unit_value(Decimal(1), 6), health)


def pool(a: str, b: str, usd: int) -> Pool:
    return Pool(a, b, usd * 10**6, usd * 10**6)


def kinds(made: Plan, at: int) -> set[type]:
    return {type(reason) for reason in made.reasons[at]}


def test_a_portfolio_within_the_threshold_is_left_alone() -> None:
    """Seed: NO_REBALANCE, all tokens within drift tolerance."""
    made = plan(Book((dollars("A", "1100", 5000), dollars("B", "900", 5000))), UNTIL_EXACT)
    assert (made.action, made.legs) == (Action.NO_REBALANCE, ())
    assert kinds(made, 0) == {why.WithinThreshold}


def test_the_plan_uses_every_token_outside_its_destination_and_not_only_those_beyond_the_threshold() -> None:
    """Spec 6: 60/10/10/10/10 held at 55/15/10/10/10 never trades under the seed's filter on both sides."""
    held = ("5500", "1500", "1000", "1000", "1000")
    targets = (6000, 1000, 1000, 1000, 1000)
    book = Book(tuple(dollars(f"T{at}", usd, bps) for at, (usd, bps) in enumerate(zip(held, targets, strict=True))))
    made = plan(book, UNTIL_EXACT)
    assert [(leg.sell, leg.buy, leg.usd) for leg in made.legs] == [("T1", "T0", Decimal(500))]
    assert max(map(abs, made.residual_drifts)) < ONE_BPS


def test_a_full_exit_leaves_0_base_units() -> None:
    """Spec 2; issue 4, 2."""
    exit_token = Holding("X", 18, 123_456_789_012_345_678_901, 0, unit_value(Decimal("7.77"), 18))
    book = Book(
        (dollars("A", "1000", 6000), dollars("B", "700", 4000), exit_token),
        (pool("A", "B", 10**7), Pool("X", "A", 10**24, 777 * 10**10), Pool("X", "B", 10**24, 777 * 10**10)),
    )
    made = plan(book, UNTIL_EXACT)
    assert sum(leg.amount_in for leg in made.legs if leg.sell == "X") == exit_token.balance
    assert made.residual_drifts[2] == 0.0


def test_a_trade_below_the_minimum_is_left_out_and_said() -> None:
    """Spec 8."""
    made = plan(Book((dollars("A", "120", 5000), dollars("B", "80", 5000))), UNTIL_EXACT)
    assert made.action is Action.BLOCKED
    assert why.BelowMinimum(Decimal(20), Decimal(50)) in made.reasons[0]
    assert why.BelowMinimum(Decimal(20), Decimal(50)) in made.reasons[1]


def test_of_equally_few_swaps_those_that_are_not_dust_are_taken() -> None:
    held = ("2000", "1500", "20", "480")
    targets = (2500, 2500, 2500, 2500)
    book = Book(tuple(dollars(f"T{at}", usd, bps) for at, (usd, bps) in enumerate(zip(held, targets, strict=True))))
    made = plan(book, UNTIL_EXACT)
    assert len(made.legs) == 3
    assert min(leg.usd for leg in made.legs) >= 50


def test_a_trade_above_the_maximum_is_sliced() -> None:
    """Spec 8."""
    made = plan(Book((dollars("A", "140000", 5000), dollars("B", "60000", 5000))), UNTIL_EXACT)
    assert [leg.usd for leg in made.legs] == [Decimal(10_000)]
    assert why.Sliced(Decimal(40_000), Decimal(10_000)) in made.reasons[0]


def test_skipping_what_is_too_large_never_trades_a_large_portfolio_and_says_so() -> None:
    """Spec 8: the seed's literal rule, under which 50/50 above 133,333 dollars never trades once triggered."""
    policy = Policy(oversize=Oversize.SKIP)
    made = plan(Book((dollars("A", "80001", 5000), dollars("B", "53333", 5000))), policy)
    assert made.action is Action.BLOCKED
    assert why.AboveMaximum in kinds(made, 0)
    assert why.AboveMaximum in kinds(made, 1)


def test_a_slice_leaves_no_rest_that_is_too_small_to_trade() -> None:
    """Spec 2 and 8: else the end of an exit would stay for ever."""
    made = plan(Book((dollars("A", "1000", 10_000), dollars("X", "10020", 0))), UNTIL_EXACT)
    assert [leg.usd for leg in made.legs] == [Decimal(9_970)]


def test_an_unhealthy_token_is_not_traded_and_the_others_share_out_the_rest() -> None:
    """Spec 5."""
    book = Book((dollars("A", "3000", 2500), dollars("B", "1000", 2500), dollars("X", "6000", 5000, "OFF_PEG")))
    made = plan(book, UNTIL_EXACT)
    assert [(leg.sell, leg.buy, leg.usd) for leg in made.legs] == [("A", "B", Decimal(1000))]
    assert made.reasons[2] == (why.Unhealthy("OFF_PEG"),)
    assert why.DestinationMoved in kinds(made, 0)


def test_without_anything_to_buy_an_exit_waits_and_says_so() -> None:
    book = Book((dollars("A", "3000", 10_000, "PAUSED"), dollars("X", "6000", 0)))
    made = plan(book, UNTIL_EXACT)
    assert made.action is Action.BLOCKED
    assert made.reasons[1][0] == why.NothingToBuy()


def test_a_missing_price_blocks_the_portfolio_with_the_reason_at_each_token() -> None:
    """Spec 3."""
    made = plan(Book((dollars("A", "60", 5000), Holding("B", 18, 1, 5000, None))), UNTIL_EXACT)
    assert made.action is Action.BLOCKED
    assert made.reasons == ((why.WaitsForPrices("B"),), (why.PriceMissing(),))


def test_tokens_without_a_way_to_each_other_settle_among_those_that_have_one() -> None:
    """Spec 5, no pool."""
    held = (("A", "3000"), ("B", "1000"), ("C", "4000"), ("D", "2000"))
    book = Book(
        tuple(dollars(symbol, usd, 2500) for symbol, usd in held), (pool("A", "B", 10**7), pool("C", "D", 10**7))
    )
    made = plan(book, UNTIL_EXACT)
    assert {(leg.sell, leg.buy) for leg in made.legs} == {("A", "B"), ("C", "D")}
    assert why.DestinationMoved in kinds(made, 0)


def test_a_leg_without_a_pool_of_its_own_goes_through_another_token() -> None:
    book = Book(
        (dollars("A", "3000", 3000), dollars("B", "4000", 3500), dollars("C", "3000", 3500)),
        (pool("A", "B", 10**7), pool("A", "C", 10**7)),
    )
    (leg,) = plan(book, Policy(threshold=Decimal("0.1"))).legs
    assert leg.path == ("B", "A", "C")


def test_a_leg_that_would_move_its_pool_too_far_is_cut_to_the_limit() -> None:
    """Spec 9."""
    book = Book((dollars("A", "15000", 5000), dollars("B", "5000", 5000)), (pool("A", "B", 50_000),))
    made = plan(book, UNTIL_EXACT)
    (leg,) = made.legs
    assert 0.0499 < leg.price_impact <= 0.05
    assert why.ImpactTooHigh in kinds(made, 0)
    assert why.EndsOutside in kinds(made, 1)


def test_legs_that_share_a_pool_are_quoted_one_after_the_other() -> None:
    """Spec 7: on moving reserves."""
    book = Book(
        (dollars("A", "9000", 3400), dollars("B", "3000", 3300), dollars("C", "3000", 3300)),
        (pool("A", "B", 10**6), pool("B", "C", 10**6)),
    )
    made = plan(book, UNTIL_EXACT)
    reserves = {("A", "B"): [10**12, 10**12], ("B", "C"): [10**12, 10**12]}
    for leg in made.legs:
        amount = leg.amount_in
        for sell, buy in zip(leg.path, leg.path[1:], strict=False):
            pair = reserves[sell, buy]
            out = amount * 997 * pair[1] // (pair[0] * 1000 + amount * 997)
            pair[0] += amount
            pair[1] -= out
            amount = out
        assert leg.quote_out == amount
    assert len(made.legs) == 2


def test_with_pools_every_token_ends_inside_its_destination_or_the_plan_says_why_not() -> None:
    """Issue 4, 3, on random books with pools of several depths."""
    policy = Policy(destination_band=Decimal("0.5"), max_trade_usd=Decimal(10**7))
    outside = 0
    for book in triggered_books(3, 500, policy, pools=True):
        made = plan(book, policy)
        for at, drift in enumerate(made.residual_drifts):
            if abs(drift) > float(policy.band) + ONE_BPS:
                outside += 1
                assert kinds(made, at) & {why.EndsOutside, why.Unhealthy}
    assert outside <= 10


@given(st.integers(0, 10**9), st.integers(2, 8), st.booleans(), st.sampled_from(["0", "0.3", "0.9"]))
def test_no_leg_passes_a_limit_and_every_triggered_token_has_a_reason(
    seed: int, tokens: int, pools: bool, band: str
) -> None:
    """Spec 8 to 10."""
    book = random_book(random.Random(seed), tokens, usd=random.Random(seed).choice((300, 10**5, 10**7)), pools=pools)
    policy = Policy(destination_band=Decimal(band))
    made = plan(book, policy)
    sold: dict[str, int] = {}
    for leg in made.legs:
        assert Decimal("49.99") <= leg.usd <= policy.max_trade_usd
        assert leg.price_impact <= policy.max_impact
        assert 0 < leg.min_out <= leg.quote_out
        sold[leg.sell] = sold.get(leg.sell, 0) + leg.amount_in
    for holding, reasons in zip(book.holdings, made.reasons, strict=True):
        assert sold.get(holding.symbol, 0) <= holding.balance
        assert reasons
    assert {leg.sell for leg in made.legs}.isdisjoint({leg.buy for leg in made.legs})


def test_min_out_equals_exact_rationals() -> None:
    """Spec 9; issue 4, 2: 1,000,000 random inputs, in integers throughout."""
    chance = random.Random(5)
    for _ in range(1_000_000):
        quote, price_quote = chance.getrandbits(90), chance.getrandbits(90)
        slippage = chance.randrange(0, 5000)
        found = minimum_out(quote, price_quote, slippage)
        exact = min(quote, price_quote) * (10_000 - slippage)
        assert found * 10_000 <= exact < (found + 1) * 10_000


def test_min_out_is_floored_where_a_float_would_round() -> None:
    """Spec 9: the seed's Number() loses the last digits of 18-decimal amounts."""
    assert minimum_out(10**24 + 1, 10**24 + 1, 1) == int(Fraction((10**24 + 1) * 9_999, 10_000))


def test_values_are_exact_at_any_decimals() -> None:
    assert unit_value(Decimal("0.00000812345678901234"), 18) * 10**18 == value_of_usd(Decimal("0.00000812345678901234"))
    assert unit_value(Decimal(1), 0) == USD
    assert ANY_SIZE["min_trade_usd"] == 0


COARSE = (("WETH", 18, "3000"), ("USDC", 6, "1"), ("WBTC", 8, "60000"), ("BIG", 0, "100000"))


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from(["1", "1.000000003", "1.4", "0.7"]), st.integers(-1, 1)),
             min_size=4, max_size=4),
    st.sampled_from([Decimal(0), Decimal(50)]),
    st.booleans(),
)  # fmt: skip
def test_tokens_whose_base_unit_is_worth_more_than_what_they_are_off_by_break_nothing(
    drawn: list[tuple[int, str, int]], min_trade_usd: Decimal, ill: bool
) -> None:
    """Seen: a transfer of less than one base unit, and a division by what is sold."""
    weights = [weight for weight, _, _ in drawn]
    targets = [weight * 10_000 // sum(weights) for weight in weights]
    targets[0] += 10_000 - sum(targets)
    holdings = []
    for (symbol, decimals, price), (_, off, units), bps in zip(COARSE, drawn, targets, strict=True):
        worth = Decimal(100_000) * bps / 10_000 * Decimal(off)
        balance = max(0, int(worth / Decimal(price) * 10**decimals) + units)
        health = "PAUSED" if ill and symbol == "WBTC" else HEALTHY
        holdings.append(Holding(symbol, decimals, balance, bps, unit_value(Decimal(price), decimals), health))
    made = plan(Book(tuple(holdings)), Policy(min_trade_usd=min_trade_usd, max_trade_usd=Decimal(10**6)))
    assert all(leg.amount_in > 0 and leg.min_out > 0 for leg in made.legs)
    assert all(made.reasons)
