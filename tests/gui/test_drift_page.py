"""The drift page shows what the engine told (panel spec 3, 9 to 16)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.core.bus import Bus
from engine.core.clock import ManualClock
from engine.core.supervisor import EngineSnapshot, EngineState
from engine.drift.cooldown import Rest
from engine.drift.messages import (
    ChainSilent,
    DismissPlan,
    OnItsWay,
    PortfolioRow,
    PortfolioState,
    Rebalanced,
    ShowPortfolio,
)
from engine.drift.reasons import Unhealthy
from gui.drift.bars import MOST_THRESHOLDS, bars_summary, reach
from gui.drift.known import RECORDS_KEPT, SERIES_KEPT, KnownDrift
from gui.drift.portfolios import state_text
from gui.read_model import ReadModel
from gui.theme import DARK, LIGHT, Tone, apply_theme, theme_of
from tests.gui.conftest import Panel
from tests.gui.drift_alone import Alone, cells, draw
from tests.gui.drift_alone import alone as alone
from tests.gui.drift_alone import drift as drift
from tests.gui.drift_scene import (
    ACCOUNT,
    LEVEL,
    NATIVE_USD,
    SHIFTED,
    DriftScene,
    options,
    records,
)
from tests.gui.scene import START_S

Until = Callable[..., Awaitable[None]]
TIP = Qt.ItemDataRole.ToolTipRole
pytestmark = pytest.mark.qt_log_ignore("does not support propagateSizeHints")


async def test_without_a_word_from_the_engine_nothing_is_watched(panel: Panel) -> None:
    page = draw(panel)
    assert page.engine.state.text == "Nothing watched"
    assert "no portfolio is watched" in page.engine.words.text()
    assert not page.portfolios.isVisible()
    assert not page.standing.isVisible()
    assert panel.window.overview.drift.state.text == "Nothing watched"


async def test_every_portfolio_is_listed_with_word_shape_value_and_drift(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    assert [cells(page.portfolios.model, at) for at in range(4)] == [
        ["treasury", "?  Waits for you", "34.2%", "$60.2k"],
        ["grants", "!  Blocked", "–", "–"],
        ["operations", "‖  Cooling", "34.2%", "$60.2k"],
        ["reserve", "=  Calm", "0.0%", "$60.6k"],
    ]
    blocked = page.portfolios.model.index(1, 1).data(Qt.ItemDataRole.ForegroundRole)
    assert blocked == QColor(theme_of().tones[Tone.DAMPED].text)


async def test_what_needs_a_person_most_is_picked_first_and_asked_for_in_full(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    drift.tell_portfolio("reserve", LEVEL)
    drift.tell_portfolio("treasury", SHIFTED)
    drift.tell_engine()
    page = draw(alone)
    assert page.portfolios.name == "treasury"
    await until(lambda: drift.asked == [ShowPortfolio(portfolio="treasury")])
    draw(alone)
    await asyncio.sleep(0)
    assert drift.asked == [ShowPortfolio(portfolio="treasury")]


async def test_picking_another_asks_for_that_one_and_passing_over_many_asks_once(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    drift.tell()
    page = draw(alone)
    await until(lambda: len(drift.asked) == 1)
    for row in (1, 2, 3):
        page.portfolios.view.selectRow(row)
    draw(alone)
    await until(lambda: len(drift.asked) == 2)
    assert drift.asked[-1] == ShowPortfolio(portfolio="reserve")
    assert page.standing.title.text() == "reserve"


async def test_an_engine_that_came_back_from_a_crash_is_asked_again(
    alone: Alone, drift: DriftScene, until: Until
) -> None:
    drift.tell()
    draw(alone)
    await until(lambda: len(drift.asked) == 1)
    alone.bus.publish(
        EngineSnapshot(at_s=START_S, engine="drift", state=EngineState.RUNNING, crashes=1, last_error="OSError")
    )
    draw(alone)
    await until(lambda: drift.asked == [ShowPortfolio(portfolio="treasury")] * 2)


async def test_a_portfolio_that_was_not_told_in_full_is_not_made_up(alone: Alone, drift: DriftScene) -> None:
    drift.rows["treasury"] = PortfolioRow("treasury", PortfolioState.CALM, Decimal(100), 0.01)
    drift.tell_engine()
    page = draw(alone)
    assert page.standing.state.text == "Asked for"
    assert page.standing.value.accessibleName() == "Value: –"
    assert page.tokens.numbers.rows == ()
    assert not page.plan.confirm_button.isEnabled()


async def test_ten_thousand_portfolios_are_rows_of_a_model_and_not_widgets(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    before = len(page.findChildren(QWidget))
    states = list(PortfolioState)
    rows = tuple(
        PortfolioRow(f"fund {at:05d}", states[at % len(states)], Decimal(at), at / 20_000) for at in range(10_000)
    )
    drift.tell_engine(rows=rows)
    draw(alone)
    assert len(page.portfolios.model.rows) == 10_000
    assert len(page.findChildren(QWidget)) == before


async def test_the_search_finds_by_name_and_by_state_and_keeps_what_was_picked(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    page.portfolios.search.setText("BLOCK")
    assert [row.name for row in page.portfolios.model.rows] == ["grants"]
    assert page.portfolios.name == "treasury"
    page.portfolios.search.setText("reas")
    assert [row.name for row in page.portfolios.model.rows] == ["treasury"]
    page.portfolios.search.clear()
    assert page.portfolios.view.currentIndex().row() == 0
    assert page.portfolios._count.text() == "4 portfolios"


async def test_the_list_is_sorted_by_a_column_and_stays_so(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    page.portfolios.view.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert [row.name for row in page.portfolios.model.rows] == ["treasury", "grants", "operations", "reserve"]
    page.portfolios.view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    drift.tell_portfolio("beacon", LEVEL)
    drift.tell_engine()
    draw(alone)
    assert [row.name for row in page.portfolios.model.rows][:2] == ["beacon", "grants"]
    assert page.portfolios.view.currentIndex().row() == 4
    assert page.standing.title.text() == "treasury"


async def test_a_portfolio_that_is_watched_no_more_is_shown_no_more(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    draw(alone)
    del drift.rows["treasury"]
    drift.tell_engine()
    page = draw(alone)
    assert page.portfolios.name != "treasury"
    assert page.standing.title.text() == page.portfolios.name


async def test_state_reason_and_figures_of_the_picked_one_are_the_engines(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    standing = draw(alone).standing
    assert (standing.state.text, standing.account.text()) == ("Waits for you", ACCOUNT)
    assert standing.why.text().startswith("A plan waits for you until ")
    assert standing.value.accessibleName() == "Value: $60,180.00"
    assert standing.drift.accessibleName() == "Largest drift: 34.2%"
    assert standing.threshold.accessibleName() == "Threshold: ±15.0%"
    assert standing.accessibleDescription().startswith("treasury: Waits for you. A plan waits")


async def test_the_cooldown_runs_with_the_engines_clock_and_stands_still_with_it(
    alone: Alone, drift: DriftScene
) -> None:
    """Drift spec 14: the remaining time comes from the engine."""
    now_s = drift.clock.now()
    drift.tell_portfolio("operations", SHIFTED, rest=Rest(last_s=now_s - 300))
    drift.tell_engine()
    standing = draw(alone).standing
    assert standing.cooldown.accessibleName() == "Cooldown: 10 min 00 s"
    drift.clock.set(now_s + 60)
    draw(alone)
    assert standing.cooldown.accessibleName() == "Cooldown: 10 min 00 s"
    drift.tell_engine(now_s + 61)
    draw(alone)
    assert standing.cooldown.accessibleName() == "Cooldown: 8 min 59 s"
    assert standing.seen.accessibleName() == "Seen: 1 min 01 s ago"
    drift.tell_engine(now_s + 600)
    draw(alone)
    assert standing.cooldown.accessibleName() == "Cooldown: None"


async def test_every_token_is_told_in_numbers_and_with_its_reasons(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    tokens = draw(alone).tokens
    assert cells(tokens.numbers, 0) == [
        "WETH",
        "7.8275417",
        "$23,580.00",
        "39.18%",
        "30.00%",
        "+30.61%",
        "0.00%",
        "$3,012.44",
        "$3,012.44",
    ]
    assert cells(tokens.reasons, 4) == ["LINK", "Healthy", "$2,065.81 of it is bought."]


async def test_without_a_price_a_token_has_dashes_that_say_why(alone: Alone, drift: DriftScene) -> None:
    """Drift spec 3: a price is never taken as 0."""
    drift.tell_portfolio("grants", LEVEL, without=("chainlink",))
    drift.tell_engine()
    page = draw(alone)
    link = cells(page.tokens.numbers, 4)
    assert link[2] == link[3] == link[5] == link[8] == "–"
    assert page.tokens.numbers.index(4, 2).data(TIP) == "Not known without every price."
    assert page.tokens.numbers.index(4, 8).data(TIP) == "The source has no price for it."
    assert cells(page.tokens.reasons, 4)[2].startswith("There is no price from the second source.")
    assert page.standing.value.toolTip().startswith("Not known without every price")


async def test_an_unhealthy_token_stands_out(alone: Alone, drift: DriftScene) -> None:
    told = drift.tell_portfolio("treasury", SHIFTED)
    sick = replace(told.tokens[4], health="FEE_ON_TRANSFER", reasons=(Unhealthy("FEE_ON_TRANSFER"),))
    drift.tell_portfolio("treasury", SHIFTED, tokens=(*told.tokens[:4], sick))
    drift.tell_engine()
    reasons = draw(alone).tokens.reasons
    assert cells(reasons, 4) == [
        "LINK",
        "Fee on transfer",
        "Not traded (Fee on transfer); its value counts in the total.",
    ]
    assert reasons.index(4, 1).data(Qt.ItemDataRole.ForegroundRole) == QColor(theme_of().tones[Tone.DAMPED].text)


def threshold_columns(picture: QWidget) -> list[int]:
    """The columns of the picture that hold the threshold's ink above the first bar."""
    image, ink = picture.grab().toImage(), QColor(theme_of().tones[Tone.DAMPED].text)
    return [x for x in range(image.width()) if any(image.pixelColor(x, y) == ink for y in range(4, 8))]


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
async def test_bars_go_to_both_sides_of_the_target_and_the_threshold_is_drawn_on_both(
    alone: Alone, drift: DriftScene, theme
) -> None:
    apply_theme(theme)
    drift.tell()
    picture = draw(alone).tokens.bars.picture
    await asyncio.sleep(0.05)
    left, right = [x for x in threshold_columns(picture) if x < picture.width() - picture._numbers_px]
    middle = picture._names_px + (picture.width() - picture._names_px - picture._numbers_px) / 2
    assert middle - left == pytest.approx(right - middle, abs=1.5)
    image, row = picture.grab().toImage(), 4 + picture._row_px // 2
    bar = QColor(theme.tones[Tone.DAMPED].fill)
    assert image.pixelColor(int(middle) + 15, row) == bar  # WETH is above its target
    assert image.pixelColor(int(middle) - 15, row) != bar
    assert image.pixelColor(int(middle) - 15, row + 4 * picture._row_px) == bar  # LINK is below it


