"""Live plots: what they draw, how they follow, what they say in words (panel spec 14, 15)."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolButton

from engine.core.series import Series
from gui.plots.live import LivePlot
from gui.plots.quantity import RATIO
from gui.theme import DARK, LIGHT, Tone, apply_theme

NOW = 1_800_000_000.0


@pytest.fixture(autouse=True)
def _light(qapp):
    apply_theme(LIGHT)
    yield
    apply_theme(LIGHT)


@pytest.fixture
def plot(qtbot):
    made = LivePlot("Idle ratio", RATIO, span_s=100.0)
    qtbot.addWidget(made)
    made.resize(600, 300)
    return made


def series(t, y, **options) -> Series:
    made = Series(**options)
    made.extend(np.asarray(t, float) + NOW, y)
    return made


def shown(plot: LivePlot, qtbot) -> QImage:
    """The picture of the curves' area, one pixel a column."""
    with qtbot.waitExposed(plot):
        plot.show()
    plot.redraw()
    area = plot.canvas.mapFromScene(plot.canvas.box.sceneBoundingRect()).boundingRect()
    return plot.canvas.grab(area).toImage()


def inked(image: QImage, ink: str) -> set[int]:
    """The columns that have a pixel of exactly this colour."""
    wanted = QColor(ink).rgb()
    return {x for x in range(image.width()) for y in range(image.height()) if image.pixel(x, y) == wanted}


def x_range(plot: LivePlot) -> tuple[float, float]:
    low, high = plot.canvas.box.viewRange()[0]
    return low - NOW, high - NOW


def y_range(plot: LivePlot) -> list[float]:
    return list(plot.canvas.box.viewRange()[1])


def drawn(plot: LivePlot, name: str) -> np.ndarray:
    return plot._curves[name].item.xData


def follow_button(plot: LivePlot) -> QToolButton:
    return plot.header.follow


def test_a_curve_gets_about_two_points_a_pixel_whatever_its_length(plot, qtbot):
    noise = np.random.default_rng(0).normal(size=200_000)
    plot.add_curve("Value", series(np.arange(200_000.0) - 199_999, noise, max_points=200_000))
    plot.set_span(200_000.0)

    width = shown(plot, qtbot).width()

    assert width <= len(drawn(plot, "Value")) <= 2 * width + 5


def test_gaps_stay_gaps(plot, qtbot):
    t = [*range(-100, -60), *range(-40, 1)]
    plot.add_curve("Value", series(t, [0.5] * len(t), gap_s=5.0))

    image = shown(plot, qtbot)
    columns = {round(x / image.width() * 100) - 100 for x in inked(image, LIGHT.series[0])}

    assert {-90, -70, -30, -10} <= columns
    assert not columns & set(range(-59, -42))


def test_a_point_alone_between_two_gaps_can_be_seen(plot, qtbot):
    plot.add_curve("Value", series([-80, -50, 0], [0.4, 0.5, 0.6], gap_s=5.0))

    image = shown(plot, qtbot)
    columns = {round(x / image.width() * 100) - 100 for x in inked(image, LIGHT.series[0])}

    assert columns - {-1, 0} == {-80, -50}
    assert len(inked(image, LIGHT.series[0])) <= 12


def test_it_follows_the_newest_point(plot):
    values = series([0.0], [0.5])
    plot.add_curve("Value", values)
    values.append(NOW + 50.0, 0.6)

    plot.redraw()

    start, end = x_range(plot)
    assert (end - start, start <= 50.0 <= end <= 51.0) == (pytest.approx(100.0), True)


def test_with_a_clock_a_feed_that_fell_silent_shows_as_an_empty_edge(qtbot):
    plot = LivePlot("Idle ratio", span_s=100.0, now=lambda: NOW + 40.0)
    qtbot.addWidget(plot)
    plot.add_curve("Value", series([0.0], [0.5]))

    plot.redraw()

    assert x_range(plot)[1] == pytest.approx(40.0, abs=1.0)


def test_nothing_is_handed_to_the_plot_library_when_nothing_came_in(plot, qtbot):
    plot.add_curve("Value", series([-1.0, 0.0], [0.5, 0.6]))
    shown(plot, qtbot)
    before = drawn(plot, "Value")

    plot.redraw()

    assert drawn(plot, "Value") is before


YEAR_S = 31_536_000.0


@pytest.fixture
def year(plot, qtbot) -> Series:
    """A year at a point an hour, all of it in view."""
    t = np.arange(-YEAR_S, 1.0, 3600.0)
    values = series(t, np.random.default_rng(0).normal(0.5, 0.05, len(t)), resolution_s=3600.0)
    plot.add_curve("Value", values)
    plot.set_span(YEAR_S)
    shown(plot, qtbot)
    return values


