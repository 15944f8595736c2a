"""The panel among servers that mean harm, with everything logged that can be; `tests.soak.canaries` starts it.

    python -m tests.soak.canary_panel PROFILE MODE EXCHANGE_PORT HTTP_PORT SECONDS

It errs on purpose with every secret in its hands: in the loop, in a task, in a thread, in a log line, in a traceback.
What it shows and what it was told over the bus is written beside its profile.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import typing
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from engine.core.bus import Bus
from engine.core.messages import Event, plain
from engine.core.modes import Mode
from engine.core.redaction import Redactor
from engine.core.secrets import KeyringUnavailable, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk
from gui import loop, program

TEXTS, TOLD = "texts.txt", "told.jsonl"

_log = logging.getLogger("canaries")


class CanaryProgram(program.Program):
    """The program, which errs while it runs and says all it has at its end."""

    async def _until_ended(self, folder: Path) -> None:
        context = self._window._context
        assert context is not None
        reader = context.bus.read()
        try:
            await _err_with_every_secret(context.secrets)
            await super()._until_ended(folder)
            await _export(context.bus, folder.parent)
            _write_texts(self._window, folder.parent / TEXTS)
            _write_told(context.bus, reader.drain(), folder.parent / TOLD)
        finally:
            reader.close()

    async def _show_why_not(self, words: str) -> None:
        self._window.notices.grave(words)
        _write_texts(self._window, self._arguments.profile.parent / TEXTS)


async def _err_with_every_secret(vault: SecretStore) -> None:
    running = asyncio.get_running_loop()
    for name in await vault.names():
        with suppress(KeyringUnavailable):
            secret = await vault.read(name)
            if secret is None:
                continue
            value = secret.reveal()
            running.call_soon(_fail, value)
            threading.Thread(target=_fail, args=(value,), name=value).start()
            running.call_exception_handler({"message": f"with {value}", "exception": ValueError(value)})
            _log.debug("a message with %s and %r and %s", value, {"key": value}, value.encode())
            try:
                _fail(value)
            except RuntimeError:
                _log.exception("a traceback with it")


def _fail(value: str) -> None:
    raise RuntimeError(f"it went wrong with {value}")


async def _export(bus: Bus, folder: Path) -> None:
    """Every way in which the journal is exported, where the desk has one."""
    kind = next((kind for kind in bus._handlers if kind.__name__ == "ExportJournal"), None)
    if kind is None:
        return
    hints = typing.get_type_hints(kind)
    for form in hints["format"]:
        answer = await bus.ask(kind(path=str(folder / f"export.{form.value}"), format=form, wanted=hints["wanted"]()))
        _log.info("export as %s: %s", form.value, answer)
        await asyncio.sleep(1.0)


def _write_texts(window: QWidget, file: Path) -> None:
    """All that the window could show, on every page."""
    said = [window.windowTitle()]
    for widget in window.findChildren(QWidget):
        said += [widget.accessibleName(), widget.accessibleDescription(), widget.toolTip()]
        if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
            said.append(widget.text())
    clipboard = QApplication.clipboard()
    file.write_text("\n".join([*filter(None, said), clipboard.text() if clipboard else ""]), encoding="utf-8")


def _write_told(bus: Bus, events: list[Event], file: Path) -> None:
    """Every latest snapshot, and every event of the session."""
    told: list[Any] = [*bus._latest.values(), *events]
    lines = (f"{type(one).__name__} {json.dumps(plain(one), default=repr)}" for one in told)
    file.write_text("\n".join(lines), encoding="utf-8")


def _point_at(exchange_port: int, http_port: int) -> None:
    """Only the addresses are others; whatever talks to them is what talks to the world."""
    from engine.desk import hub_room, on_chain, worlds
    from engine.venue.addresses import loopback

    worlds.LIVE = loopback(exchange_port)
    oracle = f"http://127.0.0.1:{http_port}/api/v3"
    for module in (on_chain, hub_room):
        module.PRO, module.PUBLIC = oracle, oracle


@asynccontextmanager
async def _opened(
    arguments: SessionArguments, redactor: Redactor, parent: QWidget, *, somebody_looks: bool
) -> AsyncIterator[Desk]:
    """As if a person had agreed to everything."""
    from engine.desk.opening import opened
    from engine.venue.permissions import WITHDRAWAL_PHRASE

    async with opened(arguments, redactor, live_confirmed=True, withdrawal_phrase=WITHDRAWAL_PHRASE) as desk:
        yield desk


def main() -> None:
    profile, mode, exchange_port, http_port, seconds = sys.argv[1:]
    logging.basicConfig(filename=f"{profile}.log", level=logging.DEBUG)
    _point_at(int(exchange_port), int(http_port))
    program.opened_if_agreed = _opened  # type: ignore[assignment]
    app = program.make_application()
    arguments = SessionArguments(Path(profile), Mode(mode), float(seconds), None, None, None)
    panel = CanaryProgram(arguments, None, offscreen=False)
    panel.show()
    loop.leave(loop.run(panel.run(), app, on_problem=panel.report))


if __name__ == "__main__":
    main()
