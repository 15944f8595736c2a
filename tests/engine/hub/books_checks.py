"""What must hold of a hub's books at any moment, counted anew from the chain and from what users did."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

from engine.hub.ledger import Party
from engine.hub.ports import BatchOrder
from tests.engine.hub.books_world import HubWorld, pushed_usd, usd_of

DAY_S = 86_400.0


def books_balance(world: HubWorld) -> None:
    """Every invariant but those of the caps, which hold at the moment of a decision."""
    _chain_conserves(world)
    _accounts_are_the_chains(world)
    _holds_are_what_is_open(world)
    _ledger_balances(world)
    _users_have_what_is_theirs(world)
    _nothing_is_carried_out_twice(world)


def own_of(world: HubWorld, user: str, token_id: int) -> int:
    """What is the user's in the account, secured or not; what it owes is below 0."""
    account = world.account(user, token_id)
    if account is None:
        return 0
    return account.collateral - account.delta if account.hub_is_left else account.delta


def _chain_conserves(world: HubWorld) -> None:
    place = world.depository
    for listed in world.tokens:
        held = [place.collaterals.now(key) for key in place.collaterals if key[1] == listed.token_id]
        reserve = place.reserves.now(listed.token_id)
        assert reserve >= 0
        assert all(one >= 0 for one in held)
        assert reserve + sum(held) == place.deposited[listed.token_id]


def _accounts_are_the_chains(world: HubWorld) -> None:
    block, place = world.held.scanned_block or 0, world.depository
    for user in place.users():
        for listed in world.tokens:
            account, key = world.account(user, listed.token_id), (user, listed.token_id)
            if account is not None:
                assert account.collateral == place.collaterals.at(key, block)
                assert account.ondelta == place.ondeltas.at(key, block)
                own = own_of(world, *key)
                hub_own = account.delta if account.hub_is_left else account.collateral - account.delta
                assert own + hub_own == account.collateral
                assert account.user_secured + account.hub_secured == account.collateral
                assert own - account.user_hold + account.user_credit >= 0
                if world.held.attempt is None:  # else the chain may have done what is held for already
                    assert account.hub_secured >= account.hub_hold


def _holds_are_what_is_open(world: HubWorld) -> None:
    asked: Counter[tuple[str, int]] = Counter()
    for request in world.held.requests.values():
        asked[request.user, request.token_id] += request.amount
    pulls: Counter[tuple[str, int]] = Counter()
    for pull in world.held.pulls.values():
        pulls[pull.user, pull.token_id] += pull.amount
    for token_id, rows in world.held.accounts._rows.items():
        for user in rows:
            account = world.account(user, token_id)
            assert account is not None
            assert account.user_hold == asked.pop((user, token_id), 0)
            assert account.hub_hold == pulls.pop((user, token_id), 0)
    assert not asked
    assert not pulls


def _ledger_balances(world: HubWorld) -> None:
    ledger = world.held.ledger
    for listed in world.tokens:
        fees = [one.fees.fees for one in world.held.requests.values() if one.token_id == listed.token_id]
        assert ledger.total(listed.token_id) == 0
        assert ledger.of(listed.token_id, Party.ESCROW) == sum(fees)


def _users_have_what_is_theirs(world: HubWorld) -> None:
    """What a user brought and was paid, less what it paid and what was taken; no push and no pull changes it."""
    taken = _taken(world)
    block, place = world.held.scanned_block or 0, world.depository
    users: Counter[int] = Counter()
    for key in {*place.collaterals, *world.paid, *taken}:
        user, token_id = key
        brought = place.secured.at(key, block) if world.account(user, token_id) is not None else 0
        assert own_of(world, user, token_id) == brought + world.paid[key] - taken[key]
        users[token_id] -= taken[key]
    for listed in world.tokens:
        assert world.held.ledger.of(listed.token_id, Party.USERS) == users[listed.token_id]


def _taken(world: HubWorld) -> Counter[tuple[str, int]]:
    """Fees by user and token: all of those of open requests; of carried out ones less what went back."""
    taken: Counter[tuple[str, int]] = Counter()
    ids = {one.symbol: one for one in world.tokens}
    for request in world.held.requests.values():
        taken[request.user, request.token_id] += request.fees.fees
    for record in world.held.records:
        for push in record.pushes:
            assert 0 <= push.refunded <= push.gas_taken
            kept = push.hub_fee + push.gas_taken - push.refunded
            listed = ids[push.symbol]
            taken[push.user, listed.token_id] += int(kept * 10**listed.decimals)
    return taken


def _nothing_is_carried_out_twice(world: HubWorld) -> None:
    """What the chain pushed up to the block that was read last is what the books say was carried out."""
    if world.held.attempt is not None:
        return  # the chain may be ahead of the books until it has ended
    block = world.held.scanned_block or 0
    pushed: Counter[tuple[str, int]] = Counter()
    for push in world.depository.pushes:
        if push.block <= block:
            pushed[push.user, push.token_id] += push.amount
    ids = {one.symbol: one for one in world.tokens}
    done: Counter[tuple[str, int]] = Counter()
    for record in world.held.records:
        for one in record.pushes:
            listed = ids[one.symbol]
            done[one.user, listed.token_id] += int(one.amount * 10**listed.decimals)
    assert pushed == done


class CapsKept:
    """Looks at each acceptance and each batch as it leaves, and holds them against the caps.

    Pushes are valued when they leave; what was booked, as it was recorded.
    """

    def __init__(self, world: HubWorld) -> None:
        self._world = world
        world.chain.on_submit = self.batch_leaves

    def accepted(self, user: str, token_id: int, amount: int) -> None:
        """Right after it was: collateral and everything that is open count."""
        world, caps = self._world, self._world.options.caps
        assert usd_of(world, token_id, amount) <= Fraction(caps.max_request_usd)
        asked = [one for one in world.held.requests.values() if one.user == user]
        open_usd = sum((usd_of(world, one.token_id, one.amount) for one in asked), Fraction(0))
        assert self._collateral_usd(user) + open_usd <= Fraction(caps.max_user_usd)
        everybody = world.held.requests.values()
        all_usd = sum((usd_of(world, one.token_id, one.amount) for one in everybody), Fraction(0))
        assert self._recorded_usd(DAY_S) + all_usd <= Fraction(caps.max_day_usd)

    def batch_leaves(self, order: BatchOrder) -> None:
        world, caps = self._world, self._world.options.caps
        by_user: Counter[str] = Counter()
        for push in order.pushes:
            usd = usd_of(world, push.token_id, push.amount)
            assert usd <= Fraction(caps.max_request_usd)
            by_user[push.user] += usd  # type: ignore[assignment]
        for user, usd in by_user.items():
            assert self._collateral_usd(user) + usd <= Fraction(caps.max_user_usd)
        batch_usd = pushed_usd(world, order)
        assert self._recorded_usd(world.options.interval_s) + batch_usd <= Fraction(caps.max_interval_usd)
        assert self._recorded_usd(DAY_S) + batch_usd <= Fraction(caps.max_day_usd)

    def _collateral_usd(self, user: str) -> Fraction:
        """By the chain itself, at the block that was read last."""
        world, block = self._world, self._world.held.scanned_block or 0
        held = ((one.token_id, world.depository.collaterals.at((user, one.token_id), block)) for one in world.tokens)
        return sum((usd_of(world, token_id, amount) for token_id, amount in held), Fraction(0))

    def _recorded_usd(self, within_s: float) -> Fraction:
        since_s = self._world.clock.now() - within_s
        return sum((Fraction(one.pushed_usd) for one in self._world.held.records if one.at_s > since_s), Fraction(0))
