"""Answers that are wrong in shape: one field gone, or something else in its place (issue 3, bad input)."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    -(10**30),
    10**30,
    "",
    " ",
    "NaN",
    "Infinity",
    "-1",
    "1e999",
    "1e-999",
    "9" * 400,
    "1_0",
    "٣",
    [],
    {},
    [None],
    [[]],
    {"": {}},
)
"""What no field of Kraken's may hold, but for texts that are free in form."""


class Drop:
    """The field is gone."""

    def __repr__(self) -> str:
        return "Drop"


DROP = Drop()


def paths(value: Any, at: Path = ()) -> Iterator[Path]:
    """Every place in an answer that something can be put in the place of, the whole included."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        yield from paths(child, (*at, step))


def mutated(answer: Any, at: Path, put: Any) -> Any:
    """A copy with `put` at the path; DROP takes the place away."""
    if not at:
        return copy.deepcopy(answer) if put is DROP else put
    changed = copy.deepcopy(answer)
    holder = changed
    for step in at[:-1]:
        holder = holder[step]
    if put is DROP:
        del holder[at[-1]]
    else:
        holder[at[-1]] = copy.deepcopy(put)
    return changed


def mutations(answer: Any) -> st.SearchStrategy[tuple[Path, Any]]:
    """Where to put what."""
    return st.tuples(st.sampled_from(list(paths(answer))), st.sampled_from((DROP, *JUNK)))


def every_mutation(answer: Any) -> Iterator[tuple[Path, Any]]:
    """All of them, one at a time."""
    for at in paths(answer):
        for put in (DROP, *JUNK):
            yield at, put
