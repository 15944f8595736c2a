"""The configuration file: TOML that a person may edit, one table per section.

tomlkit parses; a change replaces exactly the characters of its value in the text, so that comments, order and layout of
everything else stay as they are, byte for byte. Everything here but `read_file` and `PreparedFile` is pure.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import tomlkit
from tomlkit.exceptions import KeyAlreadyPresent, ParseError, TOMLKitError
from tomlkit.items import AoT, Comment, Float, Integer, Item, Key, Table, Whitespace

from engine.core.option_catalogue import Catalogue, plain
from engine.core.option_problems import (
    GivenOnce,
    KnownOption,
    KnownSection,
    OptionProblem,
    PlainTable,
    Renamed,
    Superseded,
    ValidToml,
)
from engine.core.option_succession import SetBefore, carried_over
from engine.core.options import OptionSpec
from engine.core.settings import Given


class Reset(Enum):
    """In place of a value: take the option out of the file, so that its default holds."""

    RESET = "reset"


RESET: Final = Reset.RESET


_Splice = tuple[int, int, str]  # from offset, to offset, what to put there


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `key = value` of the text: where its key and its value begin and end, as offsets."""

    key_at: int
    key_end: int
    value_at: int
    value_end: int


@dataclass(slots=True)
class _Section:
    """One table of the text, from its header to the end of its last line that is not blank."""

    header_at: int
    insert_at: int
    entries: dict[str, _Entry]
    templates: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class OptionFile:
    """What the text of a file says. `given` is complete only where `problems` is empty."""

    text: str
    given: Mapping[str, Given]
    problems: tuple[OptionProblem, ...]
    notices: tuple[Renamed | Superseded, ...]


class FileNotAsIntended(RuntimeError):
    """The text that was about to be written does not read back as it was meant; nothing was written."""


def read(text: str, catalogue: Catalogue) -> OptionFile:
    """The values of `text` by path, each with its line; all problems of form and of names, each with its line."""
    problem = _syntax_problem(text)
    if problem is not None:
        return OptionFile(text, MappingProxyType({}), (problem,), ())
    sections, items = _walk(text)
    given: dict[str, Given] = {}
    problems: list[OptionProblem] = []
    notices: list[Renamed | Superseded] = []
    set_before: list[SetBefore] = []
    for section, table in sections.items():
        if section not in catalogue.sections:
            expected = KnownSection(tuple(catalogue.sections))
            problems.append(OptionProblem(section, None, expected, _line(text, table.header_at)))
            continue
        for key, entry in table.entries.items():
            line = _line(text, entry.key_at)
            spec = catalogue.find(section, key)
            if spec is None and (successor := catalogue.replaced(section, key)) is not None:
                was_given = Given(_value(successor[0], items[section, key]), line)
                set_before.append(SetBefore(*successor, key, was_given))
            elif spec is None:
                expectation = KnownOption(catalogue.nearest(section, key))
                problems.append(OptionProblem(f"{section}.{key}", None, expectation, line))
            elif spec.path in given:
                problems.append(OptionProblem(spec.path, None, GivenOnce(given[spec.path].line), line))
            else:
                given[spec.path] = Given(_value(spec, items[section, key]), line)
                if key in spec.old_names:
                    notices.append(Renamed(spec.path, key, line))
    carried, superseded = carried_over(set_before, given)
    given |= carried
    notices += superseded
    problems.sort(key=lambda found: found.line or 0)
    return OptionFile(text, MappingProxyType(given), tuple(problems), tuple(notices))


def generated(catalogue: Catalogue) -> str:
    """A first file: every option with its text, unit and bounds, its default commented out and ready to be edited."""
    return _HEAD + "".join("\n" + _section_template(catalogue, section, "\n") for section in catalogue.sections)


