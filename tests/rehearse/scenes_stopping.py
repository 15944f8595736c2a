"""Stop, whatever stands in its way: it is not said to be done before it is."""

from __future__ import annotations

import asyncio

from tests.rehearse import namespace
from tests.rehearse.front import API, Manner
from tests.rehearse.person import ask_to_stop, profile_with, stop, trade_live
from tests.rehearse.programs import Headless, Panel
from tests.rehearse.scene import Scene, expect, scene
from tests.rehearse.stage import Stage

EMPTY_WITHIN_S = 30.0
AFTER_TROUBLE_S = 10.0
TROUBLE_S = 16.0
FAR_AWAY_S = 0.12
LOOKED_AT_S = 1.0


async def _stopped_in(stage: Stage, manner: Manner, hosts: tuple[str, ...] | None = None) -> None:
    """Stop while the hosts behave so for TROUBLE_S; the header says what is left, and the book is empty soon after."""
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        if hosts is None:
            stage.front.behave(manner)
        else:
            stage.front.behave(manner, hosts)
        await ask_to_stop(panel)
        await asyncio.sleep(TROUBLE_S)
        during = panel.header
        stage.front.behave(Manner.PASS)
        lifted_s = asyncio.get_running_loop().time()
        await panel.until(lambda: not stage.watch.ours, "an empty book after the trouble", EMPTY_WITHIN_S)
        stage.note("empty_after_the_trouble_s", asyncio.get_running_loop().time() - lifted_s)
        await asyncio.sleep(LOOKED_AT_S)
    expect("order" in during, f"while {manner.value} it said “{during}”")
    expect(stage.figures["empty_after_the_trouble_s"] < AFTER_TROUBLE_S, f"empty only {stage.figures} after it")


@scene("Stop empties the book at once", short=True)
async def plain_stop(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        stage.note("stop_to_empty_book_s", await stop(panel, stage, EMPTY_WITHIN_S))
        await panel.until(lambda: "Stopped" in panel.header, "that it stopped", 30.0)
        await asyncio.sleep(LOOKED_AT_S)


@scene("With 120 ms each way Stop empties the book within three round trips and a second")
async def stop_far_away(stage: Stage) -> None:
    stage.front.way_s = FAR_AWAY_S
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        took_s = await stop(panel, stage, EMPTY_WITHIN_S)
        await asyncio.sleep(LOOKED_AT_S)
    stage.note("stop_to_empty_book_s", took_s)
    expect(took_s < 6 * FAR_AWAY_S + 1.0, f"{took_s:.2f} s")


@scene("Stop during 16 s of 502 with HTML from every host says what is left, and goes on trying")
async def stop_during_502(stage: Stage) -> None:
    await _stopped_in(stage, Manner.BAD_GATEWAY)


@scene("Stop while REST alone answers 502 leaves by the socket")
async def stop_while_rest_answers_502(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        stage.front.behave(Manner.BAD_GATEWAY, (API,))
        stage.note("stop_to_empty_book_s", await stop(panel, stage, 5.0))
        await asyncio.sleep(LOOKED_AT_S)


@scene("Stop while every host hangs for 16 s says what is left, and goes on trying")
async def stop_while_it_hangs(stage: Stage) -> None:
    await _stopped_in(stage, Manner.HANG)


@scene("Stop while every connection is reset for 16 s says what is left, and goes on trying")
async def stop_while_cut(stage: Stage) -> None:
    await _stopped_in(stage, Manner.CUT)


@scene("Stop while answers are lost for 16 s is done by looking up, and placed nothing twice")
async def stop_while_answers_are_lost(stage: Stage) -> None:
    await _stopped_in(stage, Manner.LOSE_ANSWERS)


@scene("Stop 5 s after placing on the starter tier empties the book though its counter is high", tier="starter")
async def stop_on_the_starter_tier(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage, orders=8)
        await asyncio.sleep(5.0)
        stage.note("stop_to_empty_book_s", await stop(panel, stage, 60.0))
        await asyncio.sleep(LOOKED_AT_S)


@scene("Another profile in OBSERVE on the same key for 5 s does not keep Stop from emptying the book")
async def second_profile(stage: Stage) -> None:
    key = stage.account.keys["good"]
    profile, other = await profile_with(stage, key), await profile_with(stage, key, name="other")
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        for _ in range(2):  # a profile that was started before
            async with Headless(stage, other, "observe") as second:
                await second.until(lambda: second.grid.get("state") in ("running", "held"), "the other grid")
                await asyncio.sleep(5.0)
        stage.note("stop_to_empty_book_s", await stop(panel, stage, EMPTY_WITHIN_S))
        await asyncio.sleep(LOOKED_AT_S)
        said = await panel.texts()
    expect("another program" in said.lower(), "nothing said that another program uses this key")


@scene("A key that dies while it runs is a grave alert at once, and Stop says how many orders still rest")
async def key_dies(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        stage.kill_key("good")
        await asyncio.sleep(20.0)
        said = (await panel.texts()).lower()
        expect(
            "needs your attention" not in said or "nothing needs" not in said, "nothing needs your attention, it says"
        )
        expect("key" in said and "kraken" in said, "nothing was said of the key within 20 s")
        await ask_to_stop(panel)
        await asyncio.sleep(10.0)
        resting, header = len(stage.watch.ours), panel.header
        stage.revive_key("good")
        await panel.until(lambda: not stage.watch.ours, "an empty book once the key is taken again", 60.0)
    expect(str(resting) in header, f"while {resting} orders rested it said “{header}”")


@scene("Without a network for 50 s an alert comes after 20 s, in words, and Stop is carried out when it is back")
async def no_network(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        namespace.set_loopback(up=False)
        try:
            await asyncio.sleep(25.0)
            said = await panel.texts()
            await ask_to_stop(panel)
            await asyncio.sleep(25.0)
        finally:
            namespace.set_loopback(up=True)
        await panel.until(lambda: not stage.watch.ours, "an empty book after the network is back", 60.0)
    expect("VenueSilent" not in said and "connection" in said.lower(), f"after 25 s it said {said[:300]}")


SCENES: tuple[Scene, ...] = (
    plain_stop,
    stop_far_away,
    stop_during_502,
    stop_while_rest_answers_502,
    stop_while_it_hangs,
    stop_while_cut,
    stop_while_answers_are_lost,
    stop_on_the_starter_tier,
    second_profile,
    key_dies,
    no_network,
)
