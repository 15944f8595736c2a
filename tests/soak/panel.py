"""The panel's program as `evenkeel` runs it, told from outside what to do with its window, and watched from inside.

    python -m tests.soak.panel (the arguments of `evenkeel`)

Lines on standard input: `close` closes the window as a person does, `page NAME` turns a page, `look` samples what the
process holds and answers with one line of JSON on standard output (`tests.soak.held.Held`). On SIGUSR1 it says where
each thread and each task is. Everything else is the program itself.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict

from gui import program
from gui.main import main
from gui.window import MainWindow
from tests.soak.held import Lateness, held


def _served(window: MainWindow, late: Lateness) -> Callable[[str], None]:
    def serve(line: str) -> None:
        word, _, rest = line.strip().partition(" ")
        if word == "close":
            window.close()
        elif word == "page" and window.model is not None:
            window.show_page(rest)
        elif word == "look":
            print(json.dumps(asdict(held(late))), flush=True)

    return serve


def _say_where_all_are() -> None:
    faulthandler.dump_traceback()
    for task in asyncio.all_tasks():
        frames = [f"{frame.f_code.co_qualname}:{frame.f_lineno}" for frame in task.get_stack()]
        print(task.get_name(), *frames, file=sys.stderr)


class WatchedProgram(program.Program):
    """Listens to standard input while it runs."""

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        late = Lateness()
        serve = _served(self._window, late)

        def listen() -> None:
            for line in sys.stdin:
                try:
                    loop.call_soon_threadsafe(serve, line)
                except RuntimeError:  # the loop has ended
                    return

        threading.Thread(target=listen, name="standard input", daemon=True).start()
        loop.add_signal_handler(signal.SIGUSR1, _say_where_all_are)
        measuring = asyncio.create_task(late.run(), name="lateness")
        try:
            return await super().run()
        finally:
            measuring.cancel()
            await asyncio.wait((measuring,))


if __name__ == "__main__":
    program.Program = WatchedProgram  # type: ignore[misc]
    sys.exit(main())