def edited(text: str, catalogue: Catalogue, changes: Mapping[str, Any]) -> str:
    """`text` with `changes` (path -> value, or RESET) made, old names renamed, and nothing else touched.

    Raises ValueError where `text` has problems of its own, FileNotAsIntended where the outcome would not read back.
    """
    before = read(text, catalogue)
    if before.problems:
        raise ValueError(f"only a file without problems can be edited: {before.problems[0]}")
    for section in dict.fromkeys(path.partition(".")[0] for path, value in changes.items() if value is not RESET):
        if section not in _walk(text)[0]:
            text = _with_section(text, catalogue, section)
    sections, _ = _walk(text)
    kept = {notice.path: notice.old_name for notice in before.notices if _names_its_option(notice)}
    splices = [_splice(text, sections, catalogue, path, value, kept.get(path)) for path, value in changes.items()]
    for notice in before.notices:
        if not _names_its_option(notice):
            splices.append(_commented_out(sections, notice))
        elif changes.get(notice.path) is not RESET:
            splices.append(_rename(sections, notice))
    outcome = _spliced(text, [splice for splice in splices if splice is not None])
    _assert_as_intended(before, read(outcome, catalogue), changes)
    return outcome


def literal(value: Any) -> str:
    """An option's value as TOML text; None as the empty string, which stands for "not set"."""
    word = plain(value)
    if isinstance(word, bool):
        return "true" if word else "false"
    if isinstance(word, int | float):
        return repr(word)
    if word is not None and not isinstance(value, str | Enum):
        return word  # a Decimal: a bare number, digit for digit
    return tomlkit.string(word or "").as_string()


def read_file(path: Path) -> str | None:
    """The text of the file at `path`, or None where there is none. Raises OSError, UnicodeDecodeError. Blocks."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return None


class PreparedFile:
    """New text for the file at `path`: on disk beside it once constructed, in its place after `commit`. Blocks.

    Whoever reads the file sees the old text or the new one, never a part; a power cut leaves one of the two.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._target = Path(os.path.realpath(path))  # a link to the file stays a link
        descriptor, name = tempfile.mkstemp(prefix=f".{self._target.name}.", dir=self._target.parent)  # mode 0600
        self._temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(text.encode())
                stream.flush()
                os.fsync(stream.fileno())
        except BaseException:
            self.discard()
            raise

    def commit(self) -> None:
        """Put the new text in the file's place. Raises OSError, and then the old text stands."""
        try:
            os.replace(self._temporary, self._target)
        except BaseException:
            self.discard()
            raise
        sync_folder(self._target.parent)

    def discard(self) -> None:
        """Leave the old text, and nothing beside it."""
        with contextlib.suppress(FileNotFoundError):
            self._temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make a new name in `folder` last through a power cut; Windows does so by itself."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _syntax_problem(text: str) -> OptionProblem | None:
    try:
        document = tomlkit.parse(text)
    except (ParseError, KeyAlreadyPresent) as error:
        if "already exists" in str(error):
            return _duplicate(text)
        detail = str(error).partition(" at line ")[0]
        return OptionProblem("", None, ValidToml(detail[:1].lower() + detail[1:]), getattr(error, "line", None))
    except TOMLKitError as error:
        return OptionProblem("", None, ValidToml(str(error)))
    for name, item in document.items():
        nested = isinstance(item, AoT) or not isinstance(item, Table) or item.is_super_table()
        inner = [] if nested else [key for key, value in item.items() if isinstance(value, Table | AoT)]
        if nested or inner:
            path = ".".join((name, *inner[:1]))
            return OptionProblem(path, None, PlainTable(), _line_naming(text, path))
    if document.as_string() != text:
        return OptionProblem("", None, PlainTable())
    return None


