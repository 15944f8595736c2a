"""Options in whose place another one stands: what was set of them is carried over, and told (grid spec 14)."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.option_catalogue import Catalogue
from engine.core.option_file import RESET, edited, read
from engine.core.option_problems import Superseded
from engine.core.options import Options, Replaced, option
from engine.core.settings import Given


class Waits(Options, section="waits"):
    """One wait, which stands for two of earlier versions."""

    wait_s: float = option(
        60.0,
        ge=1,
        le=900,
        text="How long it waits.",
        replaces=(Replaced("short_s", 10.0, "WAIT_SHORT"), Replaced("long_s", 30.0)),
    )
    tries: int = option(3, ge=1, text="How often it tries.")


CATALOGUE = Catalogue((Waits,))


async def opened(folder: Path, text: str | None, environment: dict[str, str] | None = None) -> Configuration:
    if text is not None:
        (folder / "evenkeel.toml").write_text(text)
    return await Configuration.open(folder / "evenkeel.toml", CATALOGUE, environment or {}, WallClock())


def waits(configuration: Configuration) -> float:
    return configuration.settings.of(Waits).wait_s


async def test_a_number_that_somebody_set_is_kept_and_told(tmp_path: Path) -> None:
    configuration = await opened(tmp_path, "[waits]\nlong_s = 45\n")
    assert waits(configuration) == 45
    assert configuration.problems == ()
    assert [str(notice) for notice in configuration.notices] == [
        "line 2: waits.wait_s stands in the place of long_s; its value 45 is kept"
    ]


async def test_the_old_default_makes_room_for_the_new_one(tmp_path: Path) -> None:
    configuration = await opened(tmp_path, "[waits]\nshort_s = 10\nlong_s = 30.00\n")
    assert waits(configuration) == 60
    assert configuration.notices == (
        Superseded("waits.wait_s", "short_s", 10, kept=False, line=2),
        Superseded("waits.wait_s", "long_s", 30.0, kept=False, line=3),
    )
    assert str(configuration.notices[0]).endswith("its value 10 has no effect any more")


async def test_of_two_that_were_set_the_first_declared_counts(tmp_path: Path) -> None:
    configuration = await opened(tmp_path, "[waits]\nlong_s = 45\nWAIT_SHORT = 20\n")
    assert waits(configuration) == 20
    assert [notice.kept for notice in configuration.notices if isinstance(notice, Superseded)] == [True, False]


async def test_what_is_set_under_the_new_name_wins_wherever_it_stands(tmp_path: Path) -> None:
    for number, text in enumerate(("long_s = 45\nwait_s = 70\n", "wait_s = 70\nlong_s = 45\n")):
        (tmp_path / str(number)).mkdir()
        assert waits(await opened(tmp_path / str(number), f"[waits]\n{text}")) == 70


async def test_a_value_that_the_new_option_cannot_have_is_told_with_its_line(tmp_path: Path) -> None:
    found = read("[waits]\nlong_s = 1000\n", CATALOGUE)
    assert found.given == {"waits.wait_s": Given(1000, 2)}
    configuration = await opened(tmp_path, "[waits]\n")
    (tmp_path / "evenkeel.toml").write_text("[waits]\nlong_s = 1000\n")
    problems = await configuration.reload()
    assert [str(problem) for problem in problems] == ["waits.wait_s (line 2): expected 1 to 900, got 1000"]


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"waits.tries": 5}, "wait_s = 45 # mine\n#long_s = 30\ntries = 5\n"),
        ({"waits.wait_s": 50.0}, "wait_s = 50.0 # mine\n#long_s = 30\n"),
        ({"waits.wait_s": RESET}, "#wait_s = 60.0 # mine\n#long_s = 30\n"),
    ],
)
def test_the_next_write_gives_the_value_its_new_name(changes: dict[str, object], outcome: str) -> None:
    text = edited("[waits]\nshort_s = 45 # mine\nlong_s = 30\n", CATALOGUE, changes)
    assert text == f"[waits]\n{outcome}"
    assert read(text, CATALOGUE).notices == ()


async def test_variables_of_the_environment_are_carried_over_too(tmp_path: Path) -> None:
    configuration = await opened(tmp_path, None, {"WAIT_SHORT": "25", "EVENKEEL_WAITS_LONG_S": "30"})
    assert waits(configuration) == 25
    assert configuration.held_by("waits.wait_s") == "WAIT_SHORT"
    assert [str(notice) for notice in configuration.notices] == [
        "the environment: waits.wait_s stands in the place of WAIT_SHORT; its value 25 is kept",
        "the environment: waits.wait_s stands in the place of EVENKEEL_WAITS_LONG_S; "
        "its value 30 has no effect any more",
    ]


async def test_the_new_variable_wins_over_the_old_one(tmp_path: Path) -> None:
    assert waits(await opened(tmp_path, None, {"WAIT_SHORT": "25", "EVENKEEL_WAITS_WAIT_S": "26"})) == 26


async def test_a_revision_of_an_earlier_version_is_brought_back_with_what_was_set(tmp_path: Path) -> None:
    """The log has the file's values under the names of then."""
    configuration = await opened(tmp_path, "[waits]\ntries = 4\n")
    log = tmp_path / "revisions.jsonl"
    log.write_text(log.read_text().replace('"waits.tries": 4}', '"waits.long_s": 45, "waits.short_s": 10.0}'))
    (tmp_path / "evenkeel.toml").write_text("[waits]\ntries = 9\n")
    configuration = await opened(tmp_path, None)
    draft = configuration.revert_draft(1)
    assert draft.settings is not None
    assert draft.settings.of(Waits) == Waits(wait_s=45)
    assert draft.notices == ()


def test_an_option_that_is_replaced_cannot_be_declared_as_well() -> None:
    class Both(Options, section="both"):
        """A declaration that cannot be told apart."""

        old_s: float = option(1.0, text="Old.")
        new_s: float = option(1.0, text="New.", replaces=(Replaced("old_s", 1.0),))

    with pytest.raises(TypeError, match="is replaced by another option"):
        Catalogue((Both,))
