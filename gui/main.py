"""`evenkeel`: reads the arguments, paints the window, then lets the engines be loaded."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__
from engine.desk import paper_process
from engine.desk.arguments import SessionArguments, add_session_arguments, session_arguments

EXIT_USAGE = 2


def main(argv: Sequence[str] | None = None) -> int:
    """The console script. Does not return once the window was shown: the process ends with the session's exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == [paper_process.ARGUMENT]:
        return paper_process.main()
    parsed = _parser().parse_args(words)
    offscreen = _without_display()
    if offscreen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
        _say("No display was found: the same panel runs offscreen, and writes a picture of its window every minute.")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _open_window(session_arguments(parsed), parsed.screenshot, offscreen=offscreen)
    return EXIT_USAGE


def _open_window(arguments: SessionArguments, screenshot: Path | None, *, offscreen: bool) -> None:
    from gui import loop
    from gui.program import Program, make_application

    app = make_application()
    program = Program(arguments, screenshot, offscreen=offscreen)
    program.show()
    loop.leave(loop.run(program.run(), app, on_problem=program.report))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evenkeel", description="The panel: one window, the engines inside.")
    parser.add_argument("--version", action="version", version=f"Evenkeel {__version__}")
    add_session_arguments(parser)
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="write a picture of the window here at the end")
    return parser


def _without_display() -> bool:
    if sys.platform in ("win32", "darwin") or os.environ.get("QT_QPA_PLATFORM"):
        return False
    return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
