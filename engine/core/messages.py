"""The words that rooms exchange: frozen, typed, and free of prose.

A *snapshot* says how things stand (only the latest matters). An *event* says what happened (each matters). A *command*
asks an engine for something; only the engine's acknowledgement counts. A *reason* is a code with its numbers, from
which the panel makes a sentence.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar

State = TypeVar("State")
Output = TypeVar("Output")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was done or left: the class is the code, the fields are its numbers."""

    code: ClassVar[str] = ""

    def __init_subclass__(cls, code: str = "", **kwargs: Any) -> None:
        super(Reason, cls).__init_subclass__(**kwargs)
        if code:
            cls.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How an engine stands at `at_s` (seconds of the engine's clock). A later one replaces it."""

    at_s: float

    @property
    def topic(self) -> str:
        """Snapshots of one type and topic replace each other."""
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened at `at_s`; none is dropped silently."""

    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something a person or a script asks of an engine."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The engine took the command over; `detail` is what it confirmed, as data."""

    detail: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The engine did not take the command, and why."""

    reason: Reason


Answer = Acknowledged | Refused


@dataclass(frozen=True, slots=True)
class Decision(Generic[State, Output]):
    """What a pure decision returns: the state to remember, what to do, and why."""

    state: State
    output: Output
    reason: Reason


def plain(value: Any) -> Any:
    """`value` as JSON types: dataclasses become objects, Decimals strings, enums their values, reasons carry `code`."""
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"code": value.code, **fields} if isinstance(value, Reason) else fields
    if isinstance(value, dict):
        return {str(plain(k)): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    raise TypeError(f"a message carries data only; {type(value).__name__} has no plain form")
