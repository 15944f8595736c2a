"""What is in force at the exchange besides its rules: its status, the pair's, lockouts, answers that are no JSON.

Each condition has a name, a value and, where it ends by itself, the paper time of its end.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.paper import errors
from engine.paper.errors import KrakenError
from engine.paper.orders import NewOrder

Condition = Literal["status", "pair-status", "lockout", "html", "text", "hang", "mute", "silence", "second-program"]
STILL = frozenset({"cancel_only", "post_only", "maintenance"})
"""Statuses in which nothing is matched."""

_HTML = (
    "<html>\r\n<head><title>{status} Error</title></head>\r\n"
    "<body>\r\n<center><h1>{status} Error</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class StatusChange:
    """The system's status is another one."""

    system: str


@dataclass(slots=True)
class Conditions:
    """Names of what is in force with their values; `until_s` has those that end by themselves, in epoch seconds."""

    in_force: dict[Condition, str] = field(default_factory=dict)
    until_s: dict[Condition, float] = field(default_factory=dict)

    def begin(self, name: Condition, value: str, until_s: float | None) -> None:
        """From now on it is so, whatever was before."""
        self.end(name)
        self.in_force[name] = value
        if until_s is not None:
            self.until_s[name] = until_s

    def end(self, name: Condition) -> None:
        self.in_force.pop(name, None)
        self.until_s.pop(name, None)

    def next_end(self) -> tuple[float, Condition] | None:
        """When what ends by itself next."""
        return min(((at_s, name) for name, at_s in self.until_s.items()), default=None)

    @property
    def system_status(self) -> str:
        return self.in_force.get("status", "online")

    @property
    def pair_status(self) -> str:
        """The pair's own status; the system's is apart from it."""
        return self.in_force.get("pair-status", "online")

    @property
    def matches(self) -> bool:
        return not STILL & {self.system_status, self.pair_status}

    def page(self) -> tuple[int, str, str] | None:
        """HTTP status, content type and text of an answer that is none; None while REST answers as it should."""
        if (status := self.in_force.get("html")) is not None:
            return int(status), "text/html", _HTML.format(status=status)
        if (status := self.in_force.get("text")) is not None:
            return int(status), "text/plain", f"error code: {status}"
        return None

    def admit(self) -> None:
        """Whether private requests are taken at all. Raises KrakenError."""
        if "lockout" in self.in_force:
            raise KrakenError(errors.LOCKOUT)

    def admit_order(self, new: NewOrder) -> None:
        """Whether such an order may come now. Raises KrakenError."""
        self.admit_change(post_only=new.post_only)
        if new.type == "market" and "limit_only" in (self.system_status, self.pair_status):
            raise errors.market_in("limit_only")

    def admit_change(self, *, post_only: bool) -> None:
        """Whether an order may be placed or amended now. Raises KrakenError."""
        self.admit_cancel()
        modes = (self.system_status, self.pair_status)
        if "cancel_only" in modes:
            raise errors.market_in("cancel_only")
        if "reduce_only" in modes:
            raise errors.market_in("reduce_only")
        if "post_only" in modes and not post_only:
            raise errors.market_in("post_only")

    def admit_cancel(self) -> None:
        """Whether an order may be cancelled now. Raises KrakenError."""
        if self.system_status == "maintenance":
            raise KrakenError(errors.UNAVAILABLE)

    def saved(self) -> dict[str, Any]:
        """What a world that goes on needs, as JSON types."""
        return {"in_force": dict(self.in_force), "until_s": dict(self.until_s)}

    def resume(self, saved: dict[str, Any]) -> None:
        """Go on from what `saved` gave."""
        self.in_force, self.until_s = dict(saved["in_force"]), dict(saved["until_s"])
