"""The configuration in force: checked before it holds, recorded before it counts, and never lost (panel spec 5)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.clock import ManualClock
from engine.core.configuration import (
    Configuration,
    ConfigurationMoved,
    ConfigurationRefused,
    NoSuchRevision,
)
from engine.core.drafts import Revision
from engine.core.option_catalogue import Catalogue
from engine.core.option_file import RESET, generated
from engine.core.option_problems import (
    Dropped,
    KnownOption,
    OfKind,
    OneOf,
    OptionProblem,
    ReadableFile,
    RuleHolds,
    SetByEnvironment,
    WithinBounds,
)
from engine.core.options import Options, Risk, option
from engine.core.revisions import RecordedChange, RevisionLog, RevisionLogDamaged
from engine.core.settings import Change, Given, Origin, validated
from tests.sample_options import CATALOGUE, Floor, SpendOptions, SteerOptions


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "evenkeel.toml"


def load(path: Path, environment: Mapping[str, str] | None = None, catalogue: Catalogue = CATALOGUE) -> Configuration:
    return Configuration.load(path, catalogue, environment or {}, ManualClock(1_000.0))


def write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def text_of(path: Path) -> str:
    return content_of(path).decode()


def remove(path: Path) -> None:
    path.unlink()


def kp(configuration: Configuration) -> float:
    return configuration.settings.of(SteerOptions).kp


def test_the_first_start_makes_the_file_and_the_first_revision(path: Path) -> None:
    configuration = load(path)
    assert text_of(path) == generated(CATALOGUE)
    assert configuration.settings.by_path == dict(CATALOGUE.defaults)
    assert set(configuration.current.origins.values()) == {Origin.DEFAULT}
    assert (configuration.current.number, configuration.current.author, configuration.current.at_s) == (
        1,
        "start",
        1000,
    )


def test_a_start_that_finds_nothing_changed_makes_no_revision(path: Path) -> None:
    load(path)
    assert load(path).current.number == 1


def test_a_start_that_finds_the_file_edited_makes_a_revision_of_it(path: Path) -> None:
    load(path)
    write(path, "[steer]\nkp = 9\n")
    configuration = load(path)
    assert (configuration.current.number, kp(configuration)) == (2, 9)
    assert configuration.history[-1].changes == (RecordedChange("steer.kp", 2.0, 9.0),)


def test_settings_are_found_by_section_class_and_cannot_be_changed(path: Path) -> None:
    settings = load(path).settings
    assert settings.of(SpendOptions).hourly_cap_usd == Decimal("3.00")
    assert list(settings) == ["steer", "spend"]
    with pytest.raises(ValueError, match="frozen"):
        settings.of(SteerOptions).kp = 3.0

    class OtherOptions(Options, section="steer"):
        pass

    with pytest.raises(KeyError, match="SteerOptions, not OtherOptions"):
        settings.of(OtherOptions)


def test_the_environment_wins_over_the_file_and_the_origin_says_so(path: Path) -> None:
    write(path, "[steer]\nkp = 9\nband = 0.1\n")
    configuration = load(path, {"STEER_KP": "4.5", "EVENKEEL_STEER_FLOOR": "committed"})
    assert kp(configuration) == 4.5
    assert configuration.settings.of(SteerOptions).floor is Floor.COMMITTED
    origins = configuration.current.origins
    assert [origins[f"steer.{name}"].value for name in ("kp", "floor", "band", "enabled")] == [
        "environment",
        "environment",
        "file",
        "default",
    ]
    assert configuration.held_by("steer.kp") == "STEER_KP"
    assert configuration.held_by("steer.band") is None


def test_a_bad_value_of_the_environment_names_the_variable_and_refuses_the_start(path: Path) -> None:
    load(path)
    with pytest.raises(ConfigurationRefused) as refusal:
        load(path, {"STEER_KP": "90", "STEER_ENABLED": "perhaps"})
    assert refusal.value.problems == (
        OptionProblem("steer.enabled", "perhaps", OfKind("bool"), None, "STEER_ENABLED"),
        OptionProblem("steer.kp", "90", WithinBounds("0 to 50", "skew per ratio"), None, "STEER_KP"),
    )
    assert "steer.kp (environment variable STEER_KP): expected 0 to 50 skew per ratio, got '90'" in str(refusal.value)


def test_a_bad_value_of_a_first_file_refuses_the_start_and_makes_no_revision(path: Path) -> None:
    write(path, "[steer]\nkp = 90\n")
    with pytest.raises(ConfigurationRefused, match=r"steer\.kp \(line 2\): expected 0 to 50 skew per ratio, got 90"):
        load(path)
    assert not path.with_name("revisions.jsonl").exists()


async def test_a_start_with_a_bad_file_takes_the_last_good_revision_and_tells_the_problems(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 7.0}), "ann")
    write(path, "[steer]\nkp = 90\n")
    again = load(path)
    assert (again.current.number, kp(again)) == (2, 7.0)
    assert again.problems == (OptionProblem("steer.kp", 90, WithinBounds("0 to 50", "skew per ratio"), 2),)


async def test_a_start_without_the_file_takes_the_last_good_revision_and_not_the_defaults(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 7.0}), "ann")
    remove(path)
    again = load(path)
    assert kp(again) == 7.0
    assert isinstance(again.problems[0].expectation, ReadableFile)
    await again.restore_file()
    assert again.problems == ()
    assert kp(load(path)) == 7.0


async def test_the_last_good_revision_at_a_start_still_obeys_the_environment_of_that_start(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 7.0}), "ann")
    write(path, "[steer")
    assert kp(load(path, {"STEER_KP": "1"})) == 1.0


def test_a_bad_value_that_the_environment_hides_is_told_all_the_same(path: Path) -> None:
    write(path, "[steer]\nkp = 90\n")
    with pytest.raises(ConfigurationRefused, match=r"steer\.kp \(line 2\)"):
        load(path, {"STEER_KP": "4"})


@pytest.mark.parametrize(
    ("path_", "value", "expectation"),
    [
        ("steer.kp", "51", WithinBounds("0 to 50", "skew per ratio")),
        ("steer.kp", "much", OfKind("float")),
        ("steer.kp", float("nan"), OfKind("float")),
        ("steer.kp", True, OfKind("float")),
        ("steer.kp", None, OfKind("float")),
        ("steer.interval_s", 10.5, OfKind("int")),
        ("steer.interval_s", "9", WithinBounds("at least 10", "s")),
        ("steer.enabled", 1, OfKind("bool")),
        ("steer.enabled", "", OfKind("bool")),
        ("steer.floor", "cellar", OneOf(("entries", "committed"))),
        ("spend.side", "hold", OneOf(("buy", "sell"))),
        ("spend.hourly_cap_usd", "1,5", OfKind("decimal")),
        ("spend.hourly_cap_usd", Decimal("NaN"), OfKind("decimal")),
        ("spend.label", 5, OfKind("str")),
        ("spend.retries", [1], OfKind("int")),
    ],
)
def test_a_draft_tells_what_was_expected_of_a_bad_value(path: Path, path_: str, value: Any, expectation: Any) -> None:
    draft = load(path).draft({path_: value})
    assert [(problem.path, problem.expectation) for problem in draft.problems] == [(path_, expectation)]
    assert draft.problems[0].value is value
    assert not draft.is_valid


def test_a_draft_takes_the_texts_of_a_form(path: Path) -> None:
    draft = load(path).draft(
        {
            "steer.kp": " 3.5 ",
            "steer.enabled": "false",
            "spend.hourly_cap_usd": "1.10",
            "spend.retries": "",
            "steer.floor": "committed",
        }
    )
    assert draft.settings is not None
    assert draft.settings.of(SteerOptions) == SteerOptions(kp=3.5, enabled=False, floor=Floor.COMMITTED)
    assert draft.settings.of(SpendOptions).hourly_cap_usd == Decimal("1.10")


def test_a_draft_shows_what_would_differ_with_unit_risk_and_restart(path: Path) -> None:
    draft = load(path).draft({"steer.kp": "2.0", "steer.interval_s": "60", "spend.retries": 3})
    assert draft.diff == (
        Change("steer.interval_s", 300, 60, "s", Risk.TIMING, False),
        Change("spend.retries", None, 3, "", Risk.NONE, True),
    )


def test_a_rule_across_options_names_the_section_and_says_what_to_do(path: Path) -> None:
    (problem,) = load(path).draft({"steer.band": 0.5}).problems
    text = "band 0.5 leaves nothing below widest 0.3; lower it"
    assert problem == OptionProblem("steer", None, RuleHolds("value_error", text))
    assert str(problem) == f"steer: {text}"


def test_a_draft_for_an_option_that_does_not_exist_is_told(path: Path) -> None:
    (problem,) = load(path).draft({"steer.kpp": 1}).problems
    assert problem == OptionProblem("steer.kpp", None, KnownOption("kp"))


def test_a_draft_that_changes_what_the_environment_holds_is_refused_with_that_reason(path: Path) -> None:
    configuration = load(path, {"STEER_KP": "4"})
    for value in (5, RESET):
        (problem,) = configuration.draft({"steer.kp": value}).problems
        assert problem.expectation == SetByEnvironment("STEER_KP", "4")
    assert configuration.draft({"steer.kp": "4.0", "steer.band": 0.1}).changes == {"steer.band": 0.1}


async def test_applying_writes_the_file_records_a_revision_and_tells_the_subscribers(path: Path) -> None:
    configuration = load(path)
    told: list[Revision] = []
    unsubscribe = configuration.subscribe(told.append)
    revision = await configuration.apply(configuration.draft({"steer.kp": 3.5, "steer.band": "0.1"}), "ann")
    assert told == [revision] == [configuration.current]
    assert (revision.number, revision.author, kp(configuration)) == (2, "ann", 3.5)
    assert text_of(path) == generated(CATALOGUE).replace("#kp = 2.0", "kp = 3.5").replace("#band = 0.05", "band = 0.1")
    assert load(path).current.settings.by_path == configuration.settings.by_path
    unsubscribe()
    await configuration.undo("ann")
    assert told == [revision]


async def test_a_draft_with_problems_is_not_applied(path: Path) -> None:
    configuration = load(path)
    with pytest.raises(ConfigurationRefused, match=r"steer\.kp: expected 0 to 50"):
        await configuration.apply(configuration.draft({"steer.kp": 99}), "ann")
    assert configuration.current.number == 1


async def test_a_draft_without_changes_makes_no_revision(path: Path) -> None:
    configuration = load(path)
    assert (await configuration.apply(configuration.draft({"steer.kp": "2"}), "ann")).number == 1


async def test_of_two_drafts_made_at_once_the_second_is_refused(path: Path) -> None:
    configuration = load(path)
    one, other = configuration.draft({"steer.kp": 3}), configuration.draft({"steer.kp": 4})
    results = await asyncio.gather(
        configuration.apply(one, "ann"), configuration.apply(other, "bob"), return_exceptions=True
    )
    assert isinstance(results[1], ConfigurationMoved)
    assert (configuration.current.number, kp(configuration)) == (2, 3.0)


async def test_an_edit_by_hand_is_not_written_over(path: Path) -> None:
    configuration = load(path)
    draft = configuration.draft({"steer.kp": 3})
    write(path, "[steer]\nband = 0.2\n")
    with pytest.raises(ConfigurationMoved, match="edited by hand"):
        await configuration.apply(draft, "ann")
    assert text_of(path) == "[steer]\nband = 0.2\n"
    assert (kp(configuration), len(configuration.history)) == (2.0, 1)


async def test_a_reload_brings_an_edit_by_hand_into_force(path: Path) -> None:
    configuration = load(path)
    told: list[Revision] = []
    configuration.subscribe(told.append)
    write(path, "[steer]\nkp = 5\n")
    assert await configuration.reload() == ()
    assert (kp(configuration), told[0].number, told[0].author) == (5.0, 2, "file")
    assert told[0].changes == (Change("steer.kp", 2.0, 5.0, "skew per ratio", Risk.SIZE, False),)


async def test_a_reload_of_a_file_in_which_only_a_comment_changed_makes_no_revision(path: Path) -> None:
    configuration = load(path)
    write(path, "# mine\n" + text_of(path))
    assert await configuration.reload() == ()
    assert configuration.current.number == 1
    await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    assert text_of(path).startswith("# mine\n")


@pytest.mark.parametrize(
    "text", ["[steer]\nkp = 90\n", "[steer]\nkp =\n", "[steer]\nbandd = 1\n", "[steer]\nband = 0.5\n"]
)
async def test_a_reload_of_a_bad_file_leaves_the_last_good_revision_in_force(path: Path, text: str) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 7}), "ann")
    good = text_of(path)
    write(path, text)
    problems = await configuration.reload()
    assert problems == configuration.problems != ()
    assert (configuration.current.number, kp(configuration)) == (2, 7.0)
    with pytest.raises(ConfigurationMoved):
        await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    write(path, good)
    assert await configuration.reload() == configuration.problems == ()
    assert configuration.current.number == 2


async def test_a_file_that_is_not_utf8_is_told_with_its_line(path: Path) -> None:
    configuration = load(path)
    write(path, b"[steer]\n# \xff\n")
    (problem,) = await configuration.reload()
    assert str(problem) == "configuration file (line 2): expected valid TOML in UTF-8: byte 0xff is none"


async def test_a_broken_file_is_kept_when_the_revision_in_force_takes_its_place(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 7}), "ann")
    good = text_of(path)
    write(path, "[steer")
    await configuration.reload()
    kept = await configuration.restore_file()
    assert text_of(kept) == "[steer"
    assert text_of(path) == good
    assert (await configuration.apply(configuration.draft({"steer.kp": 8}), "ann")).number == 3


async def test_a_file_without_problems_is_not_restored_over(path: Path) -> None:
    with pytest.raises(ConfigurationMoved, match="nothing to restore"):
        await load(path).restore_file()


async def test_a_last_revision_that_is_no_longer_valid_refuses_the_start_with_all_reasons(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.band": 0.2}), "ann")
    write(path, "[steer]\nkp = 90\n")
    with pytest.raises(ConfigurationRefused) as refusal:
        load(path, {"EVENKEEL_STEER_WIDEST": "0.1"})
    assert [problem.path for problem in refusal.value.problems] == ["steer.kp", "steer"]


async def test_a_failure_is_told_even_to_a_caller_that_was_cancelled(path: Path) -> None:
    configuration = load(path)
    draft = configuration.draft({"steer.kp": 3})
    write(path, "# edited\n")
    task = asyncio.create_task(configuration.apply(draft, "ann"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(ConfigurationMoved):
        await task


async def test_undo_goes_back_step_by_step_to_the_first_revision(path: Path) -> None:
    configuration = load(path)
    first = text_of(path)
    for value in (3, 4, 5):
        await configuration.apply(configuration.draft({"steer.kp": value}), "ann")
    assert [kp_of(await configuration.undo("ann")) for _ in range(3)] == [4.0, 3.0, 2.0]
    assert text_of(path) == first
    with pytest.raises(NoSuchRevision):
        configuration.undo_draft()
    assert [record.number for record in configuration.history] == [1, 2, 3, 4, 5, 6, 7]


def kp_of(revision: Revision) -> float:
    return revision.settings.of(SteerOptions).kp


async def test_undo_survives_a_restart(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 3, "spend.hourly_cap_usd": "1.10"}), "ann")
    await configuration.apply(configuration.draft({"steer.kp": 4}), "ann")
    await load(path).undo("ann")
    again = load(path)
    assert (kp(again), again.current.restores, again.current.number) == (3.0, 2, 4)
    assert (await again.undo("ann")).settings.of(SpendOptions).hourly_cap_usd == Decimal("3.00")


async def test_any_revision_can_be_brought_back_and_its_diff_seen_before(path: Path) -> None:
    configuration = load(path)
    for value in (3, 4):
        await configuration.apply(configuration.draft({"steer.kp": value, "spend.note": f"at {value}"}), "ann")
    draft = configuration.revert_draft(2)
    assert [(change.path, change.old, change.new) for change in draft.diff] == [
        ("steer.kp", 4.0, 3.0),
        ("spend.note", "at 4", "at 3"),
    ]
    revision = await configuration.revert_to(2, "bob")
    assert (revision.number, revision.restores, kp(configuration)) == (4, 2, 3.0)
    with pytest.raises(NoSuchRevision, match="got 99"):
        configuration.revert_draft(99)


async def test_bringing_a_revision_back_leaves_what_the_environment_holds(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 3, "steer.band": 0.1}), "ann")
    held = load(path, {"STEER_KP": "9"})
    revision = await held.revert_to(1, "ann")
    assert (kp_of(revision), revision.settings.of(SteerOptions).band) == (9.0, 0.05)
    assert kp(load(path)) == 3.0


async def test_a_revision_with_an_option_that_no_longer_exists_can_be_brought_back(path: Path) -> None:
    class EarlierOptions(SteerOptions, section="steer"):
        gone: int = option(1, text="An option of an earlier version.")

    earlier = load(path, catalogue=Catalogue([EarlierOptions, SpendOptions]))
    await earlier.apply(earlier.draft({"steer.gone": 2, "steer.kp": 3}), "ann")
    await earlier.apply(earlier.draft({"steer.gone": RESET, "steer.kp": 4}), "ann")
    write(path, text_of(path).replace("#gone = 1\n", ""))
    draft = load(path).revert_draft(2)
    assert draft.notices == (Dropped("steer.gone"),)
    assert [change.new for change in draft.diff] == [3.0]


async def test_options_that_wait_for_a_restart_are_named_until_then(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"spend.retries": 3, "steer.kp": 3}), "ann")
    assert [change.path for change in configuration.awaiting_restart] == ["spend.retries"]
    assert load(path).awaiting_restart == ()


async def test_a_change_that_was_begun_ends_even_when_its_caller_is_cancelled(path: Path) -> None:
    configuration = load(path)
    task = asyncio.create_task(configuration.apply(configuration.draft({"steer.kp": 3}), "ann"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert kp(configuration) == 3.0
    assert kp(load(path)) == 3.0


async def test_a_subscriber_that_fails_keeps_no_one_else_from_being_told(path: Path) -> None:
    configuration = load(path)
    told: list[Revision] = []
    configuration.subscribe(lambda _: 1 / 0)
    configuration.subscribe(told.append)
    with pytest.raises(ExceptionGroup, match="revision 2 is in force"):
        await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    assert told == [configuration.current]


@pytest.mark.parametrize("step", ["the new file", "the log"])
async def test_where_something_cannot_be_written_nothing_changes(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = load(path)
    until_full = ["the new file", "the log"].index(step)
    sync = os.fsync

    def fill_up(descriptor: int) -> None:
        nonlocal until_full
        until_full -= 1
        if until_full < 0:
            raise OSError(28, "No space left on device")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fill_up)
        with pytest.raises(OSError, match="No space left"):
            await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    assert kp(configuration) == 2.0
    again = load(path)
    assert ([record.number for record in again.history], kp(again)) == ([1], 2.0)
    assert sorted(os.listdir(path.parent)) == ["evenkeel.toml", "revisions.jsonl"]
    assert (await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")).number == 2


async def test_a_revision_whose_file_could_not_be_put_in_place_never_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = load(path)

    def locked(source: Any, target: Any) -> None:
        raise PermissionError(13, "in use by an editor")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", locked)
        with pytest.raises(PermissionError):
            await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    assert kp(configuration) == 2.0
    again = load(path)
    assert ([record.number for record in again.history], kp(again)) == ([1], 2.0)
    assert (await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")).number == 3


@pytest.fixture(scope="module")
def three_revisions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("torn") / "evenkeel.toml"
    configuration = load(path)
    asyncio.run(configuration.apply(configuration.draft({"steer.kp": 3}), "ann"))
    asyncio.run(configuration.apply(configuration.draft({"spend.note": "ü"}), "ann"))
    return path


@given(st.data())
def test_whatever_a_crash_left_of_the_last_line_no_earlier_revision_is_lost(
    three_revisions: Path, data: st.DataObject
) -> None:
    log = three_revisions.with_name("revisions.jsonl")
    whole = content_of(log)
    start = whole[:-1].rindex(b"\n") + 1
    cut = data.draw(st.integers(start, len(whole) - 1))
    tail = data.draw(st.sampled_from([b"", b"\0" * 8, b"\0\n"]))
    try:
        write(log, whole[:cut] + tail)
        again = load(three_revisions)
        assert [record.number for record in again.history] == [1, 2, 3]
        assert again.settings.of(SpendOptions).note == "ü"
        assert [record.number for record in RevisionLog(log).load()] == [1, 2, 3]
    finally:
        write(log, whole)


async def test_a_damaged_line_in_the_middle_of_the_log_is_told_and_the_log_left_alone(path: Path) -> None:
    configuration = load(path)
    await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    log = path.with_name("revisions.jsonl")
    damaged = b"{}\n" + content_of(log)
    write(log, damaged)
    with pytest.raises(RevisionLogDamaged, match=r"revisions\.jsonl, line 1"):
        load(path)
    assert content_of(log) == damaged


async def test_opening_and_applying_work_in_a_worker_thread(path: Path) -> None:
    configuration = await Configuration.open(path, CATALOGUE, {}, ManualClock())
    await configuration.apply(configuration.draft({"steer.kp": 3}), "ann")
    assert kp(configuration) == 3.0


def test_old_names_and_variables_without_effect_are_noticed(path: Path) -> None:
    write(path, "[steer]\ninterval = 60\n")
    configuration = load(path, {"EVENKEEL_SPEND_LABELL": "x"})
    assert [str(notice) for notice in configuration.notices] == [
        "line 2: interval is now steer.interval_s; it is renamed when the file is written next",
        "the environment variable EVENKEEL_SPEND_LABELL is no option's and has no effect; "
        "did you mean EVENKEEL_SPEND_LABEL?",
    ]


def test_two_options_that_could_not_be_told_apart_are_refused_when_they_are_declared() -> None:
    class TwinOptions(Options, section="twin"):
        one: int = option(1, source="STEER_KP", text="A number.")

    class OldOptions(Options, section="old"):
        one: int = option(1, text="A number.")
        other: int = option(1, old_names=("one",), text="A number.")

    class EmptyOptions(Options, section="empty"):
        word: str | None = option("", text="A word.")

    for sections, why in (
        ([SteerOptions, TwinOptions], "environment name"),
        ([OldOptions], "name one"),
        ([SteerOptions, SteerOptions], "section of its own"),
        ([EmptyOptions], "not set"),
    ):
        with pytest.raises(TypeError, match=why):
            Catalogue(sections)


def test_problems_of_several_options_come_all_at_once() -> None:
    outcome = validated(CATALOGUE, {"steer.kp": Given(99, 3), "spend.side": Given("x", 9), "steer.band": Given([], 4)})
    assert [(problem.path, problem.line) for problem in outcome.problems] == [
        ("steer.band", 4),
        ("steer.kp", 3),
        ("spend.side", 9),
    ]
