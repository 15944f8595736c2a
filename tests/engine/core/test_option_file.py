"""The configuration file: edited by hand and by the panel, and neither loses what the other wrote (panel spec 5)."""

from __future__ import annotations

import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.option_catalogue import plain
from engine.core.option_file import RESET, FileNotAsIntended, PreparedFile, edited, generated, read, read_file
from engine.core.option_problems import GivenOnce, KnownOption, KnownSection, PlainTable, Renamed, ValidToml
from engine.core.settings import Given, validated
from tests.sample_options import CATALOGUE, Floor

HAND_WRITTEN = """\
# mine

[ steer ]   # the first
  kp=2.5# no spaces
'interval_s'   =   60   # a minute
floor = '''committed''' # three quotes

[spend]
hourly_cap_usd = 1_000.10
note = \"\"\"
two # not a comment
lines = yes\"\"\"  # after the text
label = "x"
"""

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(str.strip)
VALID = st.fixed_dictionaries(
    {},
    optional={
        "steer.enabled": st.booleans(),
        "steer.kp": st.floats(0, 50),
        "steer.interval_s": st.integers(10, 10**30),
        "steer.band": st.floats(0, 0.29),
        "steer.widest": st.floats(0.3, 1),
        "steer.floor": st.sampled_from(Floor),
        "spend.hourly_cap_usd": st.decimals(0, allow_nan=False, allow_infinity=False),
        "spend.label": WORDS,
        "spend.note": st.none() | WORDS.filter(bool),
        "spend.retries": st.none() | st.integers(0, 9),
        "spend.side": st.sampled_from(["buy", "sell"]),
    },
)
TEXTS = st.sampled_from(
    [generated(CATALOGUE), HAND_WRITTEN, HAND_WRITTEN.replace("\n", "\r\n"), HAND_WRITTEN.rstrip(), "", "[steer]", "#"]
)


def values(text: str) -> dict[str, Any]:
    found = read(text, CATALOGUE)
    outcome = validated(CATALOGUE, found.given)
    assert found.problems == outcome.problems == ()
    assert outcome.settings is not None
    return outcome.settings.by_path


def problem(text: str) -> tuple[str, Any, int | None]:
    found = read(text, CATALOGUE).problems
    assert len(found) == 1
    return found[0].path, found[0].expectation, found[0].line


def test_a_first_file_names_every_option_once_and_sets_none() -> None:
    text = generated(CATALOGUE)
    names = [line.partition(" =")[0] for line in text.splitlines() if line.startswith("#") and line[1] != " "]
    assert names == [f"#{spec.name}" for spec in CATALOGUE]
    assert read(text, CATALOGUE).given == {}
    assert values(text) == dict(CATALOGUE.defaults)


def test_a_first_file_tells_text_unit_bounds_choices_and_environment_name_of_each_option() -> None:
    assert "# How hard it pushes.\n# Unit: skew per ratio; 0 to 50; environment: STEER_KP.\n#kp = 2.0\n" in generated(
        CATALOGUE
    )
    assert "# One of entries, committed; environment: EVENKEEL_STEER_FLOOR." in generated(CATALOGUE)


def test_a_first_file_with_every_number_sign_taken_away_says_the_defaults() -> None:
    uncommented = "\n".join(
        line[1:] if line.startswith("#") and line[1:2] not in " " else line for line in generated(CATALOGUE).split("\n")
    )
    assert set(read(uncommented, CATALOGUE).given) == {spec.path for spec in CATALOGUE}
    assert values(uncommented) == dict(CATALOGUE.defaults)


def test_each_value_is_read_with_its_line() -> None:
    found = read(HAND_WRITTEN, CATALOGUE)
    assert found.given == {
        "steer.kp": Given(2.5, 4),
        "steer.interval_s": Given(60, 5),
        "steer.floor": Given("committed", 6),
        "spend.hourly_cap_usd": Given("1000.10", 9),
        "spend.note": Given("two # not a comment\nlines = yes", 10),
        "spend.label": Given("x", 13),
    }


@given(TEXTS, VALID)
def test_any_valid_values_survive_writing_and_reading(text: str, changes: dict[str, Any]) -> None:
    assert values(edited(text, CATALOGUE, changes)) == {**values(text), **changes}


