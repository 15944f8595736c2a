"""A scene: six hours of a session told on a real bus, for tests of the panel and for pictures of it.

python -m tests.gui.scene out/            (under xvfb-run; writes a picture of each page in both looks)
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.messages import Acknowledged, Answer, Reason
from engine.core.mirror_messages import MirrorSnapshot, MirrorState, StoreUnreachable
from engine.core.modes import AskedByPerson, Mode, ModeSnapshot, Pause, Resume, Stop, Switch, SwitchMoved
from engine.desk.messages import StatusPageServed, StatusPageSnapshot
from engine.governor.messages import (
    CapacityBand,
    Condition,
    GapObserved,
    GovernorSnapshot,
    OscillationDamped,
    Reach,
    SizeAdvice,
    SkewChanged,
)
from engine.governor.reasons import AtCap, AtDampedCap, Disabled, Following, InNeutralBand, Ramping
from engine.grid.entries import BlockedBy
from engine.grid.events import EntryReason
from engine.grid.limits import Band, PriceStale
from engine.grid.messages import (
    AbandonedView,
    BlockedCount,
    FillBooked,
    GridMetrics,
    GridMoney,
    GridNote,
    GridSnapshot,
    OrderPlaced,
    OrderView,
    RoundTripBooked,
    SideFigures,
    SlotView,
    Stopping,
)
from engine.grid.ports import Side
from engine.grid.slot import Cause, Phase, Role, Stage, Trade
from engine.grid.volatility import ExitWait

START_S = 1_795_000_000.0
STEP_S = 30.0
HOURS = 6.0
BASE_PRICE = 0.0966


class Scene:
    """One session in PAPER. `tell` publishes its history; the switch's verbs are answered as the desk would."""

    def __init__(self, bus: Bus, clock: ManualClock, mode: Mode = Mode.PAPER) -> None:
        self.bus = bus
        self.clock = clock
        self.mode = mode
        self.switch = Switch.RUNNING
        self.asked: list[object] = []
        self._stopping = False
        for kind, position in ((Pause, Switch.PAUSED), (Stop, Switch.STOPPED), (Resume, Switch.RUNNING)):
            bus.handle(kind, self._answering(position))

    def tell(self, condition: Condition = Condition.ACTING) -> None:
        """Publish six hours of snapshots and events; the last snapshot stands in `condition`."""
        self.publish_mode()
        chance = random.Random(7)
        for at_s, snapshot, price in _history(chance):
            self.clock.set(at_s)
            self.bus.publish(snapshot)
            self.bus.publish(grid_snapshot(at_s, price))
        if condition is not Condition.ACTING:
            self.bus.publish(governor_snapshot(self.clock.now(), condition))
        self.publish_services()
        for event in _events(self.clock.now()):
            self.bus.emit(event)

    def publish_services(self, state: MirrorState = MirrorState.BEHIND, rows: int = 214) -> None:
        """A copy at PostgreSQL that is `rows` behind, and a status page that is served."""
        now_s = self.clock.now()
        lost = StoreUnreachable("db.example.net", 5432, "connection refused") if state is MirrorState.LOST else None
        self.bus.publish(
            MirrorSnapshot(
                at_s=now_s,
                state=state,
                profile="default",
                behind_rows=rows,
                behind_since_s=now_s - 95 if rows else None,
                last_success_s=now_s - 97,
                reason=lost,
            )
        )
        self.bus.publish(StatusPageSnapshot(at_s=now_s, port=8377, why=StatusPageServed(8377)))

    def publish_mode(self, why: Reason | None = None) -> None:
        """Acknowledge mode and switch."""
        now_s = self.clock.now()
        self.bus.publish(ModeSnapshot(at_s=now_s, mode=self.mode, switch=self.switch, why=why, since_s=now_s))
        if self.switch is Switch.STOPPED:
            self.publish_stopping(0)
        elif self._stopping:
            self.bus.publish(grid_snapshot(now_s))
        self._stopping = self.switch is Switch.STOPPED

    def publish_stopping(self, left: int, **changes: object) -> None:
        """The grid saw the Stop now, and `left` of its orders may rest still."""
        now_s = self.clock.now()
        values: dict[str, object] = {"left": left, "earlier": 0, "since_s": now_s, "next_try_s": None, **changes}
        self.bus.publish(grid_snapshot(now_s, slots=(), open_orders=left, stopping=Stopping(**values)))  # type: ignore[arg-type]

    def _answering(self, position: Switch):  # type: ignore[no-untyped-def]
        async def answer(command: Pause | Stop | Resume) -> Answer:
            self.asked.append(command)
            before, self.switch = self.switch, position
            why = AskedByPerson(command.where)
            self.publish_mode(why)
            self.bus.emit(SwitchMoved(at_s=self.clock.now(), before=before, after=position, why=why))
            return Acknowledged()

        return answer


