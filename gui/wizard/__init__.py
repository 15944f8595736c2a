"""The first steps of a new profile: look, mode, keys, limits; they end in the PAPER session that runs already."""
