"""LIVE rehearsed: the programs as they are, at a look-alike of Kraken's hosts that only this process can reach.

    python -m tests.rehearse [--scenes first_order,...] [--short] [--histories 1000] [--seed 1] [--state FILE]

The scenes first, one line of JSON for each, then the drawn histories. The exit code is 0 when every sentence was true.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import time
from dataclasses import asdict, dataclass, field

from tests.rehearse.namespace import NamespaceRefusedError
from tests.rehearse.programs import NotSeenError
from tests.rehearse.scene import Scene, SceneError
from tests.rehearse.scenes import SCENES
from tests.rehearse.stage import House, house, stage

NO_NAMESPACE = 3
"""Exit code where this system gives the process no namespaces."""


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
    parser.add_argument("--short", action="store_true", help="the short form alone")
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    named = set(filter(None, parsed.scenes.split(",")))
    scenes = tuple(one for one in SCENES if (one.name in named if named else one.short or not parsed.short))
    for name in named - {one.name for one in SCENES}:
        print(f"no such scene: {name}; expected some of {', '.join(one.name for one in SCENES)}", file=sys.stderr)
        return 2
    try:
        with house() as built:
            return 1 if asyncio.run(play(built, scenes, parsed.seed)) else 0
    except NamespaceRefusedError as error:
        print(f"this system gives no namespaces of our own: {error}", file=sys.stderr)
        return NO_NAMESPACE


if __name__ == "__main__":
    sys.exit(main())
