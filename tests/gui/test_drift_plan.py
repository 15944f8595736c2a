"""A plan is read, confirmed once more and asked of the engine, or it is not sent (panel spec 3, 11)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from engine.core.messages import Acknowledged, Refused
from engine.core.modes import Mode, Pause
from engine.drift.messages import (
    ConfirmPlan,
    Dismissed,
    DismissPlan,
    PlanDropped,
    PlanIsAnother,
    ShowPortfolio,
)
from gui.theme import Tone
from tests.gui.conftest import Panel
from tests.gui.drift_alone import Alone, cells, draw, text
from tests.gui.drift_alone import alone as alone
from tests.gui.drift_alone import drift as drift
from tests.gui.drift_scene import DELEGATE, LEVEL, SHIFTED, DriftScene

Until = Callable[..., Awaitable[None]]
TIP = Qt.ItemDataRole.ToolTipRole
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


async def test_the_plan_is_shown_whole_before_it_is_sent(alone: Alone, drift: DriftScene) -> None:
    """Panel spec 3: legs, min-out, impact, gas, who could take what."""
    drift.tell()
    page = draw(alone)
    plan = drift.told["treasury"].plan
    assert plan is not None
    assert len(page.plan.legs.legs.rows) == len(plan.legs) == 4
    assert cells(page.plan.legs.model(), 3) == [
        "WETH → USDC → DAI",
        "0.13093 WETH",
        "389.73 DAI",
        "385.84 DAI",
        "0.09%",
        "$394.43",
    ]
    assert text(page.plan.legs, 3, 3, TIP) == f"{plan.legs[3].min_out:,f}".rstrip("0")
    assert plan.id in page.plan.title.text()
    assert page.plan.facts.gas.text().startswith("$23.50 expected (624,000 gas")
    assert page.plan.facts.who.text().startswith(f"{DELEGATE} may make exactly these swaps, once, until ")
    assert page.tabs.tabText(1) == "Plan (waits for you)"


async def test_without_a_plan_the_reason_stands_in_its_place(alone: Alone, drift: DriftScene) -> None:
    drift.tell_portfolio("reserve", LEVEL)
    drift.tell_engine()
    page = draw(alone)
    assert page.plan.none.text().startswith("No plan stands. The largest drift is 0.00%, within the threshold")
    assert page.tabs.tabText(1) == "Plan"


async def test_confirm_and_dismiss_can_be_used_only_while_a_plan_waits_for_a_person(
    alone: Alone, drift: DriftScene
) -> None:
    def usable() -> tuple[bool, bool]:
        plan = draw(alone).plan
        return plan.confirm_button.isEnabled(), plan.dismiss_button.isEnabled()

    now_s = drift.clock.now()
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    assert usable() == (True, True)
    drift.tell_portfolio("treasury", SHIFTED, confirmed=True)
    assert usable() == (False, False)
    drift.tell_portfolio("treasury", SHIFTED)
    assert usable() == (True, True)
    drift.tell_engine(now_s + 301)
    assert usable() == (False, False)
    drift.tell_portfolio("treasury", SHIFTED, now_s + 302)
    assert usable() == (True, True)
    plan = drift.told["treasury"].plan
    assert plan is not None
    alone.window.model.take([PlanDropped(at_s=now_s + 303, portfolio="treasury", plan=plan.id, reason=Dismissed())])
    assert usable() == (False, False)


async def confirming(panel: Panel | Alone, drift: DriftScene, until: Until):  # type: ignore[no-untyped-def]
    """The page, with the question open about the plan of the treasury."""
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(panel)
    await until(lambda: drift.asked == [ShowPortfolio(portfolio="treasury")])
    drift.asked.clear()
    page.show_plan()
    page.plan.confirm_button.click()
    await until(lambda: page._dialog is not None and page._dialog.isVisible())
    return page


async def test_the_plan_is_read_once_more_and_then_sent_once(alone: Alone, drift: DriftScene, until: Until) -> None:
    page = await confirming(alone, drift, until)
    plan = drift.told["treasury"].plan
    assert plan is not None
    assert drift.asked == []
    assert plan.id in page._dialog.text.text()
    assert len(page._dialog.legs.legs.rows) == 4
    page._dialog.agree_button.click()
    await until(lambda: drift.asked == [ConfirmPlan(portfolio="treasury", plan=plan.id)])
    await until(lambda: page.plan.answer.text() == f"✓ The engine has taken plan {plan.id}; it is sent once.")
    draw(alone)
    assert not page.plan.confirm_button.isEnabled()
    page.confirm()
    await asyncio.sleep(0.01)
    assert len(drift.asked) == 1


async def test_declined_nothing_is_sent_and_the_plan_still_waits(alone: Alone, drift: DriftScene, until: Until) -> None:
    page = await confirming(alone, drift, until)
    QTest.keyClick(page._dialog, Qt.Key.Key_Return)
    await until(lambda: page._dialog is None)
    draw(alone)
    assert drift.asked == []
    assert page.plan.confirm_button.isEnabled()


async def test_the_question_goes_when_another_plan_takes_the_place_of_the_one_that_was_read(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    page = await confirming(alone, drift, until)
    drift.tell_portfolio("treasury", SHIFTED, drift.clock.now() + 12)
    await until(lambda: page._dialog is None)
    assert drift.asked == []
    assert "no longer stands" in alone.window.notices.text


@pytest.mark.parametrize("page_in_sight", ["drift", "overview"])
async def test_the_question_goes_with_its_plan_wherever_the_window_is(
    panel: Panel, drift: DriftScene, until: Until, page_in_sight: str
) -> None:
    page = await confirming(panel, drift, until)
    panel.window.show_page(page_in_sight)
    plan = drift.told["treasury"].plan
    assert plan is not None
    panel.bus.emit(PlanDropped(at_s=drift.clock.now(), portfolio="treasury", plan=plan.id, reason=Dismissed()))
    await until(lambda: page._dialog is None)
    assert drift.asked == []


async def test_the_question_stays_while_the_same_plan_stands(alone: Alone, drift: DriftScene, until: Until) -> None:
    page = await confirming(alone, drift, until)
    alone.bus.publish(drift.told["treasury"])
    drift.tell_portfolio("reserve", LEVEL)
    drift.tell_engine()
    await asyncio.sleep(0.01)
    assert page._dialog is not None
    page._dialog.reject()
    await until(lambda: page._dialog is None)


async def test_live_is_said_in_the_question(panel: Panel, drift: DriftScene, until: Until) -> None:
    panel.scene.mode = Mode.LIVE
    panel.scene.publish_mode()
    page = await confirming(panel, drift, until)
    assert page._dialog.agree_button.text() == "Send it in LIVE"
    assert page._dialog.agree_button.property("tone") == Tone.DANGER.value
    page._dialog.reject()
    await until(lambda: page._dialog is None)


async def test_other_commands_go_through_while_the_question_is_open(
    panel: Panel, drift: DriftScene, until: Until
) -> None:
    """Panel spec 11: no nested event loop."""
    page = await confirming(panel, drift, until)
    assert isinstance(await panel.bus.ask(Pause(where="panel")), Acknowledged)
    page._dialog.reject()
    await until(lambda: page._dialog is None)


async def test_where_the_owners_key_is_elsewhere_only_a_signature_lets_it_go(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    told = drift.tell_portfolio("treasury", SHIFTED)
    assert told.plan is not None
    drift.tell_portfolio("treasury", SHIFTED, plan=replace(told.plan, to_sign='{"primaryType": "Delegation"}'))
    drift.tell_engine()
    page = draw(alone)
    await until(lambda: len(drift.asked) == 1)
    page.confirm()
    await until(lambda: page._dialog is not None and page._dialog.isVisible())
    dialog = page._dialog
    assert not dialog.agree_button.isEnabled()
    dialog.copy_button.click()
    assert QGuiApplication.clipboard().text() == '{"primaryType": "Delegation"}'
    dialog.signature.setText("0x" + "ab" * 64)
    assert not dialog.agree_button.isEnabled()
    dialog.signature.setText("0x" + "ab" * 65)
    dialog.agree_button.click()
    signed = ConfirmPlan(portfolio="treasury", plan=told.plan.id, signature="0x" + "ab" * 65)
    await until(lambda: drift.asked[1:] == [signed])


async def test_dismissing_is_asked_of_the_engine_and_its_answer_shown(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    plan = drift.told["treasury"].plan
    assert plan is not None
    page.show_plan()
    page.plan.dismiss_button.click()
    await until(lambda: DismissPlan(portfolio="treasury", plan=plan.id) in drift.asked)
    await until(lambda: page.plan.answer.text() == f"✓ The engine has dropped plan {plan.id}.")


async def test_a_refusal_is_said_at_the_plan_in_words(alone: Alone, drift: DriftScene, until: Until) -> None:
    async def refuse(command: DismissPlan) -> Refused:
        return Refused(PlanIsAnother(command.portfolio))

    alone.bus._handlers[DismissPlan] = refuse
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    page.dismiss()
    await until(lambda: page.plan.answer.text().startswith("✕ Refused. The plan that was read for treasury"))
    draw(alone)
    assert page.plan.dismiss_button.isEnabled()


async def test_an_answer_that_does_not_come_is_said_with_what_to_do(
    alone: Alone, drift: DriftScene, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(command: DismissPlan) -> Acknowledged:
        await asyncio.Event().wait()
        return Acknowledged()

    monkeypatch.setattr("gui.pages.drift.ANSWER_WITHIN_S", 0.02)
    alone.bus._handlers[DismissPlan] = never
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    page.dismiss()
    assert not alone.window.notices.text
    await until(lambda: "DismissPlan was not answered" in alone.window.notices.text)
    assert page.plan.answer.text() == ""


async def test_with_no_plan_to_answer_the_keys_say_so_and_ask_nothing(alone: Alone, drift: DriftScene) -> None:
    drift.tell_portfolio("reserve", LEVEL)
    drift.tell_engine()
    page = draw(alone)
    for act in (page.confirm, page.dismiss):
        alone.window.notices.hide()
        act()
        assert alone.window.notices.text == "No plan of the picked portfolio waits for you."
    await asyncio.sleep(0.01)
    assert not any(isinstance(one, ConfirmPlan | DismissPlan) for one in drift.asked)
