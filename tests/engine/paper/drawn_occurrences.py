"""Everything that can happen at the paper exchange, drawn."""

from decimal import Decimal

from hypothesis import strategies as st

from engine.paper import acts
from engine.paper.acts import (
    Change,
    Funds,
    Manual,
    OnKey,
    OnOrders,
    PriceMove,
    Rotation,
    Rule,
    Shift,
    State,
)
from engine.paper.occurrences import PAIR_STATUSES, SYSTEM_STATUSES, Occurrence

amounts = st.decimals(Decimal("0.00000001"), 1000, places=8) | st.decimals(
    Decimal("0.000000000001"), Decimal(10) ** 12 - 1, places=12
)
seconds = st.one_of(st.integers(1, 10**6).map(float), st.integers(1, 10**6).map(lambda thousandths: thousandths / 1000))
means = st.integers(60, 10**5).map(float)
signed = st.builds(Change, st.sampled_from(["+", "-"]), amounts, st.booleans())
absolute = st.builds(Change, st.just("="), amounts)
changes = signed | absolute
words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=8)
sides = st.sampled_from(["buy", "sell"])
other_pairs = st.sampled_from(["BTC/USD", "XRP/EUR"])
durations = st.none() | seconds
targets = st.sampled_from(acts.TARGETS)


def states(kind, values, lasts):
    return st.builds(State, st.just(kind), values, lasts)


every_act = st.one_of(
    st.builds(OnOrders, st.sampled_from(["amend", "move"]), targets, changes),
    st.builds(OnOrders, st.just("cancel"), targets, st.none(), st.none() | st.integers(1, 999)),
    st.builds(Manual, st.just("place"), sides, amounts, st.sampled_from(["base", "usd"]), st.none() | changes),
    st.builds(
        Manual,
        st.just("place"),
        sides,
        amounts,
        st.just("base"),
        absolute,
        other_pairs,
        st.none() | words,
        st.none() | words,
    ),
    st.builds(Manual, st.just("place"), sides, amounts, st.just("base"), st.just("market")),
    st.builds(Manual, st.just("trade"), sides, amounts, st.just("base"), absolute, other_pairs, st.none() | words),
    st.builds(Funds, st.sampled_from(["deposit", "withdraw", "earn", "unearn"]), words.map(str.upper), amounts),
    st.builds(
        Funds, st.sampled_from(["stake", "unstake"]), words.map(str.upper), amounts, st.sampled_from(["S", "M", "B"])
    ),
    st.builds(Rule, st.sampled_from(["minimum", "costmin"]), st.tuples(amounts)),
    st.builds(Rule, st.just("decimals"), st.tuples(st.integers(1, 7).map(Decimal))),
    st.builds(Rule, st.just("fee"), st.tuples(*[st.decimals(0, 100, places=2)] * 2)),
    states("status", st.sampled_from(SYSTEM_STATUSES), durations),
    states("pair-status", st.sampled_from(PAIR_STATUSES), durations),
    states("html", st.integers(500, 599).map(str), durations),
    states("text", st.just("429"), durations),
    states("second-program", means.map(acts.length), durations),
    states("silence", st.just(""), durations),
    st.builds(State, st.sampled_from(["lockout", "hang", "mute"]), st.just(""), seconds),
    st.builds(State, st.sampled_from(["lockout", "html", "status", "silence", "kfee"]), st.just("off")),
    states("kfee", st.just("on"), st.none()),
    st.builds(OnKey, st.sampled_from(["dead", "address", "live"])),
    st.builds(OnKey, st.just("dead"), st.just("EGeneral:Permission denied")),
    st.builds(OnKey, st.just("expires"), st.just(""), seconds),
    st.builds(Rotation),
    st.builds(Shift, st.just("nonce"), seconds),
    st.builds(Shift, st.just("clock"), seconds | seconds.map(lambda s: -s)),
    st.builds(PriceMove, changes),
)
occurrences = st.builds(Occurrence, every_act, seconds) | st.builds(Occurrence, every_act, means, st.just(True))
