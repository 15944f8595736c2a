"""Where a frozen program becomes one of its own children: it starts itself with a hidden word and comes here.

Imports nothing until it is needed, so that the panel's first frame does not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence


def run_child(words: Sequence[str]) -> int | None:
    """Be the child that the first word of a command line names, and return its exit code; None when it names none."""
    if words[:1] == ["paper-exchange"]:
        from engine.paper.exchange import main as serve

        return serve()
    if words[:1] == ["paper-node"]:
        from engine.paper.node import main as stay_beside

        return stay_beside(list(words[1:]))
    return None
