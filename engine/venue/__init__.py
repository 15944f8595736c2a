"""Kraken through ccxt: orders, fills, reconciliation, dead man's switch. Implements the grid's `Exchange` port."""
