"""A sparkline shows the last stretch of a series, with its gaps."""

from __future__ import annotations

import math

import pytest
from PySide6.QtGui import QColor, QImage

from engine.core.series import Series
from gui.sparkline import Sparkline
from gui.theme import LIGHT, Tone, apply_theme


@pytest.fixture
def draw(qtbot):
    apply_theme(LIGHT)

    def drawn(series: Series, **options: object) -> QImage:
        line = Sparkline("Idle ratio", series, span_s=100.0, **options)
        qtbot.addWidget(line)
        line.resize(110, 32)
        return line.grab().toImage()

    return drawn


def inked_columns(image: QImage, ink: str) -> set[int]:
    """The columns where a pixel is nearer to `ink` than to the ground."""
    wanted = QColor(ink)
    ground = image.pixelColor(0, 0)
    return {
        x
        for x in range(image.width())
        for y in range(image.height())
        if abs(image.pixelColor(x, y).red() - wanted.red()) < abs(image.pixelColor(x, y).red() - ground.red())
    }


def test_an_empty_series_draws_nothing(draw):
    image = draw(Series())

    assert inked_columns(image, LIGHT.series[0]) == set()


def test_the_line_spans_the_stretch_and_leaves_gaps_open(draw):
    series = Series(gap_s=5.0)
    series.extend([*range(41), *range(60, 101)], [1.0] * 82)

    columns = inked_columns(draw(series), LIGHT.series[0])

    assert {10, 30, 80, 100} <= columns
    assert not columns & set(range(50, 60))


def test_the_tone_gives_the_colour(draw):
    series = Series()
    series.extend(range(101), [1.0] * 101)

    assert inked_columns(draw(series, tone=Tone.DANGER), LIGHT.tones[Tone.DANGER].text) >= {20, 50, 90}


def test_the_target_is_drawn_even_where_the_line_never_goes(draw):
    series = Series()
    series.extend(range(101), [1.0] * 101)

    assert draw(series, target=5.0) != draw(series)


def test_a_series_in_a_gap_ends_before_its_edge(draw):
    series = Series()
    series.extend(range(51), [1.0] * 51)
    series.append(100.0, math.nan)

    assert max(inked_columns(draw(series), LIGHT.series[0])) < 65
