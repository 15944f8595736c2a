"""LIVE rehearsed: the programs as they are, at a look-alike of Kraken's hosts that only this process can reach.

    python -m tests.rehearse [--scenes first_order,...|none] [--short] [--histories 1000] [--seed 1] [--state FILE]

The drawn histories first: each that is not as it should be in one line of JSON, then a summary. Then the scenes, one
line of JSON for each. The exit code is 0 when all was as it should be.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.rehearse.histories import tell
from tests.rehearse.namespace import NO_NAMESPACE, NamespaceRefusedError
from tests.rehearse.programs import NotSeenError
from tests.rehearse.scene import Scene, SceneError
from tests.rehearse.scenes import SCENES
from tests.rehearse.stage import House, house, stage

HISTORIES, SHORT_HISTORIES = 1000, 8


@dataclass
class Played:
    """What came of one scene. wrong: empty when its sentence is true. figures: what was measured."""

    scene: str
    sentence: str
    took_s: float = 0.0
    wrong: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)


async def played(built: House, one: Scene, seed: int) -> Played:
    """Play one scene on a stage of its own."""
    found = Played(one.name, one.sentence)
    began_s = time.monotonic()
    async with stage(built, one.name, seed, tier=one.tier) as there:
        try:
            await one.play(there)
        except (SceneError, NotSeenError) as error:
            found.wrong.append(str(error))
        except Exception as error:
            found.wrong.append(f"the play itself failed: {type(error).__name__}: {error}")
        found.wrong += there.watch.breaches
        found.figures = {name: round(value, 3) for name, value in there.figures.items()}
    found.took_s = round(time.monotonic() - began_s, 1)
    return found


async def play(built: House, scenes: tuple[Scene, ...], seed: int) -> int:
    """All of them; how many sentences were not true."""
    wrong = 0
    for one in scenes:
        found = await played(built, one, seed)
        wrong += bool(found.wrong)
        print(json.dumps(asdict(found), ensure_ascii=False), flush=True)
    print(f"{len(scenes)} scenes, {wrong} of them not as they should be", flush=True)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", default="", help="names, comma between them; all without it")
    parser.add_argument("--short", action="store_true", help="the short form: fewer scenes and histories")
    parser.add_argument("--histories", type=int, help=f"how many are drawn ({HISTORIES}; {SHORT_HISTORIES} in short)")
    parser.add_argument("--seed", type=int, default=1, help="of the scenes, and of the first history")
    parser.add_argument("--jobs", type=int, default=2, help="histories at a time")
    parser.add_argument("--state", type=Path, help="a file: histories that this program has passed are not told again")
    parsed = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    named = [name for name in parsed.scenes.split(",") if name and name != "none"]
    scenes = tuple(one for one in SCENES if (one.name in named if parsed.scenes else one.short or not parsed.short))
    for name in set(named) - {one.name for one in SCENES}:
        print(f"no such scene: {name}; expected some of {', '.join(one.name for one in SCENES)}", file=sys.stderr)
        return 2
    drawn = parsed.histories
    if drawn is None:
        drawn = 0 if parsed.scenes else SHORT_HISTORIES if parsed.short else HISTORIES
    wrong = 0
    if drawn:  # first, while this process is outside: each worker makes a network of its own
        seeds = range(parsed.seed, parsed.seed + drawn)
        wrong += asyncio.run(tell(seeds, parsed.jobs, parsed.state))
    if not scenes:
        return 1 if wrong else 0
    try:
        with house() as built:
            wrong += asyncio.run(play(built, scenes, parsed.seed))
    except NamespaceRefusedError as error:
        print(f"this system gives no namespaces of our own: {error}", file=sys.stderr)
        return NO_NAMESPACE
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
