"""Qt's events must not eat Python's singletons.

PySide6 6.12.0 on Python 3.11 loses references to None, True and False with each event and kills the process after some
thousand (panel spec, Facts). From Python 3.12 on these objects are immortal and the count says nothing.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EVENTS = 100_000
TOLERANCE = 100

PROGRAM = """
import asyncio, json, sys
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication
from gui.loop import run

ROUNDS = EVENTS // 4

class Receiver(QObject):
    said = Signal(bool)
    heard = 0
    def event(self, event):
        Receiver.heard += 1
        return True
    def eventFilter(self, watched, event):
        return False

async def main():
    receiver = Receiver()
    receiver.installEventFilter(receiver)
    receiver.said.connect(lambda flag: None)
    loop = asyncio.get_running_loop()
    def counts():
        return {str(thing): sys.getrefcount(thing) for thing in (None, True, False)}
    await asyncio.sleep(0.001)
    before = counts()
    for round in range(ROUNDS):
        QCoreApplication.postEvent(receiver, QEvent(QEvent.Type.User))  # one event of Qt
        loop.call_soon(receiver.said.emit, bool(round % 2))             # one callback and its signal
        await asyncio.sleep(0)                                          # one turn of the loop, a timer of Qt
        if not round % 100:
            await asyncio.sleep(0.0001)                                 # and some timers that wait
    after = counts()
    print(json.dumps({"heard": Receiver.heard, "lost": {name: before[name] - after[name] for name in before}}))
    return 0

app = QApplication([])
sys.exit(run(main(), app, on_problem=print))
"""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None, True and False are immortal: nothing counts them")
def test_a_hundred_thousand_events_leave_the_counts_of_none_true_and_false_where_they_were():
    answer = subprocess.run(
        [sys.executable, "-c", PROGRAM.replace("EVENTS", str(EVENTS))],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    told = json.loads(answer.stdout)
    assert told["heard"] >= EVENTS // 4
    assert max(abs(lost) for lost in told["lost"].values()) < TOLERANCE, told["lost"]
