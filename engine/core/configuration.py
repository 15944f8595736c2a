"""The configuration in force, its history, and the one way to change it: draft, problems and diff, apply.

The file says what a person set; an environment variable wins over it; the rest are defaults. A change is written to
the revision log and to the file before it takes effect, so that a revision number in a plan always means something.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

from engine.core import option_file
from engine.core.clock import Clock
from engine.core.drafts import Base, Draft, Revision, drafted, restoring
from engine.core.option_catalogue import Catalogue, plain
from engine.core.option_file import OptionFile, PreparedFile
from engine.core.option_problems import Expectation, Notice, OptionProblem, ReadableFile, ValidToml
from engine.core.option_succession import superseded_in
from engine.core.revisions import RecordedChange, RevisionLog, RevisionRecord
from engine.core.settings import (
    Change,
    Given,
    Origin,
    Settings,
    Validated,
    differences,
    from_environment,
    origins,
    unknown_variables,
    validated,
)

Result = TypeVar("Result")


class ConfigurationRefused(ValueError):
    """Options that cannot be in force; `problems` says why, each with its option and place."""

    def __init__(self, problems: tuple[OptionProblem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ConfigurationMoved(RuntimeError):
    """The draft was made for something that has changed since: a later revision, or an edit of the file by hand."""


class NoSuchRevision(LookupError):
    """There is no revision of that number, or none before the one in force."""


class Configuration:
    """The revision in force and its history. Made by `load` or `open`; used in one event loop.

    Subscribers are called in the loop, in the order in which they subscribed, once a revision is in force.
    """

    def __init__(
        self, path: Path, catalogue: Catalogue, environment: Mapping[str, str], clock: Clock, log: RevisionLog
    ) -> None:
        self.catalogue = catalogue
        self.path = path
        self._clock = clock
        self._log = log
        carried, superseded = superseded_in(catalogue, environment)
        self._held = {**carried, **from_environment(catalogue, environment)}
        self._variable_notices: tuple[Notice, ...] = (*superseded, *unknown_variables(catalogue, environment))
        self._subscribers: list[Callable[[Revision], None]] = []
        self._turn = asyncio.Lock()
        self._records: dict[int, RevisionRecord] = {}
        self._problems: tuple[OptionProblem, ...] = ()
        self._file = OptionFile("", {}, (), ())
        self._current: Revision
        self._at_start: Settings

    @classmethod
    def load(cls, path: Path, catalogue: Catalogue, environment: Mapping[str, str], clock: Clock) -> Self:
        """Read the file at `path` and the history beside it (`revisions.jsonl`); a missing file is made. Blocks.

        A file that cannot be in force leaves the last good revision in force, and `problems` says why. Raises
        ConfigurationRefused where there is no such revision, or where the environment is at fault (only a new start
        can change that); RevisionLogDamaged; OSError.
        """
        configuration = cls(path, catalogue, environment, clock, RevisionLog(path.with_name("revisions.jsonl")))
        configuration._start()
        return configuration

    @classmethod
    async def open(cls, path: Path, catalogue: Catalogue, environment: Mapping[str, str], clock: Clock) -> Self:
        """`load` in a worker thread."""
        return await asyncio.to_thread(cls.load, path, catalogue, environment, clock)

    @property
    def current(self) -> Revision:
        """The revision in force."""
        return self._current

    @property
    def settings(self) -> Settings:
        """The values in force."""
        return self._current.settings

    @property
    def problems(self) -> tuple[OptionProblem, ...]:
        """Why the file as it stands is not in force; empty when it is."""
        return self._problems

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is worth knowing though nothing is wrong: old names, variables without effect."""
        return (*self._file.notices, *self._variable_notices)

    @property
    def history(self) -> tuple[RevisionRecord, ...]:
        """Every revision on record, oldest first; the last one is in force."""
        return tuple(self._records.values())

    @property
    def awaiting_restart(self) -> tuple[Change, ...]:
        """Changes since this start that take effect at the next one only."""
        changes = differences(self.catalogue, self._at_start, self.settings)
        return tuple(change for change in changes if change.restart)

    def held_by(self, path: str) -> str | None:
        """The environment variable that holds the option at `path`, if one does."""
        held = self._held.get(path)
        return held.environment_name if held else None

    def subscribe(self, callback: Callable[[Revision], None]) -> Callable[[], None]:
        """Call `callback` with each later revision, in the loop. Returns what ends the subscription."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    def draft(self, changes: Mapping[str, Any]) -> Draft:
        """Check `changes`: option path -> value, the text of a form, or RESET for the default. Changes nothing."""
        return drafted(self.catalogue, self._base, changes)

    def undo_draft(self) -> Draft:
        """What undoing the revision in force would change. Undo again to go further back. Raises NoSuchRevision."""
        position = self._current.restores or self._current.number
        now = self._records[self._current.number].file_values
        earlier = [n for n, record in self._records.items() if n < position and record.file_values != now]
        if not earlier:
            raise NoSuchRevision(f"nothing before revision {position} is on record that the file said otherwise")
        return self.revert_draft(earlier[-1])

    def revert_draft(self, number: int) -> Draft:
        """What bringing back revision `number` would change. Raises NoSuchRevision.

        It brings back what the file said. Options that the environment holds now stay as they are in file and effect.
        """
        record = self._records.get(number)
        if record is None:
            raise NoSuchRevision(f"expected the number of a revision on record, got {number}")
        return restoring(self.catalogue, self._base, record)

    async def apply(self, draft: Draft, author: str) -> Revision:
        """Record the draft as a revision, write the file, then let it take effect. Returns the revision in force.

        Once begun it ends, even when the caller is cancelled. Raises ConfigurationRefused for a draft with problems,
        ConfigurationMoved for one that is out of date, OSError when it cannot be written; then nothing has changed.
        Raises ExceptionGroup when subscribers failed; then the revision is in force.
        """
        if draft.settings is None:
            raise ConfigurationRefused(draft.problems)
        return await _to_its_end(self._apply(draft, draft.settings, author))

    async def undo(self, author: str) -> Revision:
        """Bring back the configuration before this one, as a new revision. Raises as `apply`, and NoSuchRevision."""
        return await self.apply(self.undo_draft(), author)

    async def revert_to(self, number: int, author: str) -> Revision:
        """Bring back revision `number`, as a new revision. Raises as `apply`, and NoSuchRevision."""
        return await self.apply(self.revert_draft(number), author)

    async def reload(self, author: str = "file") -> tuple[OptionProblem, ...]:
        """Read the file again after an edit by hand. Returns its problems: with any, the last good revision stays.

        Without any, what it changed is in force as a new revision. Raises as `apply` does.
        """
        return await _to_its_end(self._reload(author))

    async def restore_file(self) -> Path:
        """Put the revision in force in the place of a file that is beyond repair or gone.

        Returns where a broken file is kept. Raises OSError, ConfigurationMoved where the file has no problems.
        """
        return await _to_its_end(self._restore_file())

    def _start(self) -> None:
        self._records = {record.number: record for record in self._log.load()}
        wrong = tuple(p for p in validated(self.catalogue, self._held).problems if p.environment_name)
        if wrong:
            raise ConfigurationRefused(wrong)
        found = self._read() if self._records or self.path.exists() else self._first_file()
        outcome = self._judged(found)
        if outcome.settings is None:
            found, settings = self._last_good(found.text, outcome.problems)
        else:
            settings = outcome.settings
        self._file, self._problems, self._at_start = found, outcome.problems, settings
        last = next(reversed(self._records.values()), None)
        record = self._record("start", settings, last.values if last else {}, None, found)
        if last is None or _content(record) != _content(last):
            self._log.append(record)
            last = record
        self._take_effect(last, settings, ())

    def _first_file(self) -> OptionFile:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = option_file.generated(self.catalogue)
        PreparedFile(self.path, text).commit()
        return option_file.read(text, self.catalogue)

    def _last_good(self, text: str, problems: tuple[OptionProblem, ...]) -> tuple[OptionFile, Settings]:
        """The last revision on record, with what the environment holds now."""
        if not self._records:
            raise ConfigurationRefused(problems)
        last = next(reversed(self._records.values()))
        given = {path: Given(value) for path, value in self.catalogue.of_today(last.file_values)[0].items()}
        outcome = validated(self.catalogue, {**given, **self._held})
        if outcome.settings is None:
            raise ConfigurationRefused((*problems, *outcome.problems))
        return OptionFile(text, given, problems, ()), outcome.settings

    def _read(self) -> OptionFile:
        """The file as it stands, which may be one problem only. Blocks."""
        try:
            text = option_file.read_file(self.path)
        except UnicodeDecodeError as error:
            line = bytes(error.object[: error.start]).count(b"\n") + 1
            return _unreadable(ValidToml(f"byte {error.object[error.start]:#04x} is none"), line)
        except OSError as error:
            return _unreadable(ReadableFile(error.strerror or str(error)))
        if text is None:
            return _unreadable(ReadableFile(f"{self.path.name} is missing"))
        return option_file.read(text, self.catalogue)

    @property
    def _base(self) -> Base:
        return Base(self._current, self._file.given, self._held)

    def _judged(self, found: OptionFile) -> Validated:
        """What the file and the environment make together; values that the environment hides must be right too."""
        if found.problems:
            return Validated(None, found.problems)
        outcome = validated(self.catalogue, {**found.given, **self._held})
        hidden = {path: given for path, given in found.given.items() if path in self._held}
        wrong = tuple(p for p in validated(self.catalogue, hidden).problems if p.line is not None)
        return Validated(None, (*outcome.problems, *wrong)) if wrong else outcome

    async def _apply(self, draft: Draft, settings: Settings, author: str) -> Revision:
        async with self._turn:
            if draft.based_on != self._current.number:
                raise ConfigurationMoved(
                    f"the draft was made for revision {draft.based_on}, and {self._current.number} is in force; "
                    "make it again"
                )
            if not draft.changes:
                return self._current
            self._file, record = await asyncio.to_thread(self._write, draft, settings, author)
            revision = self._take_effect(record, settings, draft.diff)
            self._notify(revision)
            return revision

    def _write(self, draft: Draft, settings: Settings, author: str) -> tuple[OptionFile, RevisionRecord]:
        """The file is prepared first, so that what can fail (a full disk) fails before the revision is on record."""
        text = option_file.read_file(self.path)
        if text != self._file.text or self._file.problems:
            raise ConfigurationMoved(f"{self.path.name} was edited by hand; reload it, then make the draft again")
        new_text = option_file.edited(text, self.catalogue, draft.changes)
        found = option_file.read(new_text, self.catalogue)
        record = self._record(author, settings, self._plain_values(), draft.restores, found)
        prepared = PreparedFile(self.path, new_text)
        try:
            self._log.append(record)
        except BaseException:
            prepared.discard()
            raise
        try:
            prepared.commit()
        except BaseException:
            self._log.withdraw(record.number)
            raise
        return found, record

    async def _reload(self, author: str) -> tuple[OptionProblem, ...]:
        async with self._turn:
            found = await asyncio.to_thread(self._read)
            outcome = self._judged(found)
            if outcome.settings is None:
                self._problems = outcome.problems
                self._file = OptionFile(found.text, self._file.given, outcome.problems, found.notices)
                return outcome.problems
            settings = outcome.settings
            changes = differences(self.catalogue, self.settings, settings)
            record = self._record(author, settings, self._plain_values(), None, found)
            is_new = _content(record) != _content(self._records[self._current.number])
            if is_new:
                await asyncio.to_thread(self._log.append, record)
            self._file, self._problems = found, ()
            if is_new:
                self._notify(self._take_effect(record, settings, changes))
            return ()

    async def _restore_file(self) -> Path:
        async with self._turn:
            if not self._problems:
                raise ConfigurationMoved(f"{self.path.name} has no problems; there is nothing to restore")
            in_force = self.settings.by_path
            values = {
                path: given.value if path in self._held else in_force[path] for path, given in self._file.given.items()
            }
            text, kept = await asyncio.to_thread(self._replace, values)
            self._file, self._problems = option_file.read(text, self.catalogue), ()
            return kept

    def _replace(self, values: Mapping[str, Any]) -> tuple[str, Path]:
        text = option_file.edited(option_file.generated(self.catalogue), self.catalogue, values)
        places = (self.path.with_name(f"{self.path.name}.broken-{n}") for n in itertools.count(1))
        kept = next(place for place in places if not place.exists())
        prepared = PreparedFile(self.path, text)
        with contextlib.suppress(FileNotFoundError):
            os.replace(self.path, kept)
        prepared.commit()
        return text, kept

    def _plain_values(self) -> dict[str, Any]:
        return {path: plain(value) for path, value in self.settings.by_path.items()}

    def _record(
        self,
        author: str,
        settings: Settings,
        before: Mapping[str, Any],
        restores: int | None,
        found: OptionFile,
    ) -> RevisionRecord:
        given = found.given
        values = {path: plain(value) for path, value in settings.by_path.items()}
        changes = tuple(
            RecordedChange(path, before[path], value)
            for path, value in values.items()
            if path in before and before[path] != value
        )
        from_where = {path: where.value for path, where in origins(self.catalogue, given, self._held).items()}
        file_values = {path: where.value for path, where in given.items()}
        return RevisionRecord(
            self._log.next_number, self._clock.now(), author, changes, values, file_values, from_where, restores
        )

    def _take_effect(self, record: RevisionRecord, settings: Settings, changes: tuple[Change, ...]) -> Revision:
        self._records[record.number] = record
        from_where = {path: Origin(word) for path, word in record.origins.items()}
        self._current = Revision(
            record.number, record.at_s, record.author, settings, from_where, changes, record.restores
        )
        return self._current

    def _notify(self, revision: Revision) -> None:
        failures = []
        for callback in tuple(self._subscribers):
            try:
                callback(revision)
            except Exception as error:
                failures.append(error)
        if failures:
            raise ExceptionGroup(f"revision {revision.number} is in force, but not everyone took it", failures)


def _unreadable(expectation: Expectation, line: int | None = None) -> OptionFile:
    return OptionFile("", {}, (OptionProblem("", None, expectation, line),), ())


def _content(record: RevisionRecord) -> tuple[Any, ...]:
    return record.values, record.file_values, record.origins


async def _to_its_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Await `work` to its end even when the caller is cancelled: half a revision is worse than a late cancellation."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError as cancelled:
        while not task.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([task])
        if not task.cancelled() and (failure := task.exception()) is not None:
            raise failure from cancelled
        raise
