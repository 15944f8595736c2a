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

    hub_is_left: the hub's entity id is the smaller one. holds: what open payments have locked, of the hub's and of the
    user's side.
    """

    hub_is_left: bool
    ondelta: int
    offdelta: int
    collateral: int
    hub_hold: int = 0
    user_hold: int = 0

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
    def hub_secured(self) -> int:
        """The hub's own share of the collateral."""
        left_share = min(max(0, self.delta), self.collateral)
        return left_share if self.hub_is_left else self.collateral - left_share

    @property
    def pullable(self) -> int:
        """What a pull can take: never what a payment holds, never credit."""
        return max(0, self.hub_secured - self.hub_hold)

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
        """After `fees` went from the user to the hub inside the account; negative gives them back."""
        return replace(self, offdelta=self.offdelta + fees if self.hub_is_left else self.offdelta - fees)

    def mirrored(self) -> Account:
        """The same account with the hub on the other side: every decision about it must be the same."""
        return replace(
            self,
            hub_is_left=not self.hub_is_left,
            ondelta=self.collateral - self.ondelta,
            offdelta=-self.offdelta,
        )


def is_left(entity: bytes, other: bytes) -> bool:
    """Whether `entity` is the left one of the two; ids have 32 bytes."""
    return entity < other
