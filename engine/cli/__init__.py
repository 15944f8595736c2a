"""`evenkeel-engine`: the same engines with no window. Qt is never imported."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__
from engine.cli import control, drift, exit_codes, hub, keyring, live, store
from engine.desk.arguments import SessionArguments, add_session_arguments, default_profile, session_arguments
from engine.desk.child_process import run_child

LIVE_PHRASE = "trade live"

_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    child = run_child(arguments)
    if child is not None:
        return child
    parsed = _parser().parse_args(arguments)
    if "tool_main" in parsed:
        code: int = parsed.tool_main(parsed)
        return code
    if parsed.command == "options":
        return _options()
    if parsed.command == "governor":
        return _replay(parsed.observations, parsed.profile, parsed.assignments)
    return _run(session_arguments(parsed), as_json=parsed.json)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="evenkeel-engine", description="Evenkeel's engines without a window. With no command: run a session."
    )
    parser.add_argument("--version", action="version", version=f"Evenkeel {__version__}")
    add_session_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON line per snapshot")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    options = commands.add_parser("options", help="print every option as documentation")
    options.add_argument("--markdown", action="store_true", required=True, help="as Markdown tables")
    drift.add_commands(commands)
    hub.add_commands(commands)
    store.add_commands(commands)
    keyring.add_commands(commands)
    control.add_commands(commands)
    live.add_commands(commands, LIVE_PHRASE)
    governor = commands.add_parser("governor", help="tools of the governor")
    tools = governor.add_subparsers(dest="tool", required=True, metavar="TOOL")
    replay = tools.add_parser("replay", help="run the controller over recorded observations, one JSON line per update")
    replay.add_argument("observations", type=Path, metavar="observations.csv")
    replay.add_argument(
        "--profile",
        type=Path,
        default=argparse.SUPPRESS,
        metavar="DIR",
        help="whose options are used; nothing is written",
    )
    replay.add_argument(
        "--set",
        dest="assignments",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the governor other than the profile has it (kp=0.5); may be given several times",
    )
    return parser


def _options() -> int:
    from engine.core.option_docs import markdown
    from engine.desk.options import SECTIONS

    sys.stdout.write(markdown(SECTIONS))
    return 0


def _replay(observations: Path, profile: Path | None, assignments: Sequence[str]) -> int:
    from engine.desk.profile_options import OptionsRefusedError, profile_settings
    from engine.governor.options import GovernorOptions
    from engine.governor.replay import replay_command

    folder = default_profile() if profile is None else profile.expanduser().absolute()
    try:
        settings = profile_settings(folder, os.environ, assignments, section=GovernorOptions.section)
    except (OptionsRefusedError, OSError, UnicodeDecodeError) as error:
        for line in str(error).splitlines():
            print(f"evenkeel-engine governor replay: {line}", file=sys.stderr)
        return exit_codes.USAGE
    return replay_command(observations, settings.of(GovernorOptions), sys.stdout)


def _run(arguments: SessionArguments, *, as_json: bool) -> int:
    from engine.cli.headless import run_session
    from engine.core.redacted_logging import install
    from engine.core.redaction import Redactor
    from engine.desk.desk import KeyRefused, LiveNotConfirmed

    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    redactor = Redactor()
    install(logging.getLogger(), redactor)
    live_confirmed, phrase = False, None
    while True:
        try:
            return asyncio.run(
                run_session(
                    arguments, redactor, print_json=as_json, live_confirmed=live_confirmed, withdrawal_phrase=phrase
                )
            )
        except LiveNotConfirmed as error:
            asked = f"LIVE places real orders with real money. Type “{LIVE_PHRASE}” to go on: "
            live_confirmed = _typed_at_terminal(asked) == LIVE_PHRASE
            if not live_confirmed:
                _log.error("%s; `evenkeel-engine live allow` lets it start by itself", error)
                return exit_codes.PERSON_NEEDED
        except KeyRefused as error:
            _log.error("%s", error)
            phrase = _typed_at_terminal(f"Type “{error.phrase}” to use this key all the same: ")
            if phrase is None:
                return exit_codes.PERSON_NEEDED


def _typed_at_terminal(asked: str) -> str | None:
    """What a person types; without a terminal there is nobody to ask."""
    if not sys.stdin.isatty():
        return None
    print(asked, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
