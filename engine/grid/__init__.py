"""The slot machine that the governor governs: slots of two trades, entries, exits, recovery."""
