"""Prices from outside the chain, for the engines that ask for them."""
