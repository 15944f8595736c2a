"""One account of a hub and a user, and what each side holds of it (hub spec 1).

`delta = ondelta + offdelta` is what the left entity owns of the account: from 0 to the collateral it is secured, above
the collateral the right entity owes it, below 0 it owes the right entity. The smaller entity id is left, so every
formula depends on which side the hub is on; mirrored accounts must decide alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


class BadAccount(ValueError):
    """The account cannot be what it says it is."""


@dataclass(frozen=True, slots=True)
class Account:
    """One token of one account, in base units.

    hub_is_left: the hub's entity id is the smaller one. hub_hold, user_hold: what is promised of each side's: to a pull
    that was asked for, to a request that was accepted. user_credit, hub_credit: what each side may owe the other beyond
    the collateral. nonce: of the account's last settlement on chain, one for all of its tokens.
    """

    hub_is_left: bool
    ondelta: int
    offdelta: int
    collateral: int
    hub_hold: int = 0
    user_hold: int = 0
    user_credit: int = 0
    hub_credit: int = 0
    nonce: int = 0

    def __post_init__(self) -> None:
        if self.collateral < 0 or self.hub_hold < 0 or self.user_hold < 0:
            raise BadAccount(
                f"expected collateral and holds from 0 on, got {self.collateral}, {self.hub_hold}, {self.user_hold}"
            )

    @property
    def delta(self) -> int:
        return self.ondelta + self.offdelta

    @property
    def user_unsecured(self) -> int:
        """What the user holds at the hub and is not collateral yet: what a push can secure."""
        return max(0, -self.delta) if self.hub_is_left else max(0, self.delta - self.collateral)

    @property
    def user_free(self) -> int:
        """Of that, what no open payment has locked."""
        return max(0, self.user_unsecured - self.user_hold)

    @property
    def user_secured(self) -> int:
        """The user's own share of the collateral."""
        return self.collateral - self.hub_secured

    @property
    def hub_secured(self) -> int:
        """The hub's own share of the collateral."""
        left_share = min(max(0, self.delta), self.collateral)
        return left_share if self.hub_is_left else self.collateral - left_share

    @property
    def spendable(self) -> int:
        """What the user may pay now. A payment takes from what is unsecured first, so that while a request has some of
        that promised, only the rest of it can be paid; else all that is the user's, and the credit."""
        if self.user_hold:
            return self.user_free
        own = self.collateral - self.delta if self.hub_is_left else self.delta
        return max(0, own + self.user_credit)

    @property
    def receivable(self) -> int:
        """What the user may be paid now: while a pull is to take the hub's share, no more than the rest of that share;
        else until the hub owes all that it may."""
        own = self.delta if self.hub_is_left else self.collateral - self.delta
        return max(0, own - self.hub_hold if self.hub_hold else own + self.hub_credit)

    @property
    def pullable(self) -> int:
        """What a pull can take: never what is promised, never credit."""
        return pullable_of(self.hub_is_left, self.ondelta, self.offdelta, self.collateral, self.hub_hold)

    def pushed(self, amount: int) -> Account:
        """After `amount` went from the hub's reserve to collateral (R2C), as the contract does it."""
        return replace(
            self,
            collateral=self.collateral + amount,
            ondelta=self.ondelta + amount if self.hub_is_left else self.ondelta,
        )

    def pulled(self, amount: int) -> Account:
        """After `amount` went from collateral to the hub's reserve (C2R). Raises BadAccount when it may not."""
        if amount > self.pullable:
            raise BadAccount(f"expected at most {self.pullable} to be pulled, got {amount}")
        return replace(
            self,
            collateral=self.collateral - amount,
            ondelta=self.ondelta - amount if self.hub_is_left else self.ondelta,
        )

    def charged(self, fees: int) -> Account:
        """After `fees` went from the user to the hub inside the account; negative: from the hub to the user."""
        return replace(self, offdelta=self.offdelta + fees if self.hub_is_left else self.offdelta - fees)

    def promised(self, *, user: int = 0, hub: int = 0) -> Account:
        """After so much more of a side's own was promised; negative lets it go. Raises BadAccount."""
        return replace(self, user_hold=self.user_hold + user, hub_hold=self.hub_hold + hub)

    def mirrored(self) -> Account:
        """The same account with the hub on the other side: every decision about it must be the same."""
        return replace(
            self,
            hub_is_left=not self.hub_is_left,
            ondelta=self.collateral - self.ondelta,
            offdelta=-self.offdelta,
        )


def pullable_of(hub_is_left: bool, ondelta: int, offdelta: int, collateral: int, hub_hold: int) -> int:
    """`Account.pullable` of an account's first fields, for the index, which asks it of very many."""
    delta = ondelta + offdelta
    left_share = 0 if delta < 0 else delta if delta < collateral else collateral
    secured = left_share if hub_is_left else collateral - left_share
    return secured - hub_hold if secured > hub_hold else 0


def is_left(entity: bytes, other: bytes) -> bool:
    """Whether `entity` is the left one of the two; ids have 32 bytes."""
    return entity < other
