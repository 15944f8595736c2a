"""All accounts of the hub, and an index of whose collateral could be pulled (hub spec 3).

Rows are bytes: the garbage collector never walks a table of those, so that a million of them stop nobody's window, and
a change touches one piece of memory. The index is brought up to date from what changed; `audit` looks at everything and
must agree with it.
"""

from __future__ import annotations

import marshal
from collections.abc import Collection, Iterator

from engine.hub.accounts import Account, pullable_of

AUDITED_AT_ONCE = 1000
_SHELF_BITS = 4


class Shelves:
    """Amounts by user, on shelves by size: sixteen for each power of two. A change costs the same however many there
    are, and the largest are found from the top, within a sixteenth of their order."""

    def __init__(self) -> None:
        self.amounts: dict[str, int] = {}
        self.total = 0
        self._shelves: dict[int, dict[str, None]] = {}

    def set(self, user: str, amount: int) -> None:
        """0 takes the user off."""
        before = self.amounts.get(user, 0)
        if amount == before:
            return
        self.total += amount - before
        old, new = _shelf(before), _shelf(amount)
        if before and old != new:
            shelf = self._shelves[old]
            del shelf[user]
            if not shelf:
                del self._shelves[old]
        if amount:
            self.amounts[user] = amount
            if old != new:
                self._shelves.setdefault(new, {})[user] = None
        else:
            del self.amounts[user]

    def largest(self, least: int) -> Iterator[tuple[str, int]]:
        """Users with `least` or more, the large ones first."""
        for shelf in sorted(self._shelves, reverse=True):
            for user in self._shelves[shelf]:
                amount = self.amounts[user]
                if amount >= least:
                    yield user, amount
            if shelf < _shelf(least):
                return


class AccountBook:
    """Accounts by token and user, an entity id as hex. What `put` changes is in the index after `index_changes`."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[str, bytes]] = {}
        self._pullable: dict[int, Shelves] = {}
        self._changed: dict[int, dict[str, bytes]] = {}

    def __len__(self) -> int:
        return sum(len(rows) for rows in self._rows.values())

    def count(self, token_id: int) -> int:
        """How many accounts have the token."""
        return len(self._rows.get(token_id, ()))

    def get(self, user: str, token_id: int) -> Account | None:
        row = self._rows.get(token_id, {}).get(user)
        return None if row is None else _unpacked(row)

    def put(self, user: str, token_id: int, account: Account) -> None:
        rows = self._rows.get(token_id)
        if rows is None:
            rows = self._rows[token_id] = {}
            self._pullable[token_id], self._changed[token_id] = Shelves(), {}
        rows[user] = self._changed[token_id][user] = _packed(account)

    def index_changes(self) -> int:
        """Bring the index up to date; returns how many accounts had changed."""
        count = 0
        for token_id, changed in self._changed.items():
            shelves = self._pullable[token_id]
            for user, row in changed.items():
                shelves.set(user, _pullable(row))
            count += len(changed)
            changed.clear()
        return count

    def largest_pullable(self, token_id: int, least: int, most: int, leave: Collection[str]) -> list[tuple[str, int]]:
        """Up to `most` users whose collateral the hub could have back, each `least` base units or more; not `leave`."""
        found: list[tuple[str, int]] = []
        shelves = self._pullable.get(token_id)
        if shelves is None or most < 1:
            return found
        for user, amount in shelves.largest(max(1, least)):
            if user not in leave:
                found.append((user, amount))
                if len(found) == most:
                    break
        return found

    def total_pullable(self, token_id: int) -> int:
        shelves = self._pullable.get(token_id)
        return 0 if shelves is None else shelves.total

    def audit(self) -> Iterator[int]:
        """Hold every account against the index, so many at a time; each step yields how many differed in it.

        Between steps accounts may change: what the index was not told of yet is left out.
        """
        for token_id in list(self._rows):
            rows, changed = self._rows[token_id], self._changed[token_id]
            amounts = self._pullable[token_id].amounts
            users = list(rows)
            for start in range(0, len(users), AUDITED_AT_ONCE):
                yield sum(
                    amounts.get(user, 0) != _pullable(rows[user]) and user not in changed
                    for user in users[start : start + AUDITED_AT_ONCE]
                )
            # The other way round: an entry without an account. Accounts are never taken out.
            yield sum(1 for user in list(amounts) if user not in rows) if len(amounts) > len(rows) else 0
            total = self._pullable[token_id].total
            yield int(not changed and total != sum(amounts.values()))


def _shelf(amount: int) -> int:
    bits = amount.bit_length()
    return bits << _SHELF_BITS | (amount >> max(0, bits - 1 - _SHELF_BITS)) & 15


def _packed(account: Account) -> bytes:
    """What the index needs comes first. These bytes never leave this process."""
    return marshal.dumps(
        (
            account.hub_is_left,
            account.ondelta,
            account.offdelta,
            account.collateral,
            account.hub_hold,
            account.user_hold,
            account.user_credit,
            account.hub_credit,
            account.nonce,
        )
    )


def _unpacked(row: bytes) -> Account:
    return Account(*marshal.loads(row))


def _pullable(row: bytes) -> int:
    return pullable_of(*marshal.loads(row)[:5])
