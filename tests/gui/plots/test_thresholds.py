"""A threshold is dragged, or moved by key, into a draft; nothing is changed by the plot itself (panel spec 5, 15)."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO, Quantity
from gui.plots.thresholds import around, level
from tests.gui.plots.stage import Service, at, drag, plot, said, stretch

__all__ = ["plot"]
# The offscreen platform says so of every pop-up.
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def service(plot: LivePlot) -> Service:
    made = Service()
    plot.serve_by(made)
    plot.set_target("Target", 0.4, threshold=level("governor.target_idle_ratio"))
    plot.redraw()
    return made


def menu_texts(plot: LivePlot) -> list[str]:
    return [action.text().split("\t")[0].replace("&", "") for menu in menus(plot) for action in menu.actions()]


def menus(plot: LivePlot) -> list[QMenu]:
    return [menu for menu in plot.findChildren(QMenu) if menu.isVisible()]


def choose(plot: LivePlot, text: str) -> None:
    """Take an entry of the plot's menu."""
    menu = menus(plot)[0]
    next(action for action in menu.actions() if text in action.text().replace("&", "")).trigger()
    menu.close()


def test_dragging_a_line_proposes_the_option_a_new_value_to_what_the_plot_can_write(plot, service) -> None:
    drag(plot, at(plot, -70.0, 0.4), at(plot, -70.0, 0.6))

    ((path, value),) = service.proposed
    assert path == "governor.target_idle_ratio"
    assert float(value) == pytest.approx(0.6, abs=0.01)
    assert len(value) <= len("0.612")


def test_while_it_is_dragged_the_line_stands_where_it_stood_and_the_draft_is_said_beside_it(plot, service) -> None:
    drag(plot, at(plot, -70.0, 0.4), at(plot, -70.0, 0.6), release=False)

    mark = plot.thresholds[0]
    assert (mark.low, mark.draft[0]) == (0.4, pytest.approx(0.6, abs=0.01))
    assert said(plot)[-1].startswith("40.0% → ")
    assert service.proposed == []
    assert plot.following


def test_escape_puts_a_dragged_line_back(plot, service, qtbot) -> None:
    drag(plot, at(plot, -70.0, 0.4), at(plot, -70.0, 0.6), release=False)
    qtbot.keyClick(plot, Qt.Key.Key_Escape)
    QTest.mouseRelease(plot.canvas.viewport(), Qt.MouseButton.LeftButton)

    assert (plot.thresholds[0].draft, service.proposed) == (None, [])


def test_a_line_that_was_let_go_where_it_stood_proposes_nothing(plot, service) -> None:
    drag(plot, at(plot, -70.0, 0.4), at(plot, -70.0, 0.4) + QPoint(40, 0))

    assert service.proposed == []


def test_once_it_was_answered_the_draft_is_gone(plot, service) -> None:
    drag(plot, at(plot, -70.0, 0.4), at(plot, -70.0, 0.6))
    assert plot.thresholds[0].draft is not None

    plot.settle()

    assert plot.thresholds[0].draft is None


def test_both_edges_of_a_band_move_when_one_is_dragged(plot, service) -> None:
    plot.set_band("Neutral", 0.35, 0.45, threshold=around("governor.neutral_band", 0.4))
    drag(plot, at(plot, -70.0, 0.45), at(plot, -70.0, 0.5), release=False)

    low, high = next(mark for mark in plot.thresholds if mark.name == "Neutral").draft
    assert (low, high) == (pytest.approx(0.3, abs=0.01), pytest.approx(0.5, abs=0.01))
    assert plot.mover.path == "governor.neutral_band"


def test_beside_a_line_the_plot_is_panned_and_the_line_stays(plot, service) -> None:
    drag(plot, at(plot, -70.0, 0.8), at(plot, -50.0, 0.8))

    assert service.proposed == []
    assert stretch(plot)[0] == pytest.approx(-120.0, abs=2.0)


def test_the_menu_lets_keys_move_a_threshold_and_enter_proposes_it(plot, service, qtbot) -> None:
    plot.show_menu()
    assert "Move Target (40.0%)…" in menu_texts(plot)
    choose(plot, "Move Target")
    for key, held in (
        (Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Up, Qt.KeyboardModifier.NoModifier),
    ):
        qtbot.keyClick(plot, key, held)
    assert plot.accessibleDescription().startswith("Target: 41.1%. Enter")

    qtbot.keyClick(plot, Qt.Key.Key_Return)

    assert service.proposed == [("governor.target_idle_ratio", "0.411")]


def test_a_threshold_moved_by_key_is_put_back_when_the_keys_go_elsewhere(plot, service, qtbot) -> None:
    plot.move_threshold("Target")
    qtbot.keyClick(plot, Qt.Key.Key_Up)
    plot.header.menu.setFocus()

    assert (plot.thresholds[0].draft, plot.mover.name) == (None, None)


def test_without_a_service_a_line_is_only_looked_at(plot) -> None:
    plot.set_target("Target", 0.4, threshold=level("governor.target_idle_ratio"))
    plot.redraw()
    drag(plot, at(plot, -70.0, 0.4), at(plot, -50.0, 0.6))
    plot.show_menu()

    assert not any(text.startswith(("Move", "Save")) for text in menu_texts(plot))
    assert plot.mover.name is None
    menus(plot)[0].close()


def test_a_line_far_above_is_shown_by_an_arrow_and_taken_at_the_edge(plot, service) -> None:
    """The hub's cap on gas would flatten the curve otherwise."""
    plot.remove_mark("Target")
    plot.set_option("Cap", level("hub.max_gas_gwei"), in_view=False)
    plot.show_options({"hub.max_gas_gwei": 100})
    plot.redraw()
    assert plot.canvas.box.viewRange()[1][1] < 2

    top = QPoint(round(plot.canvas.frame.center().x()), round(plot.canvas.frame.top()) + 1)
    drag(plot, top, at(plot, -50.0, 0.9))

    ((path, value),) = service.proposed
    assert (path, float(value)) == ("hub.max_gas_gwei", pytest.approx(0.9, abs=0.01))


def test_the_menu_saves_what_is_shown(plot, service) -> None:
    for text in ("Save picture", "Save numbers"):
        plot.show_menu()
        choose(plot, text)

    assert service.saved == ["picture", "numbers"]


def test_the_menu_opens_by_key_and_by_the_other_button(plot, service, qtbot) -> None:
    qtbot.keyClick(plot, Qt.Key.Key_Return)
    assert len(menus(plot)) == 1
    menus(plot)[0].close()

    qtbot.mouseClick(plot.header.menu, Qt.MouseButton.LeftButton)
    assert len(menus(plot)) == 1
    menus(plot)[0].close()

    viewport, where = plot.canvas.viewport(), at(plot, -50.0, 0.8)
    by_mouse = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(viewport, QContextMenuEvent(by_mouse, where, viewport.mapToGlobal(where)))
    assert len(menus(plot)) == 1
    menus(plot)[0].close()


@pytest.mark.parametrize(
    ("quantity", "decimals"), [(RATIO, 3), (Quantity("gwei", decimals=2), 2), (Quantity("points", 100.0, 1), 3)]
)
def test_a_step_is_the_least_that_the_plot_can_write(quantity: Quantity, decimals: int) -> None:
    assert (quantity.kept_decimals, quantity.step) == (decimals, pytest.approx(10**-decimals))
