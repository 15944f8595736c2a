"""Which languages the panel speaks, which of them it speaks now, and how it begins to.

English is what the sources say; every other language is `resources/translations/evenkeel_<code>.qm`, which
`make translations` makes, beside Qt's own `qtbase_<code>.qm` for the texts of Qt's dialogs and the names of keys. A
translator has to be there before the first widget is made, so the option `desk.language` is read here from the
environment and the profile's file alone, long before the configuration is opened; a change holds at the next start.

What stays English in every language: the command line, the log, the crash bundle and the errors that `engine` words
itself (what kept a session from opening, what a rule across options asks for); paths of options and their values as the
file has them; and numbers, which are written everywhere as the file takes them.
"""

from __future__ import annotations

import logging
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

translate = QCoreApplication.translate

SOURCE = "en"
LANGUAGES = (SOURCE, "de")
"""Codes of ISO 639-1; `engine.desk.options.Language` offers the same ones and `system`."""
SYSTEM = "system"
TRANSLATIONS = Path(__file__).resolve().parents[1] / "resources" / "translations"
VARIABLE = "EVENKEEL_DESK_LANGUAGE"
_PROPERTY = "evenkeel_language"
_log = logging.getLogger(__name__)


def language() -> str:
    """The code of the language in force; English before `speak` was called."""
    app = QCoreApplication.instance()
    said = None if app is None else app.property(_PROPERTY)
    return said if said in LANGUAGES else SOURCE


def choose(wanted: str | None, preferred: Iterable[str]) -> str:
    """The language to speak.

    wanted: what the option says, None or `system` for nothing. preferred: locales of the system, the dearest first
    (`de-AT`, `en`). Where neither names a language of ours it is English.
    """
    codes = (wanted or "", *(locale.replace("_", "-").partition("-")[0] for locale in preferred))
    return next((code for code in codes if code in LANGUAGES), SOURCE)


def wanted_language(options_file: Path, environment: Mapping[str, str]) -> str | None:
    """What `desk.language` says: the environment first, then the file. None where neither says anything readable."""
    if environment.get(VARIABLE):
        return environment[VARIABLE].strip()
    try:
        desk = tomllib.loads(options_file.read_text(encoding="utf-8")).get("desk")
    except (OSError, ValueError):  # what is wrong with the file is said once the configuration is opened
        return None
    said = desk.get("language") if isinstance(desk, dict) else None
    return said if isinstance(said, str) else None


def speak_as_chosen(app: QCoreApplication, options_file: Path) -> tuple[str, ...]:
    """Speak what option and system ask for. Call it before the first widget is made; returns as `speak`."""
    return speak(app, choose(wanted_language(options_file, os.environ), QLocale.system().uiLanguages()))


def speak(app: QCoreApplication, code: str, folder: Path = TRANSLATIONS) -> tuple[str, ...]:
    """Speak `code` from now on, in every widget that is made later.

    Returns what is missing as sentences, which are logged as well. Without our own file everything is English, Qt's
    texts too; without Qt's only those are.
    """
    for old in app.findChildren(QTranslator):
        app.removeTranslator(old)
        old.setParent(None)
    app.setProperty(_PROPERTY, SOURCE)
    if code == SOURCE:
        return ()
    ours = folder / f"evenkeel_{code}.qm"
    if not _installed(app, ours):
        return (_missing("{file} is missing or damaged, so the panel speaks English. Install the program anew.", ours),)
    app.setProperty(_PROPERTY, code)
    qts = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)) / f"qtbase_{code}.qm"
    if not _installed(app, qts):
        said = translate("Languages", "{file} is missing or damaged, so Qt's own buttons and key names stay English.")
        return (_missing(said, qts),)
    return ()


def _installed(app: QCoreApplication, file: Path) -> bool:
    translator = QTranslator(app)
    if translator.load(str(file)) and app.installTranslator(translator):
        return True
    translator.setParent(None)
    return False


def _missing(text: str, file: Path) -> str:
    said = text.format(file=file)
    _log.warning("%s", said)
    return said
