"""From the form into the file and back, with every option of every engine; undo restores (panel spec 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import ManualClock
from engine.core.configuration import Configuration
from engine.core.option_catalogue import Catalogue
from engine.core.options import OptionSpec
from engine.desk.options import SECTIONS
from gui.settings.form import OptionForm
from gui.settings.row import OptionRow
from gui.theme import DARK, apply_theme

CATALOGUE = Catalogue(SECTIONS)
ADDRESS = "0x" + "1f" * 20
TEXTS = (
    "22:30",
    "eth",
    ADDRESS,
    "https://hooks.example/x",
    "prices.csv",
    "lose-answer:0.01",
    "14400",
    "http://127.0.0.1:8080",
)


def others(spec: OptionSpec, now: Any) -> Iterator[Any]:
    """What might stand there instead, likely ones first; most of them are valid."""
    if spec.kind == "bool":
        yield not now
    elif spec.kind == "choice":
        yield from (choice for choice in spec.choices if choice != getattr(now, "value", now))
    elif spec.kind in ("int", "float", "decimal"):
        number = Decimal(str(now or 0))
        little = Decimal("0.01")
        wanted_ones = (number + 1, number - 1, number * 2, number / 2, number + little, number - little, Decimal(1024))
        for wanted in (one for one in wanted_ones if one != number):
            yield str(int(wanted)) if spec.kind == "int" else f"{wanted.normalize():f}"
    else:
        yield from (text for text in TEXTS if text != now)


def typed(row: OptionRow, value: Any) -> None:
    """As a person would."""
    editor = row.editor
    if row.spec.kind == "bool":
        editor.field.click()
    elif row.spec.kind == "choice":
        editor.field.setCurrentIndex(editor.field.findData(value))
        editor.field.activated.emit(editor.field.currentIndex())
    else:
        editor.field.setText(value)
        editor.field.textEdited.emit(value)


def shown(form: OptionForm) -> Mapping[str, Any]:
    return {path: row.editor.value() for path, row in form.rows.items()}


@dataclass(frozen=True, slots=True)
class Desk:
    """A configuration in a new file, and the form that shows it."""

    configuration: Configuration
    form: OptionForm

    def show(self) -> None:
        self.form.discard()
        self.form.show_in_force(self.configuration)

    async def change_everything(self) -> list[str]:
        """Another value for every option, one revision for each section; returns those that had no other."""
        left: list[str] = []
        for section in CATALOGUE.sections:
            specs = list(CATALOGUE.of_section(section))
            alone = [spec for spec in specs if not self._typed_something_else([spec])]
            if alone and not self._typed_something_else(alone):  # some are valid with one another only
                left += [spec.path for spec in alone]
            await self.configuration.apply(self.configuration.draft(self.form.changes()), "a test")
            self.show()
        return left

    def _typed_something_else(self, specs: Sequence[OptionSpec]) -> bool:
        """Type into all of these at once; what is not valid is taken back."""
        in_force = self.configuration.settings.by_path
        for values in zip(*(others(spec, in_force[spec.path]) for spec in specs), strict=False):
            for spec, value in zip(specs, values, strict=True):
                typed(self.form.rows[spec.path], value)
            if self.configuration.draft(self.form.changes()).is_valid:
                return True
            for spec in specs:
                self.form.rows[spec.path].discard()
        return False


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    apply_theme(DARK)
    configuration = await Configuration.open(tmp_path / "evenkeel.toml", CATALOGUE, {}, ManualClock(1.0))
    desk = Desk(configuration, OptionForm(configuration.catalogue))
    desk.show()
    yield desk
    desk.form.deleteLater()


async def test_what_was_typed_for_every_option_is_in_the_file_and_in_a_new_form_the_same(desk: Desk) -> None:
    first = shown(desk.form)
    assert await desk.change_everything() == []
    again = await Configuration.open(desk.configuration.path, CATALOGUE, {}, ManualClock(2.0))
    new_form = OptionForm(again.catalogue)
    new_form.show_in_force(again)
    assert again.settings.by_path == desk.configuration.settings.by_path
    assert again.current.number == desk.configuration.current.number
    assert shown(new_form) == shown(desk.form)
    assert [path for path, value in shown(new_form).items() if value == first[path]] == []
    new_form.deleteLater()


async def test_a_form_that_is_typed_anew_as_it_stands_would_change_no_byte_of_the_file(desk: Desk) -> None:
    await desk.change_everything()
    draft = desk.configuration.draft(shown(desk.form))
    assert (draft.problems, draft.diff, dict(draft.changes)) == ((), (), {})
    before = desk.configuration.path.read_bytes()
    await desk.configuration.apply(draft, "a test")
    assert desk.configuration.path.read_bytes() == before


async def test_undo_shows_each_earlier_form_down_to_the_first(desk: Desk) -> None:
    configuration = desk.configuration
    forms, settings = [shown(desk.form)], [dict(configuration.settings.by_path)]
    for section in CATALOGUE.sections:
        spec = next(iter(CATALOGUE.of_section(section)))
        for value in others(spec, configuration.settings.by_path[spec.path]):
            typed(desk.form.rows[spec.path], value)
            if configuration.draft(desk.form.changes()).is_valid:
                break
            desk.form.discard()
        await configuration.apply(configuration.draft(desk.form.changes()), "a test")
        desk.show()
        forms.append(shown(desk.form))
        settings.append(dict(configuration.settings.by_path))
    assert len({str(form) for form in forms}) == len(CATALOGUE.sections) + 1
    for form, values in zip(reversed(forms[:-1]), reversed(settings[:-1]), strict=True):
        await configuration.apply(configuration.undo_draft(), "a test")
        desk.show()
        assert shown(desk.form) == form
        assert configuration.settings.by_path == values
