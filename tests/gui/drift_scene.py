"""The drift engine's side of the scene: portfolios assessed, planned and booked by the engine's own pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.chain.life import Final
from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.messages import Acknowledged, Answer, Reason, Refused
from engine.drift.alerts import Alert, AlertKind
from engine.drift.analytics import attribution, summarise
from engine.drift.assessment import (
    Assessment,
    assess,
    cooldown_until,
    leg_views,
    order_of,
    plan_id,
    token_views,
)
from engine.drift.bookkeeping import record_of, sending_of
from engine.drift.cooldown import Rest
from engine.drift.messages import (
    AlertRaised,
    AwaitsConfirmation,
    ConfirmPlan,
    DismissPlan,
    DriftSnapshot,
    PlanIsAnother,
    PlanProposed,
    PlanView,
    PortfolioRow,
    PortfolioSnapshot,
    PortfolioState,
    Rebalanced,
    ShowPortfolio,
)
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Portfolio, Token
from engine.drift.ports import ChainLook, Ended
from engine.drift.prices import PairState, PriceReading
from engine.drift.records import RebalanceRecord, Sample, Status
from engine.drift.valuation import Valuation, book_of, valuation

CHAIN_ID = 31337
GAS = 165_000 + 153_000 * 3
GAS_PRICE_WEI = 12_500_000_000
NATIVE_USD = Decimal("3012.44")
DELEGATE = "0x5CbDd86a2FA8Dc4bDdd8a8f69dBa48572EeC07FB"
ACCOUNT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TOKENS = (
    Token("WETH", "0x" + "01" * 20, 18, "weth"),
    Token("USDC", "0x" + "02" * 20, 6, "usd-coin"),
    Token("DAI", "0x" + "03" * 20, 18, "dai", Decimal(1)),
    Token("WBTC", "0x" + "04" * 20, 8, "bitcoin"),
    Token("LINK", "0x" + "05" * 20, 18, "chainlink"),
)
PRICES = {
    "weth": Decimal("3012.44"),
    "usd-coin": Decimal("0.9998"),
    "dai": Decimal("1.0002"),
    "bitcoin": Decimal("61234.5"),
    "chainlink": Decimal("15.2137"),
    "ethereum": NATIVE_USD,
}
TARGETS = {"WETH": 3000, "USDC": 2000, "DAI": 2000, "WBTC": 2000, "LINK": 1000}
SHIFTED = {"WETH": "1.31", "USDC": "0.82", "DAI": "0.97", "WBTC": "0.93", "LINK": "0.66"}
"""How much is held of each target."""
LEVEL = dict.fromkeys(SHIFTED, "1.01")


def options(**changed: object) -> DriftOptions:
    """As in LIVE: a plan waits for a person."""
    return DriftOptions(**changed)  # type: ignore[arg-type]


def look(held: Mapping[str, str], at_s: float, total_usd: int = 60_000) -> ChainLook:
    """The account's balances, and pools that quote the prices above."""
    balances = []
    for token in TOKENS:
        usd = Decimal(total_usd) * TARGETS[token.symbol] / 10_000 * Decimal(held[token.symbol])
        balances.append(int(usd / PRICES[token.coin] * 10**token.decimals))
    pairs = tuple(_pair(a, b, at_s) for a, b in (("WETH", "USDC"), ("DAI", "USDC"), ("WBTC", "WETH"), ("LINK", "WETH")))
    return ChainLook(19_204_881, int(at_s) - 7, GAS_PRICE_WEI, {ACCOUNT: tuple(balances)}, pairs)


def _pair(a: str, b: str, at_s: float, depth_usd: int = 900_000) -> PairState:
    by_symbol = {token.symbol: token for token in TOKENS}
    one, other = (int(depth_usd / PRICES[by_symbol[name].coin] * 10 ** by_symbol[name].decimals) for name in (a, b))
    return PairState(a, b, one, other, 0, 0, int(at_s) - 7)


def valued(seen: ChainLook, chosen: DriftOptions, at_s: float, without: Sequence[str] = ()) -> Valuation:
    """Every token priced by both sources; those named in `without` have no second one."""
    readings = {coin: PriceReading(price, at_s - 20) for coin, price in PRICES.items() if coin not in without}
    return valuation(TOKENS, seen, (), readings, {}, chosen, "ethereum", at_s)


