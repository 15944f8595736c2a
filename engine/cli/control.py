"""`evenkeel-engine status | stop | pause | resume | grid | happen`: a person at a terminal, and a session that runs.

Each verb says first what it will do, in the session's own words, and asks; without a terminal it needs --yes.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from engine.cli import exit_codes

VERBS = {
    "stop": "cancel every order and let nothing new out, until a person resumes",
    "pause": "let no new entry out; exits go on",
    "resume": "let the engines act again",
}
WAYS = {
    "release": ("SLOT", "let a slot that is held work again"),
    "adopt": ("ORDER_OR_SLOT", "take over what the exchange has"),
    "dismiss": ("SLOT", "leave to a person what somebody else added"),
    "cancel": ("ORDER", "take an order off the book"),
    "accept": ("SLOT_OR_ORDER", "take what the exchange says as right"),
    "go_on": ("NAME", "go on after the whole grid was held"),
}
EPILOG = (
    "Exit codes: 0 done; 1 refused or failed; 2 wrong usage, or neither a terminal nor --yes; 3 no session of this "
    "profile runs; 4 not agreed to; 5 no answer in time, or orders may rest after a stop."
)

Result = dict[str, Any]


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the commands; each sets `tool_main`."""
    status = commands.add_parser("status", help="say how the session of this profile stands", epilog=EPILOG)
    _add_shared(status)
    status.set_defaults(tool_main=_status)
    for verb, text in VERBS.items():
        parser = commands.add_parser(verb, help=f"{text} (asks the session of this profile)", epilog=EPILOG)
        _add_shared(parser)
        _add_yes(parser)
        parser.set_defaults(tool_main=_move_switch, verb=verb)
    happen = commands.add_parser(
        "happen", help="let something happen at the paper exchange of the session that runs (PAPER only)", epilog=EPILOG
    )
    happen.add_argument(
        "text", metavar="[TIME:]KIND:ARGUMENTS", help="as --happen has it; TIME counts from now, without it it is now"
    )
    _add_shared(happen)
    happen.set_defaults(tool_main=_happen)
    grid = commands.add_parser("grid", help="what waits for a person in the grid, and the ways out of it")
    tools = grid.add_subparsers(dest="tool", required=True, metavar="TOOL")
    listing = tools.add_parser("list", help="list what waits for a person, and what each way would do", epilog=EPILOG)
    _add_shared(listing)
    listing.set_defaults(tool_main=_list)
    for verb, (target, text) in WAYS.items():
        parser = tools.add_parser(_typed(verb), help=f"{text}, where the grid offers it", epilog=EPILOG)
        parser.add_argument("target", metavar=target, help="as `grid list` names it")
        _add_shared(parser)
        _add_yes(parser)
        parser.set_defaults(tool_main=_take, verb=verb)


def _add_shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="folder of the session that is meant"
    )
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print the answer as JSON")


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do it without asking")


