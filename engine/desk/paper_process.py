"""Where a frozen program becomes the paper exchange: it starts itself with one argument and comes here."""

from __future__ import annotations

ARGUMENT = "paper-exchange"


def main() -> int:
    """Serve until standard input closes; see `engine.paper.exchange`."""
    from engine.paper.exchange import main as serve

    return serve()
