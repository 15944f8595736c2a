"""What final blocks brought: accounts as the chain has them, and which of the hub's batches were carried out."""

from __future__ import annotations

from collections.abc import Container

from engine.hub.opening import Opening, as_on_chain
from engine.hub.ports import Chain, ChainLook, Settled
from engine.hub.remembered import Change, Remembered

BATCHES_KEPT = 50


class Intake:
    """Reads the contract's log block by block, once; what it brought is remembered in the same commit as how far."""

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
            async with self._held.changing() as change:
                self._remember(change, found)

    def _remember(self, change: Change, found: Settled) -> None:
        for one in found.accounts:
            if one.token_id in self._token_ids:
                before = change.account(one.user, one.token_id) or self._opening.fresh(one.user, one.token_id)
                change.set_account(one.user, one.token_id, as_on_chain(before, one))
        batches = {**change.get("batches"), **found.batches}
        change.set("batches", dict(sorted(batches.items())[-BATCHES_KEPT:]))
        change.set("scanned_block", found.upto_block)
