"""How the market stands, in Kraken's words: of the pair (AssetPairs) and of the whole system (`status` channel).

Words: docs.kraken.com "Get Tradable Asset Pairs" and "Status" of the WebSocket v2 reference.
"""

from __future__ import annotations

from engine.grid.ports import MarketStatus


def status_of(word: str) -> MarketStatus:
    """What one of Kraken's words means; UNKNOWN for one that it does not document."""
    try:
        return MarketStatus(word)
    except ValueError:
        return MarketStatus.UNKNOWN
