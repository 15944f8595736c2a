"""How the market stands: what Kraken says of the pair (AssetPairs) and of the whole system (`status` channel).

Words: docs.kraken.com "Get Tradable Asset Pairs" and "Status" of the WebSocket v2 reference.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.grid.ports import MarketStatus


def status_of(word: str) -> MarketStatus:
    """What one of Kraken's words means; UNKNOWN for one that it does not document."""
    try:
        return MarketStatus(word)
    except ValueError:
        return MarketStatus.UNKNOWN


@dataclass(slots=True)
class Standing:
    """The last word on each; the stricter of the two counts."""

    pair: MarketStatus = MarketStatus.ONLINE
    system: MarketStatus = MarketStatus.ONLINE

    @property
    def market(self) -> MarketStatus:
        return self.pair.stricter(self.system)
