"""What errors do beside failing a request: a lockout is waited out, a dead key and words unknown are told once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.core.clock import Clock
from engine.core.gate import Rejection
from engine.core.messages import Reason
from engine.grid.ports import AccountTrouble, KeyDead, VenueRefused
from engine.venue.error_table import NONCE_WORDS, Advice, rule_of, throttled_until_s
from engine.venue.notices import Notices

_REMEMBERED = 1_000
_LONGEST_S = 3600.0


@dataclass(frozen=True, slots=True)
class UnknownWords(Reason, code="unknown_words"):
    """The exchange answers with an error that it does not document; what it was about is looked up."""

    words: str


class Refusals:
    """Hears every error of Kraken's and every answer of the account."""

    def __init__(self, clock: Clock, notices: Notices) -> None:
        self._clock = clock
        self._notices = notices
        self._closed_until_s = -math.inf
        self._closed_words = ""
        self._told: set[str] = set()
        self._dead = ""

    def check(self) -> None:
        """Raises Rejection while Kraken is known to refuse everything of the account: asking would prolong it."""
        left_s = self._closed_until_s - self._clock.now()
        if left_s > 0:
            raise Rejection(VenueRefused(self._closed_words, Advice.RETRY.value, left_s))

    def heard(self, errors: Sequence[str], *, reading: bool = False) -> None:
        """Kraken answered with these errors. reading: to a reading of the account, of which nobody else is told."""
        for words in errors:
            self._hear(words, reading)

    def closed(self, words: str, again_in_s: float) -> None:
        """Nothing of the account is asked for so long."""
        until_s = self._clock.now() + min(again_in_s, _LONGEST_S)
        if until_s > self._closed_until_s:
            self._closed_until_s, self._closed_words = until_s, words

    def answered(self) -> None:
        """The account was asked and answered, so the key lives; when it dies again it is told again."""
        self._dead = ""

    def _hear(self, words: str, reading: bool) -> None:
        rule = rule_of(words)
        if rule is None:
            self._tell_once(words, UnknownWords(words))
        elif rule.of_key:
            if not self._dead:
                self._dead = words
                self._tell(KeyDead(words), waits=True)
        elif reading and rule.advice is Advice.PERSON and rule.words != NONCE_WORDS:
            self._tell_once(words, VenueRefused(words, rule.advice.value))
        elif rule.again_in_s:
            self.closed(words, rule.again_in_s)
        elif (until_s := throttled_until_s(words)) is not None:
            self.closed(words, until_s - self._clock.now())

    def _tell_once(self, words: str, reason: Reason) -> None:
        if words not in self._told and len(self._told) < _REMEMBERED:
            self._told.add(words)
            self._tell(reason, waits=False)

    def _tell(self, reason: Reason, *, waits: bool) -> None:
        self._notices.tell(AccountTrouble(reason, self._clock.now(), waits=waits))
