"""`evenkeel-engine drift ...`: tools of the drift engine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

EXIT_BAD_BOOK = 2


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the tools; each sets `tool_main`."""
    drift = commands.add_parser("drift", help="tools of the drift engine")
    tools = drift.add_subparsers(dest="tool", required=True, metavar="TOOL")
    plan = tools.add_parser("plan", help="print the fewest swaps that bring a portfolio back, as JSON")
    plan.add_argument("book", type=Path, metavar="BOOK.json", help="the portfolio, its pools and the policy")
    plan.set_defaults(tool_main=_plan)


def _plan(parsed: argparse.Namespace) -> int:
    from engine.drift.book_file import BadBook, plan_of_file

    try:
        made = plan_of_file(parsed.book)
    except (BadBook, OSError) as error:
        for line in str(error).splitlines():
            print(f"{parsed.book}: {line}", file=sys.stderr)
        return EXIT_BAD_BOOK
    sys.stdout.write(json.dumps(made, indent=2) + "\n")
    return 0
