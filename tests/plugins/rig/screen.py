"""A real X server without a screen, for programs that are started as a child process and must show a window."""

import os
import subprocess
from collections.abc import Iterator

import pytest

_SCREEN = "1920x1200x24"


@pytest.fixture(scope="session")
def x_display() -> Iterator[str]:
    """The name of the display (`:7`) of an X server that runs for the whole session."""
    readable, writable = os.pipe()
    with (
        subprocess.Popen(
            ["Xvfb", "-displayfd", str(writable), "-screen", "0", _SCREEN, "-nolisten", "tcp", "-noreset"],
            pass_fds=(writable,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as server,
        os.fdopen(readable) as answer,
    ):
        try:
            os.close(writable)
            number = answer.readline().strip()  # written once it takes connections; empty when it ended instead
            if not number:
                pytest.fail(f"Xvfb did not start: {server.communicate(timeout=5)[1].decode()}", pytrace=False)
            yield f":{number}"
        finally:
            server.terminate()


@pytest.fixture
def x_environment(x_display: str) -> dict[str, str]:
    """Environment variables for a child process that opens its window on `x_display`."""
    return {**os.environ, "DISPLAY": x_display, "QT_QPA_PLATFORM": "xcb"}
