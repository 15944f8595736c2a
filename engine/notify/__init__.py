"""Tells people elsewhere what an engine alerts them to."""