class _EndedError(Exception):
    """The command ends here, with this exit code; what there was to say is said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _status(parsed: argparse.Namespace) -> int:
    try:
        result = _asked(parsed, "status")
    except _EndedError as ended:
        return ended.code
    _show(parsed, result, _status_lines(result))
    return exit_codes.DONE


def _move_switch(parsed: argparse.Namespace) -> int:
    try:
        effect = _asked(parsed, "status").get("effects", {}).get(parsed.verb)
        if effect is None:
            return _refused("the session is still starting; try again in a moment")
        if effect["code"] == "already_there":
            _show(parsed, {"switch": effect["switch"]}, [effect["words"]])
            return exit_codes.DONE
        _agree(parsed, effect["words"])
        result = _asked(parsed, parsed.verb)
    except _EndedError as ended:
        return ended.code
    _show(parsed, result, [moved_words(result)])
    return exit_codes.UNANSWERED if result.get("left") else exit_codes.DONE


def moved_words(result: Result) -> str:
    """What came of a verb of the switch; of a Stop with how many orders left the book, and how many may still rest."""
    words = f"The master switch is {result['switch']}."
    if "cancelled" in result:
        words += f" Taken off the book: {result['cancelled']} orders."
    if result.get("left"):
        words += f" {result['left']} may rest still and are asked to leave again; `status` says how it stands."
    return words


def _list(parsed: argparse.Namespace) -> int:
    try:
        troubles = _of_grid(_asked(parsed, "ways"))
    except _EndedError as ended:
        return ended.code
    _show(parsed, {"troubles": troubles}, _trouble_lines(troubles) or ["Nothing of the grid waits for a person."])
    return exit_codes.DONE


def _take(parsed: argparse.Namespace) -> int:
    try:
        offered = [way for trouble in _of_grid(_asked(parsed, "ways")) for way in trouble["ways"]]
        way = next((one for one in offered if (one["verb"], one["target"]) == (parsed.verb, parsed.target)), None)
        if way is None:
            return _not_offered(parsed, offered)
        _agree(parsed, way["effect"]["words"])
        result = _asked(parsed, "take", verb=way["verb"], target=way["target"])
    except _EndedError as ended:
        return ended.code
    _show(parsed, result, [f"Done: {_typed(way['verb'])} {way['target']}."])
    return exit_codes.DONE


def _happen(parsed: argparse.Namespace) -> int:
    """It asks nobody: nothing real is touched, and a session in another mode refuses it."""
    try:
        result = _asked(parsed, "happen", text=parsed.text)
    except _EndedError as ended:
        return ended.code
    _show(parsed, result, _happening_lines(result))
    return exit_codes.DONE


def _asked(parsed: argparse.Namespace, command: str, **fields: str) -> Result:
    """What the session answered. Raises _EndedError once it is said why there is no such answer."""
    from engine.desk.arguments import session_arguments
    from engine.desk.control_address import ControlAddressError
    from engine.desk.control_client import NoSessionError, SessionSilentError, ask_session

    try:
        answer = ask_session(session_arguments(parsed).profile, command, **fields)
    except NoSessionError as error:
        _say(str(error))
        raise _EndedError(exit_codes.NO_SESSION) from None
    except (SessionSilentError, ControlAddressError) as error:
        _say(str(error))
        raise _EndedError(exit_codes.UNANSWERED) from None
    if answer.get("ok") is not True:
        error_found = answer.get("error", {})
        offered = error_found.get("offered")
        if offered is not None:
            raise _EndedError(_not_offered(parsed, offered))
        _say(str(error_found.get("words", "the session refused without a word")))
        raise _EndedError(exit_codes.UNANSWERED if error_found.get("code") == "unanswered" else exit_codes.FAILED)
    result: Result = answer["result"]
    return result


def _agree(parsed: argparse.Namespace, effect: str) -> None:
    """Say what will be done and have a person agree. Raises _EndedError where nobody does."""
    print(effect, file=sys.stderr)
    if parsed.yes:
        return
    if not sys.stdin.isatty():
        _say("nobody is at a terminal to agree; give --yes to do it all the same")
        raise _EndedError(exit_codes.USAGE)
    print("Do it? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().casefold() not in ("y", "yes"):
        _say("nothing was done")
        raise _EndedError(exit_codes.PERSON_NEEDED)


def _not_offered(parsed: argparse.Namespace, offered: list[Result]) -> int:
    _say(f"“{_typed(parsed.verb)} {parsed.target}” is not offered now. What is:")
    lines = [_way_line(way) for way in offered]
    print("\n".join(lines or ["  nothing: nothing of the grid waits for a person"]), file=sys.stderr)
    return exit_codes.FAILED


def _refused(words: str) -> int:
    _say(words)
    return exit_codes.FAILED


def _say(words: str) -> None:
    print(f"evenkeel-engine: {words}", file=sys.stderr)


def _show(parsed: argparse.Namespace, result: Result, lines: list[str]) -> None:
    print(json.dumps(result, separators=(",", ":")) if parsed.json else "\n".join(lines))


def _of_grid(result: Result) -> list[Result]:
    return [trouble for trouble in result["troubles"] if trouble["engine"] == "grid"]


def _status_lines(status: Result) -> list[str]:
    from engine.desk.sentences.english import clock_time

    lines = [f"Profile:  {status['profile']} (process {status['process']}, Evenkeel {status['version']})"]
    if "mode" in status:
        lines.append(f"Mode:     {status['mode'].upper()}")
        why = "" if status["why"] is None else f" {status['why']['words']}"
        lines.append(f"Switch:   {status['switch']} since {clock_time(status['since_s'])}.{why}")
    lines += [f"{one['engine'].replace('_', ' ').capitalize() + ':':<9} {_engine(one)}" for one in status["engines"]]
    if status["grid"] is not None:
        grid = status["grid"]
        price = "" if grid["price"] is None else f" at {grid['price']}"
        unresolved = f", {grid['unresolved']} being looked up" if grid["unresolved"] else ""
        lines.append(f"Orders:   {grid['open_orders']} on {grid['pair']}{price}{unresolved}")
        if grid["why"] is not None:
            lines.append(f"          The grid is {grid['state']}: {grid['why']['words']}")
    return lines + _trouble_lines(status["troubles"])


def _happening_lines(result: Result) -> list[str]:
    from engine.desk.sentences.english import clock_time

    lines = [f"{clock_time(item['at_s'])}  {item['what']}  {item['note']}".rstrip() for item in result["happened"]]
    return lines + [f"{clock_time(item['at_s'])}  to come: {item['what']}" for item in result["pending"]]


def _engine(one: Result) -> str:
    crashes = f", {one['crashes']} crashes, the last one: {one['last_error']}" if one["crashes"] else ""
    return f"{one['state']}{crashes}"


def _trouble_lines(troubles: list[Result]) -> list[str]:
    from engine.desk.sentences.english import clock_time

    lines: list[str] = []
    for trouble in troubles:
        since = clock_time(trouble["since_s"])
        lines.append(f"Waits for a person since {since}: {trouble['name']}. {trouble['reason']['words']}")
        lines += [_way_line(way) for way in trouble["ways"]]
    return lines


def _way_line(way: Result) -> str:
    return f"  {_typed(way['verb'])} {way['target']}: {way['effect']['words']}"


def _typed(verb: str) -> str:
    """A verb as it is typed."""
    return verb.replace("_", "-")
