"""The look: contrast, switching, and what importing it may cost (panel spec 2, 10, 15)."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtGui import QFontMetricsF, QPalette
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from gui.theme import DARK, LIGHT, Theme, Tone, apply_theme, contrast, number_font, scaled_font, set_look, theme_of

TEXT = 4.5
LINE = 3.0

themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


@pytest.fixture(autouse=True)
def _light_again(qapp):
    yield
    apply_theme(LIGHT)


def grounds(theme: Theme) -> tuple[str, ...]:
    return theme.window, theme.surface, theme.sunken, theme.hover


def test_contrast_is_that_of_wcag():
    """WCAG 2.1: black on white is 21, #777777 on white just fails for text."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#ffffff", "#777777") == pytest.approx(4.48, abs=0.01)


@themes
def test_text_can_be_read_on_every_ground(theme):
    inks = (theme.text, theme.muted, theme.accent, *(colours.text for colours in theme.tones.values()))

    assert min(contrast(ink, ground) for ink in inks for ground in grounds(theme)) >= TEXT


@themes
def test_a_badge_can_be_read_in_every_tone(theme):
    for colours in theme.tones.values():
        assert contrast(colours.on_fill, colours.fill) >= TEXT
        assert contrast(colours.text, colours.soft) >= TEXT
    assert contrast(theme.on_accent, theme.accent) >= TEXT


@themes
def test_plot_lines_stand_out_from_the_card_and_are_told_apart(theme):
    assert min(contrast(ink, theme.surface) for ink in theme.series) >= LINE
    assert len(set(theme.series)) == len(theme.series)


@themes
def test_every_tone_has_its_colours(theme):
    assert set(theme.tones) == set(Tone)


def test_switching_the_theme_reaches_a_window_that_is_open(qtbot):
    window = QWidget()
    label = QLabel("Stop", window)
    set_look(label, badge=Tone.DANGER)
    qtbot.addWidget(window)
    apply_theme(LIGHT)
    window.show()
    light = label.grab().toImage()

    apply_theme(DARK)

    assert theme_of() is DARK
    assert window.palette().color(QPalette.ColorRole.Window).name() == DARK.window
    assert light.pixelColor(light.width() // 2, 1).name() == LIGHT.tones[Tone.DANGER].fill
    dark = label.grab().toImage()
    assert dark.pixelColor(dark.width() // 2, 1).name() == DARK.tones[Tone.DANGER].fill


def test_a_look_can_be_taken_away(qtbot):
    apply_theme(LIGHT)
    button = QPushButton("Apply")
    qtbot.addWidget(button)
    plain = button.grab().toImage()
    set_look(button, primary=True)
    assert button.grab().toImage() != plain

    set_look(button, primary=None)

    assert button.grab().toImage() == plain


def test_numbers_have_digits_of_one_width(qapp):
    metrics = QFontMetricsF(number_font(qapp.font()))

    assert len({metrics.horizontalAdvance(digit * 10) for digit in "0123456789"}) == 1


def test_small_print_stays_readable(qapp):
    assert scaled_font(qapp.font(), 0.1).pointSizeF() == 7.5


def test_the_first_frame_can_be_painted_without_numpy_and_pyqtgraph():
    """A plot library loaded here would stand between the program's start and its first frame."""
    script = (
        "import sys, gui.theme, gui.redraw;"
        "heavy = {'numpy', 'pyqtgraph', 'ccxt', 'engine'} & set(sys.modules);"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    assert (found.returncode, found.stderr) == (0, "")
