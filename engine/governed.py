"""Where governor and grid meet: what the grid shows becomes an observation, the skew becomes a size.

Neither knows the other. The desk and the lab join them here, so that both run the same rules.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from engine.core.bus import Bus
from engine.core.modes import Switch
from engine.core.switch import MasterSwitch
from engine.governor.actuator import EntrySide, Funds, size_entry
from engine.governor.messages import CapacityBand
from engine.governor.options import GovernorOptions
from engine.governor.signal import Observation, doge_runway_floor, runway_floor
from engine.grid.entries import Sizing, SizingRequest
from engine.grid.messages import GridSnapshot


def observation(grid: GridSnapshot | None, options: GovernorOptions, *, master_on: bool) -> Observation | None:
    """What the governor is told of the grid; None before the grid has shown balances and a price."""
    if grid is None or grid.price is None:
        return None
    usd_floor, doge_floor = _floors(grid, options, grid.price)
    return Observation(
        observed_usd=grid.usd,
        usd_runway_floor=usd_floor,
        observed_doge=grid.doge,
        doge_runway_floor=doge_floor,
        capacity_band=CapacityBand(grid.band.value),
        master_on=master_on,
        resting_buy_usd=len(grid.slots) * grid.base_entry_usd,
        resting_sell_usd=len(grid.slots) * grid.base_entry_usd,
        entry_usd=grid.base_entry_usd,
        earning_ratio=max(_share(grid.quote_earning, grid.usd), _share(grid.base_earning, grid.doge)),
    )


def _share(earning: Decimal, tradable: Decimal) -> float:
    """The part of a currency that earns; 0 where there is none of it."""
    return float(earning / (earning + tradable)) if earning > 0 else 0.0


def sized(request: SizingRequest, grid: GridSnapshot | None, skew: float, options: GovernorOptions) -> Sizing:
    """The grid's sizing policy: the base, skewed as far as funds and runway allow."""
    if grid is None:
        return Sizing(request.base_usd, 0.0)
    usd_floor, doge_floor = _floors(grid, options, request.price)
    funds = Funds(
        available_usd=max(Decimal(0), request.free.usd),
        available_doge=max(Decimal(0), request.free.doge),
        total_usd=request.total.usd,
        total_doge=request.total.doge,
        usd_runway_floor=usd_floor,
        doge_runway_floor=doge_floor,
    )
    sizing = size_entry(
        EntrySide(request.trade.value),
        request.base_usd,
        skew,
        funds,
        request.price,
        options,
        min_volume_doge=request.minimum_quantity,
    )
    return Sizing(sizing.effective_usd, skew, sizing.reason)


class Governed:
    """A grid on a bus whose entry sizes a governor skews. `skew` returns the skew in force."""

    def __init__(
        self, bus: Bus, switch: MasterSwitch, options: Callable[[], GovernorOptions], skew: Callable[[], float]
    ) -> None:
        self._bus = bus
        self._switch = switch
        self._options = options
        self._skew = skew

    def observe(self) -> Observation | None:
        """What the governor is told now."""
        running = self._switch.position is Switch.RUNNING
        return observation(self._bus.latest(GridSnapshot), self._options(), master_on=running)

    def size(self, request: SizingRequest) -> Sizing:
        """The size of one entry."""
        return sized(request, self._bus.latest(GridSnapshot), self._skew(), self._options())


def _floors(grid: GridSnapshot, options: GovernorOptions, price: Decimal) -> tuple[Decimal, Decimal]:
    usd_floor = runway_floor(
        options.runway_floor,
        base_entry_usd=grid.base_entry_usd,
        slots=len(grid.slots),
        live_buy_orders_usd=grid.live_buy_orders_usd,
        next_entries_usd=grid.next_entries_usd,
        factor=options.runway_factor,
    )
    doge_floor = doge_runway_floor(
        options.runway_floor,
        base_entry_usd=grid.base_entry_usd,
        slots=len(grid.slots),
        live_sell_orders_doge=grid.live_sell_orders_doge,
        next_entries_usd=grid.next_entries_usd,
        factor=options.runway_factor,
        price=price,
    )
    return usd_floor, doge_floor
