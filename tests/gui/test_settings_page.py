"""The settings page: made from the declarations, changed through draft, problems, diff and an acknowledged revision."""

from __future__ import annotations

from PySide6.QtWidgets import QPushButton

from engine.core import option_file
from engine.core.option_catalogue import Catalogue
from engine.core.option_docs import markdown
from engine.desk.options import SECTIONS
from engine.governor.options import GovernorOptions
from gui.dialogs import Dialog
from tests.gui.conftest import Panel


def typed(panel: Panel, path: str, text: str) -> None:
    row = panel.page("settings").form.rows[path]
    row.editor.field.setText(text)
    row.editor.edited.emit()


def shown_dialog(panel: Panel) -> Dialog | None:
    return next((found for found in panel.window.findChildren(Dialog) if found.isVisible()), None)


async def test_the_options_of_form_file_and_documentation_are_the_declared_ones(panel: Panel) -> None:
    """Issue: one declaration, a test that the sets are equal."""
    catalogue = Catalogue(SECTIONS)
    declared = {spec.path for spec in catalogue}
    assert set(panel.page("settings").form.rows) == declared
    uncommented = "\n".join(
        line.removeprefix("#") if line.startswith("#") and not line.startswith("# ") else line
        for line in option_file.generated(catalogue).splitlines()
    )
    in_file = option_file.read(uncommented, catalogue)
    assert (set(in_file.given), in_file.problems) == (declared, ())
    documented = [line.split("`")[3] for line in markdown(SECTIONS).splitlines() if line.startswith("| `")]
    assert sorted(documented) == sorted(spec.environment_name for spec in catalogue)


async def test_a_change_goes_through_the_diff_and_is_in_force_once_acknowledged_and_undone_again(
    panel: Panel, until
) -> None:
    """Panel spec 5."""
    configuration = panel.context.configuration
    typed(panel, "governor.kp", "3.5")
    assert configuration.settings.of(GovernorOptions).kp == 2.0
    panel.page("settings").review()
    await until(lambda: shown_dialog(panel))
    dialog = shown_dialog(panel)
    assert dialog is not None
    dialog.accept()
    await until(lambda: configuration.settings.of(GovernorOptions).kp == 3.5)
    assert "kp = 3.5" in configuration.path.read_text()
    undo = next(b for b in panel.page("settings").findChildren(QPushButton) if b.text().startswith("Undo"))
    await until(lambda: shown_dialog(panel) is None and undo.isEnabled())
    undo.click()
    await until(lambda: shown_dialog(panel))
    dialog = shown_dialog(panel)
    assert dialog is not None
    dialog.accept()
    await until(lambda: configuration.settings.of(GovernorOptions).kp == 2.0)


async def test_a_declined_diff_changes_nothing(panel: Panel, until) -> None:
    configuration = panel.context.configuration
    before = configuration.current.number
    typed(panel, "governor.kp", "3.5")
    panel.page("settings").review()
    await until(lambda: shown_dialog(panel))
    dialog = shown_dialog(panel)
    assert dialog is not None
    dialog.reject()
    await until(lambda: shown_dialog(panel) is None)
    assert configuration.current.number == before


async def test_a_value_out_of_bounds_is_said_at_its_field_and_cannot_be_applied(panel: Panel) -> None:
    typed(panel, "governor.kp", "99")
    page = panel.page("settings")
    assert "50" in page.form.rows["governor.kp"]._problem.text()
    review = next(b for b in page.findChildren(QPushButton) if b.text().startswith("Review"))
    assert not review.isEnabled()


async def test_the_search_leaves_what_matches_every_word(panel: Panel) -> None:
    form = panel.page("settings").form
    assert form.filter("REBALANCE_KP") == 1
    assert form.filter("") == len(form.rows)
