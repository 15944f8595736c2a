"""`evenkeel-engine live allow | revoke | show`: whether LIVE may start with nobody at the terminal."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.cli import exit_codes

if TYPE_CHECKING:
    from engine.core.option_catalogue import Catalogue
    from engine.core.profile import Profile
    from engine.core.revisions import RevisionRecord
    from engine.core.secrets import SecretStore

DEFAULT_S = 7 * 86_400.0
MAX_S = 366 * 86_400.0
_UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
EPILOG = (
    "What is allowed is kept in this system's keyring. It holds on this machine, for this profile and the API key that "
    "is kept now, and ends when an option is changed that changes sizes, limits or access. Exit codes: 0 done, and for "
    "`show`: LIVE may start by itself now; 1 failed; 2 wrong usage, or no terminal; 4 not agreed to, and for `show`: "
    "it may not."
)


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser], phrase: str) -> None:
    """Declare the tools; each sets `tool_main`. phrase: what a person types to allow it."""
    live = commands.add_parser("live", help="whether LIVE may start with nobody at the terminal")
    tools = live.add_subparsers(dest="tool", required=True, metavar="TOOL")
    allow = tools.add_parser("allow", help="let LIVE start by itself; a phrase is asked for", epilog=EPILOG)
    until = allow.add_mutually_exclusive_group()
    until.add_argument(
        "--for", dest="allow_for_s", type=_duration, default=DEFAULT_S, metavar="TIME", help="90m, 12h or 7d (7d)"
    )
    until.add_argument(
        "--until-changed", action="store_true", help="with no end in time, until an option that matters is changed"
    )
    allow.set_defaults(tool_main=_allow, phrase=phrase)
    revoke = tools.add_parser("revoke", help="take that back; a session that runs goes on", epilog=EPILOG)
    revoke.set_defaults(tool_main=_revoke)
    show = tools.add_parser("show", help="say whether LIVE may start by itself, and until when", epilog=EPILOG)
    show.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
    show.set_defaults(tool_main=_show)
    for tool in (allow, revoke, show):
        tool.add_argument(
            "--profile", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="folder of the profile"
        )


def _duration(text: str) -> float:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0.0
    if not 0 < seconds <= MAX_S:
        raise argparse.ArgumentTypeError(f"expected a time like 90m, 12h or 7d, at most 366d, got {text!r}")
    return seconds


class _Place:
    """One profile, its keyring and its revisions, whether a session runs on it or not. Made by `_opened`."""

    def __init__(self, profile: Profile, identity: str, catalogue: Catalogue, history: tuple[RevisionRecord, ...]):
        from engine.core.secrets import SecretNames, SecretStore
        from engine.desk.live_permit import LivePermits
        from engine.desk.worlds import API_KEY, API_SECRET

        self.profile = profile
        self.catalogue = catalogue
        self.history = history
        self.permits = LivePermits(identity)
        self.vault: SecretStore = SecretStore(identity, SecretNames((API_KEY, API_SECRET)), lambda _: None)


class _FailedError(Exception):
    """It cannot be done; the text says why."""


def _opened(parsed: argparse.Namespace) -> _Place:
    """The profile as a session would find it now; one that is in use is read beside its session."""
    from engine.core.clock import WallClock
    from engine.core.configuration import Configuration, ConfigurationRefused
    from engine.core.option_catalogue import Catalogue
    from engine.core.profile import Profile, ProfileInUse, ProfileUnusable
    from engine.core.revisions import RevisionLog, RevisionLogDamaged
    from engine.desk.arguments import session_arguments
    from engine.desk.options import SECTIONS

    profile, catalogue = Profile(session_arguments(parsed).profile), Catalogue(SECTIONS)
    if not profile.revisions_file.exists():
        raise _FailedError(f"{profile.folder} is no profile yet; start a session on it, or name another")
    try:
        try:
            profile.acquire()
        except ProfileInUse:
            history = RevisionLog(profile.revisions_file).load()
        else:
            try:
                history = Configuration.load(profile.options_file, catalogue, os.environ, WallClock()).history
            finally:
                profile.release()
        return _Place(profile, profile.identity, catalogue, history)
    except (ProfileUnusable, ConfigurationRefused, RevisionLogDamaged, OSError) as error:
        raise _FailedError(str(error)) from error


def _ended(work: Callable[[_Place, argparse.Namespace], Coroutine[Any, Any, int]], parsed: argparse.Namespace) -> int:
    from engine.core.secrets import KeyringUnavailable

    try:
        return asyncio.run(work(_opened(parsed), parsed))
    except (_FailedError, KeyringUnavailable) as error:
        print(f"evenkeel-engine live: {error}", file=sys.stderr)
        return exit_codes.FAILED


def _allow(parsed: argparse.Namespace) -> int:
    if not sys.stdin.isatty():
        print("evenkeel-engine live: a person allows it at a terminal, and there is none", file=sys.stderr)
        return exit_codes.USAGE
    return _ended(_allowed, parsed)


async def _allowed(place: _Place, parsed: argparse.Namespace) -> int:
    from engine.desk.live_permit import LivePermit, binding_options, last_written_s
    from engine.desk.unattended import circumstances_now

    record = place.history[-1]
    now = await circumstances_now(place.vault, place.catalogue, record)
    if now is None:
        raise _FailedError("the keyring holds no API key for this profile; save key and secret on the Keys page first")
    granted_s = time.time()
    expires_s = None if parsed.until_changed else granted_s + parsed.allow_for_s
    count = len(binding_options(place.catalogue, record.values))
    print(
        f"LIVE will start by itself on this machine, with nobody asked, for the profile {place.profile.folder} and the "
        f"API key that the keyring holds now: {_until(expires_s)}, and only as long as none of the {count} options is "
        "changed that change sizes, limits or access. It places real orders with real money. "
        "`evenkeel-engine live revoke` takes it back.",
        file=sys.stderr,
    )
    print(f"Type “{parsed.phrase}” to allow it: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() != parsed.phrase:
        print("evenkeel-engine live: nothing was allowed", file=sys.stderr)
        return exit_codes.PERSON_NEEDED
    written_s = await asyncio.to_thread(last_written_s, place.profile.journal_file)
    await place.permits.keep(LivePermit(now, granted_s, expires_s, granted_s, written_s, record.number))
    print(f"LIVE may start by itself {_until(expires_s)}.")
    return exit_codes.DONE


def _revoke(parsed: argparse.Namespace) -> int:
    return _ended(_revoked, parsed)


async def _revoked(place: _Place, _parsed: argparse.Namespace) -> int:
    had = await place.permits.revoke()
    print(
        "LIVE may not start by itself any more; a session that runs goes on until it ends."
        if had
        else "Nothing was allowed, so there is nothing to take back."
    )
    return exit_codes.DONE


def _show(parsed: argparse.Namespace) -> int:
    return _ended(_shown, parsed)


async def _shown(place: _Place, parsed: argparse.Namespace) -> int:
    from engine.core.messages import plain
    from engine.desk.sentences.english import clock_time, english
    from engine.desk.unattended import permit_standing

    standing = await permit_standing(
        place.permits, place.vault, place.catalogue, place.history, place.profile.journal_file, time.time()
    )
    may, permit = standing.why_not is None, standing.permit
    if parsed.json:
        shown = {
            "allowed": may,
            "granted_s": None if permit is None else permit.granted_s,
            "expires_s": None if permit is None else permit.expires_s,
            "why_not": None if may else {**plain(standing.why_not), "words": english(standing.why_not)},
        }
        print(json.dumps(shown, separators=(",", ":")))
    elif may and permit is not None:
        print(f"LIVE may start by itself {_until(permit.expires_s)}; allowed on {clock_time(permit.granted_s)}.")
    else:
        print(f"LIVE does not start by itself. {english(standing.why_not)}")
    return exit_codes.DONE if may else exit_codes.PERSON_NEEDED


def _until(expires_s: float | None) -> str:
    from engine.desk.sentences.english import clock_time

    return "with no end in time" if expires_s is None else f"until {clock_time(expires_s)}"
