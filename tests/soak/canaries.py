"""Secrets planted in a real keyring, and looked for in everything that the program leaves behind (panel spec 17).

    python -m tests.soak.canaries [--seconds 60]

OBSERVE and LIVE are opened with the panel: on an exchange that fails now and then, with servers that give back all that
they were told as chain, oracle, webhook and PostgreSQL; and on an exchange that does so itself. Looked at: profile with
journal, logs at DEBUG, standard output and error, the window's texts, all that was told over the bus, exports, and the
arguments and environment of every process. One line of JSON for each session; each canary is also looked for as
hexadecimal, base64, in a URL, in JSON and decoded.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import binascii
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from engine.core.clock import ScaledClock
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.profile import Profile
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.opening import SECRETS
from engine.desk.options import SECTIONS
from engine.paper.config import TRADING_PERMISSIONS, ApiKey, PaperConfig
from engine.paper.exchange import Exchange
from engine.paper.faults import parse_faults
from tests.secret_service import private_secret_service
from tests.soak.hostile import hostile_http, hostile_postgresql

ROOT = Path(__file__).parents[2]
FAULTS = (
    "lose-answer:0.1,error:EAPI:Invalid key:0.05,error:EAPI:Invalid signature:0.05,error:EGeneral:Internal error:0.1,"
    "delay:2s:0.05,drop-socket:5s"
)
ACCOUNT = "0x" + "1f" * 20
PORTFOLIOS = f"""\
[tokens.WETH]
address = "{"0x" + "2e" * 20}"
decimals = 18
coin = "weth"

[tokens.USDC]
address = "{"0x" + "3d" * 20}"
decimals = 6
coin = "usd-coin"

