"""Installs the package on this machine, uses the program as a person would, and takes the package away again.

python packaging/linux/smoke.py FOLDER   (of the packages; root, with what `make setup-test` installs)

FOLDER/smoke gets a picture of every page and what the program said. Any line on its standard error that is not an
ordinary one fails.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from guest import Guest, TrialFailed, guest, screen, wait_for

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("overview", "governor", "drift", "hub", "settings", "keys", "journal")
"""In the order of their keys, Ctrl+1 and on."""
ORDINARY = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO .*")
FIRST_FRAME = re.compile(r"first frame painted (\d+\.\d+) s")
READY = "reach the hub"
STARTED_WITHIN_S = 120.0
LOOKED_AT_S = 1.5
ENDED_WITHIN_S = 60.0
MOST_SLOWER_RATIO = 1.5
FRAMES = 5
PANEL_LIBRARIES = re.compile(r"lib(Qt6|pyside|shiboken|X11|xcb|xkb|Xext|wayland|GL|EGL)|PySide6")
ELSEWHERE = re.compile(r"/(\.venv|\.pyenv|node_modules/(?!@foundry-rs)|python3/dist-packages|site-packages)(/|$)")


def main(folder: Path) -> int:
    (deb,) = folder.glob("evenkeel_*.deb")
    pictures = folder / "smoke"
    pictures.mkdir(exist_ok=True)
    try:
        install(deb)
        try:
            with screen() as display, guest(display) as user:
                keep_a_key(user)
                use_panel(user, pictures)
                run_engine(user, pictures)
                compare_first_frames(user)
                before = profile_of(user)
                remove()
                profile_is_left(user, before)
        finally:
            remove()
    except TrialFailed as failure:
        sys.stderr.write(f"smoke: {failure}\n")
        return 1
    say("passed")
    return 0


def install(deb: Path) -> None:
    command = ["dpkg", "--install", str(deb)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        say("getting what the package depends on")
        fix = ["apt-get", "install", "--yes", "-qq", "--fix-broken", "--no-install-recommends"]
        subprocess.run(fix, check=True, stdout=subprocess.DEVNULL)
    say(f"installed {deb.name}")


def remove() -> None:
    if subprocess.run(["dpkg", "--status", "evenkeel"], capture_output=True, check=False).returncode == 0:
        subprocess.run(["dpkg", "--purge", "evenkeel"], check=True, stdout=subprocess.DEVNULL)
        left = [path for path in ("/usr/lib/evenkeel", "/usr/bin/evenkeel") if os.path.lexists(path)]
        if left:
            raise TrialFailed(f"removing the package left {', '.join(left)}")


def keep_a_key(user: Guest) -> None:
    """In a real keyring, by the installed program."""
    said = user.run(["/usr/bin/evenkeel-engine", "keyring"])
    if "SecretService" not in said:
        raise TrialFailed(f"the keyring is not the Secret Service: {said}")
    say(said.strip())


def use_panel(user: Guest, pictures: Path) -> None:
    """PAPER: every page by its key, a picture of each, an orderly end by key."""
    log = pictures / "panel.log"
    with log.open("wb") as said:
        panel = user.start(["/usr/bin/evenkeel", "--no-wizard"], said)
        try:
            wait_for(lambda: lines_with(log, READY) or panel.poll() is not None, "the session", STARTED_WITHIN_S)
            if not lines_with(log, READY):
                raise TrialFailed(f"the panel has no session; it said:\n{log.read_text(errors='replace')}")
            nothing_from_elsewhere(panel.pid)
            window = window_of(user)
            for number, page in enumerate(PAGES, 1):
                xdo(user, "windowfocus", "--sync", window, "key", "--clearmodifiers", f"ctrl+{number}")
                time.sleep(LOOKED_AT_S)
                take_picture(user, pictures / f"{page}.png")
            xdo(user, "windowfocus", "--sync", window, "key", "--clearmodifiers", "ctrl+q")
            code = panel.wait(ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise TrialFailed(f"the panel did not end within {ENDED_WITHIN_S:g} s of being told to") from None
        finally:
            end(panel)
    only_ordinary(log)
    if code != 0:
        raise TrialFailed(f"the panel ended with {code}")
    looks = {(pictures / f"{page}.png").read_bytes() for page in PAGES}
    if len(looks) != len(PAGES):
        raise TrialFailed("two pages look the same, so the keys did not turn them")
    say(f"the panel showed {', '.join(PAGES)} and ended as told")


def run_engine(user: Guest, pictures: Path) -> None:
    """The engines without a window load neither Qt nor X, in any of their processes."""
    log = pictures / "engine.log"
    found: set[str] = set()
    with log.open("wb") as said:
        command = ["/usr/bin/evenkeel-engine", "--profile", str(user.home / "engine"), "--for", "12"]
        engine = user.start(command, said)
        try:
            while engine.poll() is None:
                found |= {line for pid in family(engine.pid) for line in mapped(pid)}
                time.sleep(0.2)
        finally:
            end(engine)
    only_ordinary(log)
    loaded = sorted(path for path in found if PANEL_LIBRARIES.search(path))
    if engine.returncode != 0 or loaded or not any("anvil" in path for path in found):
        raise TrialFailed(f"the engines ended with {engine.returncode}, having loaded {loaded or 'no node'}")
    say(f"the engines ran with {len(found)} files mapped, none of Qt or X")


def compare_first_frames(user: Guest) -> None:
    """The installed program against the source tree, in turn on the same screen; the least of each is what counts."""
    source, installed = [], []
    for number in range(FRAMES):
        installed.append(first_frame(user, ["/usr/bin/evenkeel"], number))
        source.append(first_frame(user, [str(ROOT / ".venv/bin/python"), "-m", "gui.main"], number, as_root=True))
    ratio = min(installed) / min(source)
    say(f"first frame {min(installed):.2f} s installed, {min(source):.2f} s from the source tree: {ratio:.2f} x")
    if ratio > MOST_SLOWER_RATIO:
        raise TrialFailed(f"the installed program paints its first frame {ratio:.2f} x later than the source tree")


def first_frame(user: Guest, command: list[str], number: int, *, as_root: bool = False) -> float:
    """Seconds from the start of the process, as the program says."""
    profile = user.home / f"frame-{'source' if as_root else 'installed'}-{number}"
    log = user.home / "frame.log"
    words = [*command, "--profile", str(profile), "--mode", "off", "--no-wizard"]
    with log.open("wb") as said:
        if as_root:  # the user may not read the source tree
            process = subprocess.Popen(words, cwd=ROOT, env=dict(user.environment), stdout=said, stderr=said)
        else:
            process = user.start(words, said)
        try:
            wait_for(lambda: lines_with(log, "first frame"), "the first frame", STARTED_WITHIN_S)
        finally:
            end(process)
    found = FIRST_FRAME.search(log.read_text())
    assert found is not None
    return float(found[1])


def profile_of(user: Guest) -> dict[str, bytes]:
    folder = user.home / ".local" / "share" / "evenkeel"
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    if not {"evenkeel.toml", "journal.sqlite", "identity"} <= set(files):
        raise TrialFailed(f"the profile {folder} has only {sorted(files)}")
    return files


def profile_is_left(user: Guest, before: dict[str, bytes]) -> None:
    if profile_of(user) != before:
        raise TrialFailed("removing the package changed the profile")
    say("the package is removed, and the profile is as it was")


def only_ordinary(log: Path) -> None:
    odd = [line for line in log.read_text(errors="replace").splitlines() if not ORDINARY.fullmatch(line)]
    if odd:
        raise TrialFailed("unexpected lines:\n" + "\n".join(odd[:20]))


def lines_with(log: Path, words: str) -> list[str]:
    return [line for line in log.read_text(errors="replace").splitlines() if words in line]


def window_of(user: Guest) -> str:
    found: list[str] = []

    def look() -> list[str]:
        found[:] = xdo(user, "search", "--onlyvisible", "--name", "Evenkeel").split()
        return found

    wait_for(look, "the panel's window", 10.0)
    return found[0]


def xdo(user: Guest, *words: str) -> str:
    environment = {"DISPLAY": user.environment["DISPLAY"], "PATH": os.environ["PATH"]}
    return subprocess.run(["xdotool", *words], env=environment, capture_output=True, text=True, check=False).stdout


def take_picture(user: Guest, file: Path) -> None:
    """Of the whole screen, by another program than the one that is looked at."""
    code = (
        "import sys; from PySide6.QtGui import QGuiApplication; app = QGuiApplication([]); "
        "sys.exit(not app.primaryScreen().grabWindow(0).save(sys.argv[1]))"
    )
    environment = {"DISPLAY": user.environment["DISPLAY"], "PATH": os.environ["PATH"], "QT_QPA_PLATFORM": "xcb"}
    subprocess.run([sys.executable, "-c", code, str(file)], env=environment, check=True)


def nothing_from_elsewhere(pid: int) -> None:
    """Whatever it has loaded is the package's, or one of the system's libraries."""
    foreign = sorted({path for each in family(pid) for path in mapped(each) if ELSEWHERE.search(path)})
    if foreign:
        raise TrialFailed(f"the installed program loaded {foreign[:5]}")


def family(pid: int) -> list[int]:
    """The process and all below it."""
    found = [pid]
    with suppress(FileNotFoundError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def mapped(pid: int) -> set[str]:
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        return {fields[5] for line in lines if len(fields := line.split(maxsplit=5)) == 6 and fields[5].startswith("/")}
    return set()


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def say(words: str) -> None:
    sys.stdout.write(f"smoke: {words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
