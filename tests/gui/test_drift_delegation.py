"""A standing delegation is shown with its risk, granted, ended and revoked, each asked once more (drift spec 12)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtGui import QGuiApplication

from engine.core.messages import Acknowledged, Answer, Command, Refused
from engine.drift.messages import (
    EndStanding,
    GrantStanding,
    NothingStands,
    RevokedElsewhere,
    RevokePlan,
    StandingToSign,
    StandingView,
)
from gui.dialogs import Dialog
from tests.gui.drift_alone import Alone, cells, draw
from tests.gui.drift_alone import alone as alone
from tests.gui.drift_alone import drift as drift
from tests.gui.drift_scene import DELEGATE, SHIFTED, DriftScene

Until = Callable[..., Awaitable[None]]
STANDING = StandingView(
    uses_left=7,
    until_s=1_790_000_000.0,
    delegate=DELEGATE,
    most=(("WETH", Decimal("3.5")), ("USDC", Decimal(10_000))),
    could_take_usd=Decimal("60180.00"),
    priced=True,
)
SIGNED = "0x" + "ab" * 65
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


class Asked:
    """Answers commands as it is told to, and keeps them."""

    def __init__(self, alone: Alone, *kinds: type[Command]) -> None:
        self.got: list[Command] = []
        self.answer: Answer = Acknowledged({})
        for kind in kinds:
            alone.bus.handle(kind, self._take)

    async def _take(self, command: Command) -> Answer:
        self.got.append(command)
        return self.answer


def shown(alone: Alone, drift: DriftScene, standing: StandingView | None = STANDING):
    drift.tell_portfolio("treasury", SHIFTED, standing=standing)
    drift.tell_engine()
    page = draw(alone)
    page.tabs.setCurrentWidget(page.delegation)
    return page


async def agree(page, until: Until) -> None:
    def dialog() -> Dialog | None:
        return next((one for one in page.window().findChildren(Dialog) if one.isVisible()), None)

    await until(lambda: dialog() is not None)
    dialog().agree_button.click()


async def test_what_stands_is_shown_with_what_a_leaked_key_could_take(alone: Alone, drift: DriftScene) -> None:
    page = shown(alone, drift)
    assert page.delegation.risk.text() == "With a leaked delegate key somebody could take up to $60,180.00."
    assert f"{DELEGATE} may make 7 more swaps until" in page.delegation.text.text()
    assert cells(page.delegation.bounds.model(), 0) == ["WETH", "3.5"]


async def test_without_one_each_plan_is_signed_and_nothing_can_be_ended(alone: Alone, drift: DriftScene) -> None:
    page = shown(alone, drift, None)
    assert page.delegation.text.text().startswith("No standing delegation: the owner signs each plan by itself")
    assert not page.delegation.end_button.isEnabled()
    assert not page.delegation.risk.isVisible()


async def test_a_grant_is_asked_once_more_and_then_goes_to_the_engine(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    engine = Asked(alone, GrantStanding)
    page = shown(alone, drift, None)
    page.delegation.uses.setValue(5)
    page.delegation.days.setValue(2.0)
    page.delegation.grant_button.click()
    await agree(page, until)
    await until(lambda: engine.got == [GrantStanding(portfolio="treasury", uses=5, days=2.0)])
    await until(lambda: page.delegation.answer.text().startswith("✓"))


async def test_an_owner_who_signs_elsewhere_copies_both_and_pastes_two_signatures(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    engine = Asked(alone, GrantStanding)
    engine.answer = Refused(StandingToSign("{approvals}", "{swaps}"))
    page = shown(alone, drift, None)
    page.delegation.grant_button.click()
    await agree(page, until)
    await until(lambda: page.delegation.copy_button.isVisible())
    page.delegation.copy_button.click()
    assert QGuiApplication.clipboard().text() == "{approvals}\n{swaps}"
    page.delegation.signatures[0].setText("0x12")
    page.delegation.grant_button.click()
    assert "130 hexadecimal digits" in page.delegation.answer.text()
    for field in page.delegation.signatures:
        field.setText(SIGNED)
    engine.answer = Acknowledged({})
    page.delegation.grant_button.click()
    await agree(page, until)
    await until(lambda: len(engine.got) == 2)
    assert isinstance(engine.got[1], GrantStanding)
    assert engine.got[1].signatures == (SIGNED, SIGNED)
    await until(lambda: not page.delegation.signatures[0].isVisible())


async def test_ending_and_revoking_show_what_the_engine_says(alone: Alone, drift: DriftScene, until: Until) -> None:
    engine = Asked(alone, EndStanding, RevokePlan)
    engine.answer = Refused(NothingStands("treasury"))
    page = shown(alone, drift)
    page.delegation.end_button.click()
    await agree(page, until)
    await until(lambda: page.delegation.answer.text() == "✕ treasury has no standing delegation.")
    engine.answer = Refused(RevokedElsewhere("0xa", "0xb", "0xc0de"))
    page.delegation.revoke_button.click()
    await agree(page, until)
    await until(lambda: page.delegation.copy_button.isVisible())
    page.delegation.copy_button.click()
    assert QGuiApplication.clipboard().text() == "0xc0de"
    plan = drift.told["treasury"].plan
    assert plan is not None
    assert engine.got == [EndStanding(portfolio="treasury"), RevokePlan(portfolio="treasury", plan=plan.id)]


async def test_what_is_declined_asks_nothing_of_the_engine(alone: Alone, drift: DriftScene, until: Until) -> None:
    engine = Asked(alone, EndStanding)
    page = shown(alone, drift)
    page.delegation.end_button.click()
    await until(lambda: any(one.isVisible() for one in page.window().findChildren(Dialog)))
    next(one for one in page.window().findChildren(Dialog) if one.isVisible()).decline_button.click()
    await until(lambda: not any(one.isVisible() for one in page.window().findChildren(Dialog)))
    assert engine.got == []


async def test_records_from_before_the_session_are_in_the_history(alone: Alone, drift: DriftScene) -> None:
    told = drift.tell_portfolio("treasury", SHIFTED)
    assert told.last is not None
    older = replace(told.last, transaction_hash="0xbeef", at_s=told.last.at_s - 100)
    for _ in range(2):
        drift.tell_portfolio("treasury", SHIFTED, recent=(older, told.last))
        drift.tell_engine()
    draw(alone)
    assert set(alone.window.model.drift.records("treasury")) == {older, told.last}
