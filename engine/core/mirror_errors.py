"""From what PostgreSQL and libpq say to what the matter is. Source: PostgreSQL manual, appendix "Error Codes".

While it connects libpq gives no code but a text, so the server's English is looked at; a text that is not understood
still says that the server cannot be used, and goes along.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import psycopg

from engine.core.mirror_address import StoreAddress
from engine.core.mirror_messages import (
    StoreBusy,
    StoreDatabaseMissing,
    StoreError,
    StorePasswordWrong,
    StoreRightsMissing,
    StoreTlsMissing,
    StoreTrouble,
    StoreUnreachable,
)
from engine.core.secret_shapes import MARK

_LONGEST = 200
_NOT_LET_IN = re.compile(r"password authentication failed|role .* does not exist|tenant or user not found|no password")
_NO_DATABASE = re.compile(r"database .* does not exist")
_NO_RIGHT = re.compile(r"permission denied|no pg_hba\.conf entry|is not permitted to log in")
_TLS = re.compile(r"\bssl\b|\btls\b|certificate", re.IGNORECASE)

_GAVE_UP = {"57014", "55P03", "40P01", "40001"}  # statement or lock timeout, deadlock, serialization


def trouble(error: psycopg.Error, address: StoreAddress, action: str) -> StoreTrouble:
    """What `error` says is the matter. action: what was being done, as an infinitive."""
    text = _first_words(error, address)
    if error.sqlstate is None:
        broken = isinstance(error, psycopg.OperationalError)
        return _while_connecting(text, address) if broken else StoreError(f"{type(error).__name__}: {text}")
    if error.sqlstate in _GAVE_UP:
        return StoreBusy(text)
    if error.sqlstate == "42501":
        return StoreRightsMissing(address.user, address.database, action, text)
    if error.sqlstate.startswith(("08", "57P")):
        return StoreUnreachable(address.host, address.port, text)
    return StoreError(f"{error.sqlstate}: {text}")


def _while_connecting(text: str, address: StoreAddress) -> StoreTrouble:
    if _NOT_LET_IN.search(text.lower()):
        return StorePasswordWrong(address.host, address.user)
    if _NO_DATABASE.search(text):
        return StoreDatabaseMissing(address.host, address.database)
    if _NO_RIGHT.search(text):
        return StoreRightsMissing(address.user, address.database, "connect", text)
    if _TLS.search(text):
        return StoreTlsMissing(address.host, text)
    return StoreUnreachable(address.host, address.port, text)


def _first_words(error: psycopg.Error, address: StoreAddress) -> str:
    """The first line, without libpq's repetition of host and port, and without a password that a server repeats: these
    words stay in the journal, as what moved the switch."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    line = line.rpartition(" failed: ")[2].removeprefix("FATAL:").strip()
    password = address.parameters.get("password", "")
    for form in (password, quote(password, safe="")):
        line = line.replace(form, MARK) if form else line
    return line[:_LONGEST]
