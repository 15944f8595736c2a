"""Drift: what a portfolio has drifted from its targets, the fewest swaps that bring it back, and their execution."""
