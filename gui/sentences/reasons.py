"""A reason is a code with its numbers; here it becomes a sentence in the operator's language.

Sentences are kept by code, so that a reason read back from the journal gets the same words as a fresh one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.core.messages import Reason
from engine.desk.sentences import SENTENCES as SENTENCES
from gui.sentences.figures import figure

CONTEXT = "Reason"


def sentence(reason: Reason | None) -> str:
    """What `reason` says; empty for None. A code without words is shown with its numbers, never hidden."""
    if reason is None:
        return ""
    fields = {field.name: getattr(reason, field.name) for field in dataclasses.fields(reason)}
    return _sentence(reason.code, fields)


def _sentence(code: str, fields: Mapping[str, Any]) -> str:
    text = SENTENCES.get(code)
    room = code.partition(".")[0]
    figures = {name: _figure(name, value, room) for name, value in fields.items()}
    if text is None:
        return f"{code or '?'} ({', '.join(f'{name}: {value}' for name, value in figures.items())})"
    return QCoreApplication.translate(CONTEXT, text).format(**figures)


def _figure(name: str, value: Any, room: str) -> str:
    return sentence(value) if isinstance(value, Reason) else figure(name, value, room)
