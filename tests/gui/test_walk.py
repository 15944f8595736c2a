"""The real program on a real X server, by real key presses and clicks (issue 6). The long form is `tests.gui.walk`."""

from __future__ import annotations

from pathlib import Path

from tests.gui.walk import PAGE_STOPS, SHEETS, SWITCH, Walk, screen_picture, seen_screen


def test_pages_palette_alerts_and_the_three_verbs_are_reached_by_keys_and_clicks_and_it_ends_by_key(
    tmp_path: Path,
) -> None:
    with (
        seen_screen(1.0) as (environment, screen),
        Walk(tmp_path / "p", environment, tmp_path / "log", ["--no-wizard"]) as panel,
    ):
        panel.started()
        for stop in (*PAGE_STOPS, *SHEETS, *SWITCH):
            panel.go(stop)
            panel.leave(stop)
        shown = screen_picture(screen)
        assert panel.end() == 0
    assert (shown.width(), shown.height()) == (1280, 860)
    assert len({shown.pixel(x, y) for x in range(0, 1280, 16) for y in range(0, 860, 16)}) > 8
