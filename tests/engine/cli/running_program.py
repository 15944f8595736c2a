"""The headless program as a child process, and the paper exchange that it starts."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

PROGRAM = [sys.executable, "-c", "import sys; from engine.cli import main; sys.exit(main())"]


def exchange_of(child: subprocess.Popen[str]) -> int:
    """The process of the paper exchange that this program runs."""
    children = Path(f"/proc/{child.pid}/task").glob("*/children")
    pids = {int(number) for file in children for number in file.read_text().split()}
    (pid,) = (pid for pid in pids if "engine.paper" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"))
    return pid


def has_ended(pid: int, within_s: float = 0.0) -> bool:
    """Whether this process is gone; one that nobody has waited for yet counts as gone."""
    deadline = time.monotonic() + within_s
    while _runs(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
