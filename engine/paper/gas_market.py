"""What gas costs on the paper chain: a base fee that wanders around a mean and spikes now and then."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from engine.paper.anvil import Node

GWEI = 10**9


@dataclass(frozen=True, slots=True)
class GasMarketConfig:
    """mean_gwei: where the base fee returns to. volatility: standard deviation of its relative change in one step.
    A spike comes every `spike_every` steps, 0 for none, and lasts `spike_steps`; its height is `spike_gwei`, or where
    that is 0, `spike_factor` times the base fee before. Up and down take `spike_ramp_steps` each."""

    seed: int = 1
    mean_gwei: float = 15.0
    volatility: float = 0.05
    pull: float = 0.05
    spike_every: int = 0
    spike_steps: int = 15
    spike_factor: float = 12.0
    spike_gwei: float = 0.0
    spike_ramp_steps: int = 0


class GasMarket:
    """Sets the base fee of the next block at each step. Calls block."""

    def __init__(self, node: Node, config: GasMarketConfig) -> None:
        self._node = node
        self._config = config
        self._random = random.Random(config.seed)
        self._log = math.log(config.mean_gwei)
        self._steps = 0
        self._fixed_gwei: float | None = None

    @property
    def base_fee_gwei(self) -> float:
        """Of the next block."""
        if self._fixed_gwei is not None:
            return self._fixed_gwei
        config = self._config
        calm = math.exp(self._log)
        height = config.spike_gwei or calm * config.spike_factor
        return float(calm * (height / calm) ** self._spike_ratio())

    def fix(self, gwei: float | None) -> None:
        """Hold the base fee there from the next step on; None lets it wander again."""
        self._fixed_gwei = gwei

    def step(self) -> None:
        """Wander, and tell the node."""
        config = self._config
        self._steps += 1
        self._log += config.pull * (math.log(config.mean_gwei) - self._log)
        self._log += self._random.gauss(0.0, config.volatility)
        self._node.ask("anvil_setNextBlockBaseFeePerGas", hex(round(self.base_fee_gwei * GWEI)))

    def _spike_ratio(self) -> float:
        """How much of a spike there is now, 0 to 1."""
        config = self._config
        if not config.spike_every:
            return 0.0
        into = self._steps % config.spike_every - (config.spike_every - config.spike_steps)
        nearer_edge = min(into + 1, config.spike_steps - into)
        return max(0.0, min(1.0, nearer_edge / (config.spike_ramp_steps + 1)))