def test_what_lies_within_the_newest_column_as_drawn_costs_no_new_line(plot, year):
    low, high = plot._curves["Value"]._newest_column
    before = drawn(plot, "Value")
    for step in range(1, 10):
        year.append(NOW + step, (low + high) / 2)
        plot.redraw()

    assert drawn(plot, "Value") is before


@pytest.mark.parametrize("outlier_at", [0, 1, 2])
def test_an_outlier_is_drawn_at_once_whichever_point_of_a_beat_it_is(plot, year, outlier_at):
    low, high = plot._curves["Value"]._newest_column
    for step in range(3):
        year.append(NOW + step + 1, 0.95 if step == outlier_at else (low + high) / 2)

    plot.redraw()

    assert np.nanmax(plot._curves["Value"].item.yData) == 0.95


def test_with_a_year_in_view_the_line_still_goes_on(plot, year):
    low, high = plot._curves["Value"]._newest_column
    before = drawn(plot, "Value")
    year.append(NOW + YEAR_S / 1000, (low + high) / 2)
    plot.redraw()

    assert drawn(plot, "Value") is not before


def test_a_gap_that_begins_is_drawn_at_once(plot, year):
    before = drawn(plot, "Value")
    year.append(NOW + 1, math.nan)
    plot.redraw()

    assert drawn(plot, "Value") is not before


def test_the_wheel_leaves_the_present_and_follow_returns(plot, qtbot):
    values = series(np.arange(-100.0, 1.0), np.full(101, 0.5))
    plot.add_curve("Value", values)
    shown(plot, qtbot)
    viewport = plot.canvas.viewport()
    centre = QPointF(viewport.rect().center())
    QApplication.sendEvent(
        viewport,
        QWheelEvent(
            centre,
            viewport.mapToGlobal(centre),
            QPoint(),
            QPoint(0, 240),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )
    assert not plot.following
    assert follow_button(plot).isVisible()
    zoomed = x_range(plot)
    assert zoomed[1] - zoomed[0] < 90

    values.append(NOW + 500.0, 0.5)
    plot.redraw()
    assert x_range(plot) == zoomed

    qtbot.mouseClick(follow_button(plot), Qt.MouseButton.LeftButton)
    assert plot.following
    assert not follow_button(plot).isVisible()
    assert x_range(plot)[1] == pytest.approx(500.0, abs=1.0)


def test_dragging_leaves_the_present(plot, qtbot):
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.full(101, 0.5)))
    shown(plot, qtbot)
    viewport = plot.canvas.viewport()
    start = viewport.rect().center()
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 6):
        qtbot.mouseMove(viewport, start + QPoint(20 * step, 0))
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(100, 0))

    assert not plot.following


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        (Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier, (-120.0, -20.0)),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier, (-80.0, 20.0)),
        (Qt.Key.Key_Plus, Qt.KeyboardModifier.NoModifier, (-75.0, -25.0)),
        (Qt.Key.Key_Minus, Qt.KeyboardModifier.NoModifier, (-150.0, 50.0)),
    ],
)
def test_what_the_pointer_can_do_a_key_can_do(plot, qtbot, key, held, expected):
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.full(101, 0.5)))
    shown(plot, qtbot)

    qtbot.keyClick(plot, key, held)

    assert x_range(plot) == pytest.approx(expected, abs=0.5)
    assert not plot.following
    qtbot.keyClick(plot, Qt.Key.Key_End)
    assert plot.following


