"""What final blocks brought: accounts as the chain has them, and which of the hub's batches were carried out."""

from __future__ import annotations

from collections.abc import Container, Iterable

from engine.hub.opening import Opening, as_on_chain
from engine.hub.ports import AccountOnChain, Chain, ChainLook, Settled
from engine.hub.remembered import Change, Remembered

BATCHES_KEPT = 50
ACCOUNTS_AT_ONCE = 1_000
"""More would hold the loop for longer than a frame of the panel may take."""


class Intake:
    """Reads the contract's log block by block. How far it was read is remembered last: accounts are taken as the chain
    has them, so that reading them again after a crash does no harm."""

    def __init__(self, chain: Chain, held: Remembered, opening: Opening, token_ids: Container[int]) -> None:
        self._chain = chain
        self._held = held
        self._opening = opening
        self._token_ids = token_ids

    async def take_in(self, look: ChainLook) -> None:
        """Up to the newest final block. Raises ChainUnavailable."""
        if self._held.scanned_block is None:
            async with self._held.changing() as change:
                change.set("scanned_block", look.final_block)
        while (since := self._held.scanned_block or 0) < look.final_block:
            found = await self._chain.settled(since, look.final_block)
            if not found.accounts and not found.batches:
                self._held.scanned_block = found.upto_block  # nothing to remember: reading it again does no harm
                continue
            most = max(0, len(found.accounts) - 1) // ACCOUNTS_AT_ONCE * ACCOUNTS_AT_ONCE
            for first in range(0, most, ACCOUNTS_AT_ONCE):
                async with self._held.changing() as change:
                    self._take_accounts(change, found.accounts[first : first + ACCOUNTS_AT_ONCE])
            async with self._held.changing() as change:
                self._take_accounts(change, found.accounts[most:])
                self._take_batches(change, found)

    def _take_accounts(self, change: Change, accounts: Iterable[AccountOnChain]) -> None:
        for one in accounts:
            if one.token_id in self._token_ids:
                before = change.account(one.user, one.token_id) or self._opening.fresh(one.user, one.token_id)
                change.set_account(one.user, one.token_id, as_on_chain(before, one))

    def _take_batches(self, change: Change, found: Settled) -> None:
        batches = {**change.get("batches"), **found.batches}
        change.set("batches", dict(sorted(batches.items())[-BATCHES_KEPT:]))
        change.set("scanned_block", found.upto_block)
