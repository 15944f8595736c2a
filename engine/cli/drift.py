"""`evenkeel-engine drift ...`: tools of the drift engine."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.messages import plain

EXIT_NO_RECORD, EXIT_BAD_BOOK = 1, 2


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the tools; each sets `tool_main`."""
    drift = commands.add_parser("drift", help="tools of the drift engine")
    tools = drift.add_subparsers(dest="tool", required=True, metavar="TOOL")
    plan = tools.add_parser("plan", help="print the fewest swaps that bring a portfolio back, as JSON")
    plan.add_argument("book", type=Path, metavar="BOOK.json", help="the portfolio, its pools and the policy")
    plan.set_defaults(tool_main=_plan)
    trend = tools.add_parser("trend", help="print average drift, rebalances and gas by day, as JSON")
    trend.add_argument("--days", type=int, default=30, metavar="N", help="how far back (default: 30)")
    trend.add_argument(
        "--store", action="store_true", help="from the copy in PostgreSQL at EVENKEEL_STORE_URL, of every profile"
    )
    trend.set_defaults(tool_main=_trend)


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


def _trend(parsed: argparse.Namespace) -> int:
    import sqlalchemy as sa

    from engine.core.mirror import URL_VARIABLE
    from engine.core.mirror_messages import StoreFailed
    from engine.core.profile import Profile
    from engine.core.secrets import Secret
    from engine.desk.arguments import session_arguments
    from engine.desk.trends import trend_at_server, trend_here

    since = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=parsed.days)
    try:
        if parsed.store:
            days = trend_at_server(Secret(os.environ.get(URL_VARIABLE, "").strip()), since)
        else:
            days = trend_here(Profile(session_arguments(parsed).profile).journal_file, since)
    except ValueError:
        print(f"evenkeel-engine drift trend: {URL_VARIABLE} holds no address of PostgreSQL", file=sys.stderr)
        return EXIT_NO_RECORD
    except (StoreFailed, OSError) as error:
        print(f"evenkeel-engine drift trend: {error}", file=sys.stderr)
        return EXIT_NO_RECORD
    except sa.exc.SQLAlchemyError as error:
        # Its words may hold the address; its kind does not.
        print(f"evenkeel-engine drift trend: the record cannot be read ({type(error).__name__})", file=sys.stderr)
        return EXIT_NO_RECORD
    sys.stdout.write(json.dumps([plain(day) for day in days], indent=2) + "\n")
    return 0