def _duplicate(text: str) -> OptionProblem:
    """tomlkit does not always say where: the shortest beginning of the text that has the fault ends with it."""
    lines = text.split("\n")
    low, high = 1, len(lines)
    while low < high:
        middle = (low + high) // 2
        if _has_duplicate("\n".join(lines[:middle])):
            high = middle
        else:
            low = middle + 1
    headers = [(number, found[1]) for number, line in enumerate(lines[: low - 1], 1) if (found := _HEADER.match(line))]
    if header := _HEADER.match(lines[low - 1]):
        return OptionProblem(
            header[1], None, GivenOnce(next((n for n, name in headers if name == header[1]), None)), low
        )
    section_line, section = headers[-1] if headers else (0, "")
    key = lines[low - 1].partition("=")[0].strip()
    earlier = (n for n in range(section_line + 1, low) if lines[n - 1].partition("=")[0].strip() == key)
    return OptionProblem(f"{section}.{key}".lstrip("."), None, GivenOnce(next(earlier, None)), low)


_HEADER = re.compile(r"[ \t]*\[+[ \t]*([^\]]*?)[ \t]*\]")


def _has_duplicate(text: str) -> bool:
    try:
        tomlkit.parse(text)
    except TOMLKitError as error:
        return "already exists" in str(error)
    return False


def _line_naming(text: str, path: str) -> int | None:
    """The first line that has the last name of `path` in a header or before an equals sign."""
    name = re.escape(path.rpartition(".")[2])
    found = re.search(rf"^[ \t]*(\[.*{name}|[^#\n]*{name}[^#\n]*=)", text, re.MULTILINE)
    return _line(text, found.start()) if found else None


def _walk(text: str) -> tuple[dict[str, _Section], dict[tuple[str, str], Item]]:
    """The sections of a text without syntax problems, with the offsets of all that may be edited; and its items."""
    sections: dict[str, _Section] = {}
    items: dict[tuple[str, str], Item] = {}
    at = 0
    for key, item in tomlkit.parse(text).body:
        if key is None or not isinstance(item, Table):
            at += len(item.as_string())
            continue
        header_at = at + len(item.trivia.indent)
        at = text.index("]", header_at + 1 + len(item.display_name or key.as_string()))
        at += 1 + len(item.trivia.comment_ws + item.trivia.comment + item.trivia.trail)
        section = sections[key.key] = _Section(header_at, at, {}, {})
        for name, value in item.value.body:
            at = _step(text, at, name, value, section)
            if name is not None:
                items[key.key, name.key] = value
    return sections, items


def _step(text: str, at: int, key: Key | None, item: Item, section: _Section) -> int:
    """Take note of what stands at `at`; returns the offset behind it."""
    if key is None:
        end = at + len(item.as_string())
        if isinstance(item, Comment) and (found := _TEMPLATE.match(text, at, end)):
            section.templates.setdefault(found["name"], (at, end))
        if not isinstance(item, Whitespace):
            section.insert_at = end
        return end
    key_at = at + len(item.trivia.indent)
    key_text = key.as_string()  # with the blanks behind it
    key_end = key_at + len(key_text.rstrip())
    value_at = key_at + len(key_text) + len(key.sep)
    value_end = value_at + len(item.as_string())
    end = value_end + len(item.trivia.comment_ws + item.trivia.comment + item.trivia.trail)
    section.entries[key.key] = _Entry(key_at, key_end, value_at, value_end)
    section.insert_at = end
    return end


_TEMPLATE = re.compile(r"[ \t]*#[ \t]*(?P<name>[A-Za-z0-9_-]+)[ \t]*=")


def _value(spec: OptionSpec, item: Item) -> Any:
    """A plain Python value; for a decimal option the number's own digits, not the float nearest to them."""
    if spec.kind == "decimal" and isinstance(item, Float | Integer) and _DIGITS.fullmatch(item.as_string()):
        return item.as_string().replace("_", "")
    return item.unwrap()


