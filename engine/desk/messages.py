"""What the desk tells and is asked: status page, webhook, a paper exchange that ended, what an API key may do."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.messages import Command, Event, Reason, Snapshot
from engine.core.modes import Mode, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskNote(Event):
    """Something worth telling that belongs to no engine; grave when the session cannot do its work any more."""

    reason: Reason
    grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageSnapshot(Snapshot):
    """Where `GET /api/status` is answered: the port on 127.0.0.1, None while it is off; `why` says why not."""

    port: int | None
    why: Reason | None


@dataclass(frozen=True, slots=True)
class StatusPageOff(Reason, code="status_page_off"):
    """The option is 0."""


@dataclass(frozen=True, slots=True)
class StatusPageServed(Reason, code="status_page_served"):
    """Anyone on this machine can read the governor's status at this port."""

    port: int


@dataclass(frozen=True, slots=True)
class StatusPageRefused(Reason, code="status_page_refused"):
    """The system does not give this port: `error` in its words. The session goes on without the page."""

    port: int
    error: str


@dataclass(frozen=True, slots=True)
class PaperExchangeEnded(Reason, code="paper_exchange_ended"):
    """The process of the paper exchange ended by itself or was killed; negative codes are signals.

    kept: its world is in the profile and goes on at the next start.
    """

    exit_code: int
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LetHappen(Command):
    """Let something happen at the paper exchange, now or so long from now (`engine.paper.occurrences`)."""

    text: str


@dataclass(frozen=True, slots=True)
class HappeningRefused(Reason, code="happening_refused"):
    """The paper exchange cannot play this; `words` say what does not fit, or that it does not answer."""

    words: str


@dataclass(frozen=True, slots=True)
class WebhookNotReady(Reason, code="webhook_not_ready"):
    """Alerts cannot be posted to desk.webhook_url; `fault` says what is missing, without the address."""

    fault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKeyRights(Command):
    """Read from Kraken what the key in the keyring may do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRightsSnapshot(Snapshot):
    """What the exchange key in the keyring may do, under Kraken's names; `rights` is None where that is not known.

    why: what keeps LIVE from using it, None for nothing; or why its rights are not known.
    warnings: what a person should know of it all the same (it ends soon, works from some addresses alone).
    name: what a person called it at Kraken. valid_until_s, query_from_s, query_to_s, addresses: the bounds within which
    it works, None and empty where there is none.
    """

    rights: tuple[str, ...] | None
    can_query: bool = False
    can_trade: bool = False
    can_withdraw: bool = False
    why: Reason | None
    warnings: tuple[Reason, ...] = ()
    name: str = ""
    valid_until_s: float | None = None
    query_from_s: float | None = None
    query_to_s: float | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NoKeyKept(Reason, code="no_key_kept"):
    """The keyring has no key, or not both halves of it."""


@dataclass(frozen=True, slots=True)
class KeyRightsUnread(Reason, code="key_rights_unread"):
    """The keyring or the way to Kraken failed; `error` in their words."""

    error: str


@dataclass(frozen=True, slots=True)
class StopWouldCancel(Reason, code="stop_would_cancel"):
    """What Stop would do now."""

    open_orders: int


@dataclass(frozen=True, slots=True)
class PauseWouldHold(Reason, code="pause_would_hold"):
    """What Pause would do now."""


@dataclass(frozen=True, slots=True)
class ResumeWouldAct(Reason, code="resume_would_act"):
    """What Resume would do now."""

    mode: Mode


@dataclass(frozen=True, slots=True)
class AlreadyThere(Reason, code="already_there"):
    """The switch stands where it was asked to go, or is held by a Stop that only Resume lifts."""

    switch: Switch


@dataclass(frozen=True, slots=True)
class SessionEnds(Reason, code="session_ends"):
    """The session ends and takes all orders off the book, so none is placed."""


@dataclass(frozen=True, slots=True)
class OrdersStay(Reason, code="orders_stay"):
    """These orders stay at the exchange after the end. exits: recovery orders among them."""

    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class NothingRests(Reason, code="nothing_rests"):
    """The session leaves no order at the exchange."""
