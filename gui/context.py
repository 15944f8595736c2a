"""What the pages of the panel may use; the composition root makes it when the engines are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the first frame is painted before any of these is loaded
    from engine.core.bus import Bus
    from engine.core.clock import Clock
    from engine.core.configuration import Configuration
    from engine.core.modes import Mode
    from engine.core.secrets import SecretStore


@dataclass(frozen=True, slots=True)
class PanelContext:
    """One running session. `mode` is the mode that was asked for; what holds is in the acknowledged ModeSnapshot."""

    bus: Bus
    clock: Clock
    mode: Mode
    configuration: Configuration
    secrets: SecretStore
    profile: str
