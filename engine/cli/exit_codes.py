"""How `evenkeel-engine` ends (docs/service.md)."""

from __future__ import annotations

DONE = 0
FAILED = 1
"""It could not be done, or the session refused it; the text says why."""
USAGE = 2
"""The command line is wrong, or would need a person at a terminal or --yes."""
NO_SESSION = 3
"""No session of this profile runs."""
PERSON_NEEDED = 4
"""A person has to agree first, or did not."""
UNANSWERED = 5
"""A session runs and did not answer in time, or not all of it came about yet; what was asked may still happen."""