_DIGITS = re.compile(r"[+-]?[0-9_]+(\.[0-9_]+)?([eE][+-]?[0-9_]+)?")


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def _splice(
    text: str, sections: Mapping[str, _Section], catalogue: Catalogue, path: str, value: Any, old_name: str | None
) -> _Splice | None:
    """What to put where, so that the option at `path` has `value`. old_name: of an option that it stands for."""
    spec = catalogue.spec(path)
    section = sections.get(spec.section)
    if section is None:
        return None
    entry = next(
        (
            entry
            for key, entry in section.entries.items()
            if key == old_name or catalogue.find(spec.section, key) is spec
        ),
        None,
    )
    if value is RESET:
        # Commented out, with its default in place of its value; a comment behind it stays.
        commented = f"#{spec.name} = {literal(catalogue.defaults[path])}"
        return None if entry is None else (entry.key_at, entry.value_end, commented)
    if entry is not None:
        return entry.value_at, entry.value_end, literal(value)
    line = f"{spec.name} = {literal(value)}{_newline(text)}"
    if spec.name in section.templates:
        return *section.templates[spec.name], line
    at = section.insert_at
    return at, at, line if text[:at].endswith("\n") else _newline(text) + line


def _names_its_option(notice: Renamed | Superseded) -> bool:
    """Whether what the file says under an old name is the value of the option of today."""
    return isinstance(notice, Renamed) or notice.kept


def _commented_out(sections: Mapping[str, _Section], notice: Renamed | Superseded) -> _Splice:
    entry = sections[notice.path.partition(".")[0]].entries[notice.old_name]
    value = notice.value if isinstance(notice, Superseded) else ""
    return entry.key_at, entry.value_end, f"#{notice.old_name} = {literal(value)}"


def _rename(sections: Mapping[str, _Section], notice: Renamed | Superseded) -> _Splice:
    section, _, name = notice.path.partition(".")
    entry = sections[section].entries[notice.old_name]
    return entry.key_at, entry.key_end, name


def _spliced(text: str, splices: Iterable[_Splice]) -> str:
    pieces, at = [], 0
    for start, end, replacement in sorted(splices, key=lambda splice: splice[0]):
        pieces += [text[at:start], replacement]
        at = end
    return "".join([*pieces, text[at:]])


def _with_section(text: str, catalogue: Catalogue, section: str) -> str:
    newline = _newline(text)
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    return text + gap + _section_template(catalogue, section, newline)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _assert_as_intended(before: OptionFile, after: OptionFile, changes: Mapping[str, Any]) -> None:
    expected = {path: given.value for path, given in before.given.items() if path not in changes}
    expected |= {path: "" if value is None else plain(value) for path, value in changes.items() if value is not RESET}
    found = {path: given.value for path, given in after.given.items()}
    wrong = [path for path in {**expected, **found} if str(found.get(path)) != str(expected.get(path))]
    if after.problems or wrong:
        raise FileNotAsIntended(f"the changed file would not read back as meant at {', '.join(wrong) or 'its end'}")


_HEAD = """\
# The options of Evenkeel. To set one, take the # away before its name and change its value.
# The panel keeps your comments and the layout; a value that cannot be is told with its line and changes nothing.
"""


def _section_template(catalogue: Catalogue, section: str, newline: str) -> str:
    lines = [f"[{section}]"]
    for spec in catalogue.of_section(section):
        lines += [
            "",
            *(f"# {line}" for line in _described(spec)),
            f"#{spec.name} = {literal(catalogue.defaults[spec.path])}",
        ]
    return newline.join([*lines, ""])


def _described(spec: OptionSpec) -> Iterable[str]:
    yield from textwrap.wrap(spec.text, 110)
    allowed = "one of " + ", ".join(spec.choices) if spec.kind == "choice" else spec.bounds
    words = (f"unit: {spec.unit}" if spec.unit else "", allowed, "may be empty" if spec.optional else "")
    restart = "takes effect at the next start" if spec.restart else ""
    details = "; ".join(word for word in (*words, restart, f"environment: {spec.environment_name}") if word)
    yield details[:1].upper() + details[1:] + "."
