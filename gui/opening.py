"""Opens the session; what only a person may let happen is asked for in dialogs, in each run anew (panel spec 6, 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from gui.confirmations import LiveDialog, WithdrawalDialog
from gui.sentences import sentence

if TYPE_CHECKING:  # the first frame is painted before any of these is loaded
    from engine.core.redaction import Redactor
    from engine.desk.arguments import SessionArguments
    from engine.desk.desk import Desk


@asynccontextmanager
async def opened_if_agreed(
    arguments: SessionArguments, redactor: Redactor, parent: QWidget, *, somebody_looks: bool
) -> AsyncIterator[Desk]:
    """A running desk, as `engine.desk.opening.opened`, whose refusals a person may lift.

    LIVE is asked about in every run, with the account in sight; a key that may withdraw is named, and its phrase asked
    for. While a dialog is open no session is. somebody_looks: False where no window can be seen; nothing is asked then.

    Raises one of CANNOT_OPEN; LiveNotConfirmed or KeyRefused when the person declined.
    """
    from engine.desk.desk import KeyRefused, LiveNotConfirmed
    from engine.desk.opening import opened

    live_confirmed, phrase = False, None
    while True:
        async with AsyncExitStack() as session:
            try:
                desk = await session.enter_async_context(
                    opened(arguments, redactor, live_confirmed=live_confirmed, withdrawal_phrase=phrase)
                )
            except LiveNotConfirmed:
                if live_confirmed or not somebody_looks:
                    raise
                if not await _live_agreed(arguments, redactor, parent):
                    raise
                live_confirmed = True
            except KeyRefused as refused:
                if refused.phrase is None or phrase is not None or not somebody_looks:
                    raise
                if not await WithdrawalDialog(parent, refused.phrase).answer():
                    raise
                phrase = refused.phrase
            else:
                yield desk
                return


async def _live_agreed(arguments: SessionArguments, redactor: Redactor, parent: QWidget) -> bool:
    """Ask about LIVE while the account is read beside it; whatever that holds is let go of before this returns."""
    dialog = LiveDialog(parent, arguments.profile.name)
    reading = asyncio.create_task(_say_account(dialog, arguments, redactor), name="live account")
    try:
        return await dialog.answer()
    finally:
        reading.cancel()
        await asyncio.wait((reading,))


async def _say_account(dialog: LiveDialog, arguments: SessionArguments, redactor: Redactor) -> None:
    from engine.desk.live_reading import LiveAccount, read_live_account
    from gui.live_words import live_lines

    found = await read_live_account(arguments, redactor)
    dialog.say_account("\n".join(live_lines(found)) if isinstance(found, LiveAccount) else sentence(found))
