"""Options declared once, beside the engine that uses them.

From the one declaration come validation, the file, environment names, the form, the documentation and the bounds
(architecture page, "Habits worth copying"; style page, "An option is declared once").
"""

from __future__ import annotations

import types
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, ClassVar, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined


class Risk(Enum):
    """What a changed option can do at worst; the panel says it before the change is applied."""

    NONE = "none"
    DISPLAY = "display"
    TIMING = "timing"
    SIZE = "size"
    LIMIT = "limit"
    ACCESS = "access"


@dataclass(frozen=True, slots=True)
class Replaced:
    """An option of earlier versions in whose place another one stands: its name, default and name in the source.

    A value that somebody set, so one that is not `default`, is carried over to the new option.
    """

    name: str
    default: Any
    source: str = ""

    def is_default(self, value: Any) -> bool:
        """Whether `value`, as a file or an environment variable has it, is what held without being set."""
        try:
            return Decimal(str(value)) == Decimal(str(self.default))
        except InvalidOperation:
            return str(value) == str(self.default)

    def environment_name(self, section: str) -> str:
        """As `OptionSpec.environment_name`."""
        return self.source or f"EVENKEEL_{section}_{self.name}".upper()


def option(
    default: Any,
    *,
    text: str,
    source: str = "",
    unit: str = "",
    ge: float | Decimal | None = None,
    gt: float | Decimal | None = None,
    le: float | Decimal | None = None,
    lt: float | Decimal | None = None,
    restart: bool = False,
    risk: Risk = Risk.NONE,
    old_names: tuple[str, ...] = (),
    replaces: tuple[Replaced, ...] = (),
) -> Any:
    """One option of an `Options` class.

    text: one sentence for form and documentation. source: its name in the source document, which is also its
    environment name. unit: the unit of the value, empty for none. restart: whether it takes effect only at the next
    start. old_names: names it had in earlier files. replaces: options of earlier files that it stands for; of several
    that were set the first one counts.
    """
    return Field(
        default,
        description=text,
        ge=ge,
        gt=gt,
        le=le,
        lt=lt,
        json_schema_extra={
            "source": source,
            "unit": unit,
            "restart": restart,
            "risk": risk.value,
            "old_names": list(old_names),
            "replaces": [asdict(replaced) for replaced in replaces],
        },
    )


class Options(BaseModel):
    """A section of the configuration. Subclass with `section="name"` and declare fields with `option(...)`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, str_strip_whitespace=True
    )
    section: ClassVar[str] = ""

    def __init_subclass__(cls, section: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if section:
            cls.section = section


@dataclass(frozen=True, slots=True)
class OptionSpec:
    """Everything a file, a form or a page of documentation needs to know of one option."""

    section: str
    name: str
    source: str
    kind: str
    choices: tuple[str, ...]
    optional: bool
    unit: str
    default: Any
    ge: float | Decimal | None
    gt: float | Decimal | None
    le: float | Decimal | None
    lt: float | Decimal | None
    text: str
    restart: bool
    risk: Risk
    old_names: tuple[str, ...]
    replaces: tuple[Replaced, ...] = ()

    @property
    def path(self) -> str:
        """`section.name`, as messages and diffs show it."""
        return f"{self.section}.{self.name}"

    @property
    def environment_name(self) -> str:
        """The source document's own name where it has one, else EVENKEEL_SECTION_NAME."""
        return self.source or f"EVENKEEL_{self.section}_{self.name}".upper()

    @property
    def bounds(self) -> str:
        """The bounds in words: `0 to 50`, `above 0`, or empty."""
        low = f"{self.ge}" if self.ge is not None else f"above {self.gt}" if self.gt is not None else ""
        high = f"{self.le}" if self.le is not None else f"below {self.lt}" if self.lt is not None else ""
        if low and high:
            return f"{low} to {high}"
        return (f"at least {low}" if self.ge is not None else low) or (
            f"at most {high}" if self.le is not None else high
        )


def declared(options: type[Options]) -> tuple[OptionSpec, ...]:
    """The options of one section, in the order of their declaration."""
    return tuple(_spec(options.section, name, info) for name, info in options.model_fields.items())


def _spec(section: str, name: str, info: FieldInfo) -> OptionSpec:
    extra = info.json_schema_extra
    if not isinstance(extra, dict) or not info.description:
        raise TypeError(f"{section}.{name} is declared without option(..., text=...)")
    kind, choices, optional = _kind(info.annotation)
    bound: dict[str, Any] = {}
    for constraint in info.metadata:
        for word in ("ge", "gt", "le", "lt"):
            if getattr(constraint, word, None) is not None:
                bound[word] = getattr(constraint, word)
    old_names, replaces = extra["old_names"], extra["replaces"]
    return OptionSpec(
        section=section,
        name=name,
        source=str(extra["source"]),
        kind=kind,
        choices=choices,
        optional=optional,
        unit=str(extra["unit"]),
        default=None if info.default is PydanticUndefined else info.default,
        ge=bound.get("ge"),
        gt=bound.get("gt"),
        le=bound.get("le"),
        lt=bound.get("lt"),
        text=info.description,
        restart=bool(extra["restart"]),
        risk=Risk(extra["risk"]),
        old_names=tuple(str(old) for old in old_names) if isinstance(old_names, list) else (),
        replaces=tuple(Replaced(**row) for row in replaces) if isinstance(replaces, list) else (),  # type: ignore[arg-type]
    )


def _kind(annotation: Any) -> tuple[str, tuple[str, ...], bool]:
    """`(kind, choices, may be unset)` where kind is bool, int, float, decimal, str or choice."""
    origin = get_origin(annotation)
    if origin in (Union, types.UnionType):
        inner = [arg for arg in get_args(annotation) if arg is not type(None)]
        if len(inner) != 1:
            raise TypeError(f"an option has one type, got {annotation!r}")
        kind, choices, _ = _kind(inner[0])
        return kind, choices, True
    if origin is Literal:
        return "choice", tuple(str(arg) for arg in get_args(annotation)), False
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "choice", tuple(str(member.value) for member in annotation), False
    for kind, python_type in (("bool", bool), ("int", int), ("float", float), ("decimal", Decimal), ("str", str)):
        if annotation is python_type:
            return kind, (), False
    raise TypeError(f"an option is a bool, int, float, Decimal, str or choice, got {annotation!r}")