def test_following_changed_tells_both_ways(plot, qtbot):
    told = []
    plot.following_changed.connect(told.append)

    qtbot.keyClick(plot, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    plot.follow()
    plot.follow()

    assert told == [False, True]


def test_targets_and_bands_are_kept_in_view(plot):
    plot.add_curve("Value", series([-1.0, 0.0], [0.50, 0.51]))
    plot.set_target("Target", 0.4)
    plot.set_band("Neutral", 0.9, 0.37)

    plot.redraw()

    low, high = y_range(plot)
    assert low < 0.37
    assert high > 0.9


def test_the_value_axis_stays_while_the_curve_wanders_within_it(plot):
    values = series([-2.0, -1.0], [0.2, 0.8])
    plot.add_curve("Value", values)
    plot.redraw()
    before = y_range(plot)

    values.append(NOW, 0.81)
    plot.redraw()
    assert y_range(plot) == before

    values.append(NOW + 1, 3.0)
    plot.redraw()
    assert y_range(plot)[1] > 3.0


def test_the_value_axis_closes_in_when_half_of_it_is_empty(plot):
    values = series([-99.0, 0.0], [9.0, 0.5])
    plot.add_curve("Value", values)
    plot.redraw()
    values.extend(NOW + np.arange(1.0, 300.0), np.linspace(0.5, 0.6, 299))

    plot.redraw()

    assert y_range(plot)[1] < 0.7


def test_a_fixed_value_axis_does_not_move(plot):
    plot.set_y_range(0.0, 1.0)
    plot.add_curve("Value", series([-1.0, 0.0], [5.0, 7.0]))

    plot.redraw()

    assert y_range(plot) == [0.0, 1.0]


def test_a_curve_that_never_moves_still_has_room_around_it(plot):
    plot.add_curve("Value", series([-1.0, 0.0], [0.0, 0.0]))

    plot.redraw()

    low, high = y_range(plot)
    assert low < 0.0 < high


def test_it_says_in_words_what_it_shows(plot):
    plot.add_curve("Value", series([-2.0, -1.0, 0.0], [0.25, 0.75, 0.5]))
    plot.set_target("Target", 0.4)
    plot.set_band("Neutral", 0.37, 0.43)
    plot.redraw()

    words = plot.describe()

    assert words.startswith("Idle ratio, last 100 s. Value: last 50.0% at ")
    assert "lowest 25.0%, highest 75.0%, mean 50.0%." in words
    assert words.endswith("Target: 40.0%. Neutral: 37.0 to 43.0%.")


def test_a_screen_reader_finds_name_and_words(plot):
    plot._described_at_s = -math.inf
    plot.add_curve("Value", series([], []))
    plot.redraw()

    assert plot.accessibleName() == "Idle ratio"
    assert plot.accessibleDescription() == "Idle ratio, last 100 s. Value: nothing known."
    assert follow_button(plot).accessibleName() == "Follow Idle ratio"


def test_its_table_says_what_the_curves_say_and_leaves_gaps_open(plot):
    plot.add_curve("Value", series([-20.0, -19.0, 0.0], [0.25, 0.75, 0.5], gap_s=5.0))
    plot.add_curve("Other", series([-20.0], [0.1], gap_s=5.0))
    plot.redraw()

    headers, rows = plot.as_table()

    assert headers == ("Time", "Value (%)", "Other (%)")
    assert [row[1:] for row in rows] == [("25.0", "10.0"), ("75.0", "10.0"), ("50.0", "–")]


def test_its_table_is_bounded(plot):
    plot.add_curve("Value", series(np.arange(-5000.0, 1.0), np.random.default_rng(0).normal(size=5001)))
    plot.set_span(5000.0)

    _, rows = plot.as_table(max_rows=100)

    assert 50 <= len(rows) <= 100


def test_the_legend_shows_the_values_at_the_pointer(plot, qtbot):
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.linspace(0.0, 1.0, 101)))
    shown(plot, qtbot)

    plot.point(NOW - 50.0)
    assert plot.header.legend._entries[0].value == "50.0%"

    plot.point(None)
    assert plot.header.legend._entries[0].value == "100.0%"


def test_moving_the_pointer_over_the_curves_reads_them(plot, qtbot):
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.linspace(0.0, 1.0, 101)))
    shown(plot, qtbot)

    qtbot.mouseMove(plot.canvas.viewport(), plot.canvas.frame.center().toPoint())

    assert plot.header.legend._entries[0].value in ("49.0%", "50.0%", "51.0%")


def test_the_plot_follows_a_switch_of_the_theme(plot, qtbot):
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.full(101, 0.5)))
    plot.add_curve("Cap", series(np.arange(-100.0, 1.0), np.full(101, 0.8)), tone=Tone.DAMPED)
    light = shown(plot, qtbot)
    assert inked(light, LIGHT.series[0])
    assert inked(light, LIGHT.tones[Tone.DAMPED].text)

    apply_theme(DARK)

    dark = shown(plot, qtbot)
    assert dark.pixelColor(2, 2).name() == DARK.surface
    assert inked(dark, DARK.series[0])
    assert inked(dark, DARK.tones[Tone.DAMPED].text)


def test_a_mark_can_be_moved_and_taken_away(plot, qtbot):
    plot.set_y_range(0.0, 1.0)
    plot.add_curve("Value", series(np.arange(-100.0, 1.0), np.full(101, 0.5)))
    without = shown(plot, qtbot)
    plot.set_target("Target", 0.4)
    low = shown(plot, qtbot)
    plot.set_target("Target", 0.2)
    moved = shown(plot, qtbot)
    plot.remove_mark("Target")
    plot.remove_mark("Target")

    assert shown(plot, qtbot) == without
    assert without != low != moved


def test_a_name_is_given_once(plot):
    plot.add_curve("Value", Series())

    with pytest.raises(ValueError, match="already"):
        plot.add_curve("Value", Series())


def test_a_mark_without_a_value_is_refused(plot):
    with pytest.raises(ValueError, match="finite"):
        plot.set_target("Target", math.nan)


def test_a_span_that_shows_nothing_is_refused(plot):
    with pytest.raises(ValueError, match=r"2\.0 s to 20 years"):
        plot.set_span(0.0)
