"""Reasons for those outside: the code, the numbers, and a sentence made of what the class says of itself."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

from engine.core.messages import Reason, plain
from engine.hub_api.bodies import ReasonBody

_NAMED = re.compile(r"`([a-z_]+)`")


def reason_body(reason: Reason) -> ReasonBody:
    """Codes are `hub.below_soft_limit` and the like; figures have the names of the reason's fields."""
    figures = {name: value for name, value in plain(reason).items() if name != "code"}
    return ReasonBody(code=reason.code, message=sentence(reason), **figures)


def sentence(reason: Reason) -> str:
    """The first paragraph of the class's description, with the figures put in for their names."""
    words = " ".join((inspect.getdoc(type(reason)) or reason.code).split("\n\n")[0].split())
    values = {field.name: getattr(reason, field.name) for field in dataclasses.fields(reason)}
    text = _NAMED.sub(lambda found: _figure(values.get(found[1], found[1])), words)
    inner = [value for value in values.values() if isinstance(value, Reason)]
    return " ".join([text, *(sentence(one) for one in inner)])


def _figure(value: Any) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(plain(value))