[portfolios.savings]
account = "{ACCOUNT}"
targets = {{ WETH = 0.5, USDC = 0.5 }}
"""
HUB_TOKENS = '[tokens.USDC]\ntoken_id = 1\ndecimals = 6\ncoin = "usd-coin"\n'
LOOK_AT_PROCESSES_EVERY_S = 0.2
ENDS_WITHIN_S = 90.0


@dataclass
class Session:
    """What came of one. asked: what the hostile servers were asked for, and how often. looked_at: files and bytes.
    found: where a canary was, by its name; never the canary."""

    mode: str
    exchange: str
    code: int | None = None
    asked: dict[str, int] = field(default_factory=dict)
    files: int = 0
    looked_at_bytes: int = 0
    processes: int = 0
    found: list[str] = field(default_factory=list)


def planted(chance: random.Random, http_port: int, postgresql_port: int) -> dict[str, str]:
    """A canary for every secret that the program knows, each of the shape that its adapter takes."""

    def token() -> str:
        return base64.b32encode(chance.randbytes(20)).decode()

    def value(name: str) -> str:
        if name == "kraken.api_secret":
            return base64.b64encode(chance.randbytes(64)).decode()
        if name == "store.url":
            return f"postgresql://canary:{token()}@127.0.0.1:{postgresql_port}/canaries"
        if name.endswith("rpc"):
            return f"http://{token()}:{token()}@127.0.0.1:{http_port}/v2/{token()}?key={token()}"
        if name == "hub.key" or (name.startswith(("hub.", "drift.")) and name.endswith("_key")):
            return f"0x{chance.randbytes(32).hex()}"
        return f"CANARY-{token()}"

    return {name: value(name) for name in SECRETS}


def needles(name: str, value: str) -> Iterator[bytes]:
    """How a canary may stand in a file. Of an address it is the tokens that tell, for its host is this machine."""
    url = urlsplit(value)
    parts = [value]
    if url.scheme in ("http", "postgresql"):
        parts = [url.password or "", url.path.rsplit("/", 1)[-1], url.query.partition("=")[2]]
        parts += [url.username or ""] if url.scheme == "http" else []
    for part in parts:
        if len(part) < 16:
            continue
        raw = part.removeprefix("0x").encode()
        forms = {raw, raw.hex().encode(), base64.b64encode(raw)[:-4], quote(part, safe="").encode()}
        forms |= {json.dumps(part)[1:-1].encode(), raw.lower(), raw.upper()}
        with suppress(binascii.Error, ValueError):
            decoded = base64.b64decode(part, validate=True)
            forms |= {decoded, decoded.hex().encode()}
        yield from (form for form in forms if len(form) >= 12)


def environment(http_port: int) -> dict[str, str]:
    """Everything on that talks to somebody."""
    given = {
        "EVENKEEL_STORE_MIRROR": "true",
        "EVENKEEL_HUB_DEPOSITORY": ACCOUNT,
        "EVENKEEL_HUB_LOOK_EVERY_S": "1",
    }
    for spec in Catalogue(SECTIONS):
        if spec.name == "webhook_url":
            given[spec.environment_name] = f"http://127.0.0.1:{http_port}/hook"
        if spec.path == "drift.uniswap_v2_router":
            given[spec.environment_name] = ACCOUNT
    return {**os.environ, **given, "QT_QPA_PLATFORM": "offscreen"}


async def session(mode: Mode, exchange: str, seconds: float, folder: Path, seed: int) -> Session:
    """One session of the panel, and what it left."""
    found, chance = Session(mode.value, exchange), random.Random(seed)
    profile = folder / "profile"
    async with AsyncExitStack() as stack:
        http_port, asked = await stack.enter_async_context(hostile_http())
        postgresql_port, came = await stack.enter_async_context(hostile_postgresql())
        canaries = planted(chance, http_port, postgresql_port)
        await _plant(profile, canaries)
        exchange_port = http_port
        if exchange == "failing":
            exchange_port = await _start_exchange(stack, canaries)
        command = [sys.executable, "-m", "tests.soak.canary_panel", str(profile), mode.value]
        with (folder / "said.txt").open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *command, str(exchange_port), str(http_port), str(seconds),
                stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said, cwd=ROOT, env=environment(http_port),
            )  # fmt: skip
        processes = folder / "processes.bin"
        found.processes = await _watch_processes(process, processes, seconds)
        found.code = process.returncode
        found.asked = {"http": len(asked), "postgresql": len(came)}
    await asyncio.to_thread(_look_at, folder, canaries, found)
    return found


def _look_at(folder: Path, canaries: Mapping[str, str], found: Session) -> None:
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        text = file.read_bytes()
        found.files += 1
        found.looked_at_bytes += len(text)
        found.found += [f"{name} in {file.relative_to(folder)}" for name in _names_in(text, canaries)]


def _names_in(text: bytes, canaries: Mapping[str, str]) -> list[str]:
    return [name for name, value in canaries.items() if any(needle in text for needle in needles(name, value))]


async def _plant(folder: Path, canaries: Mapping[str, str]) -> None:
    profile = Profile(folder)
    profile.acquire()
    try:
        vault = SecretStore(profile.identity, SecretNames(SECRETS), lambda secret: None)
        for name, value in canaries.items():
            await vault.save(name, Secret(value))
        (folder / "portfolios.toml").write_text(PORTFOLIOS, encoding="utf-8")
        (folder / "hub.toml").write_text(HUB_TOKENS, encoding="utf-8")
    finally:
        profile.release()


async def _start_exchange(stack: AsyncExitStack, canaries: Mapping[str, str]) -> int:
    """An exchange that takes the canary key; it begins to fail once a session is open on it."""
    key = ApiKey(canaries["kraken.api_key"], canaries["kraken.api_secret"], (*TRADING_PERMISSIONS, "withdraw-funds"))
    clock = ScaledClock(time.time(), 1.0)
    exchange = Exchange(PaperConfig(keys=(key,), epoch_s=clock.epoch_s), clock)
    await exchange.start()
    running = asyncio.create_task(exchange.run(), name="exchange")

    async def fail_later() -> None:
        async with asyncio.timeout(ENDS_WITHIN_S):
            while True:
                await asyncio.sleep(0.1)
                if exchange.rest.requests["TradesHistory"]:
                    break
        exchange.faults.declare(parse_faults(FAULTS))

    failing = asyncio.create_task(fail_later(), name="faults")

    async def end() -> None:
        failing.cancel()
        exchange.stopping.set()
        await asyncio.wait((failing, running))
        await exchange.close()

    stack.push_async_callback(end)
    return exchange.port


async def _watch_processes(process: asyncio.subprocess.Process, file: Path, seconds: float) -> int:
    """Note the arguments and environment of the process and of all below it, until it ends. Returns how many looks."""
    seen: set[bytes] = set()
    looks = 0
    deadline_s = time.monotonic() + seconds + ENDS_WITHIN_S
    while process.returncode is None:
        seen.update(_arguments_and_environments(process.pid))
        looks += 1
        if time.monotonic() > deadline_s:
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_AT_PROCESSES_EVERY_S):
                await process.wait()
    await asyncio.to_thread(file.write_bytes, b"\n".join(seen))
    return looks


def _arguments_and_environments(pid: int) -> Iterator[bytes]:
    for one in _family(pid):
        for name in ("cmdline", "environ"):
            with suppress(OSError):
                yield Path(f"/proc/{one}/{name}").read_bytes()


def _family(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        for file in Path(f"/proc/{parent}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, file.read_text().split())
    return found


SESSIONS = ((Mode.OBSERVE, "failing"), (Mode.LIVE, "failing"), (Mode.OBSERVE, "hostile"), (Mode.LIVE, "hostile"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    wrong = False
    home = Path(tempfile.mkdtemp(prefix="evenkeel-canaries-"))
    (home / "keyring").mkdir()
    with private_secret_service(home / "keyring"):
        for number, (mode, exchange) in enumerate(SESSIONS):
            folder = home / f"{mode.value}-{exchange}"
            folder.mkdir()
            found = asyncio.run(session(mode, exchange, parsed.seconds, folder, parsed.seed + number))
            print(json.dumps(asdict(found)), flush=True)
            wrong = wrong or bool(found.found) or found.code is None or found.code < 0
    print(f"what they left is in {home}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
