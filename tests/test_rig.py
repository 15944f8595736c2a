"""What the rig finds in tests that misbehave, and leaves alone in those that do not (tests/rig/specimens.py)."""

import asyncio
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    """`{name of the specimen: everything said against it}`; empty where it passed."""
    report = tmp_path_factory.mktemp("specimens") / "report.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "timeout=11",
        f"--junit-xml={report}",
    ]
    subprocess.run([*command, str(TESTS / "rig" / "specimens.py")], cwd=TESTS.parent, timeout=100, check=False)
    cases = ElementTree.parse(report).iter("testcase")
    said: dict[str, str] = {}
    for case in cases:
        name = case.attrib["name"].removeprefix("test_")
        said[name] = said.get(name, "") + "".join(f"{found.get('message')}\n{found.text}" for found in case)
    return said


@pytest.mark.parametrize(
    ("specimen", "told"),
    [
        ("leaves_a_task", ["task 'the-forgotten-one' (forgotten)", "specimens.py", "in test_leaves_a_task"]),
        ("leaves_a_task_on_the_panels_loop", ["task 'the-forgotten-one' (forgotten)", "in test_leaves_a_task_on"]),
        ("loses_an_exception", ["an exception that nobody awaited", "ZeroDivisionError"]),
        ("leaves_a_thread[False]", ["thread 'the-lingering-one'", "in test_leaves_a_thread"]),
        ("leaves_a_thread[True]", ["thread 'the-lingering-one'", "in test_leaves_a_thread"]),
        ("leaves_a_timer", ["active QTimer of 60000 ms", "in test_leaves_a_timer"]),
        ("leaves_a_window", ["window QDialog 'forgotten' titled 'Forgotten'"]),
        ("connects_to_the_world", ["NetworkClosed", "192.0.2.1", "in test_connects_to_the_world"]),
        ("looks_up_a_name_and_swallows_the_answer", ["reached beyond this machine", "exchange.example"]),
        ("sends_a_datagram", ["NetworkClosed", "192.0.2.1"]),
        ("connects_to_the_world_from_a_task", ["NetworkClosed", "exchange.example"]),
        ("gets_a_warning_of_qt", ["Qt messages with level WARNING or above emitted"]),
        ("hangs[asyncio]", ["CancelledError: the test hung until its timeout", "in forgotten"]),
        ("hangs[qasync]", ["CancelledError: the test hung until its timeout", "in forgotten"]),
        ("waits_for_a_signal_inside_the_loop", ["qtbot.waitUntil runs a second event loop"]),
    ],
)
def test_what_a_test_leaves_or_reaches_fails_it_by_name(verdicts, specimen, told):
    for words in told:
        assert words in verdicts[specimen]


@pytest.mark.parametrize(
    "specimen",
    [
        "uses_a_fixture_that_ends_its_own_task",
        "takes_a_task_from_a_fixture_without_being_async",
        *(f"uses_a_fixture_that_ticks_between_the_parts_of_a_test[{again}]" for again in range(5)),
        "provokes_an_exception_and_takes_it",
        "uses_a_worker_thread",
        "runs_after_one_that_hung",
        "stops_its_timer",
        "hands_its_window_to_qtbot",
        "reaches_this_machine",
        "looks_this_machine_up",
        "reaches_a_unix_socket",
    ],
)
def test_a_test_that_cleans_up_and_stays_here_passes(verdicts, specimen):
    assert verdicts[specimen] == ""


def test_what_a_failed_test_leaves_behind_does_not_hide_why_it_failed(verdicts):
    assert "the news" in verdicts["fails_and_leaves_a_window"]
    assert "left behind" not in verdicts["fails_and_leaves_a_window"]


async def test_an_async_test_runs_on_asyncios_own_loop():
    assert type(asyncio.get_running_loop()) is asyncio.SelectorEventLoop


@pytest.mark.qasync
async def test_a_marked_test_runs_on_the_panels_loop():
    assert type(asyncio.get_running_loop()).__name__ == "PanelLoop"


async def test_until_goes_on_when_the_condition_holds(until):
    arrived = []
    asyncio.get_running_loop().call_soon(arrived.append, 1)
    await until(lambda: arrived)
    assert arrived == [1]


async def test_until_gives_up_at_its_deadline(until):
    with pytest.raises(pytest.fail.Exception, match=r"in vain at tests/test_rig\.py"):
        await until(lambda: False, within_s=0.01)


def test_a_child_process_opens_a_real_window_on_the_x_server(x_environment):
    program = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
label = QLabel("afloat")
label.show()
print(app.platformName(), label.isVisible())
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], env=x_environment, capture_output=True, text=True, timeout=30, check=True
    )
    assert answer.stdout == "xcb True\n"
