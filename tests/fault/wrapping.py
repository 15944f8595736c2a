"""Wraps methods of the real parts from outside, so that passing them is told by name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

Reached = Callable[[str], None]


def around(
    reached: Reached,
    owner: Any,
    method: str,
    name: str,
    *,
    when: Callable[..., bool] = lambda *given, **named: True,
    after: bool = True,
) -> None:
    """Wrap a coroutine method: `name.before` and `name.after` it."""
    inner = getattr(owner, method)

    @functools.wraps(inner)
    async def wrapped(*given: Any, **named: Any) -> Any:
        counts = when(*given, **named)
        if counts:
            reached(f"{name}.before")
        result = await inner(*given, **named)
        if counts and after:
            reached(f"{name}.after")
        return result

    setattr(owner, method, wrapped)


def after_async(reached: Reached, owner: Any, method: str, name: str) -> None:
    """Wrap a coroutine method: `name` once it is done."""
    inner = getattr(owner, method)

    @functools.wraps(inner)
    async def wrapped(*given: Any, **named: Any) -> Any:
        result = await inner(*given, **named)
        reached(name)
        return result

    setattr(owner, method, wrapped)


def before(reached: Reached, owner: Any, method: str, name: str) -> None:
    """Wrap a plain function: `name` before it."""
    inner = getattr(owner, method)

    @functools.wraps(inner)
    def wrapped(*given: Any, **named: Any) -> Any:
        reached(name)
        return inner(*given, **named)

    setattr(owner, method, wrapped)


def after(reached: Reached, owner: Any, method: str, name: str) -> None:
    """Wrap a plain function: `name` once it is done."""
    inner = getattr(owner, method)

    @functools.wraps(inner)
    def wrapped(*given: Any, **named: Any) -> Any:
        result = inner(*given, **named)
        reached(name)
        return result

    setattr(owner, method, wrapped)
