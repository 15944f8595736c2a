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
    A spike comes every `spike_every` steps, lasts `spike_steps`, and multiplies by `spike_factor`; 0 for none."""

    seed: int = 1
    mean_gwei: float = 15.0
    volatility: float = 0.05
    pull: float = 0.05
    spike_every: int = 0
    spike_steps: int = 15
    spike_factor: float = 12.0


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
        spiking = config.spike_every and self._steps % config.spike_every >= config.spike_every - config.spike_steps
        return math.exp(self._log) * (config.spike_factor if spiking else 1.0)

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
