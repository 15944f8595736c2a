"""From `plain` data back to messages: what the journal kept of an event, as the event it was.

Only classes that the program has loaded are made, by their declared fields; nothing is imported for a name in a file.
"""

from __future__ import annotations

import dataclasses
import sys
import types
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.core.messages import Reason

Kind = TypeVar("Kind")


class NotRevived(ValueError):
    """The data is not what its type has by now, or its type is not there any more."""


def revived(kind: type[Kind], data: Any) -> Kind:
    """`data`, as `plain` made it, as a `kind`: a scalar, Decimal, Enum, dataclass or tuple. Raises NotRevived."""
    return cast(Kind, _revived(kind, data))


def revived_by_name(base: type[Kind], name: str, data: Any) -> Kind:
    """The subclass of `base` called `name` (`module.Class`), made of `data`. Raises NotRevived."""
    found = next((kind for kind in _loaded(base) if f"{kind.__module__}.{kind.__qualname__}" == name), None)
    if found is None:
        raise NotRevived(f"no {base.__name__} is called {name}")
    return revived(found, data)


def _revived(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _one_of(get_args(kind), data)
    if origin is tuple:
        return _tuple(get_args(kind), data)
    if isinstance(kind, type):
        if issubclass(kind, Reason):
            kind = _reason_kind(kind, data)
        if dataclasses.is_dataclass(kind):
            return _dataclass(kind, data)
        if issubclass(kind, Enum):
            return _made(kind, data)
        if kind is Decimal and isinstance(data, str | int):
            return _made(Decimal, data)
        if kind is float and isinstance(data, int | float) and not isinstance(data, bool):
            return float(data)
        if kind in (str, int, bool, type(None)) and type(data) is kind:
            return data
    raise NotRevived(f"expected {kind}, got {type(data).__name__}")


def _one_of(kinds: tuple[Any, ...], data: Any) -> Any:
    for kind in kinds:
        try:
            return _revived(kind, data)
        except NotRevived:
            continue
    raise NotRevived(f"{type(data).__name__} fits none of {kinds}")


def _tuple(kinds: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if not isinstance(data, list):
        raise NotRevived(f"expected a list, got {type(data).__name__}")
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_revived(kinds[0], one) for one in data)
    if len(kinds) != len(data):
        raise NotRevived(f"expected {len(kinds)} of them, got {len(data)}")
    return tuple(_revived(kind, one) for kind, one in zip(kinds, data, strict=True))


def _dataclass(kind: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise NotRevived(f"expected an object for {kind.__name__}, got {type(data).__name__}")
    try:
        hints = get_type_hints(kind)
    except NameError as error:  # a type that its module names for the type checker alone
        raise NotRevived(str(error)) from None
    given = {
        field.name: _revived(hints[field.name], data[field.name])
        for field in dataclasses.fields(kind)
        if field.init and field.name in data
    }
    try:
        return kind(**given)
    except TypeError as error:
        raise NotRevived(str(error)) from None


def _reason_kind(kind: type[Reason], data: Any) -> type[Reason]:
    code = data.get("code") if isinstance(data, dict) else None
    found = next((one for one in _loaded(kind) if one.code == code), None)
    if not code or found is None:
        raise NotRevived(f"no reason has the code {code!r}")
    return found


def _made(kind: Any, data: Any) -> Any:
    try:
        return kind(data)
    except (ValueError, InvalidOperation):
        raise NotRevived(f"{data!r} is no {kind.__name__}") from None


def _loaded(base: type[Kind]) -> Iterator[type[Kind]]:
    """`base` and what derives from it, as their modules export them: `slots=True` makes each class anew."""
    left: list[type[Kind]] = [base]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if getattr(sys.modules.get(kind.__module__), kind.__name__, None) is kind:
            yield kind
