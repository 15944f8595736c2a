"""English and German: what is translated, which language is spoken, and that nothing is cut off (panel spec 15)."""

from __future__ import annotations

import json
import os
import re
import shutil
import string
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QPushButton

from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.desk.arguments import SessionArguments
from engine.desk.options import SECTIONS, DeskOptions, Language
from engine.grid.messages import FillBooked
from engine.grid.ports import Side
from engine.grid.slot import Role, Trade
from gui import languages
from gui.languages import LANGUAGES, SOURCE, SYSTEM, TRANSLATIONS, VARIABLE, choose, speak, wanted_language
from gui.program import Program
from gui.sentences.declared import UNIT, bounds_text
from gui.sentences.events import event_sentence
from gui.window import PAGES
from tests.gui.conftest import Panel
from tests.gui.cut_off import _is_cut
from tests.gui.drift_scene import DriftScene
from tests.gui.hub_scene import HubScene
from tests.gui.journal_scene import JournalScene
from tests.gui.window_texts import shown

ROOT = Path(__file__).parents[2]
OTHERS = [code for code in LANGUAGES if code != SOURCE]
Texts = dict[tuple[str, str], ElementTree.Element]


def messages(file: Path) -> Texts:
    """Context and English text -> the element of its translation."""
    return {
        (context.findtext("name") or "", message.findtext("source") or ""): message.find("translation")
        for context in ElementTree.parse(file).getroot().iter("context")
        for message in context.iter("message")
    }  # type: ignore[return-value]


def said(texts: Texts) -> dict[tuple[str, str], str]:
    return {source: translation.text or "" for source, translation in texts.items()}


