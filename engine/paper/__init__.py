"""The embedded exchange: Kraken's REST and WebSocket v2 protocols over a seeded market, in a process of its own."""