@dataclass
class DriftScene:
    """An engine that tells what it is told to tell, and answers as the engine does."""

    bus: Bus
    clock: ManualClock
    asked: list[object] = field(default_factory=list)
    rows: dict[str, PortfolioRow] = field(default_factory=dict)
    told: dict[str, PortfolioSnapshot] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for kind in (ConfirmPlan, DismissPlan, ShowPortfolio):
            self.bus.handle(kind, self._answer)

    def tell(self) -> None:
        """Four portfolios: one waits for a person, one is blocked, one rests, one is calm; then the engine."""
        now_s = self.clock.now()
        for step in range(120, 0, -1):
            at_s = now_s - 30.0 * step
            wave = 0.06 + 0.05 * math.sin(step / 14) + 0.002 * (120 - step)
            self.tell_portfolio("treasury", LEVEL, at_s, max_drift=wave)
            self.tell_engine(at_s)
        self.tell_portfolio("treasury", SHIFTED, now_s)
        self.tell_portfolio("grants", LEVEL, now_s, without=("chainlink",))
        resting = Rest(last_s=now_s - 300.0, failures=0)
        self.tell_portfolio("operations", SHIFTED, now_s, rest=resting, record=False)
        self.tell_portfolio("reserve", LEVEL, now_s, record=False)
        self.tell_engine(now_s)
        for record in records("treasury", now_s):
            self.bus.emit(Rebalanced(at_s=record.at_s, record=record))
        plan = self.told["treasury"].plan
        assert plan is not None
        self.bus.emit(PlanProposed(at_s=now_s, portfolio="treasury", plan=plan.id))
        alert = Alert(AlertKind.HIGH_DRIFT, "treasury", 0.34, 0.25, now_s - 5)
        self.bus.emit(AlertRaised(at_s=now_s, alert=alert))

    def tell_portfolio(
        self,
        name: str,
        held: Mapping[str, str],
        at_s: float | None = None,
        *,
        rest: Rest | None = None,
        without: Sequence[str] = (),
        record: bool = True,
        confirmed: bool = False,
        chosen: DriftOptions | None = None,
        **changes: object,
    ) -> PortfolioSnapshot:
        """Assess a portfolio that holds `held` and publish it, as the engine's teller does."""
        at_s = self.clock.now() if at_s is None else at_s
        rest, chosen = rest or Rest(), chosen or options()
        found, prices = assessed(name, held, at_s, rest, chosen, without)
        plan = plan_view(name, found, at_s) if found.state is PortfolioState.READY else None
        state, reason = found.state, found.reason
        if plan is not None and not confirmed:
            state, reason = PortfolioState.PROPOSED, AwaitsConfirmation(plan.valid_until_s)
        known = records(name, at_s) if record else []
        kept = samples(at_s)
        snapshot = PortfolioSnapshot(
            at_s=at_s,
            name=name,
            account=ACCOUNT,
            state=state,
            reason=reason,
            value_usd=found.value_usd,
            max_drift=found.max_drift,
            threshold=float(chosen.threshold),
            destination=float(chosen.threshold * chosen.destination_band),
            tokens=token_views(found, prices),
            plan=plan,
            cooldown_until_s=cooldown_until(rest, chosen, at_s),
            failures=rest.failures,
            last=known[-1] if known else None,
            summary=summarise(known, kept),
            attribution=attribution(kept),
        )
        snapshot = replace(snapshot, **changes)  # type: ignore[arg-type]
        self.told[name] = snapshot
        self.rows[name] = PortfolioRow(name, snapshot.state, snapshot.value_usd, snapshot.max_drift)
        self.bus.publish(snapshot)
        return snapshot

    def tell_engine(self, at_s: float | None = None, **changes: object) -> DriftSnapshot:
        """Publish the engine as a whole."""
        at_s = self.clock.now() if at_s is None else at_s
        snapshot = DriftSnapshot(
            at_s=at_s,
            chain_id=CHAIN_ID,
            block=19_204_881,
            block_at_s=at_s - 7,
            gas_price_wei=GAS_PRICE_WEI,
            native_usd=NATIVE_USD,
            trouble=None,
            under_way=None,
            rows=tuple(self.rows.values()),
        )
        snapshot = replace(snapshot, **changes)  # type: ignore[arg-type]
        self.bus.publish(snapshot)
        return snapshot

    async def _answer(self, command: ConfirmPlan | DismissPlan | ShowPortfolio) -> Answer:
        self.asked.append(command)
        if isinstance(command, ShowPortfolio):
            return Acknowledged({"portfolio": command.portfolio})
        plan = self.told[command.portfolio].plan
        if plan is None or plan.id != command.plan:
            return Refused(PlanIsAnother(command.portfolio))
        return Acknowledged({"plan": command.plan})