def governor_snapshot(at_s: float, condition: Condition = Condition.ACTING, **changes: object) -> GovernorSnapshot:
    """A snapshot that stands in `condition`, with the numbers of the seed's section 9.1."""
    skew = 0.15 if condition in (Condition.ACTING, Condition.DAMPED) else 0.0
    damped = condition is Condition.DAMPED
    smoothed = 0.02 if condition is Condition.NEUTRAL else 0.28
    reason: Reason = {
        Condition.ACTING: Ramping(raw=0.30, skew=0.15, max_skew_step=0.05),
        Condition.DAMPED: AtDampedCap(cap=0.15, damped_until_s=at_s + 2400),
        Condition.NEUTRAL: InNeutralBand(smoothed_error=smoothed, neutral_band=0.05),
        Condition.OFF: Disabled(),
        Condition.HELD: Disabled(),
    }[condition]
    values: dict[str, object] = {
        "at_s": at_s,
        "enabled": condition is not Condition.OFF,
        "master_on": True,
        "condition": condition,
        "reason": reason,
        "signal_reason": None,
        "observed_usd": Decimal("82.50"),
        "usd_runway_floor": Decimal("20.63"),
        "observed_doge": Decimal("10412.7"),
        "doge_runway_floor": Decimal("213.5"),
        "capacity_band": CapacityBand.NORMAL,
        "idle_ratio": 0.75 if smoothed > 0.1 else 0.42,
        "target_idle_ratio": 0.40,
        "neutral_band": 0.05,
        "error": 0.35 if smoothed > 0.1 else 0.02,
        "smoothed_error": smoothed,
        "velocity": 1.18e-5,
        "kp": 2.0,
        "kd": 0.5,
        "p": 2.0 * smoothed,
        "d": 0.5 * 1.18e-5,
        "raw": 0.30 if skew else 0.0,
        "skew": skew,
        "cap": 0.15 if damped else 0.30,
        "size_mult_a": 1.0,
        "size_mult_b": 1.0 + skew,
        "damped": damped,
        "damped_until_s": at_s + 2400 if damped else None,
        "sign_flips_1h": 3 if damped else 0,
        "last_update_s": at_s - 108,
        "next_update_s": at_s + 192,
        "reach": Reach(
            points_per_day=3.0,
            floor_held_points_per_day=0.8,
            distance_points=30.0,
            days_to_target=10.0,
            out_of_reach=True,
            size=SizeAdvice(Decimal("1.65"), Decimal("82.50"), 1.2, 5.0, Decimal(99), Decimal("59.40"), 7.2),
        ),
    }
    return GovernorSnapshot(**{**values, **changes})  # type: ignore[arg-type]


