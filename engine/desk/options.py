"""What concerns the program as a whole, and the list of all sections."""

from __future__ import annotations

import re
from enum import Enum
from typing import Self

from pydantic import model_validator

from engine.chain.options import ChainOptions
from engine.core.mirror_options import StoreOptions
from engine.core.modes import Mode
from engine.core.options import Options, Risk, option
from engine.drift.options import DriftOptions
from engine.governor.options import GovernorOptions
from engine.grid.options import GridOptions
from engine.hub.options import HubOptions
from engine.paper.options import PaperOptions
from engine.venue.options import VenueOptions


class Look(Enum):
    """Which look the panel has."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Language(Enum):
    """Which language the panel speaks."""

    SYSTEM = "system"
    ENGLISH = "en"
    GERMAN = "de"


class AtEnd(Enum):
    """What an end of the session does with orders that rest."""

    LEAVE = "leave"
    CANCEL_ENTRIES = "cancel_entries"
    CANCEL_ALL = "cancel_all"


class DeskOptions(Options, section="desk"):
    """How a session starts and ends, and how people are told."""

    mode: Mode = option(
        Mode.PAPER,
        restart=True,
        risk=Risk.ACCESS,
        text="The mode of a session when the command line names none; LIVE is confirmed by a person each time.",
    )
    stop_deadline_s: float = option(
        3.0, ge=0.5, le=60, unit="s", risk=Risk.TIMING, text="How long each engine may take to end when a session ends."
    )
    at_end: AtEnd = option(
        AtEnd.LEAVE,
        risk=Risk.LIMIT,
        text=(
            "What the end of a session does with orders that rest: leave them for the next start, take the entries "
            "off the book and leave exits, or take all of them off. What stays is said."
        ),
    )
    status_port: int = option(
        0,
        ge=0,
        le=65535,
        risk=Risk.ACCESS,
        text=(
            "Port on 127.0.0.1 at which other programs of this machine can read the governor's status "
            "(GET /api/status); 0 is off. Nothing can be changed there."
        ),
    )
    look: Look = option(Look.SYSTEM, risk=Risk.DISPLAY, text="Light, dark, or as the desktop has it.")
    language: Language = option(
        Language.SYSTEM,
        restart=True,
        risk=Risk.DISPLAY,
        text="The language of the panel: English, German, or as the system has it; English where it has another one.",
    )
    close_to_tray: bool = option(
        False,
        risk=Risk.DISPLAY,
        text=(
            "Closing the window leaves the program running in the tray, in PAPER and OBSERVE and where there is a "
            "tray. In LIVE closing the window always ends the program."
        ),
    )
    webhook_url: str = option(
        "",
        restart=True,
        risk=Risk.ACCESS,
        text=(
            "Where the alerts of every engine are posted to, signed with the secret desk.webhook_secret; empty for "
            "nowhere."
        ),
    )
    desktop_notices: bool = option(
        True, risk=Risk.DISPLAY, text="Show alerts as notifications of the desktop, where there is a tray."
    )
    quiet_from: str = option(
        "",
        unit="HH:MM",
        risk=Risk.DISPLAY,
        text="From this local time on desktop notifications are held; empty: never.",
    )
    quiet_to: str = option(
        "", unit="HH:MM", risk=Risk.DISPLAY, text="Until this local time desktop notifications are held."
    )
    quiet_lets_grave: bool = option(
        True, risk=Risk.DISPLAY, text="Grave alerts are shown as notifications during the quiet hours too."
    )

    @model_validator(mode="after")
    def _quiet_hours_are_times(self) -> Self:
        """Both or neither, each a time of the day."""
        for name, given in (("quiet_from", self.quiet_from), ("quiet_to", self.quiet_to)):
            if given and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", given):
                raise ValueError(f"{name} is a time like 22:30, got {given}")
        if bool(self.quiet_from) != bool(self.quiet_to):
            raise ValueError("the quiet hours need quiet_from and quiet_to both, or neither")
        return self


SECTIONS: tuple[type[Options], ...] = (
    DeskOptions,
    GovernorOptions,
    GridOptions,
    VenueOptions,
    ChainOptions,
    DriftOptions,
    HubOptions,
    PaperOptions,
    StoreOptions,
)
