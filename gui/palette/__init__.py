"""The command palette: every action, page and option, and what was said last, found by typing."""
