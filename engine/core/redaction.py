"""Keeps secrets out of text: by value, for those that are known, and by shape, for those that are not.

By value: a registered secret is found as it is, with any of its characters escaped (JSON, Python, URL, HTML), and
inside hexadecimal or base64 of a longer text. Of an RPC address its host, tokens and password are found by themselves,
of a PostgreSQL address its password.

By shape: what looks like a key (`engine.core.secret_shapes`). A transaction hash has the shape of a private key, 0x and
64 hexadecimal digits. It stays when it was declared with `public`, or when its name says what it is (`tx_hash: 0x...`);
without either it goes, because a hidden hash costs a look elsewhere and a shown key costs the account. A registered
secret always goes, whatever else is said of it.

Not found: a secret that was compressed or encrypted, split over several log lines, or encoded twice in different ways.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from engine.core.secret_shapes import MARK, redact_shapes
from engine.core.secrets import MIN_LENGTH, Secret

MAX_PUBLIC: Final = 10_000


class Redactor:
    """What is known to be secret, and what is known not to be. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._patterns: dict[str, _Patterns] = {}
        self._public: OrderedDict[str, None] = OrderedDict()

    def register(self, secret: Secret) -> None:
        """From now on no text that passes `redact` shows this secret. It is remembered until the program ends."""
        value = secret.reveal()
        for part in {value, value.strip(), *_parts_of_address(value.strip())}:
            if part and part not in self._patterns:
                patterns = _Patterns(part)
                with self._lock:
                    self._patterns = {**self._patterns, part: patterns}

    def public(self, value: str) -> None:
        """This value may be shown though it has a key's shape or name: a transaction hash, an idempotency key.

        The last 10,000 are remembered.
        """
        with self._lock:
            self._public[value.lower()] = None
            self._public.move_to_end(value.lower())
            while len(self._public) > MAX_PUBLIC:
                self._public.popitem(last=False)

    def redact(self, text: str) -> str:
        """`text` with every secret replaced by [redacted]; doing it again changes nothing."""
        return redact_shapes(self._without_values(text), self._is_public)

    def _is_public(self, value: str) -> bool:
        with self._lock:
            return value.lower() in self._public

    def _without_values(self, text: str) -> str:
        spans = sorted(span for patterns in self._patterns.values() for span in patterns.find(text))
        pieces: list[str] = []
        at = 0
        for start, end in spans:
            if start >= at:
                pieces += [text[at:start], MARK]
            at = max(at, end)
        return "".join([*pieces, text[at:]])


def without(text: str, *secrets: Secret) -> str:
    """`text` with these secrets replaced by [redacted], by value alone.

    For words of others that are kept or shown as they are (journal, window): a server may repeat what it was sent. Use
    it before the words are cut, for half a secret is not found.
    """
    known = Redactor()
    for secret in secrets:
        known.register(secret)
    return known._without_values(text)


class _Patterns:
    """All the ways in which one value may stand in a text."""

    def __init__(self, value: str) -> None:
        exact = {re.escape(value), *map(re.escape, _base64_forms(value.encode("utf-8", "surrogatepass")))}
        any_case = {value.encode("utf-8", "surrogatepass").hex()}
        for raw in _raw_forms(value):
            exact |= {re.escape(repr(raw)[2:-1]), *map(re.escape, _base64_forms(raw))}
            any_case |= {raw.hex(), str(int.from_bytes(raw)).zfill(MIN_LENGTH)}
        self._exact = re.compile("|".join(sorted(exact, key=len, reverse=True)))
        self._any_case = re.compile("|".join(sorted(any_case, key=len, reverse=True)), re.IGNORECASE)
        self._escaped = re.compile("".join(map(_escaped, _runs(value))) if value.strip("\\") else re.escape(value))
        self._escape_marks = "\\%&+" if " " in value else "\\%&"

    def find(self, text: str) -> Iterable[tuple[int, int]]:
        for pattern in (self._exact, self._any_case):
            yield from (found.span() for found in pattern.finditer(text))
        if any(mark in text for mark in self._escape_marks):
            yield from (found.span() for found in self._escaped.finditer(text))


def _parts_of_address(value: str) -> set[str]:
    """What of an address must not show by itself: host (unless it is this machine), tokens, user, password."""
    try:
        url = urlsplit(value)
        host = url.hostname or ""
    except ValueError:
        return set()
    if not url.scheme or not url.netloc:
        return set()
    if url.scheme in ("postgresql", "postgres"):  # its user and database are ordinary words, mostly `postgres`
        named = (word for name, word in parse_qsl(url.query) if name in ("password", "sslpassword"))
        passwords = (url.password or "", unquote(url.password or ""), *named)
        return {password for password in passwords if len(password) >= MIN_LENGTH}
    words = [url.username or "", url.password or "", *url.path.split("/"), *(word for _, word in parse_qsl(url.query))]
    parts = {word for word in words if len(word) >= MIN_LENGTH}
    return parts if _is_this_machine(host) or len(host) < MIN_LENGTH else {*parts, host}


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _raw_forms(value: str) -> Iterable[bytes]:
    """The bytes behind a hexadecimal or base64 key, which libraries show in ways of their own."""
    digits = value.removeprefix("0x").removeprefix("0X")
    if len(digits) >= 32 and len(digits) % 2 == 0 and re.fullmatch(r"[0-9a-fA-F]+", digits):
        yield bytes.fromhex(digits)
    elif len(value) >= 32 and re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", value):
        try:
            yield base64.b64decode(value, validate=True)
        except binascii.Error:
            return


def _base64_forms(raw: bytes) -> set[str]:
    """What stands in the base64 of any text that contains `raw`: its inner characters at each of three alignments."""
    forms = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode().rstrip("=")
        whole_characters = (before + len(raw)) * 8 // 6
        inner = encoded[-(-before * 8 // 6) : whole_characters]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= MIN_LENGTH}


def _runs(value: str) -> list[str]:
    """The characters of `value`, with backslashes that follow one another as one."""
    return re.findall(r"\\+|[^\\]", value, re.DOTALL)


def _escaped(run: str) -> str:
    """A pattern for one character of a value however it was escaped; linear, because backslashes are never given back.

    The backslashes before a character belong to its escape or to the value; so those of the value need no match of
    their own unless they end it.
    """
    if run.startswith("\\"):
        return r"(?:\\|(?i:%(?:25)*5c|u005c|x5c|&#92;|&#x5c;))*+"
    code = ord(run)
    in_utf8 = run.encode("utf-8", "surrogatepass")
    units = run.encode("utf-16-be", "surrogatepass").hex()
    in_json = "".join(rf"\\*+u{units[at : at + 4]}" for at in range(0, len(units), 4))
    ways = [
        "".join(rf"%(?:25)*{byte:02x}" for byte in in_utf8),
        in_json,
        rf"\\*+U{code:08x}",
        "".join(rf"\\*+x{byte:02x}" for byte in in_utf8),
        rf"&#0*{code};",
        rf"&#x0*{code:x};",
    ]
    if run == "%":
        ways.append("%(?:25)*")
    if code < 256:
        ways.append(rf"\\*+x{code:02x}")
    if run in _SHORT_ESCAPES:
        ways.append(rf"\\*+{_SHORT_ESCAPES[run]}")
    if (entity := html.escape(run)) != run:
        ways += [entity, "&apos;"]
    if run == " ":
        ways.append(r"\+")
    return rf"(?:\\*+{re.escape(run)}|(?i:{'|'.join(ways)}))"


_SHORT_ESCAPES = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\a": "a", "\0": "0"}
