"""How a session begins: keys of every kind, what OBSERVE shows, and how long it takes until the first order rests."""

from __future__ import annotations

from engine.cli import LIVE_PHRASE
from engine.cli.exit_codes import FAILED, PERSON_NEEDED
from engine.paper.config import ApiKey
from engine.paper.rest import CHANGES
from engine.venue.permissions import WITHDRAWAL_PHRASE
from tests.rehearse.person import profile_with
from tests.rehearse.programs import Headless
from tests.rehearse.scene import Scene, expect, scene
from tests.rehearse.stage import Stage

RUNS_WITHIN_S = 60.0
REFUSED_WITHIN_S = 40.0
FIRST_ORDER_WITHIN_S = 1.0


async def _refused(stage: Stage, key: ApiKey, *words: str, mode: str = "live") -> None:
    """The program ends by itself, with one of these words and no code of ours, and has changed nothing."""
    profile = await profile_with(stage, key)
    async with Headless(stage, profile, mode, [LIVE_PHRASE, "no"]) as program:
        code = await program.ended(REFUSED_WITHIN_S)
        said = program.said
    last = " / ".join(said.splitlines()[-3:])
    expect(code in (FAILED, PERSON_NEEDED), f"it ended with {code} and said {last}")
    expect(any(word.lower() in said.lower() for word in words), f"it said {last}, and nothing of {words}")
    expect("{'code'" not in said and "Traceback" not in said, f"it said {last}")
    expect(not CHANGES & stage.exchange.rest.requests.keys(), f"it asked for {stage.exchange.rest.requests}")


@scene("LIVE refuses a key without the right to trade, and names the right")
async def key_without_trading(stage: Stage) -> None:
    await _refused(stage, stage.account.keys["no-trade"], "modify-trades")


@scene("OBSERVE takes a key that may only read")
async def reading_key_observes(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["no-trade"])
    async with Headless(stage, profile, "observe") as program:
        await program.until(lambda: program.grid.get("state") == "running", "a running grid", RUNS_WITHIN_S)
    expect(not CHANGES & stage.exchange.rest.requests.keys(), f"it asked for {stage.exchange.rest.requests}")


@scene("LIVE refuses a key that may withdraw until the phrase is typed", short=True)
async def key_that_may_withdraw(stage: Stage) -> None:
    key = stage.account.keys["may-withdraw"]
    await _refused(stage, key, WITHDRAWAL_PHRASE)
    profile = stage.folder / "operator"
    async with Headless(stage, profile, "live", [LIVE_PHRASE, WITHDRAWAL_PHRASE]) as program:
        await program.until(lambda: stage.watch.placed, "an order at the exchange", RUNS_WITHIN_S)


@scene("A wrong key is named as such")
async def wrong_key(stage: Stage) -> None:
    right = stage.account.keys["good"]
    await _refused(stage, ApiKey(right.key[::-1], right.secret), "invalid key", "does not know")


@scene("A wrong private key is named as such")
async def wrong_secret(stage: Stage) -> None:
    right, other = stage.account.keys["good"], stage.account.keys["rotated"]
    await _refused(stage, ApiKey(right.key, other.secret), "invalid signature", "private key")


@scene("A key that has expired is named as such")
async def expired_key(stage: Stage) -> None:
    await _refused(stage, stage.account.keys["expired"], "expired", "does not take")


@scene("A key that is bound to another address is refused, with the reason")
async def key_of_another_address(stage: Stage) -> None:
    await _refused(stage, stage.account.keys["elsewhere"], "address")


@scene("A key that ends in five minutes is refused, for nobody could take its orders off then")
async def expiring_key(stage: Stage) -> None:
    await _refused(stage, stage.account.keys["expiring"], "it ends at")


@scene("OBSERVE shows what it would place, at what price, and places nothing")
async def observe_shows(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "observe") as program:
        await program.until(lambda: program.grid.get("state") == "running", "a running grid", RUNS_WITHIN_S)
        await program.until(
            lambda: (
                any(slot.get("wanted") or slot.get("would_place") for slot in program.grid.get("slots", ()))
                or program.grid.get("wanted")
            ),
            "what it would place, with its price",
            5.0,
        )
    expect(stage.watch.placed == 0, f"{stage.watch.placed} orders were placed")


@scene("From going LIVE to the first order in less than a second", short=True)
async def first_order(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        connected_s: list[float] = []

        def placed() -> bool:
            if not connected_s and stage.front.taken_first_s is not None:
                connected_s.append(stage.front.taken_first_s)
            return stage.watch.first_placed_s is not None

        await program.until(placed, "an order at the exchange", RUNS_WITHIN_S)
    assert stage.watch.first_placed_s is not None
    took_s = stage.watch.first_placed_s - connected_s[0]
    stage.note("from_first_connection_to_first_order_s", took_s)
    expect(took_s < FIRST_ORDER_WITHIN_S, f"{took_s:.2f} s from the first connection to the first order")


SCENES: tuple[Scene, ...] = (
    key_without_trading,
    reading_key_observes,
    key_that_may_withdraw,
    wrong_key,
    wrong_secret,
    expired_key,
    key_of_another_address,
    expiring_key,
    observe_shows,
    first_order,
)
