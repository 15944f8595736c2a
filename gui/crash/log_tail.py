"""The last lines of the log, in memory."""

from __future__ import annotations

import logging
from collections import deque

LINES_KEPT = 400


class LogTail(logging.Handler):
    """Keeps the newest lines. Add it before `redacted_logging.install`, which redacts what it keeps."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(self.format(record))

    @property
    def lines(self) -> tuple[str, ...]:
        """Oldest first."""
        return tuple(self._lines)
