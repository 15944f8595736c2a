"""Anything that can happen to a hub, in any order, to two hubs that are mirror images of each other (hub spec 1)."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.hub.fees import largest_affordable
from engine.hub.front_desk import Answered
from engine.hub.messages import KeyReused
from engine.hub.payments import Paid
from engine.hub.requests import Declined
from engine.hub.tokens import GWEI
from tests.engine.hub.books_checks import DAY_S, CapsKept, books_balance
from tests.engine.hub.books_world import NATIVE, PRICES, TOKENS, USERS, HubWorld
from tests.engine.hub.model_chain import LEFT_HUB, RIGHT_HUB

users = st.sampled_from(USERS)
token_ids = st.sampled_from([one.token_id for one in TOKENS])
shares = st.integers(1, 100)
places = st.integers(0, 50)
SILENT = ("look", "settled", "accounts", "seal", "try_out", "submit", "advance")
FATES = ("well", "well", "well", "out of gas", "lost", "never sent", "somebody is first", "stolen")
Work = Callable[[HubWorld], Awaitable[Any]]


class Books(RuleBasedStateMachine):
    """Every step is taken in both worlds; they must answer alike and stay mirror images.

    seen: what happened, over all runs in this process.
    """

    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._stack = ExitStack()
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="evenkeel-books-")))
        self._runner = self._stack.enter_context(asyncio.Runner())
        self.worlds = [HubWorld(folder, hub, counted=True) for hub in (LEFT_HUB, RIGHT_HUB)]
        self.caps = {id(world): CapsKept(world) for world in self.worlds}
        self.asked: list[tuple[str, int, int, str]] = []
        self.payments: list[tuple[str, str, int, int, str]] = []

    def teardown(self) -> None:
        held = self.worlds[0].held
        self.seen["payments"] += len(self.payments)
        self.seen.update(f"requests {one.state.value}" for one in held.ended.values())
        self.seen.update(f"pulls {one.state.value}" for one in held.pulls_ended.values())
        self.seen.update(f"batches {one.status.value}" for one in held.records)
        for world in self.worlds:
            self._runner.run(world.close())
        self._stack.close()

    @initialize(confirmations=st.integers(1, 3), reserve_usd=st.sampled_from([0, 4_000, 50_000, 50_000]))
    def begin(self, confirmations: int, reserve_usd: int) -> None:
        async def work(world: HubWorld) -> None:
            world.chain.confirmations = confirmations
            await world.open()
            for at, user in enumerate(USERS[:4]):
                world.depository.secure(user, at, world.units(at, 7_000))
            for one in world.tokens:
                world.depository.fund(one.token_id, world.units(one.token_id, reserve_usd))
            world.depository.mine(confirmations)
            await world.look()
            for at, user in enumerate(USERS[:4]):
                for payee in (USERS[4], USERS[5], USERS[(at + 1) % 4]):
                    assert isinstance(await world.pay(user, payee, at, world.units(at, 1_500)), Paid)

        self._both(work)

    @rule(payer=users, payee=users, token_id=token_ids, share=shares)
    def pay(self, payer: str, payee: str, token_id: int, share: int) -> None:
        async def work(world: HubWorld) -> Any:
            account = world.account(payer, token_id)
            most = account.spendable if account is not None else world.units(token_id, 100)
            amount = most * share // 95  # now and then more than there is
            key = f"p{len(self.payments)}"
            return amount, key, await world.pay(payer, payee, token_id, amount, key)

        amount, key, found = self._both(work)
        if isinstance(found, Paid):
            self.payments.append((payer, payee, token_id, amount, key))

    @rule(place=places)
    def pay_again(self, place: int) -> None:
        """The same key: it is paid once, and another amount under it is refused."""
        if not self.payments:
            return
        payer, payee, token_id, amount, key = self.payments[place % len(self.payments)]
        found = self._both(lambda world: world.pay(payer, payee, token_id, amount, key))
        assert (isinstance(found, Paid) and found.again) or isinstance(found, Declined)
        other = self._both(lambda world: world.pay(payer, payee, token_id, amount + 1, key))
        assert isinstance(other, Declined)

    @rule(user=users, token_id=token_ids, share=shares, kind=st.sampled_from(["share", "least", "most", "cap"]))
    def ask(self, user: str, token_id: int, share: int, kind: str) -> None:
        beyond = share % 3 - 1
        key = f"r{len(self.asked)}"

        async def work(world: HubWorld) -> Any:
            amount = self._amount(world, user, token_id, share, kind) + (0 if kind == "share" else beyond)
            before = world.account(user, token_id)
            quoted = world.engine.desk.quoted(token_id, amount)
            found = await world.ask(user, token_id, amount, key)
            if isinstance(found, Answered):
                assert not found.again
                assert found.request.fees == quoted
                self.caps[id(world)].accepted(user, token_id, amount)
                after = world.account(user, token_id)
                assert before is not None
                assert after is not None
                assert found.request.fees.total <= before.user_free
                assert after == before.charged(found.request.fees.fees).promised(user=amount)
            return amount, quoted, found

        amount, *_ = self._both(work)
        self.asked.append((user, token_id, amount, key))

    @rule(payer=users, token_id=token_ids, share=shares)
    def everybody_asks_for_what_it_can(self, payer: str, token_id: int, share: int) -> None:
        """After one has paid all others a part of what it has."""
        others = [user for user in USERS if user != payer]

        async def work(world: HubWorld) -> Any:
            account = world.account(payer, token_id)
            each = 0 if account is None else account.spendable * share // 100 // len(others)
            paid = [await world.pay(payer, other, token_id, each) for other in others]
            return paid, [await self._ask(world, user, token_id, share) for user in others]

        self._both(work)

    @rule(place=places)
    def ask_again(self, place: int) -> None:
        if not self.asked:
            return
        user, token_id, amount, key = self.asked[place % len(self.asked)]
        first = self._both(lambda world: world.ask(user, token_id, amount, key))
        again = self._both(lambda world: world.ask(user, token_id, amount, key))
        other = self._both(lambda world: world.ask(user, token_id, amount + 1, key))
        if isinstance(first, Answered):
            assert isinstance(again, Answered)
            assert again.again
            assert again.request.id == first.request.id
            assert isinstance(other, Declined)
            assert isinstance(other.reason, KeyReused)

    @rule(rounds=st.integers(1, 3), mined=st.sampled_from([True, True, False]))
    def look(self, rounds: int, mined: bool) -> None:
        async def work(world: HubWorld) -> None:
            for _ in range(rounds):
                await world.look()
                if mined:
                    world.chain.carry_out()
                    world.depository.mine(world.chain.confirmations)

        self._both(work)

    @rule(signers=st.sampled_from([*((user,) for user in USERS), USERS, USERS, USERS]), wrong=st.integers(0, 5))
    def sign(self, signers: tuple[str, ...], wrong: int) -> None:
        async def work(world: HubWorld) -> Any:
            pulls = [pull for user in signers for pull in world.engine.desk.inbox(user)]
            return [await world.sign(pull, signer=USERS[0] if wrong == 0 else "") for pull in pulls]

        self._both(work)

    @rule(place=places)
    def reject(self, place: int) -> None:
        async def work(world: HubWorld) -> Any:
            pulls = list(world.held.pulls.values())
            if not pulls:
                return None
            pull = pulls[place % len(pulls)]
            return await world.engine.desk.reject(pull.id, pull.user)

        self._both(work)

    @rule(seconds=st.sampled_from([1, 1, 5, 5, 11, 11, 60, 60, 130, 601, 90_000]))
    def time_passes(self, seconds: int) -> None:
        async def work(world: HubWorld) -> None:
            world.clock.advance(seconds)
            world.read_prices()

        self._both(work)

    @rule(coin=st.sampled_from([one.coin for one in TOKENS] + [NATIVE]), percent=st.integers(60, 160))
    def price_moves(self, coin: str, percent: int) -> None:
        async def work(world: HubWorld) -> None:
            world.prices[coin] = (PRICES[coin] * percent / 100).quantize(Decimal("0.000001"))
            world.read_prices()

        self._both(work)

    @rule(gwei=st.sampled_from([1, 1, 1, 2, 2, 5, 20, 160]), noise=st.integers(-10_000, 200_000))
    def gas_moves(self, gwei: int, noise: int) -> None:
        async def work(world: HubWorld) -> None:
            world.chain.gas_price_wei, world.chain.gas_noise = gwei * GWEI, noise

        self._both(work)

    @rule(fate=st.sampled_from(FATES), place=places, blocks=st.integers(0, 3), share=shares)
    def batch_meets_its_fate(self, fate: str, place: int, blocks: int, share: int) -> None:
        """Sent, and something comes of it; whether that is final when it is looked at is chance."""

        async def work(world: HubWorld) -> None:
            for at, user in enumerate(USERS):
                await self._ask(world, user, (share + at) % len(TOKENS), share)
            world.clock.advance(11)
            await world.look()
            if fate == "well":
                world.chain.carry_out()
            elif fate == "out of gas":
                world.chain.carry_out(out_of_gas=True)
            elif fate == "somebody is first":
                world.chain.somebody_carries_out(place)
                world.chain.carry_out()
            elif fate == "stolen":
                await self._stolen(world, place)
            else:
                world.chain.lose(never_sent=fate == "never sent")
            world.depository.mine(blocks)
            await world.look()

        self._both(work)

    @rule(place=places, blocks=st.integers(0, 3))
    def somebody_carries_out_what_was_shown(self, place: int, blocks: int) -> None:
        async def work(world: HubWorld) -> bool:
            done = world.chain.somebody_carries_out(place)
            world.depository.mine(blocks)
            return done

        self._both(work)

    @rule(user=users, token_id=token_ids, usd=st.integers(1, 5_000), whose=st.sampled_from(["user", "hub", "reserve"]))
    def money_comes(self, user: str, token_id: int, usd: int, whose: str) -> None:
        """Into an account in the user's favour or in the hub's, by somebody's own batch, or into the reserve."""

        async def work(world: HubWorld) -> None:
            place, units = world.depository, world.units(token_id, usd) + 1
            if whose == "reserve":
                place.fund(token_id, units)
            else:
                (place.secure if whose == "user" else place.give)(user, token_id, units)

        self._both(work)

    @rule(name=st.sampled_from(SILENT))
    def node_is_silent_once(self, name: str) -> None:
        async def work(world: HubWorld) -> None:
            world.chain.silent.add(name)
            await world.look()
            await world.look()
            world.chain.silent.clear()

        self._both(work)

    @rule(user=users, token_id=token_ids)
    def kill_switch(self, user: str, token_id: int) -> None:
        async def work(world: HubWorld) -> Any:
            await world.engine._stop(stopped=True)
            sent = world.chain.under_way
            found = await world.ask(user, token_id, world.units(token_id, 500))
            await world.look()
            assert isinstance(found, Declined)
            assert world.chain.under_way in ("", sent)
            await world.engine._stop(stopped=False)
            return found

        self._both(work)

    @rule()
    def restart(self) -> None:
        async def work(world: HubWorld) -> None:
            before = remembered(world)
            await world.close()
            await world.open()
            assert remembered(world) == before
            await world.look()

        self._both(work)

    @invariant()
    def books_balance(self) -> None:
        if not hasattr(self, "_began"):
            return
        for world in self.worlds:
            books_balance(world)
        left, right = self.worlds
        one, other = remembered(left), remembered(right)
        assert {key: account.mirrored() for key, account in other.pop("accounts").items()} == one.pop("accounts")
        assert one == other, [(name, one[name], other[name]) for name in one if one[name] != other[name]]
        assert left.engine._dispatch.reasons == right.engine._dispatch.reasons
        assert left.engine.market.limit == right.engine.market.limit

    async def _stolen(self, world: HubWorld, place: int) -> None:
        """It failed, gas is too dear to send another, and somebody who has its bytes carries it out."""
        gas_price_wei = world.chain.gas_price_wei
        world.chain.carry_out(out_of_gas=True)
        world.depository.mine(world.chain.confirmations)
        world.chain.gas_price_wei = 200 * GWEI
        await world.look()
        if place % 2:  # everything in it is over by then, and may not end
            world.clock.advance(world.options.request_valid_s + 1)
            world.read_prices()
            await world.look()
        world.chain.somebody_carries_out(place // 2)
        await world.look()
        world.chain.gas_price_wei = gas_price_wei

    async def _ask(self, world: HubWorld, user: str, token_id: int, share: int) -> Answered | Declined:
        amount = self._amount(world, user, token_id, share, "share")
        found = await world.ask(user, token_id, amount)
        if isinstance(found, Answered):
            self.caps[id(world)].accepted(user, token_id, amount)
        return found

    def _amount(self, world: HubWorld, user: str, token_id: int, share: int, kind: str) -> int:
        account, market = world.account(user, token_id), world.engine.market
        if market.limit is None or market.gas is None:
            return world.units(token_id, share)
        free = 0 if account is None else account.user_free
        token = world.token(token_id)
        least = market.limit.amount(token)
        if kind == "least":
            return least
        if kind == "cap":
            return world.units(token_id, world.options.max_rebalance_usd)
        most = largest_affordable(free, token, market.gas, world.options.fees)
        return most if kind == "most" else least + max(0, most - least) * share // 100

    def _both(self, work: Work) -> Any:
        """The same in both worlds; what they answer is the same."""
        self._began = True
        self.seen["steps"] += 1
        found, other = (self._runner.run(work(world)) for world in self.worlds)
        assert found == other
        return found


def remembered(world: HubWorld) -> dict[str, Any]:
    """All that counts over restarts. accounts: by user and token."""
    held = world.held
    names = ("requests", "pulls", "ledger", "totals", "attempt", "exposed", "batches", "stopped")
    return {
        "accounts": {
            (user, token_id): held.accounts.get(user, token_id)
            for token_id, rows in held.accounts._rows.items()
            for user in rows
        },
        "records": list(held.records),
        "dispatched": [one for one in held.dispatched if one[0] > world.clock.now() - DAY_S],
        **{name: getattr(held, name) for name in names},
    }
