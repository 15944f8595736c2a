"""Client ids: the names under which the exchange knows our orders (grid spec 19).

An id belongs to one life of one profile: a journal that begins draws a *life*, and every id carries it, so that an
order of another life, or of another profile on the same account, is never taken for one of ours. An id also tells slot,
trade, role and number, so that whoever finds it without its journal can read what it was for.

    e 7k2m9xq 03 c 0001f      Kraken takes free text of up to 18 characters
    | life    |  | number, in base 36
    evenkeel  |  trade and role
              slot, in base 36

Journals that began before lives were drawn name their orders by UUIDs made from the key, and go on doing so: orders
that rest under those names remain ours.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

_BEFORE_LIVES = uuid.UUID("6c1f6f0e-7d0c-5d55-9c3c-0f1b7f0f2a11")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LIFE_LENGTH = 7
_LIFE = re.compile(rf"life-([{_DIGITS}]{{{_LIFE_LENGTH}}})", re.ASCII)
_KEY = re.compile(r"([^.]+)\.(\d+)([AB])\.(entry|exit|recovery)\.(\d+)", re.ASCII)
_CLIENT_ID = re.compile(rf"e([{_DIGITS}]{{{_LIFE_LENGTH}}})([{_DIGITS}]{{2}})([a-f])([{_DIGITS}]{{5}})", re.ASCII)
_PURPOSES = tuple((trade, role) for trade in "AB" for role in ("entry", "exit", "recovery"))


@dataclass(frozen=True, slots=True)
class OrderName:
    """What a client id tells: whose life, and what the order was for. trade: A or B; role: entry, exit, recovery."""

    life: str
    slot_id: int
    trade: str
    role: str
    number: int


def new_life(below: Callable[[int], int]) -> str:
    """A namespace for a journal that begins. below: draws a whole number from 0 to its argument, exclusive."""
    return "life-" + "".join(_DIGITS[below(len(_DIGITS))] for _ in range(_LIFE_LENGTH))


def client_id_of(key: str) -> str:
    """The name of the order that this intent key places; the same key always gives the same one."""
    parts = _KEY.fullmatch(key)
    life = None if parts is None else _LIFE.fullmatch(parts[1])
    if parts is None or life is None:
        return str(uuid.uuid5(_BEFORE_LIVES, key))
    purpose = _DIGITS[10 + _PURPOSES.index((parts[3], parts[4]))]
    return f"e{life[1]}{_base36(int(parts[2]), 2)}{purpose}{_base36(int(parts[5]), 5)}"


def name_in(client_id: str) -> OrderName | None:
    """What a client id of ours tells, of whichever life; None for one that is none of ours."""
    parts = _CLIENT_ID.fullmatch(client_id)
    if parts is None:
        return None
    trade, role = _PURPOSES[_DIGITS.index(parts[3]) - 10]
    return OrderName(f"life-{parts[1]}", int(parts[2], 36), trade, role, int(parts[4], 36))


def _base36(number: int, length: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    if len(text) > length:
        raise ValueError(f"a client id has {length} digits for this number, and {text} has {len(text)}")
    return text.rjust(length, "0")
