"""Who is calling: Kraken's API-Sign, rising nonces, permissions of a key, and tokens for the private socket.

Source: Kraken "Spot REST authentication" and "API key permissions". Kraken signs
HMAC-SHA512(path + SHA256(nonce + body)) with the base64-decoded secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.paper import errors
from engine.paper.config import LOOPBACK, ApiKey
from engine.paper.errors import KrakenError

TOKEN_LIFE_S = 900.0
NONCE_UNITS = (10**9, 10**6, 1000)
SOME_TIME_S = 1_000_000_000
"""A time that every nonce made of a clock is later than."""

_TRADES = frozenset({"query-open-trades", "query-closed-trades"})
_CANCEL = frozenset({"modify-trades", "close-trades"})
NEEDS_ONE_OF: dict[str, frozenset[str]] = {
    "Balance": frozenset({"query-funds"}),
    "BalanceEx": frozenset({"query-funds"}),
    "TradeBalance": frozenset({"query-funds"}),
    "TradeVolume": frozenset({"query-funds"}),
    "OpenOrders": frozenset({"query-open-trades"}),
    "ClosedOrders": frozenset({"query-closed-trades"}),
    "QueryOrders": _TRADES,
    "TradesHistory": _TRADES,
    "QueryTrades": _TRADES,
    "AddOrder": frozenset({"modify-trades"}),
    "AmendOrder": _CANCEL,
    "CancelOrder": _CANCEL,
    "CancelOrderBatch": _CANCEL,
    "CancelAll": _CANCEL,
    "CancelAllOrdersAfter": _CANCEL,
    "GetWebSocketsToken": frozenset({"create-ws-token"}),
}


def signature(secret: str, path: str, nonce: str, body: bytes) -> str:
    """The value of API-Sign for a request. secret: base64. path: from `/0/` on."""
    inner = hashlib.sha256(nonce.encode() + body).digest()
    return base64.b64encode(hmac.digest(base64.b64decode(secret), path.encode() + inner, "sha512")).decode()


@dataclass(slots=True)
class KeyState:
    """A key, and what the exchange remembers of its use (`last_used_s`: epoch seconds).

    dead: the words it is refused with, empty while it lives. valid_until_s: epoch seconds, 0 for ever. ip_allowlist:
    where it may be used from, empty for anywhere.
    """

    api_key: ApiKey
    nonce: int = 0
    last_used_s: float = 0.0
    dead: str = ""
    valid_until_s: float = 0.0
    ip_allowlist: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.valid_until_s = self.api_key.valid_until_s
        self.ip_allowlist = self.api_key.ip_allowlist

    def refusal(self, now_s: float) -> str:
        """The words that everything under this key is refused with, empty while it is good."""
        expired = bool(self.valid_until_s) and now_s >= self.valid_until_s
        elsewhere = bool(self.ip_allowlist) and not set(LOOPBACK) & set(self.ip_allowlist)
        return self.dead or (errors.INVALID_KEY if expired or elsewhere else "")

    def use_up_nonces(self, seconds: float) -> None:
        """Another program sent a nonce so far ahead; nonces are times, in the unit that the key's last one shows."""
        unit = next((unit for unit in NONCE_UNITS if self.nonce >= unit * SOME_TIME_S), 1)
        self.nonce = (self.nonce or int(SOME_TIME_S)) + int(seconds * unit)

    def require(self, method: str) -> None:
        """Refuse what the key may not do. Raises KrakenError."""
        needs = NEEDS_ONE_OF.get(method)
        if needs and not needs & set(self.api_key.permissions):
            raise KrakenError(errors.PERMISSION)


@dataclass(slots=True)
class KeyRing:
    """The account's keys and the socket tokens they were given. Tokens live 15 minutes of real time, as clients
    measure it, and as long as a connection that has used them.
    """

    keys: dict[str, KeyState] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, keys: Iterable[ApiKey]) -> KeyRing:
        """Raises ValueError when a secret is not base64."""
        ring = cls({key.key: KeyState(key) for key in keys})
        for state in ring.keys.values():
            try:
                base64.b64decode(state.api_key.secret, validate=True)
            except binascii.Error:
                raise ValueError(f"the secret of key {state.api_key.name!r} is not base64") from None
        return ring

    def check(self, key: str, sign: str, path: str, nonce: str, body: bytes, now_s: float) -> KeyState:
        """The key that signed this request; its nonce is used up. Raises KrakenError."""
        state = self.keys.get(key)
        if state is None:
            raise KrakenError(errors.INVALID_KEY)
        if refusal := state.refusal(now_s):
            raise KrakenError(refusal)
        expected = signature(state.api_key.secret, path, nonce, body)
        if not hmac.compare_digest(expected.encode(), sign.encode()):
            raise KrakenError(errors.INVALID_SIGNATURE)
        if not nonce.isdecimal() or int(nonce) <= state.nonce:
            raise KrakenError(errors.INVALID_NONCE)
        state.nonce = int(nonce)
        state.last_used_s = now_s
        return state

    def in_use(self) -> KeyState | None:
        """The first key that is not dead."""
        return next((state for state in self.keys.values() if not state.dead), next(iter(self.keys.values()), None))

    def rotate(self) -> str:
        """The key in use dies, so that the next one is; returns what there is to say of it."""
        alive = [state for state in self.keys.values() if not state.dead]
        if len(alive) < 2:
            return "there is no other key"
        alive[0].dead = errors.INVALID_KEY
        return f"{alive[0].api_key.name} -> {alive[1].api_key.name}"

    def issue_token(self, state: KeyState, monotonic_s: float) -> str:
        """A token for the private socket."""
        self._tokens = {token: (key, until) for token, (key, until) in self._tokens.items() if until > monotonic_s}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = (state.api_key.key, monotonic_s + TOKEN_LIFE_S)
        return token

    def owner_of(self, token: object, monotonic_s: float, now_s: float) -> KeyState:
        """The key a token was given to. Raises KrakenError when there is none, it has run out, or the key is dead."""
        key, until = self._tokens.get(token, ("", 0.0)) if isinstance(token, str) else ("", 0.0)
        if until <= monotonic_s or self.keys[key].refusal(now_s):
            raise KrakenError(errors.INVALID_SESSION)
        return self.keys[key]
