"""An account outlives keys, machines and sessions: what rests is found again, and can be taken off or over."""

from __future__ import annotations

import asyncio
import signal
import time
from decimal import Decimal

from engine.cli import LIVE_PHRASE
from engine.cli.exit_codes import DONE
from gui.confirmations import LIVE_PHRASE as PANEL_PHRASE
from tests.rehearse.front import API, HOSTS, Manner
from tests.rehearse.person import ask_to_stop, enter_key, go_live, profile_with, quit_panel, trade_live
from tests.rehearse.programs import Headless, Panel
from tests.rehearse.scene import Scene, expect, scene
from tests.rehearse.stage import Stage

LOST_MACHINE_WITHIN_S = 60.0
TRADES_WITHIN_S = 60.0
LOOKED_AT_S = 3.0
EXITS_AFTER = -0.0045
"""A fall of the price that fills every buy entry."""


@scene("From a lost machine to an empty book in less than a minute, by the panel alone")
async def lost_machine(stage: Stage) -> None:
    key = stage.account.keys["good"]
    lost = await profile_with(stage, key, name="lost")
    async with Headless(stage, lost, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: len(stage.watch.ours) >= 10, "ten resting orders", TRADES_WITHIN_S)
        await program.end(signal.SIGKILL)
    fresh = await profile_with(stage, None, name="fresh")
    began_s = time.monotonic()
    async with Panel(stage, fresh, "off") as panel:
        await enter_key(panel, stage, key)
        await quit_panel(panel)
    placed = stage.watch.placed
    async with Panel(stage, fresh, "live") as panel:
        await go_live(panel)
        await panel.until(lambda: "STARTING" not in panel.header, "a session", TRADES_WITHIN_S)
        await ask_to_stop(panel)
        if stage.watch.ours:
            await asyncio.sleep(LOOKED_AT_S)
            header = panel.header
            expect("10 orders" in header, f"while 10 orders of the lost machine rest it says “{header}”")
            await panel.click_what_says(r"cancel|take .*off")
            if panel.shown.get("over"):
                await panel.click_what_says(r"^(cancel|take .*off)")
        await panel.until(lambda: not stage.watch.ours, "an empty book", LOST_MACHINE_WITHIN_S)
    stage.note("lost_machine_to_empty_book_s", time.monotonic() - began_s)
    expect(stage.figures["lost_machine_to_empty_book_s"] < LOST_MACHINE_WITHIN_S, f"it took {stage.figures}")
    expect(stage.watch.placed - placed <= 0, f"{stage.watch.placed - placed} orders were placed beside the lost ones")


@scene("A rotated key loses nothing: what rests is ours again, Stop takes it off, and nothing is placed beside it")
async def rotated_key(stage: Stage) -> None:
    stage.watch.most_resting = 10
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: len(stage.watch.ours) >= 10, "ten resting orders", TRADES_WITHIN_S)
        stage.move(EXITS_AFTER)
        await program.until(lambda: program.grid.get("entries_filled", 0) >= 3, "three filled entries", TRADES_WITHIN_S)
        await asyncio.sleep(LOOKED_AT_S)
        filled = program.grid["entries_filled"]
    await stage.keep_key(profile, stage.account.keys["rotated"])
    stage.kill_key("good")
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: program.grid.get("state") == "running", "a running grid", TRADES_WITHIN_S)
        await asyncio.sleep(LOOKED_AT_S)
        known, rest = program.grid["open_orders"], len(stage.watch.ours)
        code, said = await program.command("stop", "--yes")
        await program.until(lambda: not stage.watch.ours, "an empty book", TRADES_WITHIN_S)
        kept = program.grid["entries_filled"]
    expect(known == rest, f"it knew {known} of {rest} resting orders")
    expect(kept >= filled, f"{filled} entries had filled, and it knows of {kept}")
    expect(code == DONE, f"stop ended with {code} and said {said}")


@scene("evenkeel-engine stop empties the book of a session without a window, and says so only then", short=True)
async def stop_from_a_terminal(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: len(stage.watch.ours) >= 10, "ten resting orders", TRADES_WITHIN_S)
        asked_s = time.monotonic()
        code, said = await program.command("stop", "--yes")
        stage.note("command_took_s", time.monotonic() - asked_s)
        stage.watch.heard("evenkeel-engine stop", said.rpartition("\n")[2] or said.strip().splitlines()[-1])
        await program.until(lambda: not stage.watch.ours, "an empty book", TRADES_WITHIN_S)
        code_of_status, status = await program.command("status")
    expect(code == DONE, f"it ended with {code} and said {said}")
    expect(code_of_status == DONE and "stopped" in status.lower(), f"status said {status}")


@scene("evenkeel-engine stop while every host hangs says what is left")
async def stop_from_a_terminal_while_it_hangs(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: len(stage.watch.ours) >= 10, "ten resting orders", TRADES_WITHIN_S)
        stage.front.behave(Manner.HANG)
        _, said = await program.command("stop", "--yes", within_s=60.0)
        last = said.strip().splitlines()[-1] if said.strip() else ""
        stage.watch.heard("evenkeel-engine stop", last)
        stage.front.behave(Manner.PASS)
        await program.until(lambda: not stage.watch.ours, "an empty book", 60.0)


