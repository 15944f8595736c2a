"""`evenkeel`, the panel's program, as a child process: with a real X server, and without any display."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

PROGRAM = [sys.executable, "-m", "gui.main"]
PAPER = ["--mode", "paper", "--speed", "120", "--market", "down", "--seed", "1"]


def many_colours(picture: Path) -> bool:
    """Whether the picture shows more than an empty window."""
    image = QImage(str(picture))
    assert not image.isNull()
    across = range(0, image.width(), 5)
    return len({image.pixel(x, y) for x in across for y in range(0, image.height(), 5)}) > 20


def test_under_a_real_x_server_the_panel_trades_takes_its_picture_and_ends_clean(
    tmp_path: Path, x_environment: dict[str, str]
) -> None:
    picture = tmp_path / "window.png"
    words = [*PROGRAM, "--profile", str(tmp_path / "p"), *PAPER, "--for", "8", "--screenshot", str(picture)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=x_environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "[REBAL] idle=" in done.stderr
    assert "Traceback" not in done.stderr
    assert many_colours(picture)


def test_without_a_display_it_says_so_and_writes_a_picture_all_the_same(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY")}
    words = [*PROGRAM, "--profile", str(tmp_path / "p"), *PAPER, "--for", "6"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "No display was found" in done.stderr
    assert many_colours(tmp_path / "p" / "window.png")


@pytest.mark.parametrize("wait_s", [0.0, 0.6, 3.0], ids=["at once", "while starting", "while running"])
def test_asked_to_end_at_any_moment_it_ends_clean(tmp_path: Path, x_environment: dict[str, str], wait_s: float) -> None:
    words = [*PROGRAM, "--profile", str(tmp_path / "p"), *PAPER, "--for", "60"]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=x_environment) as child:
        assert child.stderr is not None
        said = child.stderr.readline()
        while "first frame" not in said:
            said = child.stderr.readline()
        time.sleep(wait_s)
        child.terminate()
        rest = child.stderr.read()
        assert child.wait(timeout=30) == 0, rest
    assert "Traceback" not in rest


def test_a_wrong_argument_ends_with_2_before_any_window(tmp_path: Path) -> None:
    done = subprocess.run([*PROGRAM, "--speed", "0"], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "--speed: expected a number above 0" in done.stderr
