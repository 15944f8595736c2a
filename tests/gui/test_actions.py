"""One table of actions, from which everything is made (style page, "A page of the panel")."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence

import gui
from engine.core.modes import Mode, ModeSnapshot, Switch
from gui.actions import ACTIONS, ActionSpec, Standing
from gui.icons import NAMES

SOURCES = sorted(Path(gui.__file__).parent.rglob("*.py"))


def standing(switch: Switch) -> Standing:
    return Standing(True, ModeSnapshot(at_s=1.0, mode=Mode.PAPER, switch=switch, why=None, since_s=1.0))


def enabled(where: Standing) -> set[str]:
    return {spec.name for spec in ACTIONS if spec.group == "switch" and spec.enabled_when(where)}


def test_no_key_is_used_twice() -> None:
    keys = Counter(QKeySequence(key).toString() for spec in ACTIONS for key in spec.keys)
    assert [key for key, times in keys.items() if times > 1] == []


@pytest.mark.parametrize("spec", ACTIONS, ids=lambda spec: spec.name)
def test_every_action_has_a_key_an_icon_a_text_and_a_tip(spec: ActionSpec) -> None:
    assert spec.keys
    assert all(not QKeySequence(key).isEmpty() for key in spec.keys)
    assert spec.icon in NAMES
    assert spec.text
    assert spec.tip


def test_stop_is_one_key_away_and_can_be_used_wherever_the_switch_stands() -> None:
    """Panel spec 9."""
    assert all("switch.stop" in enabled(standing(switch)) for switch in Switch)
    assert "switch.stop" in enabled(Standing(True, None))
    assert next(spec for spec in ACTIONS if spec.name == "switch.stop").keys[0] == "F12"


def test_nothing_can_be_asked_before_a_session_is_attached() -> None:
    assert enabled(Standing()) == set()


def test_pause_needs_a_running_switch_and_resume_one_that_is_not() -> None:
    assert enabled(standing(Switch.RUNNING)) == {"switch.stop", "switch.pause"}
    assert enabled(standing(Switch.PAUSED)) == {"switch.stop", "switch.resume"}
    assert enabled(standing(Switch.STOPPED)) == {"switch.stop", "switch.resume"}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.relative_to(SOURCES[0].parent).as_posix())
def test_no_event_loop_is_nested_anywhere_in_the_panel(source: Path) -> None:
    """Panel spec 11: never exec(), never processEvents()."""
    code = re.sub(r'""".*?"""|#[^\n]*|"[^"\n]*"', "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
    calls = re.findall(r"\.exec_?\(|processEvents|QEventLoop\(|\.waitFor\w+\(", code)
    assert calls == []
