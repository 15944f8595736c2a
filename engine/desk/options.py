"""What concerns the program as a whole, and the list of all sections."""

from __future__ import annotations

from engine.core.modes import Mode
from engine.core.options import Options, Risk, option
from engine.governor.options import GovernorOptions
from engine.grid.options import GridOptions
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


SECTIONS: tuple[type[Options], ...] = (DeskOptions, GovernorOptions, GridOptions, VenueOptions, PaperOptions)