def assessed(
    name: str, held: Mapping[str, str], at_s: float, rest: Rest, chosen: DriftOptions, without: Sequence[str] = ()
) -> tuple[Assessment, Valuation]:
    """What the engine finds."""
    seen = look(held, at_s)
    prices = valued(seen, chosen, at_s, without)
    book = book_of(Portfolio(name, ACCOUNT, TARGETS), TOKENS, seen.balances[ACCOUNT], prices)
    return assess(book, chosen, rest, gas_is_priced=True, now_s=at_s), prices


def plan_view(name: str, found: Assessment, at_s: float) -> PlanView:
    """The plan as it is proposed."""
    assert found.plan is not None
    return PlanView(
        id=plan_id(name, found.plan, at_s),
        legs=leg_views(found.book, found.plan),
        gas=GAS,
        gas_usd=Decimal(GAS * GAS_PRICE_WEI) / 10**18 * NATIVE_USD,
        delegate=DELEGATE,
        made_at_s=at_s,
        valid_until_s=at_s + 300,
        until_s=at_s + 1193,
        revision=3,
    )


def records(name: str, now_s: float, failed: int = 1) -> list[RebalanceRecord]:
    """Five rebalances of which `failed` reverted, oldest first, booked as the engine books them."""
    found, _ = assessed(name, SHIFTED, now_s, Rest(), options())
    assert found.plan is not None
    made = []
    for at in range(5):
        started_s = now_s - 86_400.0 * (5 - at)
        order = order_of(f"plan{at}", name, ACCOUNT, found.plan, now_s)
        sending = sending_of(order, found.book, found.plan, started_s, 2, Decimal("19.42"), NATIVE_USD)
        succeeded = at >= failed
        arrived = {ACCOUNT.lower(): tuple(leg.quote_out - leg.quote_out * at // 2000 for leg in found.plan.legs)}
        ended = Ended(
            key=f"drift/{at}",
            succeeded=succeeded,
            reason=Final(19_204_000 + at, succeeded),
            hash="0x" + f"{at + 10:02x}" * 32,
            gas_used=GAS - 1203 * at,
            gas_price_wei=GAS_PRICE_WEI,
            arrived=arrived if succeeded else None,
        )
        made.append(record_of(sending, ended, NATIVE_USD, started_s + 14.2))
    assert [one.status is Status.FAILED for one in made].count(True) == failed
    return made


def samples(now_s: float, count: int = 40) -> list[Sample]:
    """A value that rose and fell, every five minutes."""
    made = []
    for at in range(count):
        factor = Decimal(str(round(1 + 0.02 * math.sin(at / 6) + 0.0008 * at, 6)))
        prices = tuple(PRICES[token.coin] * (factor if token.symbol != "DAI" else 1) for token in TOKENS)
        units = tuple(Decimal(60_000) * TARGETS[token.symbol] / 10_000 / PRICES[token.coin] for token in TOKENS)
        value = sum((unit * price for unit, price in zip(units, prices, strict=True)), Decimal(0))
        made.append(Sample(now_s - 300.0 * (count - at), value, 0.04, prices, units))
    return made


def reason_of(token: str, snapshot: PortfolioSnapshot) -> tuple[Reason, ...]:
    """The reasons of one token."""
    return next(one.reasons for one in snapshot.tokens if one.symbol == token)
