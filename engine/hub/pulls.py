"""What users who have spent are asked to sign back: proposed, approved, executed (hub spec 13). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from engine.hub.batch import Pull
from engine.hub.book import AccountBook


class PullState(Enum):
    """PROPOSED: waits for the user's signature. APPROVED: signed. IN_FLIGHT: a batch carries it. DROPPED: left out of a
    batch, and let go once no signed batch can carry it any more. EXECUTED: back in the reserve. WITHDRAWN: the hub's
    share was paid to the user before it was carried out. The rest ended."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    IN_FLIGHT = "in_flight"
    DROPPED = "dropped"
    EXECUTED = "executed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    FAILED = "failed"

    @property
    def open(self) -> bool:
        return self in (PullState.PROPOSED, PullState.APPROVED, PullState.IN_FLIGHT, PullState.DROPPED)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """One pull as the inbox has it. nonce: of the account, one for all of its tokens, so that a user has one open pull
    at a time. signature: the user's, 65 bytes as hex. sealed_nonce: of the newest signed batch that carries it. words:
    why it was left out."""

    id: str
    user: str
    token_id: int
    amount: int
    nonce: int
    made_at_s: float
    valid_until_s: float
    state: PullState = PullState.PROPOSED
    signature: str = ""
    sealed_nonce: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull that should be asked for, in base units."""

    user: str
    token_id: int
    amount: int


def pulls_wanted(
    book: AccountBook,
    lacking: Mapping[int, int],
    least: Mapping[int, int],
    leave: Collection[str],
    most: int,
) -> list[Wanted]:
    """The fewest pulls, largest first, that bring what the next batch lacks.

    lacking: base units by token, reserve and open pulls taken off. least: the smallest pull by token. leave: users who
    have an open pull, or did not sign one lately.
    """
    found: list[Wanted] = []
    left_alone = set(leave)
    for token_id, lack in lacking.items():
        for user, amount in book.largest_pullable(token_id, least.get(token_id, 1), most - len(found), left_alone):
            if lack <= 0:
                break
            found.append(Wanted(user, token_id, amount))
            left_alone.add(user)
            lack -= amount
    return found


def for_batch(pulls: Iterable[PullRequest]) -> list[Pull]:
    """What the choice of a batch needs of the open ones."""
    return [
        Pull(one.user, one.token_id, one.amount, one.state is PullState.APPROVED)
        for one in pulls
        if one.state in (PullState.PROPOSED, PullState.APPROVED)
    ]