@given(TEXTS, VALID)
def test_the_line_of_a_value_is_where_its_name_stands(text: str, changes: dict[str, Any]) -> None:
    outcome = edited(text, CATALOGUE, changes)
    lines = outcome.split("\n")
    for path, where in read(outcome, CATALOGUE).given.items():
        assert where.line is not None
        assert lines[where.line - 1].lstrip(" '").startswith(path.partition(".")[2])


@given(TEXTS, VALID)
def test_lines_are_kept_but_for_those_of_the_options_that_changed(text: str, changes: dict[str, Any]) -> None:
    kept = [line for line in text.splitlines() if not any(path.partition(".")[2] in line for path in changes)]
    outcome = iter(edited(text, CATALOGUE, changes).splitlines())
    if "spend.note" not in changes:
        assert [line for line in kept if line not in outcome] == []


@given(TEXTS)
def test_no_change_keeps_every_byte(text: str) -> None:
    assert edited(text, CATALOGUE, {}) == text


@given(VALID)
def test_options_that_are_reset_are_the_defaults_again(changes: dict[str, Any]) -> None:
    text = edited(generated(CATALOGUE), CATALOGUE, changes)
    assert edited(text, CATALOGUE, dict.fromkeys(changes, RESET)) == generated(CATALOGUE)


def test_a_change_replaces_the_value_and_nothing_beside_it() -> None:
    outcome = edited(HAND_WRITTEN, CATALOGUE, {"steer.kp": 3.0, "spend.note": "short", "steer.floor": Floor.ENTRIES})
    assert outcome == (
        HAND_WRITTEN.replace("kp=2.5#", "kp=3.0#")
        .replace("'''committed'''", '"entries"')
        .replace('"""\ntwo # not a comment\nlines = yes"""', '"short"')
    )


def test_an_option_that_is_reset_is_commented_out_and_its_remark_stays() -> None:
    outcome = edited(HAND_WRITTEN, CATALOGUE, {"steer.interval_s": RESET})
    assert outcome == HAND_WRITTEN.replace("'interval_s'   =   60   #", "#interval_s = 300   #")


def test_a_decimal_is_kept_digit_for_digit() -> None:
    text = edited("", CATALOGUE, {"spend.hourly_cap_usd": Decimal("0.12345678901234567890")})
    assert "hourly_cap_usd = 0.12345678901234567890\n" in text
    assert values(text)["spend.hourly_cap_usd"] == Decimal("0.12345678901234567890")


def test_an_old_name_is_taken_told_and_renamed_at_the_next_write() -> None:
    text = "[steer]\nkp = 1\nperiod_s = 60  # why\n"
    found = read(text, CATALOGUE)
    assert found.given["steer.interval_s"] == Given(60, 3)
    assert found.notices == (Renamed("steer.interval_s", "period_s", 3),)
    assert edited(text, CATALOGUE, {"steer.kp": 2.5}) == "[steer]\nkp = 2.5\ninterval_s = 60  # why\n"


def test_an_old_name_and_its_value_can_change_in_one_write() -> None:
    assert edited("[steer]\ninterval = 60\n", CATALOGUE, {"steer.interval_s": 90}) == "[steer]\ninterval_s = 90\n"
    assert edited("[steer]\ninterval=60\n", CATALOGUE, {"steer.interval_s": RESET}) == "[steer]\n#interval_s = 300\n"


def test_a_name_of_the_source_document_is_taken_and_stays() -> None:
    text = "[steer]\nSTEER_KP = 4\n"
    assert read(text, CATALOGUE).given == {"steer.kp": Given(4, 2)}
    assert edited(text, CATALOGUE, {"steer.kp": 5.0}) == "[steer]\nSTEER_KP = 5.0\n"


def test_an_unknown_option_is_told_with_line_and_the_name_most_like_it_but_without_its_value() -> None:
    text = "[steer]\n\nintervall_s = 'my-password'\n"
    assert problem(text) == ("steer.intervall_s", KnownOption("interval_s"), 3)
    assert "my-password" not in str(read(text, CATALOGUE).problems[0])


def test_an_unknown_section_is_told_with_its_line() -> None:
    assert problem("# x\n\n[ster]\nkp = 1\n") == ("ster", KnownSection(("steer", "spend")), 3)


