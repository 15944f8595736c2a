"""Paper users of the hub: they pay one another, ask for their claims to be secured, and sign collateral back.

Everything goes through the hub's HTTP interface, as any wallet would do it (hub spec 2 and 13). Who is paid most
changes with time: claims keep coming up where there is no collateral, and collateral stays behind where it is spent.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from engine.core.tasks import TaskFailure, Tasks
from engine.paper.hub_client import (
    AccountView,
    HubClient,
    HubMisbehaved,
    HubSilent,
    HubTerms,
    TokenTerms,
    terms_of,
    whole,
)
from engine.paper.hub_user import HubUser, HubUsersCounters, Temper
from engine.paper.hub_world import HubWorld
from engine.paper.wallet import Wallet

TERMS_AGE_S = 2.0
_TEMPERS = {3: Temper.LATE, 5: Temper.WRONGLY, 7: Temper.NEVER, 8: Temper.LATE, 19: Temper.REJECTS}
_TEMPERS_REPEAT = 20
_ROOM_RATIO, _WELL_ABOVE, _HEADROOM = Decimal("0.97"), Decimal("1.25"), Decimal("1.02")
_QUOTES = 3

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HubUsersConfig:
    """users: how many there are; those of the world first, then newcomers who hold nothing. actions_per_s: of all.

    Shares of the actions: pay_ratio, ask_ratio, the rest looks at the inbox. odd_ratio: of the requests, too small or
    too much on purpose. twice_ratio: of the orders, sent again after their answer. user_cap_usd: what the users know of
    the hub's cap. popular_ratio: of the users, who get `popular_payments` of the payments for `fashion_s`. pay_usd: one
    payment. patience_s: how long a user who was refused asks for nothing. late_s: how long a late user takes to sign.
    """

    seed: int = 1
    users: int = 20
    actions_per_s: float = 5.0
    pay_ratio: float = 0.6
    ask_ratio: float = 0.25
    odd_ratio: float = 0.02
    twice_ratio: float = 0.02
    user_cap_usd: Decimal = Decimal(10_000)
    popular_ratio: float = 0.25
    popular_payments: float = 0.75
    fashion_s: float = 300.0
    pay_usd: tuple[int, int] = (50, 700)
    patience_s: float = 30.0
    late_s: float = 60.0


class HubUsers:
    """Users of the hub of `world`, which listens at `base_url`. `run` lets them act, `counters` say what came of it."""

    def __init__(self, world: HubWorld, base_url: str, config: HubUsersConfig | None = None) -> None:
        self._config = config or HubUsersConfig()
        self._place = world.place
        self._base_url = base_url
        self._random = random.Random(self._config.seed)
        self.counters = HubUsersCounters()
        wallets = [*world.users[: self._config.users]]
        wallets += [Wallet.new() for _ in range(self._config.users - len(wallets))]
        self._users = [HubUser(wallet, world.place, temper_of(at), self.counters) for at, wallet in enumerate(wallets)]
        self._terms: HubTerms | None = None
        self._terms_s = 0.0
        self._popular: list[HubUser] = []
        self._popular_until_s = 0.0

    @property
    def wallets(self) -> Sequence[Wallet]:
        return [user.wallet for user in self._users]

    async def run(self) -> None:
        """Act until cancelled; run again, they go on with what had no answer."""
        async with HubClient(self._base_url) as client, Tasks("hub users", self._failed) as tasks:
            while True:
                await asyncio.sleep(self._random.expovariate(self._config.actions_per_s))
                user = self._random.choice(self._users)
                if not user.busy:
                    user.busy = True
                    tasks.start(self._turn(user, client), name="turn")

    async def _turn(self, user: HubUser, client: HubClient) -> None:
        try:
            if user.unanswered is not None:
                await user.settle(client)
            await self._act(user, client)
        except HubSilent:
            self.counters.silent += 1
        except HubMisbehaved as error:
            self.counters.wrong(str(error))
        finally:
            user.busy = False

    async def _act(self, user: HubUser, client: HubClient) -> None:
        drawn = self._random.random()
        if drawn < self._config.pay_ratio:
            await self._pay(user, client)
        elif drawn < self._config.pay_ratio + self._config.ask_ratio:
            await self._ask(user, client)
        else:
            await user.look_at_inbox(client, self._config.late_s)

    async def _pay(self, user: HubUser, client: HubClient) -> None:
        terms = await self._terms_now(client)
        able = [one for one in await user.accounts(client) if one.spendable > 0 and one.token_id in terms.tokens]
        if not able:
            return
        account = self._random.choice(able)
        wanted = terms.tokens[account.token_id].amount(Decimal(self._random.randint(*self._config.pay_usd)))
        amount = min(max(1, wanted), account.spendable)
        payee = self._payee(user)
        await user.pay(client, payee.wallet, account.token_id, amount, twice=self._chance(self._config.twice_ratio))

    async def _ask(self, user: HubUser, client: HubClient) -> None:
        await user.poll(client)
        terms = await self._terms_now(client)
        if terms.stops or time.monotonic() < user.asks_again_s:
            return
        accounts = await user.accounts(client)
        found = await self._wanted(user, client, terms, accounts)
        if found is None:
            return
        odd = self._chance(self._config.odd_ratio)
        if odd:
            found = self._odd(terms.tokens[found[0]])
        accepted = await user.request(client, *found, twice=self._chance(self._config.twice_ratio))
        if odd:
            self.counters.asked_oddly += 1
        elif not accepted:
            user.asks_again_s = time.monotonic() + self._config.patience_s

    def _odd(self, token: TokenTerms) -> tuple[int, int]:
        """Too small, or more than anybody has."""
        least = token.least or 1
        return token.token_id, self._random.choice((least // 2, least * 1000))

    async def _wanted(
        self, user: HubUser, client: HubClient, terms: HubTerms, accounts: Sequence[AccountView]
    ) -> tuple[int, int] | None:
        """Token and amount that the user has good reason to ask for, by the minimum, the cap and the quote."""
        room_usd = self._config.user_cap_usd * _ROOM_RATIO - _committed_usd(user, terms, accounts)
        busy = {request.token_id for request in user.open.values()}
        for account in self._random.sample(accounts, len(accounts)):
            token = terms.tokens.get(account.token_id)
            if token is None or not token.least or token.token_id in busy:
                continue
            free = account.unsecured - account.held
            if free >= token.least * _WELL_ABOVE and token.usd(token.least) <= room_usd:
                amount = await self._affordable(client, token, free, token.amount(room_usd))
                if amount is not None:
                    return token.token_id, amount
        return None

    async def _affordable(self, client: HubClient, token: TokenTerms, free: int, most: int) -> int | None:
        """The largest amount that the quote leaves a little room for, within `most`; None below the minimum."""
        amount = min(free, most)
        for _ in range(_QUOTES):
            if token.least is None or amount < token.least:
                return None
            query = {"token_id": str(token.token_id), "amount": str(amount)}
            total = whole((await client.get("/v1/quote", **query)).wanted(), "total")
            over = int(total * _HEADROOM) - free
            if over <= 0:
                return amount
            amount -= over
        return None

    def _payee(self, payer: HubUser) -> HubUser:
        now_s = time.monotonic()
        if now_s >= self._popular_until_s:
            count = max(1, round(len(self._users) * self._config.popular_ratio))
            self._popular = self._random.sample(self._users, count)
            self._popular_until_s = now_s + self._config.fashion_s
        among = self._popular if self._chance(self._config.popular_payments) else self._users
        others = [user for user in among if user is not payer] or [user for user in self._users if user is not payer]
        return self._random.choice(others)

    async def _terms_now(self, client: HubClient) -> HubTerms:
        now_s = time.monotonic()
        if self._terms is None or now_s - self._terms_s > TERMS_AGE_S:
            self._terms = terms_of((await client.get("/v1/hub")).wanted(), self._place)
            self._terms_s = now_s
        return self._terms

    def _chance(self, ratio: float) -> bool:
        return self._random.random() < ratio

    def _failed(self, failure: TaskFailure) -> None:
        self.counters.wrong(f"{failure.task}: {failure.error!r}")
        _log.error("%s ended in an error", failure.task, exc_info=failure.error)


def temper_of(at: int) -> Temper:
    """Of the user at this place: of twenty, one signs wrongly, one never, one rejects, two are late."""
    return _TEMPERS.get(at % _TEMPERS_REPEAT, Temper.AT_ONCE)


def _committed_usd(user: HubUser, terms: HubTerms, accounts: Sequence[AccountView]) -> Decimal:
    """What counts against the user's cap: its collateral, and what it has asked for."""
    amounts = [(one.token_id, one.collateral) for one in accounts]
    amounts += [(one.token_id, one.amount) for one in user.open.values()]
    known = [(terms.tokens[token_id], amount) for token_id, amount in amounts if token_id in terms.tokens]
    return sum((token.usd(amount) for token, amount in known), Decimal(0))
