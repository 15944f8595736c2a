"""Anvil as a child that never outlives its parent.

`python -m engine.paper.node ANVIL [ARGUMENT...]` starts anvil and stays beside it: closed standard input ends both, the
end of anvil ends this, and should this be killed, the kernel kills anvil.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

from engine.paper.child import foreign_environment

PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> int:
    """Run `command` until standard input ends; returns its exit code."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env=foreign_environment(), preexec_fn=_die_with_parent
    )
    threading.Thread(target=_end_with_input, args=(process,), daemon=True).start()
    return process.wait()


def _die_with_parent() -> None:
    """Only Linux has this; elsewhere closed standard input is what ends the node."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _end_with_input(process: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):
        pass
    process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
