"""Desktop entry, AppStream metadata and the packages' names agree with the program."""

from __future__ import annotations

import configparser
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import assemble
import pytest

from engine import __version__
from tests.packaging.conftest import ROOT

SHARE = ROOT / "packaging" / "linux"


def test_the_desktop_entry_is_the_one_that_the_window_names() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.read(SHARE / "evenkeel.desktop", encoding="utf-8")
    told = entry["Desktop Entry"]
    assert (told["Exec"], told["Icon"], told["StartupWMClass"]) == ("evenkeel", "evenkeel", "evenkeel")
    assert 'setDesktopFileName("evenkeel")' in (ROOT / "gui" / "program.py").read_text("utf-8")


def test_metadata_and_icons_are_laid_out_for_the_system(tmp_path: Path) -> None:
    assemble.stage_share(tmp_path, "1.2.3", 1_767_225_600)
    (metainfo,) = (tmp_path / "metainfo").iterdir()
    told = ElementTree.parse(metainfo).getroot()
    assert told.findtext("launchable") == "evenkeel.desktop"
    release = told.find("releases/release")
    assert release is not None
    assert (release.get("version"), release.get("date")) == ("1.2.3", "2026-01-01")
    assert len(list((tmp_path / "icons").rglob("evenkeel.png"))) == 3


def test_the_packages_have_the_programs_version() -> None:
    assert assemble.version_of_tree() == __version__


@pytest.mark.parametrize("root", ["/tmp/tree", "/home/somebody/evenkeel"])
def test_nothing_of_where_python_lies_is_left_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    monkeypatch.setattr(assemble, "ROOT", Path(root))
    place = root.encode()
    file = tmp_path / "library.so"
    file.write_bytes(b"before\0" + place + b"/lib\0after")
    assemble.without_paths_of_this_machine(file)
    content = file.read_bytes()
    assert place not in content
    assert len(content) == len(b"before\0" + place + b"/lib\0after")
    assert content.endswith(place[place.rindex(b"/") :] + b"/lib\0after")  # a version may be the end of this text
