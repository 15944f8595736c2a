"""The copy at PostgreSQL and the status page, a line each on the overview."""

from __future__ import annotations

from engine.core.mirror_messages import MirrorCaughtUp, MirrorLost, MirrorState, StoreUnreachable
from engine.desk.messages import StatusPageOff, StatusPageRefused, StatusPageSnapshot
from gui.overview.services import mirror_line, status_page_line
from gui.sentences.events import Severity, event_sentence, event_severity
from gui.theme import Tone
from tests.gui.conftest import Panel

GONE = StoreUnreachable("db.example.net", 5432, "connection refused")


def services(panel: Panel):  # type: ignore[no-untyped-def]
    return panel.page("overview")._services


async def test_a_copy_that_is_behind_says_by_how_much_and_since_when(panel: Panel) -> None:
    shown = services(panel)
    assert shown.mirror.text == "Catching up"
    assert "Behind by 214 rows since" in shown.words


async def test_a_lost_copy_says_why_what_to_do_and_that_nothing_is_lost_here(panel: Panel) -> None:
    panel.scene.publish_services(MirrorState.LOST, rows=1200)
    shown = services(panel)
    assert shown.mirror.text == "Lost"
    assert "No PostgreSQL answers at db.example.net, port 5432" in shown.words
    assert "Behind by 1,200 rows since" in shown.words
    assert "The local store is complete and goes on alone." in shown.words


async def test_a_copy_in_step_is_green_and_dated(panel: Panel) -> None:
    panel.scene.publish_services(MirrorState.IN_STEP, rows=0)
    shown = services(panel)
    assert shown.mirror.text == "Connected"
    assert "PostgreSQL has every row of “default” (last heard of at" in shown.words
    assert mirror_line(panel.window.model.mirror)[0].tone is Tone.ACTING


def test_without_a_copy_the_line_says_that_it_is_off() -> None:
    assert mirror_line(None)[1:] == ("Off", "The local store alone keeps the records.")


def test_the_status_page_says_its_address_that_it_is_off_or_why_it_is_not_served() -> None:
    assert status_page_line(StatusPageSnapshot(at_s=0, port=8377, why=None))[2].startswith(
        "Read-only at http://127.0.0.1:8377/api/status"
    )
    assert status_page_line(StatusPageSnapshot(at_s=0, port=None, why=StatusPageOff()))[1] == "Off"
    look, word, text = status_page_line(
        StatusPageSnapshot(at_s=0, port=None, why=StatusPageRefused(80, "permission denied"))
    )
    assert (look.tone, word) == (Tone.DAMPED, "Not served")
    assert "port 80 of this machine cannot be had (permission denied)" in text


async def test_a_lost_copy_is_an_alert_and_its_return_is_told(panel: Panel, until) -> None:
    lost = MirrorLost(at_s=panel.context.clock.now(), reason=GONE)
    panel.bus.emit(lost)
    await until(lambda: panel.window.model.alerts[-1].event == lost)
    back = MirrorCaughtUp(at_s=0.0, rows=1200, after_s=95.0)
    assert event_severity(back) is Severity.INFO
    assert event_sentence(back) == "PostgreSQL has every row again: 1,200 were sent, 1 min 35 s after it was lost."
