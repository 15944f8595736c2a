"""The headless program with a person at its terminal, or with nobody there."""

from __future__ import annotations

import asyncio
import os
import pty
import subprocess
from pathlib import Path

from tests.engine.cli.running_program import PROGRAM

WITHIN_S = 60.0


def answered(
    *words: str, profile: Path, typed: str | None = None, program: list[str] = PROGRAM, **environment: str
) -> subprocess.CompletedProcess[str]:
    """What the program said and how it ended. typed: a line typed at its terminal; None where there is none."""
    ours, its = pty.openpty()
    try:
        if typed is not None:
            os.write(ours, f"{typed}\n".encode())
        return subprocess.run(
            [*program, *words, "--profile", str(profile)],
            stdin=subprocess.DEVNULL if typed is None else its,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            env={**os.environ, **environment},
            check=False,
        )
    finally:
        os.close(ours)
        os.close(its)


async def answered_beside(*words: str, profile: Path, typed: str | None = None) -> subprocess.CompletedProcess[str]:
    """`answered`, while a session of this process goes on."""
    return await asyncio.to_thread(answered, *words, profile=profile, typed=typed)
