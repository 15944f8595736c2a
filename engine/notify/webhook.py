"""Posts alerts to an address of the operator's own, signed, and again until it is taken (drift spec 17).

A delivery is a POST of JSON with two headers: `Evenkeel-Delivery`, the same for each attempt, so that a receiver can
leave out what it has; and `Evenkeel-Signature: t=SECONDS,v1=HEX`, the HMAC-SHA256 under the shared secret of
`SECONDS.BODY`. Whoever checks it also refuses a time that is far from now.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from engine.core.clock import Clock
from engine.core.gate import Delivered, Gate, HeldBack, Intent, NoAnswer, Rejection
from engine.core.messages import Reason, plain
from engine.core.modes import Exposure
from engine.core.secrets import Secret

ENGINE, TELL = "notify", "notify.webhook"
DELIVERY, SIGNATURE = "Evenkeel-Delivery", "Evenkeel-Signature"
MOST_WAITING = 100
ATTEMPTS = 6
FIRST_DELAY_S, LONGEST_DELAY_S = 2.0, 300.0
DEADLINE_S = 10.0

_log = logging.getLogger(__name__)


class WebhookRefused(ValueError):
    """An address that alerts are not sent to; the text does not hold it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. id: the same for ever; kind: a word for the receiver; about: as JSON types."""

    id: str
    kind: str
    about: dict[str, Any]
    at_s: float


@dataclass(frozen=True, slots=True)
class Told(Reason, code="notify.told"):
    """The notice `id` is told, for the `attempt`-th time."""

    id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ReceiverSaid(Reason, code="notify.receiver_said"):
    """What came back: a status of HTTP, or what kind of failure."""

    words: str


class Webhook:
    """`put` what is to be told; `run` tells it, one after the other. address: https, or http on this machine alone.

    kind: of its intents; two webhooks behind one gate have one each.
    """

    def __init__(
        self,
        address: str,
        secret: Secret,
        gate: Gate,
        clock: Clock,
        *,
        kind: str = TELL,
        first_delay_s: float = FIRST_DELAY_S,
    ) -> None:
        _check(address)
        self._kind = kind
        self._address = address
        self._secret = secret
        self._gate = gate
        self._clock = clock
        self._first_delay_s = first_delay_s
        self._waiting: deque[Notice] = deque()
        self._arrived = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None
        gate.connect(kind, self._post)

    def put(self, notice: Notice) -> None:
        """Tell it soon. With too many waiting the oldest is left out, and the log says so."""
        if len(self._waiting) >= MOST_WAITING:
            left_out = self._waiting.popleft()
            _log.error("the webhook is %d notices behind; %s is not told", MOST_WAITING, left_out.id)
        self._waiting.append(notice)
        self._arrived.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE_S)) as session:
            self._session = session
            while True:
                await self._arrived.wait()
                while self._waiting:
                    await self._tell(self._waiting.popleft())
                self._arrived.clear()

    async def _tell(self, notice: Notice) -> None:
        delay_s = self._first_delay_s
        for attempt in range(1, ATTEMPTS + 1):
            outcome = await self._gate.send(
                Intent(
                    key=f"notice/{notice.id}/{notice.at_s:.3f}/{attempt}",
                    engine=ENGINE,
                    kind=self._kind,
                    exposure=Exposure.TELLS,
                    payload=notice,
                    reason=Told(notice.id, attempt),
                )
            )
            if isinstance(outcome, Delivered):
                return
            if isinstance(outcome, HeldBack):
                _log.warning("notice %s was held back: %s", notice.id, plain(outcome.reason))
                return
            _log.warning("notice %s was not taken (attempt %d): %s", notice.id, attempt, plain(outcome.reason))
            if attempt < ATTEMPTS:
                await self._clock.sleep(delay_s)
                delay_s = min(2 * delay_s, LONGEST_DELAY_S)
        _log.error("notice %s was not taken in %d attempts and is given up; it is in the journal", notice.id, ATTEMPTS)

    async def _post(self, intent: Intent) -> str:
        """The port. Raises Rejection when the receiver refuses, NoAnswer when it is not known what it did."""
        notice: Notice = intent.payload
        assert self._session is not None
        body = json.dumps({"id": notice.id, "kind": notice.kind, "at_s": notice.at_s, "about": notice.about})
        headers = {
            "Content-Type": "application/json",
            DELIVERY: notice.id,
            SIGNATURE: signature(self._secret, body, int(self._clock.now())),
        }
        try:
            async with self._session.post(
                self._address, data=body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NoAnswer(ReceiverSaid(type(error).__name__)) from None
        if 200 <= status < 300:
            return f"HTTP {status}"
        raise Rejection(ReceiverSaid(f"HTTP {status}"))


def signature(secret: Secret, body: str, now_s: int) -> str:
    """The value of the signature's header."""
    signed = hmac.new(secret.reveal().encode(), f"{now_s}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={now_s},v1={signed}"


def _check(address: str) -> None:
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "localhost", "::1")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise WebhookRefused("a webhook's address begins with https:// (or http:// on this machine) and names a host")
