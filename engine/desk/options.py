"""What concerns the program as a whole, and the list of all sections."""

from __future__ import annotations

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


class DeskOptions(Options, section="desk"):
    """How a session starts and ends."""

    mode: Mode = option(
        Mode.PAPER,
        restart=True,
        risk=Risk.ACCESS,
        text="The mode of a session when the command line names none; LIVE is confirmed by a person each time.",
    )
    stop_deadline_s: float = option(
        3.0, ge=0.5, le=60, unit="s", risk=Risk.TIMING, text="How long each engine may take to end when a session ends."
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
