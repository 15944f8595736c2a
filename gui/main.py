"""`evenkeel`: reads the arguments, paints the window, then lets the engines be loaded."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__
from engine.core.profile import Profile
from engine.desk.arguments import SessionArguments, add_session_arguments, session_arguments
from engine.desk.child_process import run_child

EXIT_FAILED, EXIT_USAGE = 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """The console script. Does not return once the window was shown: the process ends with the session's exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    child = run_child(words)
    if child is not None:
        return child
    parsed = _parser().parse_args(words)
    offscreen = _without_display()
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _say("No display was found: the same panel runs offscreen, and writes a picture of its window every minute.")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _open_window(session_arguments(parsed), parsed, offscreen=offscreen)
    return EXIT_USAGE


def _open_window(arguments: SessionArguments, parsed: argparse.Namespace, *, offscreen: bool) -> None:
    from gui import loop
    from gui.languages import speak_as_chosen
    from gui.program import Program, make_application
    from gui.single import SinglePanel

    app = make_application()
    single = SinglePanel(arguments.profile)
    if not single.claim():
        loop.leave(loop.run(_raise_first(arguments.profile), app, on_problem=lambda problem: _say(problem.what)))
    missing = speak_as_chosen(app, Profile(arguments.profile).options_file)
    program = Program(arguments, parsed.screenshot, offscreen=offscreen, wizard=parsed.wizard)
    if not offscreen:  # a window that nobody can see is not raised
        single.listen(program.raise_window)
    program.show()
    program.warn(missing)
    code = loop.run(program.run(), app, on_problem=program.report)
    single.close()
    loop.leave(code)


async def _raise_first(profile: Path) -> int:
    """Another panel has the profile: its window comes to the front, and this start has done its work."""
    from gui.single import asked_to_raise

    if await asked_to_raise(profile):
        _say(f"Evenkeel runs already on the profile {profile}: its window was raised.")
        return 0
    _say(
        f"Another panel holds the profile {profile} and does not answer, or has no window. End it, or name another "
        "profile with --profile DIR."
    )
    return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evenkeel", description="The panel: one window, the engines inside.")
    parser.add_argument("--version", action="version", version=f"Evenkeel {__version__}")
    add_session_arguments(parser)
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="write a picture of the window here at the end")
    parser.add_argument(
        "--wizard",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show the first steps, or never; without either they are shown on a new profile that somebody sees",
    )
    return parser


def _without_display() -> bool:
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
