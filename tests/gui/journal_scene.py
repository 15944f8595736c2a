"""A journal of an hour in PAPER, in a real file, with the desk that answers for it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.journal import Batch, Fact, IntentRow, Journal, OutcomeRow
from engine.core.redaction import Redactor
from engine.desk.journal_desk import JournalDesk
from tests.gui.scene import START_S

PLAN, BATCH = "drift/13a10f1761587b1480b791bb", "hub/beb6245f0b4db5bc/7/dc4745d0be267ded"
HASH = "0xb7ccfc43a270d7ac6bb32ceb9fdaa53c9e94afa78b82a54a65d09a7feb14b768"
USERS = tuple(f"0x{number:02x}{'5c' * 31}" for number in range(3))
HUB_PLACE = "31337/0x5fbdb2315678afecb367f032d93f642f64180aa3/" + "0x" + "be" * 32


def intent(key: str, kind: str, payload: dict[str, Any], reason: dict[str, Any], **rest: Any) -> IntentRow:
    given = {
        "engine": "grid",
        "exposure": "opens",
        "mode": "paper",
        "revision": 3,
        "state": "admitted",
        "at_s": START_S,
    }
    return IntentRow(key=key, kind=kind, payload=payload, reason=reason, **(given | rest))


class JournalScene:
    """`tell` writes the hour; what follows can be written with `journal`."""

    def __init__(self, bus: Bus, clock: ManualClock, file: Path) -> None:
        self.journal = Journal(file, "paper:1795218279.787")
        self.redactor = Redactor()
        self.desk = JournalDesk(self.journal, self.redactor.redact, bus, clock)

    async def open(self) -> None:
        await asyncio.to_thread(self.journal.open)
        self.desk.start()

    async def close(self) -> None:
        await self.desk.close()
        await asyncio.to_thread(self.journal.close)

    async def tell(self) -> None:
        """Oldest first."""
        start_s = START_S - 3600
        for number in range(24):
            await self._trade(number, start_s + 110 * number)
        await self._plan(start_s + 2700)
        await self._batch(start_s + 2900)
        await self._troubles(start_s + 3300)

    async def many(self, count: int) -> None:
        """So many fills, a second apart, before the hour began."""
        begin_s = START_S - 10 * count
        facts = tuple(fill(f"k0.{number}", number, begin_s + number) for number in range(count))
        await self.journal.commit(Batch(facts=facts))

    async def _trade(self, number: int, at_s: float) -> None:
        """An entry that is moved and filled, its exit, and what the round trip came to."""
        slot, entry, exit = f"k1.{number % 5 + 1}B", f"k1.{number % 5 + 1}B.entry.{number}", ""
        exit = f"{slot}.exit.{number}"
        price = 0.0972 + 0.0001 * (number % 7)
        order = {"side": "buy", "price": f"{price:.7f}", "quantity": "26.74280824", "deadline_s": at_s + 15}
        rows = (
            intent(
                entry,
                "place_order",
                {"client_id": "186a4b3e-5d4e", **order, "expires_s": None},
                {
                    "code": "entry",
                    "cause": "cycle",
                    "base_usd": "2.00",
                    "size_usd": "2.60000000000000000000",
                    "skew": 0.3,
                },
                at_s=at_s,
            ),
            intent(
                f"{entry}/m{number}",
                "amend_order",
                {
                    "client_id": "186a4b3e-5d4e",
                    "price": f"{price + 0.0002:.7f}",
                    "quantity": "26.7",
                    "deadline_s": at_s,
                },
                {"code": "refresh", "drift_ratio": "0.01209436106317871671664067881", "move": 1},
                at_s=at_s + 20,
            ),
            intent(
                exit,
                "place_order",
                {"client_id": "d6088762-b970", **order, "side": "sell", "price": f"{price * 1.01:.7f}"},
                {"code": "exit", "entry_price": f"{price:.7f}", "profit_pct": "1.0"},
                exposure="closes",
                at_s=at_s + 40,
            ),
        )
        update = {
            "ts": at_s,
            "idle_ratio": 0.5535,
            "error": 0.1535,
            "smoothed_error": 0.15,
            "velocity": 1.3e-05,
            "p": 0.3,
            "d": 6.7e-06,
            "raw": 0.3,
            "skew": 0.15,
            "cap": 0.3,
            "damped": False,
            "sign_flips_1h": 0,
            "size_mult_a": 1.0,
            "size_mult_b": 1.15,
            "reason": "governor.following",
        }
        trip = {
            "order_key": exit,
            "slot_id": number % 5 + 1,
            "trade": "B",
            "position": {"quantity": "26.7", "cost_usd": "2.595", "fees_usd": "0.0065", "opened_s": at_s + 30},
            "exit_price": f"{price * 1.01:.7f}",
            "fees_usd": "0.0065",
            "profit_usd": "0.0129" if number % 6 else "-0.0305",
            "evicted": number % 6 == 0,
            "at_s": at_s + 60,
        }
        facts = (
            Fact("governor", "update", f"u{number}", update, at_s - 5),
            fill(entry, 2 * number, at_s + 30, f"{price + 0.0002:.7f}"),
            fill(exit, 2 * number + 1, at_s + 60, f"{price * 1.01:.7f}", "sell"),
            Fact("grid", "round_trip", f"{exit}.0", trip, at_s + 60),
        )
        answers = tuple(
            OutcomeRow(row.key, "delivered", {"answer": {"order_id": "OB5VMB-B4U2U-DK2WRW"}}, row.at_s + 0.34)
            for row in rows
        )
        await self.journal.commit(Batch(intents=rows, facts=facts))
        await self.journal.commit(Batch(outcomes=answers))

    async def _plan(self, at_s: float) -> None:
        swaps = [{"path": ["WETH", "USDC"], "amount_in": 4 * 10**18, "min_out": 11798509987}]
        account = "0x1563915e194D8CfBA1943570603F7606A3115508"
        signed = {"portfolio": "main", "account": account, "delegation": HASH, "lets": swaps, "until_s": at_s + 600}
        leg = {
            "sell": "WETH",
            "buy": "USDC",
            "amount_in": 4 * 10**18,
            "quote_out": 11917686856,
            "min_out": 11798509987,
            "amount_out": 11901686856,
            "usd_in": "12000.000000",
            "usd_quoted": "11917.686856",
            "usd_out": "11901.686856",
            "path": ["WETH", "USDC"],
        }
        record = {
            "at_s": at_s + 20,
            "portfolio": "main",
            "status": "SUCCESS",
            "transaction_hash": HASH,
            "gas_used": 359595,
            "gas_cost_usd": "12.945",
            "expected_gas_usd": "11.448",
            "max_drift": 0.074,
            "legs": [leg],
            "fee_usd": "36.00",
            "impact_usd": "46.31",
            "execution_ms": 19972,
            "revision": 3,
        }
        rows = (
            intent(
                f"{PLAN}/main/sign",
                "drift.sign",
                signed,
                {"code": "drift.on_its_way", "plan": PLAN},
                engine="drift",
                at_s=at_s,
            ),
            self._sending(PLAN, "drift", at_s + 1),
        )
        await self._commit_done(rows, (Fact("drift", "rebalance", f"{PLAN}/main", record, at_s + 20),))

    async def _batch(self, at_s: float) -> None:
        pushes = [{"user": user, "token_id": 1, "amount": 1055091143} for user in USERS]
        sealed = {"nonce": 7, "hash": HASH, "order": {"pulls": [], "pushes": pushes}}
        carried = [
            {
                "request": f"9e2939ad31ea67d3acebf587d906671{at}",
                "user": user,
                "symbol": "USDC",
                "amount": "1055.091143",
                "hub_fee": "10.550911",
                "gas_taken": "5.828092",
                "gas_paid": "1.476435",
                "refunded": "4.351657",
                "gas_used": 39630,
            }
            for at, user in enumerate(USERS)
        ]
        record = {
            "at_s": at_s + 6,
            "nonce": 7,
            "status": "settled",
            "transaction_hash": HASH,
            "pushes": carried,
            "pulls": [],
            "pushed_usd": "3165.27",
            "pulled_usd": "0.00",
            "hub_fees_usd": "31.65",
            "gas_taken_usd": "17.48",
            "gas_paid_usd": "5.07",
            "refunded_usd": "12.41",
            "predicted_gas": 136014,
            "gas_used": 135990,
            "gas_price_wei": 10644421128,
            "native_usd": "3500",
            "waited_s": 6.05,
        }
        rows = (
            intent(
                f"{BATCH}/seal", "hub.sign", sealed, {"code": "hub.on_its_way", "nonce": 7}, engine="hub", at_s=at_s
            ),
            self._sending(BATCH, "hub", at_s + 0.2),
        )
        await self._commit_done(rows, (Fact("hub", "batch", f"{HUB_PLACE}/{BATCH}", record, at_s + 6),))

    async def _troubles(self, at_s: float) -> None:
        """One order refused, one whose answer was lost, one held back, one on its way."""
        order = {"side": "sell", "price": "0.0991000", "quantity": "20.9", "deadline_s": at_s + 15, "expires_s": None}
        reason = {"code": "entry", "cause": "cycle", "base_usd": "2.00", "size_usd": "2.00", "skew": 0.0}
        keys = [f"k1.{number}A.entry.{900 + number}" for number in range(1, 5)]
        rows = [intent(key, "place_order", order, reason, at_s=at_s + at) for at, key in enumerate(keys)]
        await self.journal.commit(Batch(intents=tuple(rows)))
        outcomes = (
            ("rejected", {"code": "post_only_rejected"}),
            ("unknown", {"code": "venue_silent", "words": "EService:Unavailable"}),
            ("held", {"code": "switch_holds", "switch": "paused"}),
        )
        await self.journal.commit(
            Batch(
                outcomes=tuple(
                    OutcomeRow(key, state, said, at_s + at + 0.4)
                    for at, (key, (state, said)) in enumerate(zip(keys, outcomes, strict=False))
                )
            )
        )

    async def _commit_done(self, rows: tuple[IntentRow, ...], facts: tuple[Fact, ...]) -> None:
        await self.journal.commit(Batch(intents=rows, facts=facts))
        done = tuple(OutcomeRow(row.key, "delivered", {"answer": "signed"}, row.at_s + 0.17) for row in rows)
        await self.journal.commit(Batch(outcomes=done))

    @staticmethod
    def _sending(call: str, purpose: str, at_s: float) -> IntentRow:
        reason = {"code": "chain.carries", "key": call, "max_fee_wei": 21_400_000_000, "priority_wei": 1_000_000_000}
        payload = {"call_key": call, "hash": HASH, "raw": "0x02f9" + "0d" * 900}
        return intent(f"{call}/2.1", f"chain.broadcast.{purpose}", payload, reason, engine="chain", at_s=at_s)


def fill(order: str, number: int, at_s: float, price: str = "0.0972224", side: str = "buy") -> Fact:
    """The trade `number` of an order, whole."""
    payload = {
        "key": order,
        "trade_id": f"T{number}",
        "order_id": "OB5VMB-B4U2U-DK2WRW",
        "side": side,
        "price": price,
        "quantity": "26.7",
        "fee_usd": "0.0065",
        "maker": True,
        "at_s": at_s,
    }
    return Fact("grid", "fill", f"T{number}-{order}", payload, at_s)