def grid_snapshot(at_s: float, price: float = BASE_PRICE, **changes: object) -> GridSnapshot:
    """A running grid of five slots."""
    market = Decimal(f"{price:.5f}")
    values: dict[str, object] = {
        "at_s": at_s,
        "pair": "DOGE/USD",
        "state": "running",
        "why": None,
        "price": market,
        "price_age_s": 0.4,
        "usd": Decimal("82.50"),
        "doge": Decimal("10412.7"),
        "free_usd": Decimal("61.87"),
        "free_doge": Decimal("10199.2"),
        "slots": tuple(_slots(market, at_s)),
        "open_orders": 12,
        "headroom": 33,
        "band": Band.NORMAL,
        "base_entry_usd": Decimal("1.65"),
        "next_entries_usd": Decimal("8.25"),
        "live_buy_orders_usd": Decimal("8.25"),
        "live_sell_orders_doge": Decimal("85.4"),
        "realised_usd": Decimal("4.37"),
        "realised_today_usd": Decimal("0.42"),
        "round_trips": 61,
        "entries_filled": 70,
        "exits_filled": 61,
        "blocked": (
            BlockedCount(0, Side.BUY, BlockedBy.FUNDS, 31, now=True),
            BlockedCount(1, Side.BUY, BlockedBy.FUNDS, 12),
            BlockedCount(3, Side.BUY, BlockedBy.COOLDOWN, 9),
            BlockedCount(3, Side.SELL, BlockedBy.COOLDOWN, 2),
            BlockedCount(4, Side.SELL, BlockedBy.CAPACITY, 3),
        ),
        "unresolved": 0,
        "metrics": GridMetrics(
            since_s=START_S - 4 * 86_400,
            a=SideFigures(31, Decimal("1.6512"), 1.0, 27, Decimal("0.4251"), 0.0095, 1, Decimal("-0.1204")),
            b=SideFigures(39, Decimal("1.8734"), 1.1352, 34, Decimal("0.6117"), 0.0096),
            deployed_usd=Decimal("73.06"),
            deployed_per_hour_usd=Decimal("0.8127"),
            long_only=1,
            short_only=3,
            short_only_1d=2,
        ),
        "money": GridMoney(
            since_s=START_S - 4 * 86_400,
            value_usd=Decimal("1088.46"),
            holding_usd=Decimal("1089.31"),
            edge_usd=Decimal("-0.2413"),
            inventory_usd=Decimal("0.3911"),
            fees_usd=Decimal("0.9998"),
            realised_usd=Decimal("0.9164"),
            unrealised_usd=Decimal("-1.7664"),
            worked_off_usd=Decimal("-0.0812"),
            turnover_usd=Decimal("399.92"),
            turnover_per_day_usd=Decimal("99.98"),
            fees_per_day_usd=Decimal("0.2500"),
            abandoned=(AbandonedView(3, Trade.B, Decimal("20.7"), Decimal("2.0121"), Decimal("-0.1204"), START_S),),
        ),
        "exit_wait": ExitWait(19_400.0, True, 0.0081, 0.6),
    }
    return GridSnapshot(**{**values, **changes})  # type: ignore[arg-type]


def _history(chance: random.Random) -> Iterator[tuple[float, GovernorSnapshot, float]]:
    alpha = 1 - math.exp(-STEP_S / 1800)
    smoothed = velocity = skew = 0.0
    price = BASE_PRICE
    noise = 0.0
    for step in range(int(HOURS * 3600 / STEP_S)):
        at_s = START_S + step * STEP_S
        hour = step * STEP_S / 3600
        noise = 0.97 * noise + chance.gauss(0, 0.006)
        idle = 0.43 + 0.33 / (1 + math.exp(-(hour - 4.4) * 1.6)) + noise
        price *= 1 + chance.gauss(0.00002, 0.0006)
        before, smoothed = smoothed, smoothed + alpha * (idle - 0.40 - smoothed)
        velocity += alpha * ((smoothed - before) / STEP_S - velocity)
        wanted = max(-0.30, min(0.30, 2 * smoothed)) if abs(smoothed) >= 0.05 else 0.0
        if step % 10 == 0:
            skew += max(-0.05, min(0.05, wanted - skew))
        cap = 0.15 if 1.2 < hour < 2.0 else 0.30
        skew = max(-cap, min(cap, skew))
        yield (
            at_s,
            governor_snapshot(
                at_s,
                Condition.ACTING if skew else Condition.NEUTRAL,
                idle_ratio=idle,
                error=idle - 0.40,
                smoothed_error=smoothed,
                velocity=velocity,
                skew=skew,
                cap=cap,
                size_mult_b=1 + max(0.0, skew),
                size_mult_a=1 + max(0.0, -skew),
                p=2.0 * smoothed,
                d=0.5 * velocity,
                reason=AtCap(cap) if skew == cap else Following(smoothed, skew),
            ),
            price,
        )


