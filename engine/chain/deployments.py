"""Where the contracts are on public chains.

MetaMask's delegation framework 1.3.0 has the same addresses on all 49 of its chains (npm
`@metamask/delegation-deployments` 2.0.0). Uniswap V2's router differs by chain (docs.uniswap.org, "V2 deployments");
another one is set in `drift.uniswap_v2_router`.
"""

from __future__ import annotations

from engine.chain.pinned import Enforcers
from engine.chain.standing import StandingEnforcers

DELEGATION_MANAGER = "0xdb9B1e94B5b69Df7e401DDbedE43491141047dB3"
ENFORCERS = Enforcers(
    exact_execution_batch="0x1e141e455d08721Dd5BCDA1BaA6Ea5633Afd5017",
    limited_calls="0x04658B29F6b82ed55274221a06Fc97D318E25416",
    timestamp="0x1046bb45C8d673d4ea75321280DB34899413c069",
    erc20_balance_change="0xcdF6aB796408598Cea671d79506d7D48E97a5437",
)
STANDING_ENFORCERS = StandingEnforcers(
    allowed_targets="0x7F20f61b1f09b08D970938F6fa563634d65c4EeB",
    allowed_methods="0x2c21fD0Cb9DC8445CB3fb0DC5E7Bb0Aca01842B5",
    allowed_calldata="0xc2b0d624c1c4319760C96503BA27C347F3260f55",
    limited_calls=ENFORCERS.limited_calls,
    timestamp=ENFORCERS.timestamp,
    erc20_balance_change=ENFORCERS.erc20_balance_change,
)
UNISWAP_V2_ROUTERS = {
    1: "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
    8453: "0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24",
    42161: "0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24",
    11155111: "0xeE567Fe1712Faf6149d80dA1E6934E354124CfE3",
}
ETHER = "ethereum"
_NATIVE_COINS = {56: "binancecoin", 97: "binancecoin", 100: "xdai", 137: "polygon-ecosystem-token"}


def native_coin(chain_id: int) -> str:
    """What gas is paid in, by CoinGecko's name."""
    return _NATIVE_COINS.get(chain_id, ETHER)
