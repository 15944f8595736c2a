"""The hub engine's side of the scene: gas, limits and fees by the engine's own pure functions; answers as it gives."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engine.chain.life import AwaitsDepth
from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.messages import Acknowledged, Answer, Reason, Refused
from engine.hub.batch import BatchFull, InBatch, WaitsForFunds, WaitsForSignature, Window
from engine.hub.fees import FeePolicy, GasMarket, quote, settle_gas, shares_of_gas
from engine.hub.gas import BatchShape, predicted_gas
from engine.hub.limits import Caps, soft_limit, stops_everybody
from engine.hub.messages import (
    AuditHub,
    AuditView,
    BatchEnded,
    BatchSent,
    BudgetView,
    GasView,
    HubSnapshot,
    InFlightView,
    PullAsked,
    PullView,
    QuoteRebalance,
    RequestAccepted,
    RequestView,
    ResumeHub,
    SoftLimitSet,
    StopHub,
    TokenView,
    TotalsView,
    UnknownToken,
    WindowView,
)
from engine.hub.pulls import PullState
from engine.hub.records import BatchRecord, BatchStatus, PullRecord, PushRecord
from engine.hub.tokens import GWEI, Token, text_of_amount, usd_of_amount, usd_of_wei

NATIVE_USD = Decimal(3500)
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
ENTITY = "0x" + "7a" * 32
USDC = Token(1, 6, Decimal(1), "USDC")
WETH = Token(2, 18, NATIVE_USD, "WETH")
WBTC = Token(3, 8, Decimal("61234.5"), "WBTC")
TOKENS = (USDC, WETH, WBTC)
WINDOW_S, THRESHOLD, LIMIT_EVERY_S = 10.0, 10, 300.0
CAPS, POLICY = Caps(), FeePolicy()
ASKED = (
    ("9000", USDC),
    ("2.5", WETH),
    ("6200", USDC),
    ("0.08", WBTC),
    ("4100.25", USDC),
    ("1.1", WETH),
    ("2750", USDC),
    ("1000", USDC),
)


def user(at: int) -> str:
    """An entity."""
    return f"0x{(at * 2654435761 + 97) % 16**8:08x}{at + 3:056x}"


def usd(value: object) -> Decimal:
    """A Fraction of dollars to the cent."""
    return Decimal(round(value * 100)) / 100  # type: ignore[operator]


def whole(amount: int, token: Token) -> Decimal:
    return Decimal(text_of_amount(amount, token.decimals))


def gwei_at(step: int) -> Decimal:
    """A price of gas that wanders and once jumps."""
    spike = 26 * math.exp(-(((step - 150) / 9) ** 2))
    return Decimal(f"{8.4 + 1.9 * math.sin(step / 17) + 0.6 * math.sin(step / 3.1) + spike:.4f}")


def gas_view(
    price_gwei: Decimal, at_s: float, limit_gwei: Decimal, limit_at_s: float, held: Reason | None = None
) -> GasView:
    """The limit as the engine sets it for `limit_gwei`."""
    limit = soft_limit(GasMarket(int(limit_gwei * GWEI), NATIVE_USD), CAPS, limit_at_s)
    return GasView(
        price_gwei=price_gwei,
        at_s=at_s,
        native_usd=NATIVE_USD,
        soft_limit_usd=usd(limit.usd),
        effective_usd=usd(limit.effective_usd),
        limit_gwei=limit_gwei,
        limit_at_s=limit_at_s,
        next_limit_at_s=limit_at_s + LIMIT_EVERY_S,
        held=held,
        stops=stops_everybody(limit, CAPS),
    )


def request(at: int, amount: str, token: Token, age_s: float, reason: Reason, now_s: float) -> RequestView:
    """A request whose fees were taken at 10 gwei."""
    fees = quote(int(Decimal(amount) * token.unit), token, GasMarket(10 * GWEI, NATIVE_USD), POLICY)
    return RequestView(
        id=f"req-{at:04d}",
        user=user(at),
        symbol=token.symbol,
        amount=whole(fees.amount, token),
        hub_fee=whole(fees.hub_fee, token),
        miner_fee=whole(fees.miner_fee, token),
        buffer=whole(fees.buffer, token),
        total=whole(fees.total, token),
        usd=usd(usd_of_amount(fees.amount, token)),
        made_at_s=now_s - age_s,
        place=at,
        reason=reason,
    )


def waiting(now_s: float) -> tuple[RequestView, ...]:
    """Eight who wait, for one reason each."""
    reasons: tuple[Reason, ...] = (
        *(Window(7.0 - at / 2, WINDOW_S, THRESHOLD - len(ASKED)) for at in range(5)),
        WaitsForSignature("1.4"),
        WaitsForFunds("250.5"),
        BatchFull(10, 10),
    )
    return tuple(
        request(at + 1, amount, token, 7.0 - at / 2, reasons[at], now_s) for at, (amount, token) in enumerate(ASKED)
    )


def crowd(now_s: float, count: int = 200) -> tuple[RequestView, ...]:
    """So many who wait."""
    return tuple(
        request(at + 1, str(9000 - 7 * at), USDC, 3.0 + at / 10, InBatch(at + 1, count), now_s) for at in range(count)
    )


def record(nonce: int, at_s: float, pushes: int = 3, status: BatchStatus = BatchStatus.SETTLED) -> BatchRecord:
    """A batch of `pushes` in USDC with one pull, settled as the engine settles it."""
    predicted = predicted_gas(BatchShape(((pushes, 1),), pulls=1))
    used = round(predicted * (1 + 0.004 * ((nonce % 5) - 2)))
    price_wei = (8 + nonce % 4) * GWEI
    mined = status in (BatchStatus.SETTLED, BatchStatus.REVERTED)
    settled = status is BatchStatus.SETTLED
    made, items = [], pushes if settled else 0
    for at, share in zip(range(items), shares_of_gas(used * price_wei, [1] * max(1, items)), strict=False):
        fees = quote((800 + 350 * at + 13 * nonce) * USDC.unit, USDC, GasMarket(price_wei, NATIVE_USD), POLICY)
        gas = settle_gas(fees.gas_taken, share, USDC, NATIVE_USD, POLICY)
        made.append(
            PushRecord(
                request=f"req-{nonce}-{at}",
                user=user(10 * nonce + at),
                symbol="USDC",
                amount=whole(fees.amount, USDC),
                hub_fee=whole(fees.hub_fee, USDC),
                gas_taken=whole(gas.taken, USDC),
                gas_paid=whole(gas.used, USDC),
                refunded=whole(gas.refunded, USDC),
                gas_used=used // pushes,
            )
        )
    pulled = (PullRecord(user(nonce + 500), "USDC", Decimal(640)),) if settled else ()
    return BatchRecord(
        at_s=at_s,
        nonce=nonce,
        status=status,
        transaction_hash="" if status is BatchStatus.UNSENT else "0x" + f"{nonce % 256:02x}" * 32,
        pushes=tuple(made),
        pulls=pulled,
        pushed_usd=sum((one.amount for one in made), Decimal(0)),
        pulled_usd=sum((one.amount for one in pulled), Decimal(0)),
        hub_fees_usd=sum((one.hub_fee for one in made), Decimal(0)),
        gas_taken_usd=sum((one.gas_taken for one in made), Decimal(0)),
        gas_paid_usd=usd(usd_of_wei(used * price_wei, NATIVE_USD)) if mined else Decimal(0),
        refunded_usd=sum((one.refunded for one in made), Decimal(0)),
        predicted_gas=predicted,
        gas_used=used if mined else 0,
        gas_price_wei=price_wei,
        native_usd=NATIVE_USD,
        waited_s=10.2,
    )


def records(now_s: float) -> tuple[BatchRecord, ...]:
    """Twelve, one of which reverted and one never left, oldest first."""
    states = {5: BatchStatus.REVERTED, 8: BatchStatus.UNSENT}
    return tuple(
        record(40 + at, now_s - 420.0 * (12 - at), 2 + at % 3, states.get(at, BatchStatus.SETTLED)) for at in range(12)
    )


def totals(known: tuple[BatchRecord, ...]) -> TotalsView:
    """What these batches come to."""
    pushed, profit = sum(one.pushed_usd for one in known), sum(one.profit_usd for one in known)
    return TotalsView(
        batches=len(known),
        pushed_usd=Decimal(pushed),
        pulled_usd=Decimal(sum(one.pulled_usd for one in known)),
        hub_fees_usd=Decimal(sum(one.hub_fees_usd for one in known)),
        gas_taken_usd=Decimal(sum(one.gas_taken_usd for one in known)),
        gas_paid_usd=Decimal(sum(one.gas_paid_usd for one in known)),
        refunded_usd=Decimal(sum(one.refunded_usd for one in known)),
        profit_usd=Decimal(profit),
        return_ratio=float(profit / pushed) if pushed else None,
        accepted=412,
        refused=11,
        answers=200,
        refusal_ratio=0.03,
    )


def tokens() -> tuple[TokenView, ...]:
    """One of them waits for more than the reserve has, one has no price."""
    return (
        TokenView(
            1, "USDC", Decimal(1), Decimal("48210.55"), Decimal("319.2"), Decimal("23050.25"), Decimal(1880), 211
        ),
        TokenView(2, "WETH", NATIVE_USD, Decimal("2.2"), Decimal("0.0912"), Decimal("3.6"), Decimal("1.4"), 74),
        TokenView(3, "WBTC", None, Decimal("0.5"), None, Decimal("0.08"), Decimal(0), 27),
    )


def pulls(now_s: float) -> tuple[PullView, ...]:
    """One in each state; those that wait come last, as the engine tells them."""
    made = [
        PullView(
            f"pull-{at}", user(60 + at), "WETH", Decimal("1.4") + at, state, now_s - 40 * at, now_s + 560 - 40 * at
        )
        for at, state in enumerate(state.value for state in PullState)
    ]
    return tuple(reversed(made))


@dataclass
class HubScene:
    """An engine that tells what it is told to tell, and answers as the engine does."""

    bus: Bus
    clock: ManualClock
    asked: list[object] = field(default_factory=list)
    stopped: bool = False

    def __post_init__(self) -> None:
        for kind in (StopHub, ResumeHub, AuditHub, QuoteRebalance):
            self.bus.handle(kind, self._answer)

    def tell(self) -> None:
        """Two hours of gas and limits, then a queue, pulls, a batch under way and what came of twelve."""
        now_s = self.clock.now()
        for step in range(240, 0, -1):
            self.tell_snapshot(now_s - 30.0 * step, gas=self.gas_at(240 - step, now_s - 30.0 * step), queue=())
        told = records(now_s)
        self.tell_snapshot(now_s, gas=self.gas_at(240, now_s))
        self.bus.emit(SoftLimitSet(at_s=now_s - 60, **self._limit(now_s)))
        one = waiting(now_s)[0]
        self.bus.emit(
            RequestAccepted(
                at_s=now_s - 7, request=one.id, user=one.user, symbol=one.symbol, amount=one.amount, total=one.total
            )
        )
        self.bus.emit(PullAsked(at_s=now_s - 6, id="pull-0", user=user(60), symbol="WETH", amount=Decimal("1.4")))
        self.bus.emit(BatchEnded(at_s=told[5].at_s, record=told[5]))
        self.bus.emit(BatchSent(at_s=now_s - 4, nonce=52, pushes=3, pulls=1, pushed_usd=Decimal("3561.00")))

    def gas_at(self, step: int, at_s: float) -> GasView:
        """Gas as it is at a step of half a minute; the limit as it was set at the last five minutes."""
        set_at = step - step % 10
        return gas_view(gwei_at(step), at_s - 1.2, gwei_at(set_at), at_s - 30.0 * (step - set_at) - 60)

    def tell_snapshot(self, at_s: float | None = None, **changes: object) -> HubSnapshot:
        """Publish the engine as a whole."""
        at_s = self.clock.now() if at_s is None else at_s
        queue = changes.get("queue", waiting(at_s))
        assert isinstance(queue, tuple)
        oldest_s = max((at_s - one.made_at_s for one in queue), default=0.0)
        told = records(self.clock.now())
        snapshot = HubSnapshot(
            at_s=at_s,
            chain_id=31337,
            contract=CONTRACT,
            entity=ENTITY,
            block=19_204_881,
            block_at_s=at_s - 3,
            trouble=None,
            stopped=self.stopped,
            http_port=8651,
            gas=gas_view(Decimal("9.12"), at_s - 1, Decimal("9.12"), at_s - 60),
            tokens=tokens(),
            queue=queue,
            queue_length=len(queue),
            window=WindowView(len(queue), THRESHOLD, WINDOW_S, oldest_s, at_s + WINDOW_S - oldest_s if queue else None),
            in_flight=InFlightView(52, 3, 1, Decimal("3561"), at_s - 4, 187_233, AwaitsDepth(19_204_880, 2)),
            pulls=pulls(at_s),
            budget=BudgetView(Decimal("96439"), Decimal("871204.5")),
            totals=totals(told),
            recent=told,
            accounts=312,
            audit=AuditView(at_s - 1800, 312, 0),
        )
        snapshot = replace(snapshot, **changes)  # type: ignore[arg-type]
        self.bus.publish(snapshot)
        return snapshot

    def _limit(self, now_s: float) -> dict[str, object]:
        gas = self.gas_at(240, now_s)
        return {
            "soft_limit_usd": gas.soft_limit_usd,
            "effective_usd": gas.effective_usd,
            "gas_price_gwei": gas.limit_gwei,
            "stops": gas.stops,
        }

    async def _answer(self, command: StopHub | ResumeHub | AuditHub | QuoteRebalance) -> Answer:
        self.asked.append(command)
        if isinstance(command, QuoteRebalance):
            return self._quoted(command)
        if not isinstance(command, AuditHub):
            self.stopped = isinstance(command, StopHub)
            self.tell_snapshot()
        return Acknowledged()

    def _quoted(self, command: QuoteRebalance) -> Answer:
        token = next((one for one in TOKENS if one.token_id == command.token_id), None)
        if token is None:
            return Refused(UnknownToken(command.token_id))
        fees = quote(int(command.amount * token.unit), token, GasMarket(50 * GWEI, NATIVE_USD), POLICY)
        names = ("amount", "hub_fee", "miner_fee", "buffer", "total")
        detail = {name: text_of_amount(getattr(fees, name), token.decimals) for name in names}
        return Acknowledged({**detail, "usd": str(usd(usd_of_amount(fees.amount, token)))})
