"""The grid's options as files of this and earlier versions have them (governor spec 14)."""

from __future__ import annotations

import pytest

from engine.core.option_catalogue import Catalogue
from engine.core.option_file import read
from engine.core.settings import Given, validated
from engine.desk.options import SECTIONS
from engine.grid.options import GridOptions

CATALOGUE = Catalogue(SECTIONS)


def grid_options(lines: str) -> tuple[GridOptions, list[str]]:
    """The options of a file with these lines below [grid], and its notices."""
    found = read(f"[grid]\n{lines}\n", CATALOGUE)
    assert found.problems == ()
    outcome = validated(CATALOGUE, found.given)
    assert outcome.problems == ()
    assert outcome.settings is not None
    return outcome.settings.of(GridOptions), [str(notice) for notice in found.notices]


def test_by_default_exits_wait_as_the_market_asks_for() -> None:
    options, notices = grid_options("")
    assert (options.orphan_after, options.orphan_after_s, notices) == ("auto", None, [])


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ("orphan_single_s = 600.0\norphan_double_s = 1800.0", None),
        ("orphan_single_s = 900", 900.0),
        ("S1_ORPHAN_AFTER_SEC = 900", 900.0),
        ("orphan_double_s = 3600.0", 3600.0),
        ("S2_ORPHAN_AFTER_SEC = 3600", 3600.0),
        ("orphan_single_s = 900\norphan_double_s = 3600", 900.0),
        ('orphan_single_s = 900\norphan_after = "auto"', None),
        ("orphan_single_s = 604800", 604_800.0),
    ],
)
def test_a_saved_clock_that_differs_from_the_host_s_is_kept(lines: str, seconds: float | None) -> None:
    options, notices = grid_options(lines)
    assert options.orphan_after_s == seconds
    assert len(notices) == lines.count("=") - lines.count("orphan_after =")
    assert all("grid.orphan_after stands in the place of" in notice for notice in notices)


@pytest.mark.parametrize("given", ["auto", "AUTO", " 14400 ", 14_400, 0.5])
def test_the_wait_is_auto_or_a_number_of_seconds(given: object) -> None:
    outcome = validated(CATALOGUE, {"grid.orphan_after": Given(given)})
    assert outcome.problems == ()


@pytest.mark.parametrize("given", ["soon", "0", "-1", "604801", "nan", "inf", ""])
def test_any_other_wait_is_refused_with_what_it_may_be(given: str) -> None:
    (problem,) = validated(CATALOGUE, {"grid.orphan_after": Given(given)}).problems
    assert "orphan_after is `auto` or seconds above 0 and at most 604800" in str(problem)
