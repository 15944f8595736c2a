"""Every move of the mouse counts: pyqtgraph leaves out those that come faster than a hand."""

from __future__ import annotations

import pyqtgraph as pg
import pytest


@pytest.fixture(autouse=True)
def _every_move(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pg.CONFIG_OPTIONS, "mouseRateLimit", 0)
