"""Paper users at the hub's interface for minutes: how fast it answers, what it declines, whether the books agree.

    python -m tests.soak.hub_traffic --minutes 10 --per-second 50

The hub runs in a process of its own; users, chain and prices are in this one. Reports requests and their latency,
refusals of requests for a rebalance, and what the hub settled.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.paper.hub_client import HubAnswer, HubClient
from engine.paper.hub_users import HubUsers, HubUsersConfig
from engine.paper.hub_world import HubWorld, HubWorldConfig, hub_world

REQUESTS_OF_ACTION = 1.3
"""About so many requests make one action of a user; the real number is reported."""
OPTIONS = {"batch_max": "64", "batch_size_threshold": "64", "max_day_usd": "1000000000", "most_waiting": "5000"}


@dataclass
class Traffic:
    """What was asked and how long each answer took, in seconds."""

    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def watch(self) -> None:
        """Time every answer that a paper user waits for."""
        ask = HubClient._ask

        async def timed(client: HubClient, *given: Any, **named: Any) -> HubAnswer:
            began_s = time.perf_counter()
            answer = await ask(client, *given, **named)
            self.latencies_s.append(time.perf_counter() - began_s)
            self.statuses[answer.status] += 1
            return answer

        HubClient._ask = timed  # type: ignore[method-assign]

    def quantile_ms(self, ratio: float) -> float:
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(ratio * len(ordered)))] if ordered else float("nan")


def given_of(world: HubWorld, folder: str) -> str:
    return json.dumps(
        {
            "rpc": world.rpc.reveal(),
            "chain_id": world.chain_id,
            "contract": world.contract,
            "hub_key": world.hub_key.reveal(),
            "sender_key": world.sender_key.reveal(),
            "tokens": [[one.token_id, one.symbol, one.decimals, one.coin] for one in world.tokens],
            "oracle": world.oracle,
            "native_coin": world.native_coin,
            "folder": folder,
            "options": OPTIONS,
        }
    )


async def soak(for_s: float, per_second: float, users: int) -> dict[str, Any]:
    """One run; returns what is reported."""
    traffic = Traffic()
    traffic.watch()
    config = HubUsersConfig(users=users, actions_per_s=per_second / REQUESTS_OF_ACTION)
    with tempfile.TemporaryDirectory(prefix="evenkeel-hub-") as folder:
        async with hub_world(HubWorldConfig(users=users)) as world:
            process = await asyncio.to_thread(started, given_of(world, folder), Path(folder) / "log")
            try:
                port = json.loads(await asyncio.to_thread(process.stdout.readline))["port"]
                paper = HubUsers(world, f"http://127.0.0.1:{port}", config)
                began_s = time.monotonic()
                acting = asyncio.create_task(paper.run())
                await asyncio.wait((acting,), timeout=for_s)
                acting.cancel()
                await asyncio.wait((acting,))
                lasted_s = time.monotonic() - began_s
                await asyncio.sleep(20.0)  # what waits is settled
                said, _ = await asyncio.to_thread(process.communicate, timeout=30)
            finally:
                process.kill()
    counters = paper.counters
    return {
        "seconds": round(lasted_s),
        "requests": len(traffic.latencies_s),
        "requests_per_s": round(len(traffic.latencies_s) / lasted_s, 1),
        "p50_ms": round(traffic.quantile_ms(0.5), 1),
        "p99_ms": round(traffic.quantile_ms(0.99), 1),
        "max_ms": round(traffic.quantile_ms(1.0), 1),
        "statuses": dict(sorted(traffic.statuses.items())),
        "asked": counters.asked,
        "refusal_ratio": round(counters.refusal_ratio, 4),
        "refused": dict(counters.refused),
        "paid": counters.paid,
        "repeated": counters.repeated,
        "silent": counters.silent,
        "broken_answers": counters.errors,
        "last_error": counters.last_error,
        "hub": json.loads(said),
    }


def started(given: str, log: Path) -> Any:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.hub_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdin is not None
    process.stdin.write(given + "\n")
    process.stdin.flush()
    return process


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--per-second", type=float, default=50.0)
    parser.add_argument("--users", type=int, default=100)
    parsed = parser.parse_args()
    found = asyncio.run(soak(60 * parsed.minutes, parsed.per_second, parsed.users))
    print(json.dumps(found, indent=2))
    return 0 if found["refusal_ratio"] < 0.05 and found["broken_answers"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