@pytest.mark.parametrize(
    ("text", "path", "first_line", "line"),
    [
        ("[steer]\nkp = 1\n# x\nkp = 2\n", "steer.kp", 2, 4),
        ("[steer]\nkp = 1\nSTEER_KP = 2\n", "steer.kp", 2, 3),
        ("[steer]\nkp = 1\n[spend]\n[steer]\n", "steer", 1, 4),
        ("[steer]\nkp = 1\n[spend]\nlabel = ''\n\nlabel = ''\n", "spend.label", 4, 6),
    ],
)
def test_a_name_that_is_given_twice_is_told_with_both_lines(text: str, path: str, first_line: int, line: int) -> None:
    assert problem(text) == (path, GivenOnce(first_line), line)


@pytest.mark.parametrize("line", ["kp = ", "kp = 1 2", "kp", "kp = 'x", "= 3", "kp = 01"])
def test_broken_syntax_is_told_with_its_line(line: str) -> None:
    path, expectation, at = problem(f"[steer]\nenabled = true\n{line}\nband = 0.1\n")
    assert isinstance(expectation, ValidToml)
    assert (path, at) == ("", 3)


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("#\nkp = 1\n", "kp", 2),
        ("[steer]\nkp = 1\n[steer.more]\nx = 1\n", "steer.more", 3),
        ("[steer]\na.b = 1\n", "steer.a", 2),
        ("\n[[steer]]\nkp = 1\n", "steer", 2),
    ],
)
def test_anything_but_one_plain_table_per_section_is_told_with_its_line(text: str, path: str, line: int) -> None:
    assert problem(text) == (path, PlainTable(), line)


@given(TEXTS, st.integers(0, 400), st.text("[]{}.=\"'#\\\n\r\t 0x1e-9_:Tnaift\0\u2028é", max_size=12))
def test_whatever_is_typed_into_a_file_reading_it_tells_values_or_problems(text: str, at: int, typed: str) -> None:
    found = read(text[:at] + typed + text[at:], CATALOGUE)
    outcome = validated(CATALOGUE, found.given)
    assert found.problems or outcome.problems or outcome.settings is not None
    if not found.problems:
        assert edited(found.text, CATALOGUE, {}).count("\n") == found.text.count("\n")


def test_a_number_too_long_to_be_read_is_a_problem_too() -> None:
    assert read("[steer]\nkp = " + "9" * 10_000 + "\n", CATALOGUE).problems


def test_a_file_with_problems_is_not_edited() -> None:
    with pytest.raises(ValueError, match="without problems"):
        edited("[steer]\nkp =\n", CATALOGUE, {"steer.kp": 1.0})


def test_a_text_that_would_not_read_back_as_meant_is_never_written() -> None:
    with pytest.raises(FileNotAsIntended, match=r"spend\.hourly_cap_usd"):
        edited("", CATALOGUE, {"spend.hourly_cap_usd": Decimal("Infinity")})


def test_a_written_file_is_for_its_owner_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "evenkeel.toml"
    path.write_text("old")
    path.chmod(0o644)
    prepared = PreparedFile(path, "new ü\r\n")
    assert path.read_text() == "old"
    prepared.commit()
    assert path.read_bytes() == "new ü\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["evenkeel.toml"]


def test_a_prepared_file_that_is_discarded_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "evenkeel.toml"
    path.write_text("old")
    PreparedFile(path, "new").discard()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["evenkeel.toml"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "link.toml").symlink_to(tmp_path / "kept" / "real.toml")
    PreparedFile(tmp_path / "link.toml", "new").commit()
    assert (tmp_path / "link.toml").is_symlink()
    assert (tmp_path / "kept" / "real.toml").read_text() == "new"


def test_a_mark_that_an_editor_puts_before_the_text_is_not_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_bytes(b"\xef\xbb\xbf[steer]\nkp = 3\n")
    assert read(read_file(tmp_path / "x.toml") or "", CATALOGUE).given == {"steer.kp": Given(3, 2)}
    assert read_file(tmp_path / "none.toml") is None


@given(VALID)
def test_a_plain_form_is_what_json_and_toml_have(changes: dict[str, Any]) -> None:
    assert all(value is None or type(value) in (bool, int, float, str) for value in map(plain, changes.values()))
