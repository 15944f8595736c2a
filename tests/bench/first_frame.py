"""Time from starting the program to its first painted frame, warm: files in the cache, bytecode compiled.

Floor: a bare PySide6 program that paints one empty window, started in turns with ours.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import figure, quantile

RUNS = 12
BARE = """
import sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Painted(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint:
            print("painted", flush=True)
            QTimer.singleShot(0, app.quit)
        return False
app = QApplication([])
window = QMainWindow()
painted = Painted()
window.installEventFilter(painted)
window.show()
app.exec()
"""
SAID = re.compile(r"first frame painted (\d+\.\d+) s after")


def bare_s() -> float:
    """Seconds until the bare window was painted, process start included."""
    began_s = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        return time.perf_counter() - began_s


def panel_s(folder: Path) -> float:
    """Seconds until the panel's window was painted, as the panel itself measured it from its process's start."""
    words = [sys.executable, "-m", "gui.main", "--profile", str(folder), "--mode", "off", "--for", "0.1"]
    told = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stderr
    found = SAID.search(told)
    assert found is not None, f"the panel did not say when it painted:\n{told}"
    return float(found[1])


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    with tempfile.TemporaryDirectory() as folder:
        panel_s(Path(folder))
        bare_s()
        pairs = [(panel_s(Path(folder)), bare_s()) for _ in range(RUNS)]
    ours, floors = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    figure("first_frame_p50", quantile(ours, 0.5), "s", quantile(floors, 0.5))
    figure("first_frame_worst", max(ours), "s", max(floors))


if __name__ == "__main__":
    main()