@pytest.fixture(scope="module")
def anew(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The translations as `make translations` would leave them."""
    folder = tmp_path_factory.mktemp("translations")
    for file in TRANSLATIONS.glob("*.ts"):
        shutil.copy(file, folder)
    words = [sys.executable, str(ROOT / "packaging" / "translate"), str(folder)]
    subprocess.run(words, check=True, timeout=60, capture_output=True)
    return folder


@pytest.fixture(params=OTHERS)
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def committed(code: str) -> Texts:
    return messages(TRANSLATIONS / f"evenkeel_{code}.ts")


@pytest.fixture
def german(qapp: QCoreApplication) -> Iterator[dict[tuple[str, str], str]]:
    assert speak(qapp, "de") == ()
    yield said(messages(TRANSLATIONS / "evenkeel_de.ts"))
    speak(qapp, SOURCE)


def test_every_text_of_the_panel_and_of_the_options_is_in_the_translation(
    anew: Path, code: str, committed: Texts
) -> None:
    wanted = set(messages(anew / f"evenkeel_{code}.ts"))
    assert set(committed) ^ wanted == set(), "run `make translations`, then translate what it leaves"


def test_every_text_is_translated_and_finished(committed: Texts) -> None:
    assert [source for source, found in committed.items() if found.get("type") or not found.text] == []


def test_placeholders_and_their_formats_are_the_same_on_both_sides(committed: Texts) -> None:
    def placeholders(text: str) -> Counter[tuple[str, str, str]]:
        parts = string.Formatter().parse(text)
        return Counter((name, spec or "", how or "") for _, name, spec, how in parts if name is not None)

    other = [
        (source, translated)
        for (context, source), translated in said(committed).items()
        if not context.startswith("Option") and placeholders(source) != placeholders(translated)
    ]
    assert other == []


def test_mnemonics_are_there_where_the_source_has_one_and_are_different(committed: Texts) -> None:
    keys: dict[str, list[str]] = {}
    for (context, source), translated in said(committed).items():
        assert len(re.findall(r"&\w", source)) == len(re.findall(r"&\w", translated)), translated
        keys.setdefault(context, []).extend(key.casefold() for key in re.findall(r"&(\w)", translated))
    assert {context: found for context, found in keys.items() if len(set(found)) != len(found)} == {}


def test_keys_are_named_as_the_language_names_them(german: dict[tuple[str, str], str]) -> None:
    assert [translated for translated in german.values() if re.search(r"Ctrl|Shift|\bDel\b", translated)] == []


@pytest.mark.parametrize("ending", ["ts", "qm"])
def test_the_committed_files_are_what_lupdate_and_lrelease_make(anew: Path, code: str, ending: str) -> None:
    name = f"evenkeel_{code}.{ending}"
    assert (anew / name).read_bytes() == (TRANSLATIONS / name).read_bytes()


@pytest.mark.parametrize(
    ("wanted", "preferred", "spoken"),
    [
        ("de", ["en-GB"], "de"),
        ("en", ["de-DE"], "en"),
        ("system", ["de-AT", "en"], "de"),
        (None, ["fr-FR", "de_CH"], "de"),
        (None, ["en-US", "de-DE"], "en"),
        (None, ["fr-FR"], "en"),
        ("fr", ["C"], "en"),
        (None, [], "en"),
    ],
)
def test_the_option_counts_then_the_system_then_it_is_english(
    wanted: str | None, preferred: list[str], spoken: str
) -> None:
    assert choose(wanted, preferred) == spoken


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "evenkeel.toml"
    file.write_text('[desk]\nlanguage = "de"  # ours\n')
    assert wanted_language(file, {}) == "de"
    assert wanted_language(file, {VARIABLE: "en"}) == "en"


@pytest.mark.parametrize("text", ["", "[desk", "desk = 1", "[desk]\nlanguage = 1", "\ufeff[desk]", None])
def test_a_file_that_says_nothing_readable_leaves_it_to_the_system(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "evenkeel.toml"
    if text is not None:
        file.write_text(text)
    assert wanted_language(file, {}) is None


def test_the_option_offers_the_languages_that_there_are() -> None:
    spec = Catalogue(SECTIONS).spec("desk.language")
    assert spec.choices == (SYSTEM, *LANGUAGES)
    assert (spec.environment_name, spec.restart) == (VARIABLE, True)
    assert DeskOptions().language is Language.SYSTEM
    assert {file.stem for file in TRANSLATIONS.glob("*.qm")} == {f"evenkeel_{code}" for code in OTHERS}


def test_without_our_file_it_is_said_by_name_and_everything_is_english(
    qapp: QCoreApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (missing,) = speak(qapp, "de", tmp_path)
    assert str(tmp_path / "evenkeel_de.qm") in missing
    assert missing in caplog.text
    assert languages.language() == SOURCE
    assert QCoreApplication.translate("Action", "Quit") == "Quit"
    assert qapp.findChildren(QTranslator) == []


def test_a_damaged_file_is_no_file(qapp: QCoreApplication, tmp_path: Path) -> None:
    (tmp_path / "evenkeel_de.qm").write_bytes(b"not a translation")
    assert len(speak(qapp, "de", tmp_path)) == 1


def test_without_qts_file_it_is_said_by_name_and_the_panel_speaks_german_all_the_same(
    qapp: QCoreApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Elsewhere(languages.QLibraryInfo):
        @staticmethod
        def path(_: object) -> str:
            return str(tmp_path)

    monkeypatch.setattr(languages, "QLibraryInfo", Elsewhere)
    (missing,) = speak(qapp, "de")
    try:
        assert "qtbase_de.qm" in missing
        assert QCoreApplication.translate("Action", "Quit") == "Beenden"
    finally:
        speak(qapp, SOURCE)


async def test_what_is_missing_stands_in_the_window(tmp_path: Path) -> None:
    program = Program(SessionArguments(tmp_path, Mode.PAPER, None, None, None, None), None, offscreen=True)
    program.warn(["evenkeel_de.qm is missing."])
    assert program._window.notices.text == "evenkeel_de.qm is missing."
    program._window.deleteLater()


def test_the_program_speaks_what_its_profile_says_before_its_window_is_made(tmp_path: Path) -> None:
    (tmp_path / "evenkeel.toml").write_text('[desk]\nlanguage = "de"\n')
    told = """
import sys
from gui import languages, main, window
speak, make = languages.speak, window.MainWindow.__init__
languages.speak = lambda app, code: print("speaks", code) or speak(app, code)
window.MainWindow.__init__ = lambda self: (make(self), print(self.windowTitle()))[0]
main.main(sys.argv[1:])
"""
    words = [sys.executable, "-c", told, "--profile", str(tmp_path), "--mode", "off", "--for", "0.1"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.stdout.splitlines() == ["speaks de", "◌ STARTET – Evenkeel"], done.stderr


def test_the_names_of_keys_and_qts_buttons_are_qts_own(german: object) -> None:
    assert QCoreApplication.translate("QShortcut", "Ctrl") == "Strg"


def test_inside_a_sentence_german_nouns_stay_large_and_english_ones_get_small(qapp: QCoreApplication) -> None:
    fill = FillBooked(
        at_s=1.0,
        trade_id="T",
        key="k",
        slot_id=2,
        trade=Trade.B,
        role=Role.ENTRY,
        side=Side.BUY,
        price=Decimal("0.09641"),
        quantity=Decimal("17.08074"),
        fee_usd=Decimal("0.0041"),
        maker=True,
    )
    assert event_sentence(fill).startswith("Slot 2B: buy entry filled")
    speak(qapp, "de")
    assert event_sentence(fill).startswith("Slot 2B: Kauf (Einstieg) ausgeführt")
    speak(qapp, SOURCE)


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        ("0 to 50", "0 bis 50"),
        ("above 0 to below 1", "über 0 bis unter 1"),
        ("0.05 to 1E+5", "0.05 bis 1E+5"),
        ("at least 5", "mindestens 5"),
        ("at most 5", "höchstens 5"),
        ("below 5", "unter 5"),
        ("above 5", "über 5"),
        ("", ""),
    ],
)
def test_bounds_are_worded(german: object, bounds: str, text: str) -> None:
    assert bounds_text(bounds) == text


def test_the_bounds_of_every_option_are_worded(german: object) -> None:
    worded = [bounds_text(spec.bounds) for spec in Catalogue(SECTIONS) if spec.bounds]
    assert [text for text in worded if re.search(r"\b(to|above|below|at)\b", text)] == []


async def test_an_option_is_found_by_its_german_and_its_english_words(german: object, panel: Panel) -> None:
    form = panel.page("settings").form
    assert form.filter("tagesverlust") == form.filter("daily loss") == 1


async def told(panel: Panel, until, folder: Path) -> JournalScene:  # type: ignore[no-untyped-def]
    """Every page has something to show."""
    DriftScene(panel.bus, panel.scene.clock).tell()
    HubScene(panel.bus, panel.scene.clock).tell()
    journal = JournalScene(panel.bus, panel.scene.clock, folder / "journal.sqlite")
    await journal.open()
    await journal.tell()
    page = panel.page("journal")
    await until(lambda: str(page.source.state) == "WorkState.DONE")
    await until(lambda: page.model.line(0) is not None and not page.source.busy)
    return journal


async def test_the_whole_window_speaks_german(
    german: dict[tuple[str, str], str], panel: Panel, until, tmp_path: Path
) -> None:
    journal = await told(panel, until, tmp_path)
    translated = set(german.values())
    english = {source for (context, source), text in german.items() if context != UNIT and text != source} - translated
    for page in PAGES:
        texts = shown(panel, page)
        assert texts & english == set(), page
        assert len(texts & (translated - {source for _, source in german})) >= 10, page
    await journal.close()


class Marking(QTranslator):
    """Puts marks around every text of ours that is translated, so that one that is not stands out."""

    def isEmpty(self) -> bool:
        return False

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:
        return f"⟦{text}⟧" if text and not context.startswith("Q") else text or None


@pytest.fixture
def marked(qapp: QCoreApplication) -> Iterator[None]:
    translator = Marking(qapp)
    assert qapp.installTranslator(translator)
    yield
    qapp.removeTranslator(translator)
    translator.deleteLater()


def outside(text: str) -> str:
    """What of a text stands in no mark."""
    while (inner := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = inner
    return text.strip()


async def test_no_words_reach_the_window_beside_the_translation(
    marked: None, panel: Panel, until, tmp_path: Path
) -> None:
    journal = await told(panel, until, tmp_path)
    words = re.compile(r"[A-Za-z]{2,} [a-z]{3,}|^[A-Z][a-z]{2,}:?$")
    found = {rest for page in PAGES for text in shown(panel, page) if words.search(rest := outside(text))}
    assert found == {"Evenkeel"}
    await journal.close()


async def test_a_button_that_is_too_narrow_is_found_to_be_cut_off(qtbot) -> None:  # type: ignore[no-untyped-def]
    button = QPushButton("Zurückgehalten")
    qtbot.addWidget(button)
    button.resize(button.sizeHint())
    assert not _is_cut(button)
    button.resize(button.sizeHint().width() - 5, button.height())
    assert _is_cut(button)


@pytest.fixture(scope="module")
def cut_off() -> Iterator[dict[str, subprocess.Popen[str]]]:
    """By scaling: the whole window measured in every language, in a program of its own for each scaling."""
    words = [sys.executable, "-m", "tests.gui.cut_off", *LANGUAGES]
    at_once = {
        factor: subprocess.Popen(
            words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "QT_SCALE_FACTOR": factor}
        )
        for factor in ("1", "1.5", "2")
    }
    yield at_once
    for process in at_once.values():
        process.kill()
        process.communicate()


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_nothing_is_cut_off_where_english_is_not(cut_off: dict[str, subprocess.Popen[str]], factor: str) -> None:
    printed, _ = cut_off[factor].communicate(timeout=110)
    found = json.loads(printed.splitlines()[-1])
    for code in OTHERS:
        assert {place: text for place, text in found[code].items() if place not in found[SOURCE]} == {}
