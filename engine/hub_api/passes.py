"""Who may read what: a user signs a pass once, and shows it with each reading until it ends."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Protocol

from engine.core.clock import Clock

LONGEST_S = 86_400.0
MOST_KNOWN = 10_000
_PASS = re.compile(r"Pass ([1-9][0-9]{8,11})\.(0x[0-9a-fA-F]{130})")


class NotProved(Exception):
    """It was not shown that the user wants this; the text says what was expected."""


class Wallets(Protocol):
    """What wallets sign, and who has signed it; a domain names the contract and its chain."""

    def rebalance_request(self, user: str, token_id: int, amount: int, idempotency_key: str) -> bytes: ...

    def payment(self, payer: str, payee: str, token_id: int, amount: int, idempotency_key: str) -> bytes: ...

    def read_pass(self, user: str, valid_until_s: int) -> bytes: ...

    def typed_data(self, name: str, message: Mapping[str, Any]) -> dict[str, Any]: ...

    def signer(self, digest: bytes, signature: str) -> str | None:
        """The entity whose one signer made the signature; None when it is none."""
        ...


class Passes:
    """Passes that were seen are not verified again."""

    def __init__(self, wallets: Wallets, clock: Clock) -> None:
        self._wallets = wallets
        self._clock = clock
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def check(self, user: str, header: str | None) -> None:
        """Raises NotProved."""
        found = _PASS.fullmatch(header or "")
        if found is None:
            raise NotProved("expected the header `Authorization: Pass VALID_UNTIL.SIGNATURE`")
        valid_until, signature = int(found[1]), found[2]
        now_s = self._clock.now()
        if not now_s < valid_until <= now_s + LONGEST_S:
            raise NotProved(f"expected a pass that ends within {LONGEST_S:.0f} s from now")
        if (user, found[0]) in self._known:
            return
        if self._wallets.signer(self._wallets.read_pass(user, valid_until), signature) != user:
            raise NotProved("the pass is not signed by this user")
        self._known[user, found[0]] = None
        while len(self._known) > MOST_KNOWN:
            self._known.popitem(last=False)
