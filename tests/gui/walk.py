"""The panel used as a new user would: the real program on a real X server, every page and dialog by real key presses.

    python -m tests.gui.walk FOLDER [--scale 1.5] [--look light]

FOLDER gets a picture of each stop of the walk and the program's log. It starts its own X server and keyring. A stop
that is not reached ends the walk with a sentence and exit code 1.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QImage

from tests.gui.walked import Place, Sight
from tests.secret_service import private_secret_service

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "tests.gui.walked"]
PAPER = ["--mode", "paper", "--speed", "60", "--market", "down", "--seed", "1"]
PAGES = ("overview", "governor", "drift", "hub", "settings", "keys", "journal")
"""In the order of their keys, Ctrl+1 and on."""
GIVE_UP_AFTER_S = 60.0
ENDS_WITHIN_S = 30.0
LOOKED_AT_S = 1.2
"""Before a picture: two redraws of the panel."""
WINDOW_PX = (1280, 860)


class NotReached(Exception):
    """What was wanted and what was in sight instead, in words."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop. keys: pressed one after the other (`ctrl+1`, or a text after `type:`, or `click:` and an accessible
    name). page, over, step, switch: what has to be in sight then, as in `Sight`; empty and 0 do not matter. leave:
    keys that close it again."""

    name: str
    keys: tuple[str, ...]
    page: str = ""
    over: str = ""
    step: int = 0
    switch: str = ""
    leave: tuple[str, ...] = ()

    def reached(self, sight: Sight) -> bool:
        """Whether this is what is in sight."""
        return (
            (not self.page or sight.page == self.page)
            and sight.over == self.over
            and (not self.step or sight.step == self.step)
            and (not self.switch or sight.switch == self.switch)
        )


FIRST_STEPS = (
    Stop("steps-1", ("ctrl+shift+w",), over="Wizard", step=1),
    *(Stop(f"steps-{number}", ("click:Next",), over="Wizard", step=number) for number in (2, 3, 4, 5)),
    Stop("steps-left", ("Escape",)),
)
PAGE_STOPS = tuple(Stop(page, (f"ctrl+{number}",), page=page) for number, page in enumerate(PAGES, 1))
SHEETS = (
    Stop("palette", ("ctrl+1", "ctrl+k"), over="Palette"),
    Stop("palette-found", ("type:idle target",), over="Palette", leave=("Escape",)),
    Stop("alerts", ("ctrl+shift+b",), over="AlertsPanel", leave=("Escape",)),
    Stop("alerts-by-bell", ("click:Alerts",), over="AlertsPanel", leave=("Escape",)),
)
DIALOGS = (
    Stop("help", ("F1",), over="ShortcutsDialog", leave=("Escape",)),
    Stop("crash-bundle", ("ctrl+shift+d",), over="CrashBundleDialog", leave=("Escape",)),
    Stop("plot-menu", ("ctrl+2", "ctrl+m"), page="governor", over="QMenu", leave=("Escape",)),
    Stop("all-actions", ("click:All actions",), over="QMenu", leave=("Escape",)),
    Stop("journal-export", ("ctrl+7", "ctrl+e"), page="journal", over="ExportDialog", leave=("Escape",)),
    Stop("settings-found", ("ctrl+f", "type:governor.kp"), page="settings"),
    Stop("settings-edited", ("Tab", "Tab", "Tab", "Tab", "Tab", "ctrl+a", "type:1.5"), page="settings"),
    Stop("settings-diff", ("ctrl+s",), page="settings", over="DiffDialog", leave=("Escape",)),
)
SWITCH = (
    Stop("paused", ("ctrl+1", "F9"), switch="paused"),
    Stop("stopped", ("F12",), switch="stopped"),
    Stop("resume", ("ctrl+shift+r",), over="ResumeDialog", leave=("Escape",)),
)


class Walk:
    """The program, its keys, and what it says is in sight. Use it as a context; leaving it ends the program by key."""

    def __init__(self, profile: Path, environment: Mapping[str, str], log: Path, arguments: Sequence[str] = ()) -> None:
        self._environment = dict(environment)
        self._log = log
        self._said: queue.Queue[str | None] = queue.Queue()
        self._places: queue.Queue[Place] = queue.Queue()
        self.sight: Sight | None = None
        with log.open("wb") as errors:
            self._panel = subprocess.Popen(
                [*PROGRAM, "--profile", str(profile), *PAPER, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=self._environment,
                cwd=ROOT,
            )
        self._hearing = threading.Thread(target=self._hear, name="what the panel says", daemon=True)
        self._hearing.start()

    def __enter__(self) -> Walk:
        return self

    def __exit__(self, *_: object) -> None:
        if self._panel.poll() is None:
            self._panel.terminate()
            try:
                self._panel.wait(ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self._panel.kill()
                self._panel.wait()
        self._hearing.join()
        for stream in (self._panel.stdin, self._panel.stdout):
            if stream is not None:
                stream.close()

    def started(self) -> None:
        """Wait until a session is there and acknowledged."""
        self.until(lambda sight: sight.switch == "running", "a running session")

    def go(self, stop: Stop) -> None:
        """Press the keys of `stop` and wait until it is in sight."""
        for key in stop.keys:
            self.press(key)
        self.until(stop.reached, f"“{stop.name}” by {', '.join(stop.keys)}")

    def leave(self, stop: Stop) -> None:
        """Close what `stop` had opened."""
        for key in stop.leave:
            self.press(key)
        if stop.leave:
            self.until(lambda sight: not sight.over, f"the page again after “{stop.name}”")

    def press(self, key: str) -> None:
        """One key, a text after `type:`, or a click after `click:`, in the window that takes the keys now."""
        sight = self._newest()
        kind, _, what = key.partition(":")
        focus = ["windowfocus", "--sync", str(sight.window)]
        if kind == "type":
            self._xdo(*focus, "type", "--delay", "15", what)
        elif kind == "click":
            place = self._place(what)
            self._xdo(*focus, "mousemove", str(place.x), str(place.y), "click", "1")
        else:
            self._xdo(*focus, "key", "--clearmodifiers", key)

    def until(self, holds: Callable[[Sight], bool], what: str) -> None:
        """Wait until what is in sight is as wanted."""
        deadline_s = time.monotonic() + GIVE_UP_AFTER_S
        while self.sight is None or not holds(self.sight):
            self._take_next(deadline_s, what)

    def end(self) -> int:
        """Quit by key; the exit code."""
        self.press("ctrl+q")
        try:
            return self._panel.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise NotReached(f"the end within {ENDS_WITHIN_S:g} s of Ctrl+Q") from None

    def _newest(self) -> Sight:
        self.until(lambda _: True, "a window")
        while not self._said.empty():
            self._take_next(time.monotonic() + GIVE_UP_AFTER_S, "a window")
        assert self.sight is not None
        return self.sight

    def _take_next(self, deadline_s: float, what: str) -> None:
        try:
            line = self._said.get(timeout=max(0.0, deadline_s - time.monotonic()))
        except queue.Empty:
            raise NotReached(f"{what} was not reached; in sight is {self.sight}") from None
        if line is None:
            words = self._log.read_text(errors="replace").splitlines()[-5:]
            raise NotReached(f"{what} was not reached: the program ended and said {words}")
        said = json.loads(line)
        if "name" in said:
            self._places.put(Place(**said))
        else:
            self.sight = Sight(**said)

    def _place(self, name: str) -> Place:
        assert self._panel.stdin is not None
        self._panel.stdin.write(f"{name}\n")
        self._panel.stdin.flush()
        deadline_s = time.monotonic() + GIVE_UP_AFTER_S
        while self._places.empty():
            self._take_next(deadline_s, f"the place of “{name}”")
        place = self._places.get()
        if place.x is None:
            raise NotReached(f"nothing in sight is called “{name}”; in sight is {self.sight}")
        return place

    def _xdo(self, *words: str) -> None:
        done = subprocess.run(["xdotool", *words], env=self._environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NotReached(f"xdotool {' '.join(words)}: {done.stderr.strip()}")

    def _hear(self) -> None:
        assert self._panel.stdout is not None
        for line in self._panel.stdout:
            self._said.put(line)
        self._said.put(None)


@contextmanager
def seen_screen(scale: float) -> Iterator[tuple[dict[str, str], Path]]:
    """An X server of the size of the window at that scale: the environment for it, and the file it paints into."""
    width, height = (round(side * scale) for side in WINDOW_PX)
    readable, writable = os.pipe()
    with tempfile.TemporaryDirectory(prefix="evenkeel-screen-") as folder, os.fdopen(readable) as answer:
        command = ["Xvfb", "-displayfd", str(writable), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        with subprocess.Popen([*command, "-fbdir", folder], pass_fds=(writable,), stderr=subprocess.DEVNULL) as server:
            try:
                os.close(writable)
                number = answer.readline().strip()
                if not number:
                    raise NotReached("Xvfb did not start")
                environment = {
                    **os.environ,
                    "DISPLAY": f":{number}",
                    "QT_QPA_PLATFORM": "xcb",
                    "QT_SCALE_FACTOR": f"{scale:g}",
                }
                yield environment, Path(folder) / "Xvfb_screen0"
            finally:
                server.terminate()


def screen_picture(screen: Path) -> QImage:
    """What the X server shows now; `screen` is in the format of xwd, whose header is 25 numbers and a name."""
    content = screen.read_bytes()
    header = struct.unpack(">25I", content[:100])
    size, width, height, stride, colours = header[0], header[4], header[5], header[12], header[19]
    pixels = content[size + 12 * colours :]
    return QImage(pixels, width, height, stride, QImage.Format.Format_RGB32).copy()


def walk(folder: Path, scale: float, look: str) -> None:
    """All stops, with a picture of each."""
    with tempfile.TemporaryDirectory(prefix="evenkeel-walk-") as home, seen_screen(scale) as (environment, screen):
        profile = Path(home) / "new"
        profile.mkdir()
        (profile / "evenkeel.toml").write_text(f'[desk]\nlook = "{look}"\nlanguage = "en"\n')
        with private_secret_service(Path(home)) as service:
            environment["DBUS_SESSION_BUS_ADDRESS"] = service.bus_address
            with Walk(profile, environment, folder / "panel.log", ["--no-wizard"]) as panel:
                panel.started()
                for stop in (*FIRST_STEPS, *PAGE_STOPS, *SHEETS, *DIALOGS, *PAGE_STOPS, *SWITCH):
                    panel.go(stop)
                    time.sleep(LOOKED_AT_S)
                    screen_picture(screen).save(str(folder / f"{stop.name}.png"))
                    panel.leave(stop)
                if (code := panel.end()) != 0:
                    raise NotReached(f"the program ended with {code}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--look", choices=("dark", "light"), default="dark")
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    try:
        walk(asked.folder, asked.scale, asked.look)
    except NotReached as problem:
        sys.stderr.write(f"walk: {problem}\n")
        return 1
    sys.stdout.write(f"walk: every stop was reached; pictures are in {asked.folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