async def test_the_bars_are_told_in_words_as_well(alone: Alone, drift: DriftScene) -> None:
    """Panel spec 15."""
    drift.tell_portfolio("treasury", SHIFTED, chosen=options(destination_band=Decimal("0.5")))
    drift.tell_engine()
    picture = draw(alone).tokens.bars.picture
    said = picture.accessibleDescription()
    assert picture.accessibleName() == "Drift of each token"
    assert said == bars_summary(drift.told["treasury"].tokens, 0.15, 0.075)
    assert said.startswith("WETH +30.6%, after the plan +7.5%; USDC −18.2%, after the plan ")
    assert said.endswith("Threshold ±15.0%, destination ±7.5%.")


def test_one_huge_drift_leaves_the_threshold_in_sight() -> None:
    huge = replace(_token(), drift=3.0)
    assert reach([huge], 0.15) == MOST_THRESHOLDS * 0.15
    assert reach([_token()], 0.15) == 1.25 * 0.15


def _token():  # type: ignore[no-untyped-def]
    return DriftScene(Bus(), ManualClock(START_S)).tell_portfolio("calm", LEVEL).tokens[0]


async def test_the_engine_line_tells_chain_block_gas_and_coin(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    engine = draw(alone).engine
    assert [figure.accessibleName() for figure in engine._figures] == [
        "Chain: 31337",
        "Block: 19,204,881",
        "Block's age: 7 s",
        "Gas price: 12.5 gwei",
        f"Native coin: ${NATIVE_USD:,}",
    ]
    assert engine.words.text() == "Portfolios: 1 × waits for you, 1 × blocked, 1 × cooling, 1 × calm."


async def test_what_troubles_the_engine_and_what_is_under_way_is_said(alone: Alone, drift: DriftScene) -> None:
    drift.tell()
    page = draw(alone)
    drift.tell_engine(under_way=OnItsWay("drift/ab"))
    draw(alone)
    assert (page.engine.state.text, page.engine.words.text()) == (
        "Under way",
        "The plan drift/ab was handed to the chain.",
    )
    drift.tell_engine(trouble=ChainSilent("no route"), under_way=OnItsWay("drift/ab"))
    draw(alone)
    assert page.engine.state.text == "In trouble"
    assert "The node does not answer (no route)" in page.engine.words.text()
    assert "handed to the chain" in page.engine.words.text()


async def test_before_the_first_block_nothing_is_said_of_it(alone: Alone, drift: DriftScene) -> None:
    drift.tell_engine(block=0, block_at_s=None, gas_price_wei=0, native_usd=None, chain_id=0)
    engine = draw(alone).engine
    assert {figure.accessibleName().split(": ")[1] for figure in engine._figures} == {"–"}
    assert engine._block.toolTip() == "No block was seen yet."


async def test_a_crash_of_the_engine_is_said_on_page_and_card(panel: Panel, drift: DriftScene) -> None:
    drift.tell()
    panel.bus.publish(
        EngineSnapshot(
            at_s=START_S, engine="drift", state=EngineState.RESTARTING, crashes=1, last_error="OSError: gone"
        )
    )
    engine = draw(panel).engine
    assert engine.state.text == "Restarting"
    assert "crashed (OSError: gone)" in engine.words.text()
    card = panel.page("overview").drift
    assert card.state.text == "Restarting"


async def test_the_overview_has_a_card_of_drift_and_its_alerts(panel: Panel, drift: DriftScene, until: Until) -> None:
    """Panel spec 1."""
    drift.tell()
    await until(lambda: panel.window.model.last_action.get("drift") is not None)
    overview = panel.page("overview")
    assert overview.drift.state.text == "Watching"
    assert overview.drift._figures[1].accessibleName() == "Largest drift: 34.2%"
    assert overview.drift._figures[3].accessibleName() == "Wait for you: 1"
    assert "out of balance by 34.0%" in overview.drift._last.text()
    said = [str(overview._alerts.index(row, 2).data()) for row in range(2)]
    assert said[0] == "treasury: out of balance by 34.0% (alert above 25.0%)."
    assert said[1].endswith("waits for you on the Drift page.")


async def test_out_of_sight_the_page_draws_and_asks_nothing(panel: Panel, drift: DriftScene) -> None:
    """Panel spec 14."""
    page = draw(panel)
    panel.page("overview")
    drift.tell()
    panel.window.redraw.draw()
    await asyncio.sleep(0.01)
    assert page.portfolios.model.rows == []
    assert drift.asked == []
    draw(panel)
    assert len(page.portfolios.model.rows) == 4


@pytest.mark.parametrize(
    ("key", "modifiers", "what"),
    [
        (Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, "search"),
        (Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, "confirm"),
        (Qt.Key.Key_Backspace, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, "dismiss"),
    ],
)
async def test_what_can_be_done_here_has_a_key_on_every_page(
    panel: Panel, drift: DriftScene, until: Until, key: Qt.Key, modifiers: Qt.KeyboardModifier, what: str
) -> None:
    drift.tell()
    page = draw(panel)
    await until(lambda: len(drift.asked) == 1)
    panel.page("overview")
    panel.window.activateWindow()
    QTest.keyClick(panel.window, key, modifiers)
    assert panel.window.page == "drift"
    if what == "search":
        assert panel.window.focusWidget() is page.portfolios.search
    elif what == "confirm":
        await until(lambda: page._dialog is not None and page._dialog.isVisible())
        page._dialog.reject()
        await until(lambda: page._dialog is None)
    else:
        await until(lambda: any(isinstance(one, DismissPlan) for one in drift.asked))


@pytest.mark.parametrize("size", [(1280, 800), (960, 540)])
async def test_nothing_on_the_page_is_cut(panel: Panel, drift: DriftScene, size: tuple[int, int]) -> None:
    """Panel spec 15: 200 % on a full-HD screen leaves 960 by 540."""
    panel.window.resize(*size)
    drift.tell()
    page = draw(panel)
    for at in range(page.tabs.count()):
        page.tabs.setCurrentIndex(at)
        await asyncio.sleep(0.02)
        draw(panel)
        for part in (page.engine, page.portfolios, page.standing, page.tabs.currentWidget()):
            least = part.layout().minimumSize()
            assert (part.width() >= least.width(), part.height() >= least.height()) == (True, True), (at, part)
        assert page.horizontalScrollBar().maximum() == 0


def test_what_is_known_of_many_portfolios_stays_bounded() -> None:
    bus = Bus()
    known = KnownDrift(bus, lambda: None)
    scene = DriftScene(bus, ManualClock(START_S))
    told = scene.tell_portfolio("p", LEVEL, record=False)
    (record,) = records("p", START_S)[-1:]
    for at in range(SERIES_KEPT + 20):
        bus.publish(replace(told, name=f"p{at}"))
    for at in range(RECORDS_KEPT + 20):
        known.take(Rebalanced(at_s=0.0, record=replace(record, transaction_hash=hex(at))))
    known.series("p83")
    assert len(known._series) == SERIES_KEPT
    assert len(known.records("p")) == RECORDS_KEPT
    known.close()


def test_a_panel_that_comes_later_finds_what_was_told_before() -> None:
    bus = Bus()
    scene = DriftScene(bus, ManualClock(START_S))
    scene.tell()
    model = ReadModel(bus)
    assert model.drift.engine is not None
    assert model.drift.portfolio("treasury") == scene.told["treasury"]
    assert model.drift.waiting_plan("treasury") == scene.told["treasury"].plan
    model.close()


def test_each_state_has_a_shape_of_its_own() -> None:
    shapes = [state_text(state).split("  ")[0] for state in PortfolioState]
    assert len(set(shapes)) == len(shapes)
