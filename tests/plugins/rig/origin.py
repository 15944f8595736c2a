"""Where in the project something was made."""

import sys
from pathlib import Path

PROJECT = Path(__file__).parents[3]
_OWN = f"{Path(__file__).parent}/"
_INSTALLED = f"{PROJECT}/.venv/"
_DEPTH = 3


def origin() -> str:
    """The innermost lines of the project's own code on the caller's stack, `path:line in function`, innermost first."""
    places = []
    frame = sys._getframe(1)
    while frame is not None and len(places) < _DEPTH:
        code = frame.f_code
        if code.co_filename.startswith(f"{PROJECT}/") and not code.co_filename.startswith((_OWN, _INSTALLED)):
            places.append(f"{code.co_filename[len(str(PROJECT)) + 1 :]}:{frame.f_lineno} in {code.co_qualname}")
        frame = frame.f_back
    return " < ".join(places) or "an unknown place"
