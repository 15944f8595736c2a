"""Faults that the exchange commits on purpose, declared in one string and switchable while it runs.

`lose-answer:0.05,delay:2s:0.1,error@AddOrder:EService:Unavailable:0.2,drop-socket:5m`

| fault | meaning |
| --- | --- |
| `lose-request:p` | the connection breaks before the request is read |
| `lose-answer:p` | the request is carried out, then the connection breaks |
| `delay-request:duration[:p]`, `delay:duration[:p]` | the request waits; its answer waits |
| `error:<Kraken's words>[:p]` | nothing is carried out and this error is answered |
| `pending:duration[:p]` | a cancellation by REST is answered as pending, and carried out so long after |
| `duplicate-answer:p`, `reorder:p` | an event on the socket comes twice; comes after the one that follows it |
| `drop-socket:duration` | every socket breaks, at random, this long apart in the mean |
| `round-trip:duration` | distance: each request, answer and socket message is half of it on its way |
| `stale:duration` | REST shows orders and trades as they stood so long ago (Kraken lags by up to a minute) |

`@Endpoint` limits a fault to one REST endpoint or socket method (but for `round-trip`: a distance is before everything,
always; see `engine.paper.connection`). Probabilities are 0 to 1, 1 when left out. Durations
(`250ms`, `2s`, `5m`) are real time, for they stand for networks, but for `stale`, which is paper time.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Literal, get_args

Kind = Literal[
    "lose-request",
    "lose-answer",
    "delay-request",
    "delay",
    "error",
    "pending",
    "duplicate-answer",
    "reorder",
    "drop-socket",
    "round-trip",
    "stale",
]
KINDS: tuple[str, ...] = get_args(Kind)
_TIMED = ("delay-request", "delay", "pending", "drop-socket", "round-trip", "stale")
PENDING = frozenset({"CancelOrder", "CancelAll"})
"""The endpoints whose answer may say so."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)")


@dataclass(frozen=True, slots=True)
class Fault:
    """One declared fault. probability: per request or event. count: how often it may still strike, None for ever."""

    kind: Kind
    probability: float = 1.0
    duration_s: float = 0.0
    words: str = ""
    endpoint: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens to one request."""

    lose_request: bool = False
    delay_request_s: float = 0.0
    error: str = ""
    pending_s: float = 0.0
    delay_answer_s: float = 0.0
    lose_answer: bool = False


def parse_faults(text: str) -> tuple[Fault, ...]:
    """The faults of a declaration; empty for none. Raises ValueError naming the part that does not fit."""
    return tuple(_parse(part.strip()) for part in text.split(",") if part.strip())


def _parse(part: str) -> Fault:
    name, _, rest = part.partition(":")
    kind, _, endpoint = name.partition("@")
    if kind not in KINDS:
        raise ValueError(f"fault {part!r}: {kind!r} is not one of {', '.join(KINDS)}")
    fault = Fault(kind=kind, endpoint=endpoint or None)  # type: ignore[arg-type]
    if kind in _TIMED:
        length, _, rest = rest.partition(":")
        fault = replace(fault, duration_s=_seconds(length, part))
    elif kind == "error":
        words, _, last = rest.rpartition(":")
        if not _is_number(last):
            words, last = rest, ""
        if not re.fullmatch(r"[EW][A-Z][A-Za-z]*:.+", words):
            raise ValueError(f"fault {part!r}: an error reads like `EService:Unavailable`, got {words!r}")
        fault, rest = replace(fault, words=words), last
    if kind == "round-trip" and (rest or endpoint):
        raise ValueError(f"fault {part!r}: a round trip is before everything, always")
    if rest:
        fault = replace(fault, probability=_probability(rest, part))
    return fault


def _seconds(text: str, part: str) -> float:
    match = _DURATION.fullmatch(text)
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"fault {part!r}: expected a duration like 250ms, 2s or 5m, got {text!r}")
    return float(match[1]) * _UNITS[match[2]]


def _probability(text: str, part: str) -> float:
    if not _is_number(text) or not 0 <= float(text) <= 1:
        raise ValueError(f"fault {part!r}: expected a probability from 0 to 1, got {text!r}")
    return float(text)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


class Faults:
    """The faults in force, drawn from a generator of their own so that the market is not disturbed by them."""

    def __init__(self, declared: tuple[Fault, ...] = (), seed: int = 0) -> None:
        self._declared = list(declared)
        self._random = random.Random(seed)

    def begin_anew(self, seed: int) -> None:
        """Draw from another seed, that of a world that goes on."""
        self._random = random.Random(seed)

    @property
    def declared(self) -> tuple[Fault, ...]:
        return tuple(self._declared)

    def declare(self, faults: tuple[Fault, ...]) -> None:
        """Replace all faults."""
        self._declared = list(faults)

    def strike_next(self, faults: tuple[Fault, ...], count: int = 1) -> None:
        """Commit these faults on the next `count` occasions, on top of what is declared."""
        self._declared += [replace(fault, count=count) for fault in faults]

    def plan(self, endpoint: str) -> Plan:
        """What happens to a request to `endpoint`."""
        return Plan(
            lose_request=self._strikes("lose-request", endpoint) is not None,
            delay_request_s=self._duration("delay-request", endpoint),
            error=fault.words if (fault := self._strikes("error", endpoint)) else "",
            pending_s=self._duration("pending", endpoint) if endpoint in PENDING else 0.0,
            delay_answer_s=self._duration("delay", endpoint),
            lose_answer=self._strikes("lose-answer", endpoint) is not None,
        )

    def event_is(self, kind: Literal["duplicate-answer", "reorder"], channel: str) -> bool:
        """Whether the next event on a channel is to be doubled or held back."""
        return self._strikes(kind, channel) is not None

    @property
    def stale_s(self) -> float:
        """How far REST lags behind, in paper seconds."""
        return max((fault.duration_s for fault in self._declared if fault.kind == "stale"), default=0.0)

    @property
    def one_way_s(self) -> float:
        """Real seconds that a message is on its way in one direction."""
        return max((fault.duration_s for fault in self._declared if fault.kind == "round-trip"), default=0.0) / 2

    def next_socket_drop_s(self) -> float | None:
        """Real seconds until the sockets break, drawn anew each time; None when they are not to."""
        mean = min((fault.duration_s for fault in self._declared if fault.kind == "drop-socket"), default=None)
        return None if mean is None else self._random.expovariate(1 / mean)

    def _duration(self, kind: Kind, endpoint: str) -> float:
        fault = self._strikes(kind, endpoint)
        return fault.duration_s if fault else 0.0

    def _strikes(self, kind: Kind, endpoint: str) -> Fault | None:
        for at, fault in enumerate(self._declared):
            if fault.kind != kind or fault.endpoint not in (None, endpoint):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            if fault.count is not None:
                if fault.count <= 1:
                    del self._declared[at]
                else:
                    self._declared[at] = replace(fault, count=fault.count - 1)
            return fault
        return None
