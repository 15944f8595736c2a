"""The kinds of outside interference: what is played at the paper exchange, and in which words it has to be told.

Each is played in strikes. What a strike changes for good is put back at its end, so that the next finds the exchange as
it was. The acts are those of `engine.paper.occurrences`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.core.messages import Reason
from engine.grid.events import CancelledByOther, EnlargedByOther, MovedByOther, ReducedByOther
from engine.grid.holds import LockedOut
from engine.grid.messages import ConnectionMissing, GridSnapshot, OrderSetAside, RulesChanged
from engine.grid.picture import AccountChanged, CannotBeTraded, UnexplainedChange
from engine.grid.ports import ClockOff, KeyDead, KeyUsedElsewhere, MarketClosed, MarketStatus

TOLD_WITHIN_S = 60.0

View = Callable[[GridSnapshot], bool]


@dataclass(frozen=True, slots=True)
class Strike:
    """What one strike plays at once, and after `lasts_s` to put it back."""

    acts: str
    lasts_s: float = 0.0
    undo: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. reasons: any of these classes tells it; shown: or the grid's page does. Neither: nothing need be told,
    as long as nothing is asked. blinds: meanwhile nothing else can be seen, so others may be told later. when_asked: it
    shows in answers alone, so it has to be told from the first question on.
    """

    name: str
    draw: Callable[[random.Random], Strike]
    reasons: tuple[type[Reason], ...] = ()
    shown: View | None = None
    told_within_s: float = TOLD_WITHIN_S
    blinds: bool = False
    when_asked: bool = False


def _once(*templates: str) -> Callable[[random.Random], Strike]:
    """One act of these, its numbers drawn."""

    def draw(chance: random.Random) -> Strike:
        return Strike(_filled(chance.choice(templates), chance))

    return draw


def _for_a_while(template: str, undo: str = "", least_s: float = 180.0, most_s: float = 1200.0) -> Any:
    """Lasts for a drawn time; `{for}` stands for it in an act that ends by itself."""

    def draw(chance: random.Random) -> Strike:
        lasts_s = round(chance.uniform(least_s, most_s))
        return Strike(_filled(template, chance).replace("{for}", f"{lasts_s}s"), lasts_s, _filled(undo, chance))

    return draw


def _filled(template: str, chance: random.Random) -> str:
    drawn = {
        "more": f"+{chance.randint(10, 90)}%",
        "less": f"-{chance.randint(5, 30)}%",
        "near": f"{chance.choice('+-')}{chance.uniform(0.02, 0.12):.3f}%",
        "away": f"{chance.choice('+-')}{chance.uniform(0.1, 3.0):.2f}%",
        "some": str(chance.randint(5, 30)),
        "mode": chance.choice(("cancel_only", "maintenance")),
        "page": chance.choice(("html:502", "html:503", "text:429")),
        "ahead": f"{chance.choice('+-')}{chance.randint(5, 90)}s",
    }
    for name, value in drawn.items():
        template = template.replace(f"{{{name}}}", value)
    return template


def _rule(text: str, undo: str) -> Callable[[random.Random], Strike]:
    """A rule that stands until it is surely known, and then is as it was."""
    return lambda chance: Strike(text, TOLD_WITHIN_S + 60.0, undo)


def _foreign_listed(grid: GridSnapshot) -> bool:
    return bool(grid.foreign)


def _runs(grid: GridSnapshot) -> bool:
    return grid.state == "running"


def _fee_credits(grid: GridSnapshot) -> bool:
    return any(row.asset == "KFEE" for row in grid.holdings)


KINDS = (
    Kind("enlarged-entry", _once("amend:entry:{more}"), (EnlargedByOther,)),
    Kind("enlarged-exit", _once("amend:exit:{more}"), (EnlargedByOther,)),
    Kind("reduced", _once("amend:entry:{less}", "amend:exit:{less}"), (ReducedByOther,)),
    Kind("moved-entry", _once("move:entry:{near}"), (MovedByOther,)),
    Kind("moved-exit", _once("move:exit:{away}"), (MovedByOther,)),
    Kind("cancelled-entry", _once("cancel:entry:1", "cancel:buy:2", "cancel:entry"), (CancelledByOther,)),
    Kind("cancelled-exit", _once("cancel:exit:1", "cancel:exit"), (CancelledByOther,)),
    Kind(
        "manual-order",
        _for_a_while("place:buy:{some}usd", "cancel:foreign"),
        shown=_foreign_listed,
    ),
    Kind(
        "program-order",
        _for_a_while("place:sell:50@+8%:id=other-program-1", "cancel:foreign"),
        (KeyUsedElsewhere,),
    ),
    Kind(
        "unreadable-order",
        _for_a_while("place:sell:50@+9%:type=swap", "cancel:foreign"),
        (OrderSetAside,),
    ),
    Kind(
        "other-pair",
        _for_a_while("deposit:eur:900; place:buy:0.001@50000:BTC/EUR:type=stop-loss", "cancel:foreign"),
        (AccountChanged,),
        _foreign_listed,
    ),
    Kind("manual-trade", _once("trade:buy:60", "trade:sell:60"), shown=lambda grid: True),
    Kind("deposit", _once("deposit:usd:{some}", "deposit:doge:400", "deposit:btc:0.01"), (AccountChanged,)),
    Kind("withdrawal", _once("withdraw:usd:{some}", "withdraw:doge:100"), (AccountChanged, UnexplainedChange)),
    Kind("earning", _for_a_while("earn:usd:{some}", "unearn:usd:1000"), (CannotBeTraded, AccountChanged)),
    Kind("staked", _for_a_while("stake:doge:200", "unstake:doge:1000"), (CannotBeTraded, AccountChanged)),
    Kind("fee-credits", _for_a_while("kfee", "kfee:off"), (AccountChanged,), _fee_credits),
    Kind("closed-market", _for_a_while("status:{mode}:{for}"), (MarketClosed,)),
    Kind(
        "post-only-market",
        _for_a_while("status:post_only:{for}"),
        shown=lambda grid: grid.market is MarketStatus.POST_ONLY,
    ),
    Kind(
        "closed-pair",
        _rule("pair-status:cancel_only", "pair-status:online"),
        (MarketClosed,),
    ),
    Kind("decimals", _rule("decimals:5", "decimals:7"), (RulesChanged,)),
    Kind("minimum", _rule("minimum:50", "minimum:13"), (RulesChanged,)),
    Kind("fee-step", _rule("fee:20:35", "fee:25:40"), (RulesChanged,)),
    Kind("lockout", _for_a_while("lockout:{for}"), (LockedOut,), blinds=True, when_asked=True),
    Kind("no-json", _for_a_while("{page}:{for}"), blinds=True),
    Kind("hang", _for_a_while("hang:{for}", most_s=400.0), blinds=True),
    Kind("mute", _for_a_while("mute:{for}"), (ConnectionMissing,), blinds=True),
    Kind("clock", _for_a_while("clock:{ahead}", "clock:+0s"), (ClockOff,), blinds=True),
    Kind("second-program", _for_a_while("second-program:10s:{for}", "cancel:foreign"), (KeyUsedElsewhere,)),
    Kind("dead-key", _for_a_while("key:dead", "key:live"), (KeyDead,), blinds=True, when_asked=True),
)
BY_NAME = {kind.name: kind for kind in KINDS}
