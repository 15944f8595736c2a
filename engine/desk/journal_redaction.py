"""A row of the journal as it may be shown, copied and exported: nothing secret in it (panel spec 17). Pure.

A row is redacted leaf by leaf, so that what is left is still data. Signed bytes are left out altogether: whoever has
them can send them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from engine.core.journal_query import JournalRow
from engine.core.secret_shapes import MARK

Redact = Callable[[str], str]
SIGNED = frozenset({"raw", "signature"})
PUBLIC = frozenset(
    {"hash", "transaction_hash", "block_hash", "delegation", "user", "users", "payer", "payee", "entity", "account"}
)
"""Names under which this program records what has a key's shape and is public: hashes, and entities of the hub."""
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_CALLED_HASH = "tx_hash: "


def redacted(row: JournalRow, redact: Redact) -> JournalRow:
    """`row` without anything secret. What cannot be made safe leaf by leaf is left out as a whole."""
    parts = {"payload": row.payload, "reason": row.reason, "outcome": row.outcome}
    text = json.dumps(parts)
    if any(f'"{name}"' in text for name in SIGNED) or redact(text) != text:
        parts = {name: _clean(name, value, redact) for name, value in parts.items()}
    return replace(row, key=_plain_text(row.key, redact), **parts)


def _clean(name: str, value: Any, redact: Redact) -> Any:
    if isinstance(value, dict):
        return {_plain_text(key, redact): _clean(key, one, redact) for key, one in value.items()}
    if isinstance(value, list):
        return [_clean(name, one, redact) for one in value]
    if value is None or isinstance(value, bool):
        return value
    if name in SIGNED and value:
        return MARK
    if isinstance(value, str):
        return _clean_text(name, value, redact)
    text = f"{value}"
    return value if redact(text) == text and redact(f"{name}: {text}") == f"{name}: {text}" else MARK


def _clean_text(name: str, text: str, redact: Redact) -> str:
    """By its value; and by its name too, unless that is `key`, under which rows name one another."""
    if name in PUBLIC and _HASH.fullmatch(text):
        return redact(f"{_CALLED_HASH}{text}").removeprefix(_CALLED_HASH)
    clean = redact(text)
    if clean != text or name == "key":
        return clean
    named = json.dumps({name: text})
    return text if redact(named) == named else MARK


def _plain_text(text: str, redact: Redact) -> str:
    """A key of a row may name a hash or an entity among its parts; those stay, unless they are known secrets."""
    called = _HASH.sub(lambda found: f"{_CALLED_HASH}{found[0]}", text)
    return redact(called).replace(_CALLED_HASH, "")
