"""What a person does at the panel, in the words of the scenes."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from engine.desk.worlds import API_KEY, API_SECRET
from engine.paper.config import ApiKey
from gui.confirmations import LIVE_PHRASE
from tests.rehearse.programs import NotSeenError, Panel
from tests.rehearse.stage import Stage

OPENS_WITHIN_S = 90.0
PLACES_WITHIN_S = 150.0
KEYS_PAGE_KEY = "ctrl+6"


async def profile_with(stage: Stage, key: ApiKey | None, options: str = "", name: str = "operator") -> Path:
    """A new profile whose keyring entry holds this key, or none."""
    profile = stage.profile(name, options)
    if key is not None:
        await stage.keep_key(profile, key)
    return profile


async def go_live(panel: Panel) -> float:
    """Type the phrase into the dialog and agree; returns when that was, on the monotonic clock."""
    await panel.until(lambda: panel.shown.get("over") == "LiveDialog", "the dialog that asks for LIVE", OPENS_WITHIN_S)
    await panel.press(f"type:{LIVE_PHRASE}")
    agreed_s = time.monotonic()
    await panel.press("click:Go LIVE")
    return agreed_s


async def trade_live(panel: Panel, stage: Stage, orders: int = 10) -> None:
    """Go LIVE, and wait until so many orders rest."""
    agreed_s, agreed_cpu_s = await go_live(panel), panel.cpu_s
    await panel.until(lambda: stage.watch.placed, "an order", PLACES_WITHIN_S)
    stage.note("agreed_to_first_order_s", time.monotonic() - agreed_s)
    stage.note("agreed_to_first_order_cpu_s", panel.cpu_s - agreed_cpu_s)
    await panel.until(lambda: len(stage.watch.ours) >= orders, f"{orders} resting orders", PLACES_WITHIN_S)


async def ask_to_stop(panel: Panel) -> None:
    """Press Stop, and wait until the header says so."""
    await panel.press("F12")
    await panel.until(lambda: re.search(r"Stopp(ed|ing)", panel.header), "that it stops", 10.0)


async def stop(panel: Panel, stage: Stage, within_s: float) -> float:
    """Press Stop, and wait until nothing of ours rests; how long that took. Raises NotSeenError."""
    pressed_s = time.monotonic()
    await panel.press("F12")
    try:
        await panel.until(lambda: not stage.watch.ours, "an empty book", within_s)
    except NotSeenError as error:
        raise NotSeenError(f"{len(stage.watch.ours)} orders rest {within_s:g} s after Stop: {error}") from None
    return time.monotonic() - pressed_s


async def enter_key(panel: Panel, stage: Stage, key: ApiKey) -> None:
    """Type key and private key into the Keys page, and save each; the keyring has them then."""
    await panel.until(lambda: panel.header and "STARTING" not in panel.header, "a session", OPENS_WITHIN_S)
    await panel.press(KEYS_PAGE_KEY)
    await panel.until(lambda: panel.shown.get("page") == "keys", "the Keys page", 10.0)
    for title, name, value in (("Kraken API key", API_KEY, key.key), ("Kraken private key", API_SECRET, key.secret)):
        await panel.press(f"click:{title}")
        await panel.press(f"type:{value}")
        await panel.press("Return")
        async with asyncio.timeout(15.0):
            while await stage.kept(panel.profile, name) != value:  # noqa: ASYNC110 - a keyring sets no event
                await asyncio.sleep(0.1)


async def quit_panel(panel: Panel) -> int:
    """Quit by key, and agree to what is asked then; the exit code."""
    await panel.press("ctrl+q")
    return await panel.ended(20.0)
