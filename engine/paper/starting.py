"""A child that is still starting when nobody wants it any more is ended then, and not first waited for."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable

Process = subprocess.Popen[bytes]


class Starting:
    """Stands between the worker thread that starts a process and the loop that may give it up. end: ends a process."""

    def __init__(self, end: Callable[[Process], None]) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._process: Process | None = None
        self._given_up = False

    def made(self, process: Process) -> Process:
        """In the thread, as soon as there is a process; ends it when it was given up before."""
        with self._lock:
            self._process = process
            if self._given_up:
                self._end(process)
        return process

    def give_up(self) -> None:
        """In the loop. Whoever waits in the thread for the process to be ready finds that it has ended."""
        with self._lock:
            self._given_up = True
            if self._process is not None:
                self._end(self._process)