@scene("An end by SIGTERM with orders resting says what rests and what becomes of it")
async def ended_by_signal(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: len(stage.watch.ours) >= 10, "ten resting orders", TRADES_WITHIN_S)
        code = await program.end(signal.SIGTERM)
        said, rest = program.said, len(stage.watch.ours)
    expect(code == 0, f"it ended with {code}")
    expect(
        not rest or f"{rest} orders" in said, f"{rest} orders rest, and it said {' / '.join(said.splitlines()[-3:])}"
    )


@scene("Closing LIVE with orders resting says what rests and asks what is to become of it")
async def closing_live(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await trade_live(panel, stage)
        await panel.press("ctrl+q")
        await asyncio.sleep(LOOKED_AT_S)
        expect(panel.process.returncode is None, f"it closed without a word; {len(stage.watch.ours)} orders rest")
        expect("10 orders" in panel.shown.get("dialog", ""), f"it asked “{panel.shown.get('dialog')}”")


@scene("Enter after the typed phrase goes LIVE")
async def enter_goes_live(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await panel.until(lambda: panel.shown.get("over") == "LiveDialog", "the dialog that asks for LIVE")
        await panel.press(f"type:{PANEL_PHRASE}")
        await panel.press("Return")
        await panel.until(lambda: stage.watch.placed, "an order", TRADES_WITHIN_S)


@scene("The dialog that asks for LIVE shows balances, what is held, other orders, and the worst case")
async def live_dialog_shows(stage: Stage) -> None:
    await stage.somebody_places("buy", stage.units(400), stage.price(Decimal("0.0900")))
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Panel(stage, profile, "live") as panel:
        await panel.until(lambda: panel.shown.get("over") == "LiveDialog", "the dialog that asks for LIVE")
        await asyncio.sleep(LOOKED_AT_S)
        dialog = panel.shown["dialog"]
    expect("100" in dialog and "USD" in dialog, f"no balance in “{dialog}”")
    expect("36" in dialog, f"what is held by the other order is not in “{dialog}”")
    expect("5" in dialog and "slot" in dialog.lower(), f"no slots in “{dialog}”")


@scene("A certificate for another name keeps LIVE from starting, and is named as the cause")
async def certificate_of_another_name(stage: Stage) -> None:
    stage.front.show(stage.house.authority.server(("www.example.com",)), (API,))
    await _certificate_refused(stage)


@scene("A certificate of an authority that nobody trusts keeps LIVE from starting, and is named as the cause")
async def certificate_of_strangers(stage: Stage) -> None:
    stage.front.show(stage.house.strangers.server(tuple(HOSTS)), tuple(HOSTS))
    await _certificate_refused(stage)


@scene("A certificate that has expired keeps LIVE from starting, and is named as the cause")
async def certificate_that_expired(stage: Stage) -> None:
    stage.front.show(stage.house.authority.server(tuple(HOSTS), expired=True), tuple(HOSTS))
    await _certificate_refused(stage)


async def _certificate_refused(stage: Stage) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.ended(20.0)
        said = program.said
    last = " / ".join(said.splitlines()[-3:])
    expect("certificate" in said.lower(), f"it said {last}")
    expect(not stage.exchange.rest.requests, f"it asked for {stage.exchange.rest.requests}")


@scene("502 at the start is tried again, in words, and LIVE starts when it has passed")
async def bad_gateway_at_start(stage: Stage) -> None:
    await _trouble_at_start(stage, Manner.BAD_GATEWAY)


@scene("A hanging exchange at the start is tried again, in words, and LIVE starts when it has passed")
async def hang_at_start(stage: Stage) -> None:
    await _trouble_at_start(stage, Manner.HANG)


async def _trouble_at_start(stage: Stage, manner: Manner) -> None:
    profile = await profile_with(stage, stage.account.keys["good"])
    stage.front.behave(manner)
    async with Headless(stage, profile, "live", [LIVE_PHRASE]) as program:
        await program.until(lambda: stage.front.taken[API] > 0, "the first connection", TRADES_WITHIN_S)
        await asyncio.sleep(12.0)
        stage.front.behave(Manner.PASS)
        await program.until(lambda: stage.watch.placed, "an order", TRADES_WITHIN_S)
        said = program.said
    expect("{'code'" not in said and "TimeoutError" not in said, f"it said {said[-300:]}")


SCENES: tuple[Scene, ...] = (
    lost_machine,
    rotated_key,
    stop_from_a_terminal,
    stop_from_a_terminal_while_it_hangs,
    ended_by_signal,
    closing_live,
    enter_goes_live,
    live_dialog_shows,
    certificate_of_another_name,
    certificate_of_strangers,
    certificate_that_expired,
    bad_gateway_at_start,
    hang_at_start,
)
