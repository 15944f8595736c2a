"""`evenkeel-engine hub ...`: tools of the hub engine."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

EXIT_USAGE = 2
MOST = Decimal(10) ** 30


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the tools; each sets `tool_main`."""
    hub = commands.add_parser("hub", help="tools of the hub engine")
    tools = hub.add_subparsers(dest="tool", required=True, metavar="TOOL")
    quote = tools.add_parser("quote", help="print what a rebalance would cost its user, as JSON")
    quote.add_argument("--amount", type=_number(0), required=True, metavar="TOKENS", help="whole tokens")
    _add_market(quote)
    quote.set_defaults(tool_main=_quote)
    limit = tools.add_parser("limit", help="print the gas-adjusted minimum and where it stops everybody, as JSON")
    _add_market(limit)
    limit.set_defaults(tool_main=_limit)
    plan = tools.add_parser("plan", help="print the next batch, and why each of the others waits, as JSON")
    plan.add_argument("state", type=Path, metavar="STATE.json", help="gas, tokens, requests, pulls and policy")
    plan.set_defaults(tool_main=_plan)


def _add_market(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--token-decimals", type=_decimals, default=18, metavar="N", help="decimals of the token (18)")
    parser.add_argument(
        "--token-price-usd", type=_number(above=0), default=Decimal(1), metavar="USD", help="price of one token (1)"
    )
    parser.add_argument("--gas-gwei", type=_number(0), required=True, metavar="GWEI", help="gas price")
    parser.add_argument(
        "--native-usd", type=_number(above=0), required=True, metavar="USD", help="price of the chain's own coin"
    )


def _quote(parsed: argparse.Namespace) -> int:
    from engine.hub.fees import FeePolicy, quote
    from engine.hub.tokens import Token, amount_of_text, text_of_amount

    token = Token(0, parsed.token_decimals, parsed.token_price_usd)
    try:
        amount = amount_of_text(str(parsed.amount), token.decimals)
    except ValueError as error:
        print(f"--amount: {error}", file=sys.stderr)
        return EXIT_USAGE
    found = quote(amount, token, _market(parsed), FeePolicy())
    shown = {
        "amount": found.amount,
        "hub_fee": found.hub_fee,
        "miner_fee": found.miner_fee,
        "buffer": found.buffer,
        "total": found.total,
    }
    return _print({name: text_of_amount(value, token.decimals) for name, value in shown.items()})


def _limit(parsed: argparse.Namespace) -> int:
    from engine.core.messages import plain
    from engine.hub.limits import Caps, highest_gas_price_wei, soft_limit, stops_everybody
    from engine.hub.tokens import Token, amount_of_usd, text_of_amount

    token = Token(0, parsed.token_decimals, parsed.token_price_usd)
    caps = Caps()
    limit = soft_limit(_market(parsed), caps, at_s=0.0)
    stopped = stops_everybody(limit, caps)
    cents = Token(0, 2, Decimal(1))
    return _print(
        {
            "soft_limit_usd": text_of_amount(amount_of_usd(limit.usd, cents, up=True), 2),
            "effective_minimum_usd": text_of_amount(amount_of_usd(limit.effective_usd, cents, up=True), 2),
            "effective_minimum": text_of_amount(limit.amount(token), token.decimals),
            "stops_everybody": stopped is not None,
            "stops_everybody_above_gwei": text_of_amount(highest_gas_price_wei(limit, caps), 9)
            if limit.market.gas_price_wei
            else None,
            "reason": None if stopped is None else plain(stopped),
        }
    )


def _plan(parsed: argparse.Namespace) -> int:
    from engine.hub.state_file import BadState, plan_of_file

    try:
        made = plan_of_file(parsed.state)
    except (BadState, OSError, UnicodeDecodeError) as error:
        for line in str(error).splitlines():
            print(f"{parsed.state}: {line}", file=sys.stderr)
        return EXIT_USAGE
    return _print(made)


def _market(parsed: argparse.Namespace) -> Any:
    from engine.hub.fees import GasMarket
    from engine.hub.tokens import GWEI

    return GasMarket(int(parsed.gas_gwei * GWEI), parsed.native_usd)


def _print(shown: dict[str, Any]) -> int:
    sys.stdout.write(json.dumps(shown, indent=2) + "\n")
    return 0


def _number(at_least: int | None = None, *, above: int | None = None) -> Callable[[str], Decimal]:
    low = at_least if above is None else above
    words = f"a number above {low}" if above is not None else f"a number from {low} on"

    def parse(text: str) -> Decimal:
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not (value > 0 if above is not None else value >= 0) or value > MOST:
            raise argparse.ArgumentTypeError(f"expected {words}, got {text!r}")
        return value

    return parse


def _decimals(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if not 0 <= value <= 36:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to 36, got {text!r}")
    return value
