"""What secrets look like, for those that nobody registered. Pure.

Kraken: an API secret is base64 of 64 bytes (88 characters), a key is 56 base64 characters. Chains: a private key is 0x
and 64 hexadecimal digits. Addresses carry credentials before the host, and keys in path or query. Headers and fields
say by their name that a secret follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MARK: Final = "[redacted]"

_NOT_MARK = r"(?!\[redacted)"

# Quotes may themselves be escaped: JSON inside JSON. A value whose closing quote was cut off goes up to the next gap.
_QUOTE = r"""\\*["']"""
_QUOTED = r"""(?P<open>\\*["'])(?P<value>(?:(?!(?P=open))(?:\\.|.))*)(?P<close>(?P=open))"""
_BARE = rf"""(?:{_QUOTE})?+{_NOT_MARK}[^\s"',;&)}}\]]+"""
_BEGINS = r"(?<![\w-])"

_BYTES = rf"(?:b(?={_QUOTE}))?+"

_HEADERS = r"proxy-authorization|authorization|(?:x-)?api-key|api-sign|x-auth-token|(?:set-)?cookie"
_HEADER = re.compile(
    rf"""(?P<name>{_BEGINS}(?:{_HEADERS})(?:{_QUOTE})?+\s*+[:=,]\s*+{_BYTES})(?:{_QUOTED}|{_QUOTE}?+{_NOT_MARK}[^\r\n"'}}]+)""",
    re.IGNORECASE,
)

_STRONG_NAMES = (
    r"[\w-]*?(?:secret|password|passwd|passphrase|mnemonic|(?:private|signing|api|access)[_-]?key"
    r"|(?:access|auth|bearer|refresh|session|websockets?)[_-]?token)"
)
_STRONG_FIELD = re.compile(
    rf"(?P<name>{_BEGINS}{_STRONG_NAMES}(?:{_QUOTE})?+\s*+[:=]\s*+{_BYTES})(?:{_QUOTED}|{_BARE})", re.IGNORECASE
)
# In JSON alone, where a short value or a chain's address stays: the name of a journal row or of a contract as well.
_WEAK_FIELD = re.compile(
    rf"""(?P<name>{_QUOTE}(?:key|[\w-]*token){_QUOTE}\s*+:\s*+{_BYTES})(?:{_QUOTED}|(?P<bare>{_BARE}))""", re.IGNORECASE
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")

_CREDENTIALS = re.compile(r"(?P<scheme>\b[a-z][a-z0-9+.-]*://)[^\s/\"'<>]+@", re.IGNORECASE)
_URL = re.compile(r"\b(?:https?|wss?)://[^\s\"'<>\\]+", re.IGNORECASE)
_URL_TOKEN = re.compile(r"(?<=[/=])(?!0x)(?=[A-Za-z_-]*+\d)(?=[\d_-]*+[A-Za-z])[A-Za-z0-9_-]{20,}")
_URL_PARAMETER = re.compile(
    rf"(?P<name>[?&][\w-]*?(?:key|token|secret|auth|sig|signature|pass|password)=){_NOT_MARK}[^&#\s]+", re.IGNORECASE
)

_KRAKEN_SECRET = re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==")
_KRAKEN_KEY = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?=[a-zA-Z+/]{0,55}\d)(?=[a-z\d+/]{0,55}[A-Z])(?=[A-Z\d+/]{0,55}[a-z])"
    r"[A-Za-z0-9+/]{56}(?![A-Za-z0-9+/=_-])"
)
_HEX_KEY = re.compile(
    rf"(?P<hash>(?:tx|transaction|block|parent)[_ -]?hash(?:{_QUOTE})?+\s*+[:=]?+\s*+(?:HexBytes\()?+(?:{_QUOTE})?+)?"
    r"(?P<key>0x[0-9a-f]{64})(?![0-9a-f])",
    re.IGNORECASE,
)


def redact_shapes(text: str, is_public: Callable[[str], bool]) -> str:
    """`text` with all that has a secret's shape replaced by [redacted], but for what `is_public` knows."""
    text = _CREDENTIALS.sub(rf"\g<scheme>{MARK}@", text)
    text = _URL.sub(_address, text)
    text = _HEADER.sub(_value, text)
    text = _STRONG_FIELD.sub(_value, text)
    text = _WEAK_FIELD.sub(lambda found: found[0] if _may_stay(found, is_public) else _value(found), text)
    text = _HEX_KEY.sub(lambda found: found[0] if found["hash"] or is_public(found["key"]) else MARK, text)
    text = _KRAKEN_SECRET.sub(MARK, text)
    return _KRAKEN_KEY.sub(MARK, text)


def _address(found: re.Match[str]) -> str:
    return _URL_TOKEN.sub(MARK, _URL_PARAMETER.sub(rf"\g<name>{MARK}", found[0]))


def _value(found: re.Match[str]) -> str:
    return f"{found['name']}{found['open'] or ''}{MARK}{found['close'] or ''}"


def _may_stay(found: re.Match[str], is_public: Callable[[str], bool]) -> bool:
    """A token's symbol and a contract's address stay: nothing so short is a secret, and an address is public."""
    value = found["bare"] or found["value"] or ""
    return len(value) < 8 or _ADDRESS.fullmatch(value) is not None or is_public(value)
