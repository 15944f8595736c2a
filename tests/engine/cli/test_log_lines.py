"""What happens is logged in words, one line each (cases: placed orders are not logged)."""

from __future__ import annotations

import os
import re
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from engine.cli.log_lines import log_line
from engine.core.messages import Event
from engine.core.mirror_messages import MirrorLost, StoreSlow
from engine.core.modes import AskedByPerson, Switch, SwitchMoved
from engine.grid.messages import (
    FillBooked,
    GridNote,
    OrderCancelled,
    OrderPlaced,
    PriceAwaited,
    RoundTripBooked,
)
from engine.grid.ports import Side
from engine.grid.slot import Role, Trade
from tests.engine.cli.at_a_terminal import answered
from tests.engine.cli.running_program import PROGRAM

ORDER = {
    "at_s": 1.0,
    "key": "s1.2B.entry.0",
    "slot_id": 2,
    "trade": Trade.B,
    "role": Role.ENTRY,
    "side": Side.BUY,
    "price": Decimal("0.09650"),
    "quantity": Decimal("40.50"),
}
TRIP = {
    "at_s": 1.0,
    "slot_id": 2,
    "trade": Trade.B,
    "quantity": Decimal(40),
    "entry_price": Decimal("0.0965"),
    "exit_price": Decimal("0.0975"),
}


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (OrderPlaced(**ORDER, reason=PriceAwaited()), "placed: slot 2B, buy entry, 40.5 at 0.0965"),
        (OrderCancelled(**ORDER, filled=Decimal(0), expired=False), "cancelled: slot 2B, buy entry, 40.5 at 0.0965"),
        (
            OrderCancelled(**ORDER, filled=Decimal("3.20"), expired=True),
            "expired: slot 2B, buy entry, 40.5 at 0.0965, 3.2 of it filled before",
        ),
        (
            FillBooked(**ORDER, trade_id="T1", fee_usd=Decimal("0.0123"), maker=True),
            "filled: slot 2B, buy entry, 40.5 at 0.0965, fee $0.01 (maker)",
        ),
        (
            RoundTripBooked(**TRIP, profit_usd=Decimal("0.04"), evicted=False),
            "round trip: slot 2B, 40 from 0.0965 to 0.0975, $0.04",
        ),
        (
            RoundTripBooked(**TRIP, profit_usd=Decimal("-0.5"), evicted=True),
            "given up: the oldest recovery order of slot 2B, -$0.50 booked",
        ),
        (
            RoundTripBooked(**TRIP, profit_usd=Decimal("0.04"), evicted=False, worked_off=True),
            "worked off: abandoned inventory of slot 2B, 40 from 0.0965 to 0.0975, $0.04",
        ),
        (GridNote(at_s=1.0, reason=PriceAwaited()), "Waiting for the first price."),
        (
            SwitchMoved(at_s=1.0, before=Switch.RUNNING, after=Switch.PAUSED, why=AskedByPerson("terminal")),
            "the master switch went from running to paused. A person asked for it in the terminal.",
        ),
        (
            MirrorLost(at_s=1.0, reason=StoreSlow(5.0)),
            "MirrorLost: PostgreSQL did not answer within 5 s. It is tried again.",
        ),
    ],
    ids=["placed", "cancelled", "expired", "filled", "closed", "given up", "worked off", "note", "switch", "mirror"],
)
def test_an_event_is_one_line_in_words(event: Event, said: str) -> None:
    assert log_line(event) == said


def test_a_session_logs_what_it_places_and_takes_off_the_book_and_what_stays_at_its_end(tmp_path: Path) -> None:
    words = ["--profile", str(tmp_path / "p"), "--mode", "paper", "--speed", "20", "--market", "flat"]
    environment = {**os.environ, "EVENKEEL_DESK_AT_END": "cancel_all"}
    child = subprocess.Popen([*PROGRAM, *words], stderr=subprocess.PIPE, text=True, env=environment)
    assert child.stderr is not None
    placed = next(line for line in child.stderr if "placed: " in line)
    answered("stop", "--yes", profile=tmp_path / "p")
    cancelled = next(line for line in child.stderr if "cancelled: " in line)
    child.terminate()
    assert "INFO No order of the grid stays at the exchange." in child.communicate(timeout=20)[1]
    for line in (placed, cancelled):
        assert re.search(r"INFO (placed|cancelled): slot \d[AB], (buy|sell) entry, [\d,.]+ at 0\.0\d+$", line.rstrip())
