"""The governor: keeps a grid's idle USD near a target by skewing the size of its next entries."""
