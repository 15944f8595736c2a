"""`evenkeel-engine store --check URL`: whether a PostgreSQL will do, before a session is given its address."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.core.mirror_check import StoreReport
    from engine.core.mirror_messages import StoreTrouble

EXIT_UNUSABLE = 1
EXIT_WRONG_ADDRESS = 2


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the tool; it sets `tool_main`."""
    store = commands.add_parser(
        "store",
        help="tools of the copy in PostgreSQL",
        description="Try out an address of PostgreSQL: connect, look at version, TLS, rights, clock and rows behind. "
        "Nothing is left at the server. Exit code 0: it will do; 1: it will not; 2: the address is wrong.",
    )
    store.add_argument(
        "--check",
        required=True,
        metavar="URL",
        help="postgresql://user:password@host:port/database, or - to read it from standard input: as an argument it "
        "can be read by everybody on this machine while the program runs",
    )
    store.add_argument("--name", help="what store.name is set to (default: the name of the profile's folder)")
    store.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
    store.add_argument(
        "left", nargs="*", help=argparse.SUPPRESS
    )  # argparse would print an address that it cannot place
    store.set_defaults(tool_main=_check, refuse_left=store.error)


def _check(parsed: argparse.Namespace) -> int:
    from engine.core.mirror_check import LocalStore, examine
    from engine.core.mirror_messages import StoreFailed, StoreTlsRefused, StoreUrlWrong
    from engine.core.profile import Profile
    from engine.core.secrets import Secret
    from engine.desk.arguments import session_arguments
    from engine.desk.mirroring import COPIED, MIRRORED

    if parsed.left:
        parsed.refuse_left("expected one address, after --check")
    profile = Profile(session_arguments(parsed).profile)
    name = parsed.name or os.environ.get("EVENKEEL_STORE_NAME") or profile.name
    text = (sys.stdin.readline() if parsed.check == "-" else parsed.check).strip()
    try:
        try:
            url = Secret(text)
        except ValueError:
            raise StoreFailed(StoreUrlWrong("there is none" if not text else "it is too short")) from None
        report = examine(url, LocalStore(profile.journal_file, name, (*MIRRORED, *COPIED)))
    except StoreFailed as error:
        _print_trouble(error.reason, as_json=parsed.json)
        return EXIT_WRONG_ADDRESS if isinstance(error.reason, StoreUrlWrong | StoreTlsRefused) else EXIT_UNUSABLE
    if parsed.json:
        print(json.dumps({"ok": True, **dataclasses.asdict(report)}))
    else:
        print("\n".join(_lines(report)))
    return 0


def _print_trouble(reason: StoreTrouble, *, as_json: bool) -> None:
    from engine.core.mirror_messages import plain_words

    if as_json:
        print(json.dumps({"ok": False, **plain_words(reason)}))
    else:
        print(f"evenkeel-engine store: {reason.words}", file=sys.stderr)


def _lines(report: StoreReport) -> list[str]:
    return [
        f"Server:      {report.server} at {report.host}, port {report.port}, database {report.database}, "
        f"user {report.user}",
        f"TLS:         {'yes' if report.tls else 'no'} (sslmode={report.sslmode})",
        f"Round trip:  {report.round_trip_ms:g} ms",
        f"Clock:       {abs(report.clock_ahead_s):g} s {'ahead of' if report.clock_ahead_s >= 0 else 'behind'} "
        "this machine's",
        f"Tables:      {'there' if report.tables_there else 'not there yet; they can be made'}",
        f"Rows:        {_rows(report)}",
    ]


def _rows(report: StoreReport) -> str:
    if report.ours is None:
        there = f"none yet under “{report.profile}”"
    else:
        whose = "this profile's" if report.ours else "another profile's or machine's"
        in_use = ", which is running" if report.held else ""
        there = f"{whose}{in_use}, under “{report.profile}”, last written {report.seen_s or 0:.0f} s ago"
    behind = "no local store yet" if report.behind_rows is None else f"{report.behind_rows} behind the local store"
    return f"{there}; {behind}"