def _slots(market: Decimal, at_s: float) -> Iterator[SlotView]:
    phases = (Phase.S0, Phase.S1A, Phase.S1B, Phase.S0, Phase.S2)
    for slot_id, phase in enumerate(phases):
        yield SlotView(
            slot_id=slot_id,
            phase=phase,
            cycles=9 + 3 * slot_id,
            profit_usd=Decimal("0.94") - Decimal("0.31") * slot_id,
            orders=tuple(_orders(slot_id, phase, market, at_s)),
        )


def _orders(slot_id: int, phase: Phase, market: Decimal, at_s: float) -> Iterator[OrderView]:
    for trade in Trade:
        exiting = phase is Phase.S2 or phase.value.endswith(trade.value.lower())
        side = trade.exit_side if exiting else trade.entry_side
        sign = 1 if side is Side.SELL else -1
        distance = Decimal("0.01") if exiting else Decimal("0.002")
        scaled = trade is Trade.B and not exiting
        yield OrderView(
            key=f"grid-paper-{slot_id}-{trade.value}-{10 + slot_id}",
            slot_id=slot_id,
            trade=trade,
            role=Role.EXIT if exiting else Role.ENTRY,
            side=side,
            stage=Stage.OPEN if slot_id != 3 else Stage.AMENDING,
            price=(market * (1 + sign * distance)).quantize(Decimal("0.00001")),
            quantity=Decimal("19.64299") if scaled else Decimal("17.08074"),
            filled=Decimal("4.2") if slot_id == 2 and exiting else Decimal(0),
            placed_s=at_s - 140.0 * (slot_id + 1) - (900 if exiting else 0),
            size_multiplier=1.15 if scaled else 1.0,
        )
    if slot_id in (1, 4):
        yield OrderView(
            key=f"grid-paper-{slot_id}-R",
            slot_id=slot_id,
            trade=Trade.A,
            role=Role.RECOVERY,
            side=Side.BUY,
            stage=Stage.OPEN,
            price=Decimal("0.09211"),
            quantity=Decimal("17.08074"),
            filled=Decimal(0),
            placed_s=at_s - 9120.0,
            size_multiplier=1.0,
        )


def _events(now_s: float) -> Iterator[object]:
    yield GapObserved(at_s=now_s - 16_000, silent_s=1260.0, counted_s=900.0)
    yield OscillationDamped(at_s=now_s - 12_300, flips=3, cap=0.15, until_s=now_s - 8700)
    for n in range(24):
        trade = Trade.A if n % 3 else Trade.B
        role = Role.EXIT if n % 2 else Role.ENTRY
        yield FillBooked(
            at_s=now_s - 6000 + 240 * n,
            trade_id=f"TPAPER-{4100 + n}",
            key=f"grid-paper-{n % 5}-{trade.value}-{n}",
            slot_id=n % 5,
            trade=trade,
            role=role,
            side=trade.exit_side if role is Role.EXIT else trade.entry_side,
            price=Decimal("0.09641") + Decimal("0.00007") * (n % 7),
            quantity=Decimal("17.08074"),
            fee_usd=Decimal("0.0041"),
            maker=True,
        )
    yield GridNote(at_s=now_s - 900, reason=PriceStale(74.0, 60.0), grave=True)
    yield RoundTripBooked(
        at_s=now_s - 420,
        slot_id=2,
        trade=Trade.B,
        quantity=Decimal("17.08074"),
        entry_price=Decimal("0.09641"),
        exit_price=Decimal("0.09738"),
        profit_usd=Decimal("0.0083"),
        evicted=False,
    )
    yield OrderPlaced(
        at_s=now_s - 160,
        key="grid-paper-0-B-12",
        slot_id=0,
        trade=Trade.B,
        role=Role.ENTRY,
        side=Side.BUY,
        price=Decimal("0.09641"),
        quantity=Decimal("19.64299"),
        reason=EntryReason(Cause.CYCLE, Decimal("1.65"), Decimal("1.8975"), 0.15),
    )
    yield SkewChanged(
        at_s=now_s - 108, previous_skew=0.10, skew=0.15, reason=Ramping(raw=0.30, skew=0.15, max_skew_step=0.05)
    )
