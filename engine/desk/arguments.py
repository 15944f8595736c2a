"""What both programs take on their command line; light, so that the panel's first frame does not wait for it."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from engine.core.modes import Mode

REGIMES = ("flat", "up", "down", "spike", "gap")
FAULTS = (
    "lose-request:p",
    "lose-answer:p",
    "delay-request:duration[:p]",
    "delay:duration[:p]",
    "error:<Kraken's words>[:p]",
    "pending:duration[:p]",
    "duplicate-answer:p",
    "reorder:p",
    "drop-socket:duration",
    "round-trip:duration",
    "stale:duration",
)
"""The kinds of `engine.paper.faults`, each with what it takes."""
HAPPENINGS = (
    "amend:TARGET:CHANGE",
    "move:TARGET:CHANGE",
    "cancel:TARGET[:N]",
    "withdraw-foreign[:N]",
    "place:SIDE:SIZE[@PRICE][:PAIR][:type=T][:id=ID]",
    "trade:SIDE:SIZE[@PRICE][:PAIR][:type=T][:id=ID]",
    "deposit:ASSET:N",
    "withdraw:ASSET:N",
    "earn:ASSET:N",
    "unearn:ASSET:N",
    "stake:ASSET:N[:S|M|B]",
    "unstake:ASSET:N[:S|M|B]",
    "kfee[:off]",
    "status:STATUS[:DURATION]",
    "pair-status:STATUS[:DURATION]",
    "decimals:N",
    "minimum:N",
    "costmin:N",
    "fee:MAKER_BPS:TAKER_BPS",
    "price:CHANGE",
    "silence[:DURATION]",
    "lockout:DURATION",
    "html:HTTP_STATUS[:DURATION]",
    "text:HTTP_STATUS[:DURATION]",
    "hang:DURATION",
    "mute:DURATION",
    "key:dead[:WORDS]|live|address|expires:DURATION",
    "rotate",
    "nonce:+DURATION",
    "second-program:MEAN[:DURATION]",
    "clock:+DURATION|-DURATION",
)
"""The kinds of `engine.paper.occurrences`, each with what it takes."""
FASTEST = 1000.0


@dataclass(frozen=True, slots=True)
class SessionArguments:
    """What a session is started with. run_for_s: wall-clock seconds, None until it is ended.

    market: a regime's name, or the path of a price file. faults, happen: as `engine.paper.faults` and
    `engine.paper.occurrences` read them. What is None is taken from the configuration. fresh: set a kept paper world
    aside and start a new one.
    """

    profile: Path
    mode: Mode | None
    run_for_s: float | None
    speed: float | None
    seed: int | None
    market: str | None
    faults: str | None = None
    fresh: bool = False
    happen: str | None = None

    def check_mode(self, mode: Mode) -> None:
        """Raise PaperOnly when something was asked for that this mode does not have."""
        paper_only = (("--fault", self.faults), ("--happen", self.happen), ("--fresh", self.fresh))
        asked = [name for name, given in paper_only if given]
        if asked and mode is not Mode.PAPER:
            raise PaperOnly(f"{asked[0]} is for the paper exchange alone, and the mode is {mode.value.upper()}")


class PaperOnly(ValueError):
    """An argument that only PAPER has was given for a session in another mode."""


def add_session_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that both programs share."""
    parser.add_argument(
        "--profile", type=Path, default=None, metavar="DIR", help="folder of configuration and journal (made if new)"
    )
    parser.add_argument("--mode", choices=[mode.value for mode in Mode], help="off, observe, paper or live")
    parser.add_argument("--for", dest="run_for_s", type=_seconds, metavar="SECONDS", help="end after this long")
    parser.add_argument("--speed", type=_speed, metavar="N", help="paper time runs N times faster (PAPER only)")
    parser.add_argument("--seed", type=_seed, metavar="N", help="seed of the paper market (PAPER only)")
    parser.add_argument(
        "--market",
        type=_market,
        metavar="NAME|FILE",
        help=f"paper market: {', '.join(REGIMES)}, or a price file of seconds and prices (PAPER only)",
    )
    parser.add_argument(
        "--fault",
        dest="faults",
        action="append",
        type=_faults,
        metavar="SPEC",
        help="what goes wrong on purpose, as lose-answer:0.05,delay:2s:0.1 (PAPER only): "
        f"{', '.join(FAULTS)}; p is a probability, a duration reads 250ms, 2s or 5m, "
        "and @Endpoint after the kind limits it to one endpoint",
    )
    parser.add_argument(
        "--happen",
        action="append",
        type=_happen,
        metavar="TIME:KIND:ARGUMENTS",
        help="what happens at the paper exchange, as 600s:amend:buy:+45%% or ~2h:deposit:usd:50 (PAPER only; repeat it "
        "or put semicolons between entries). TIME counts from the start in paper time (90s, 20m, 2h), ~ is by chance, "
        f"so far apart in the mean. Kinds: {', '.join(HAPPENINGS)}. TARGET is buy, sell, entry, exit, foreign or all, "
        "CHANGE reads +45%%, -20%%, +5 or =30, and off ends what lasts (html:off)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="set the kept paper world aside and start a new one (PAPER only)"
    )
    parser.set_defaults(refuse=parser.error)


def session_arguments(parsed: argparse.Namespace) -> SessionArguments:
    """The shared arguments out of what argparse parsed; ends the program as argparse does when they contradict."""
    arguments = SessionArguments(
        profile=default_profile() if parsed.profile is None else parsed.profile.expanduser().absolute(),
        mode=None if parsed.mode is None else Mode(parsed.mode),
        run_for_s=parsed.run_for_s,
        speed=parsed.speed,
        seed=parsed.seed,
        market=parsed.market,
        faults=None if parsed.faults is None else ",".join(parsed.faults),
        fresh=parsed.fresh,
        happen=None if parsed.happen is None else ";".join(parsed.happen),
    )
    try:
        if arguments.mode is not None:
            arguments.check_mode(arguments.mode)
    except PaperOnly as error:
        parsed.refuse(str(error))
    return arguments


def default_profile() -> Path:
    """EVENKEEL_PROFILE, or the folder that this system has for the data of programs."""
    named = os.environ.get("EVENKEEL_PROFILE")
    if named:
        return Path(named).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("evenkeel", appauthor=False)


def _seconds(text: str) -> float:
    return _number(text, low=0.0, high=10 * 365 * 86400.0, what="a number of seconds above 0")


def _speed(text: str) -> float:
    return _number(text, low=0.0, high=FASTEST, what=f"a number above 0 and at most {FASTEST:g}")


def _number(text: str, *, low: float, high: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not low < value <= high:
        raise argparse.ArgumentTypeError(f"expected {what}, got {text!r}")
    return value


def _seed(text: str) -> int:
    try:
        value = int(text)
    except ValueError:
        value = -1
    if value < 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 on, got {text!r}")
    return value


def _market(text: str) -> str:
    if text in REGIMES:
        return text
    if not Path(text).expanduser().is_file():
        raise argparse.ArgumentTypeError(f"expected {', '.join(REGIMES)} or the path of a price file, got {text!r}")
    return str(Path(text).expanduser().absolute())


def _faults(text: str) -> str:
    from engine.paper.faults import parse_faults

    try:
        parse_faults(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def _happen(text: str) -> str:
    from engine.paper.occurrences import parse_occurrences

    try:
        parse_occurrences(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text
