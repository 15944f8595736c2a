"""The test rig. Every test runs without a screen, without the network, and must leave nothing running behind.

What it offers (each described where it is made, in tests/plugins/rig):

- tests under tests/gui, and those marked `qasync`, run on the panel's loop; all others on asyncio's own (`loops`);
- fixture `until`: wait until a condition holds, in an async test; fixture `loop_errors`: what the loop was left with;
- a test fails that leaves a task, a thread, an active QTimer or a window behind (`leaks`);
- a test fails that reaches for anything but this machine (`network`);
- fixtures `x_display` and `x_environment`: a real X server for a program started as a child process (`screen`);
- HYPOTHESIS_PROFILE: `dev`, `ci` (where CI is set), `thorough`.
"""

import decimal
import os
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import settings

from gui import qt as qt  # names the Qt binding before a plugin or a library chooses one

pytest_plugins = ("rig.leaks", "rig.loops", "rig.network", "rig.screen")

# Nothing of the developer's desktop is seen or touched: no screen, no keyring, no files of theirs.
for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(name, None)
    os.environ.pop(name.lower(), None)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ["LC_ALL"] = "C.UTF-8"  # without a UTF-8 locale Qt warns, and warnings are errors
_home = tempfile.TemporaryDirectory(prefix="evenkeel-tests-")
for name in ("CONFIG", "DATA", "STATE", "CACHE"):
    os.environ[f"XDG_{name}_HOME"] = os.path.join(_home.name, name.lower())
os.environ["XDG_RUNTIME_DIR"] = _home.name

settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.register_profile("thorough", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


@pytest.fixture(autouse=True)
def own_decimal_context() -> Iterator[None]:
    """ccxt's unified calls leave another rounding and another trap in the caller's context; no test inherits that."""
    with decimal.localcontext():
        yield
