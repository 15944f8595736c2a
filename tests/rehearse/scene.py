"""What a scene is: a sentence that must be true, and a play that shows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine.paper.config import Tier
from tests.rehearse.stage import Stage

Play = Callable[[Stage], Awaitable[None]]


class SceneError(AssertionError):
    """The sentence is not true; the text says what was seen."""


@dataclass(frozen=True, slots=True)
class Scene:
    """name: of the function that plays it. short: played in `make test` too. tier: of the account."""

    name: str
    sentence: str
    play: Play
    short: bool
    tier: Tier


def scene(sentence: str, *, short: bool = False, tier: Tier = "pro") -> Callable[[Play], Scene]:
    """Makes a scene of a play."""

    def made(play: Play) -> Scene:
        return Scene(getattr(play, "__name__", ""), sentence, play, short, tier)

    return made


def expect(holds: object, seen: str) -> None:
    """Raise SceneError with what was seen instead."""
    if not holds:
        raise SceneError(seen)
