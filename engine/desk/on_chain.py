"""Where a session acts on an EVM chain: the node, the keys, the contracts, the prices beside it.

PAPER starts a chain of its own; OBSERVE and LIVE talk to the node whose address is in the keyring.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.chain.deployments import DELEGATION_MANAGER, ENFORCERS, STANDING_ENFORCERS, UNISWAP_V2_ROUTERS, native_coin
from engine.chain.keys import LocalSigner
from engine.chain.options import ChainOptions
from engine.chain.portfolios import Contracts
from engine.chain.sender import Signer
from engine.core.modes import Mode
from engine.core.secrets import Secret, SecretStore
from engine.drift.book import BadPortfolio
from engine.drift.options import DriftOptions
from engine.drift.portfolios import Watched, watched
from engine.oracle.coingecko import PRO, PUBLIC

RPC, PRIVATE_RPC = "chain.rpc", "chain.private_rpc"
DELEGATE_KEY, OWNER_KEY = "drift.delegate_key", "drift.owner_key"
COINGECKO_KEY, WEBHOOK_SECRET = "coingecko.key", "drift.webhook_secret"
CHAIN_SECRETS = (RPC, PRIVATE_RPC, DELEGATE_KEY, OWNER_KEY, COINGECKO_KEY, WEBHOOK_SECRET)
PORTFOLIOS_FILE = "portfolios.toml"


class ChainNotSetUp(RuntimeError):
    """Something is missing that the operator has to give; the text says what and where."""


@dataclass(frozen=True, slots=True)
class OnChain:
    """private_rpc: where transactions go, when that is another node. owners: who signs, by account (in lower case)."""

    rpc: Secret
    private_rpc: Secret | None
    chain_id: int
    contracts: Contracts
    delegate: Signer
    owners: Mapping[str, LocalSigner]
    oracle: str
    oracle_key: Secret | None
    native_coin: str
    watched: Callable[[], Awaitable[Watched]]


class PortfolioFile:
    """`portfolios.toml`, read again when it has changed, in a thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._text = ""

    async def watched(self) -> Watched:
        """What it lists; nothing when it is not there. Raises BadPortfolio, each time until the file is right."""
        return watched(await asyncio.to_thread(self._read))

    def _read(self) -> str:
        try:
            now = self._path.stat()
        except FileNotFoundError:
            return ""
        stamp = (now.st_mtime_ns, now.st_size)
        if stamp != self._stamp:
            try:
                self._text = self._path.read_text("utf-8")
            except (OSError, UnicodeDecodeError) as error:
                raise BadPortfolio(f"{self._path.name}: {error}") from None
            self._stamp = stamp
        return self._text


async def public_chain(
    mode: Mode, vault: SecretStore, options: ChainOptions, drift: DriftOptions, file: PortfolioFile
) -> OnChain:
    """The chain of the operator's own node. Raises ChainNotSetUp, KeyringUnavailable."""
    rpc = await vault.read(RPC)
    if rpc is None:
        raise ChainNotSetUp(f"no node is known for chain {options.chain_id}: save its address on the Keys page")
    delegate_key = await vault.read(DELEGATE_KEY)
    if delegate_key is None:
        raise ChainNotSetUp("no key of the account that sends is known: save it on the Keys page")
    owner_key = await vault.read(OWNER_KEY) if mode is Mode.LIVE else None
    router = drift.uniswap_v2_router or UNISWAP_V2_ROUTERS.get(options.chain_id)
    if not router:
        raise ChainNotSetUp(f"no Uniswap V2 router is known for chain {options.chain_id}: set drift.uniswap_v2_router")
    oracle_key = await vault.read(COINGECKO_KEY)
    owner = None if owner_key is None else await LocalSigner.of(owner_key)
    try:
        accounts = [one.account.lower() for one in (await file.watched()).portfolios]
    except BadPortfolio as error:
        raise ChainNotSetUp(str(error)) from None
    return OnChain(
        rpc=rpc,
        private_rpc=await vault.read(PRIVATE_RPC),
        chain_id=options.chain_id,
        contracts=Contracts(DELEGATION_MANAGER, router, ENFORCERS, STANDING_ENFORCERS),
        delegate=await LocalSigner.of(delegate_key),
        owners={} if owner is None else dict.fromkeys(accounts, owner),
        oracle=PUBLIC if oracle_key is None else PRO,
        oracle_key=oracle_key,
        native_coin=native_coin(options.chain_id),
        watched=file.watched,
    )
