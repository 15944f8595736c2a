"""The grid's `Exchange` on Kraken. It translates and decides nothing."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from engine.core.clock import Clock
from engine.core.gate import NoAnswer, Rejection
from engine.core.messages import plain
from engine.core.modes import Mode
from engine.grid.ports import (
    AccountTrouble,
    AmendOrder,
    Balances,
    CancelOrder,
    Close,
    KeyUsedElsewhere,
    OrderGone,
    OrderTaken,
    PairRules,
    PlaceOrder,
    VenueFill,
    VenueOrder,
    VenueRefused,
)
from engine.venue import client as ccxt_client
from engine.venue import history
from engine.venue.addresses import Addresses
from engine.venue.calls import Calls, check_deadline
from engine.venue.cancels import Cancels
from engine.venue.client import Keys
from engine.venue.error_table import TRADING_LIMIT_WORDS
from engine.venue.errors import AnswerUnreadable
from engine.venue.holdings import balances
from engine.venue.kept_counters import CALL_COUNTER, TRADING_COUNTER, CounterMemory, CountersInMemory, KeptCounter
from engine.venue.key_watch import KeyWatch
from engine.venue.nonces import Nonces, NonceStore
from engine.venue.notices import Notices
from engine.venue.options import OrdersBy, VenueOptions
from engine.venue.order_requests import rest_amend, rest_place, socket_amend, socket_place
from engine.venue.order_socket import NotSentError, OrderSocket
from engine.venue.pair_rules import account_fee, pair_rules
from engine.venue.permissions import KeyPermissions, key_permissions
from engine.venue.rates import ADD_COST, CALLS, OLDEST_PENALTY_S, SHARE, TRADING, Counter, amend_cost, cancel_cost
from engine.venue.refusals import Refusals
from engine.venue.stream import Stream
from engine.venue.symbols import Symbols
from engine.venue.translate import (
    PairNames,
    ahead_of,
    identifier_at,
    last_price,
    order_taken,
    rest_name,
    seconds_at,
    text_at,
)
from engine.venue.turnstile import Urgency

_FURTHEST_DEADLINE_S = 59.0
"""Kraken takes no deadline further away than 60 s; a nearer one keeps the promise as well."""

_NAMES_KEPT = 10_000
_FEES_KEPT_S = 45.0
_log = logging.getLogger(__name__)


class KrakenVenue:
    """One account on one pair, through one ccxt client. `connect` makes one; `close` it in the end."""

    def __init__(
        self,
        client: Any,
        nonces: Nonces,
        options: VenueOptions,
        clock: Clock,
        has_keys: bool,
        memory: CounterMemory,
        stood: Mapping[str, Counter],
    ) -> None:
        self._client = client
        self._nonces = nonces
        self._has_keys = has_keys
        self._options = options
        self._clock = clock
        now_s = clock.now()
        counter = KeptCounter(CALL_COUNTER, CALLS[options.tier], memory, stood, now_s)
        self.notices = Notices()
        self._refusals = Refusals(clock, self.notices)
        self._key_watch = KeyWatch(clock, self.notices)
        self.calls = Calls(client, nonces, clock, counter, self._refusals, self._key_is_shared)
        self._symbols = Symbols(self.calls)
        self._by_socket = options.orders_by is OrdersBy.SOCKET
        self._orders = OrderSocket(options.request_timeout_s, self._refusals)
        self._cancels = Cancels(self._orders, self.calls, self._by_socket, self._refused)
        self._fees: Mapping[str, Any] | None = None
        self._fees_asked_s = -math.inf
        self._names: PairNames | None = None
        self._counter = KeptCounter(TRADING_COUNTER, TRADING[options.tier], memory, stood, now_s)
        self._touched: OrderedDict[str, float] = OrderedDict()
        self._cancels_counted: OrderedDict[str, None] = OrderedDict()
        self._started_s = now_s
        self._client_ids: OrderedDict[str, str] = OrderedDict()
        self._order_ids: dict[str, str] = {}
        self._stream: Stream | None = None

    @classmethod
    async def connect(
        cls,
        mode: Mode,
        where: Addresses,
        keys: Keys | None,
        options: VenueOptions,
        clock: Clock,
        nonce_store: NonceStore,
        counters: CounterMemory | None = None,
    ) -> KrakenVenue:
        """Build the client; nothing is sent yet. Without keys there are quotes and rules, and nothing of an account.

        counters: where the rate counters of an earlier run are; without it they begin at 0.
        Raises AddressRefused when the mode forbids the addresses.
        """
        memory = CountersInMemory() if counters is None else counters
        stood = await memory.load()
        nonces = Nonces(nonce_store)
        client = await ccxt_client.build(
            mode, where, nonces, keys, options.request_timeout_s, options.trust, options.proxy
        )
        return cls(client, nonces, options, clock, keys is not None, memory, stood)

    async def close(self, within_s: float = 5.0) -> None:
        """End the stream, close every connection and give unused nonces back. Raises TimeoutError past `within_s`."""
        async with asyncio.timeout(within_s):
            await self._cancels.close()
            if self._stream is not None:
                await self._stream.aclose()
            await ccxt_client.close(self._client)
            try:
                await self._nonces.give_back()
            except Exception as error:  # the next run begins above them, a few seconds ahead
                _log.warning("unused nonces could not be given back: %s: %s", type(error).__name__, error)

    async def rules(self) -> PairRules:
        """The fee is asked for every ten minutes at most: who reads rules that have changed waits for no account."""
        self._key_watch.look()
        name = rest_name(self._options.pair)
        listed, _ = await asyncio.gather(self.calls.look("AssetPairs", {"pair": name}), self._ask_fees(name))
        rules, self._names = pair_rules(listed, self._options.pair, self._options.tier)
        fee_ratio = rules.maker_fee_ratio if self._fees is None else self._own_fee(self._fees, self._names, rules)
        return replace(rules, maker_fee_ratio=fee_ratio)

    async def _ask_fees(self, name: str) -> None:
        """`TradeVolume`; what was known before stays where the account cannot be asked."""
        now_s = self._clock.now()
        if not self._has_keys or now_s < self._fees_asked_s + _FEES_KEPT_S:
            return
        try:
            self._fees = await self.calls.read("TradeVolume", {"pair": name})
            self._fees_asked_s = now_s
        except (Rejection, NoAnswer) as failed:
            _log.warning("this account's own maker fee could not be asked for: %s", plain(failed.reason))

    def _own_fee(self, fees: Mapping[str, Any], names: PairNames, rules: PairRules) -> Decimal:
        try:
            return account_fee(fees, names)
        except AnswerUnreadable as unreadable:
            _log.warning("this account's own maker fee is not told, the schedule's first counts: %s", unreadable.words)
            return rules.maker_fee_ratio

    async def place(self, order: PlaceOrder) -> OrderTaken:
        """On the socket Kraken acknowledges an order by its id alone: price and quantity are None then."""
        self._refusals.check()
        now_s = self._clock.now()
        self._spend(ADD_COST, now_s)
        deadline_s = self._deadline_s(order.deadline_s, now_s)
        try:
            request = socket_place(order, self._options.pair, deadline_s)
            result = await self._over_socket("add_order", request, order.deadline_s)
            taken = OrderTaken(identifier_at(result, "order_id"), None, None)
        except NotSentError:
            names = self._names or await self._learn_names()
            result = await self._over_rest("AddOrder", rest_place(order, names.id, deadline_s), order.deadline_s)
            taken = order_taken(result, order.side, names)
        self._touch(order.client_id)
        self._remember(taken.order_id, order.client_id)
        return taken

    async def amend(self, change: AmendOrder) -> OrderTaken:
        """Kraken acknowledges an amendment by its ids alone: price and quantity are None.

        `order_id` is empty when this run has not seen the order.
        """
        self._refusals.check()
        now_s = self._clock.now()
        self._spend(amend_cost(self._age_s(change.client_id, now_s)), now_s)
        deadline_s = self._deadline_s(change.deadline_s, now_s)
        try:
            result = await self._over_socket("amend_order", socket_amend(change, deadline_s), change.deadline_s)
        except NotSentError:
            result = await self._over_rest("AmendOrder", rest_amend(change, deadline_s), change.deadline_s)
        text_at(result, "amend_id")
        self._touch(change.client_id)
        return OrderTaken(self._order_ids.get(change.client_id, ""), None, None)

    async def cancel(self, order: CancelOrder) -> None:
        """Never held back by our own counter: a cancel that Kraken may refuse is better than none."""
        self._count_cancel(order.client_id)
        await self._cancels.cancel(order.client_id)

    async def balances(self) -> Balances:
        names = self._names or await self._learn_names()
        try:
            result = await self.calls.read("BalanceEx")
        except Rejection as rejection:
            if not _is_unknown_method(rejection):
                raise
            result = await self.calls.read("Balance")
        return balances(result, names, self._clock.now(), self.notices.tell)

    async def open_orders(self) -> Sequence[VenueOrder]:
        names = self._names or await self._learn_names()
        orders = await history.open_orders(self.calls, names, self._symbols, self._client_ids, self.notices.tell)
        self._remember_all(orders)
        return orders

    async def find(self, client_id: str) -> VenueOrder | None:
        """Absence proves nothing within 60 s of the request: Kraken's REST may be that far behind (spec 20)."""
        names = self._names or await self._learn_names()
        order = await history.find(self.calls, names, client_id)
        if order is not None:
            self._remember(order.order_id, order.client_id)
        return order

    async def find_all(self, orders: Sequence[tuple[str, str]]) -> Mapping[str, VenueOrder]:
        """Those whose id at Kraken is known are asked for together, the others one by one."""
        names = self._names or await self._learn_names()
        found: dict[str, VenueOrder] = {}
        known = {order_id: client_id for client_id, order_id in orders if order_id}
        if len(known) > 1:
            try:
                found = await history.named(self.calls, names, known)
            except Rejection as refusal:
                if not isinstance(refusal.reason, OrderGone):
                    raise  # one that Kraken does not know (yet) keeps the others from being told
        for client_id, _ in orders:
            if client_id not in found and (order := await self.find(client_id)) is not None:
                found[client_id] = order
        return found

    async def fills_since(self, since_s: float) -> Sequence[VenueFill]:
        """As Kraken's REST has it, which may be 60 s behind the stream (spec 20)."""
        names = self._names or await self._learn_names()
        trades = await history.trades_since(self.calls, since_s)
        fills = await history.fills(
            self.calls, trades, since_s, names, self._symbols, self._client_ids, self.notices.tell
        )
        for fill in fills:
            if not fill.pair:
                self._remember(fill.order_id, fill.client_id)
        return fills

    async def clock_ahead_s(self) -> float:
        """0 where the two may agree: `Time` has whole seconds, and the way there takes a while."""
        before_s = self._clock.now()
        result = await self.calls.look("Time", {})
        return ahead_of(seconds_at(result, "unixtime"), before_s, self._clock.now())

    async def closes(self, since_s: float) -> Sequence[Close]:
        """Kraken has the last 720 minutes; the last row is of a minute that is not over and is left out."""
        names = self._names or await self._learn_names()
        request = {"pair": names.id, "interval": "1", "since": str(int(since_s))}
        return history.minute_closes(await self.calls.look("OHLC", request), names)

    async def prices(self, assets: Sequence[str]) -> Mapping[str, Decimal]:
        """One question for each asset that is not USD; one that Kraken has no USD market for is left out."""
        prices: dict[str, Decimal] = {}
        for asset in assets:
            if asset == "USD":
                prices[asset] = Decimal(1)
                continue
            try:
                result = await self.calls.look("Ticker", {"pair": rest_name(f"{asset}/USD")})
            except Rejection:
                continue
            prices[asset] = last_price(result)
        return prices

    def stream(self) -> Stream:
        """One at a time: a new one ends the one before it, whose reader comes to its end."""
        self._stream = Stream(
            self._client,
            self._learn_names,
            self._client_ids,
            self._clock,
            self._socket_token if self._has_keys else None,
            self._options.connect_timeout_s,
            self.notices,
            self._orders,
            before=self._stream,
        )
        return self._stream

    async def permissions(self) -> KeyPermissions:
        """What the API key may do, and how long; from here on its end is told days before it."""
        key = key_permissions(await self.calls.read("GetApiKeyInfo"))
        self._key_watch.learn(key)
        return key

    async def _socket_token(self) -> str:
        return text_at(await self.calls.read("GetWebSocketsToken", urgency=Urgency.ORDER), "token")

    async def _learn_names(self) -> PairNames:
        if self._names is None:
            await self.rules()
        assert self._names is not None
        return self._names

    async def _over_socket(self, method: str, params: Mapping[str, Any], deadline_s: float) -> Mapping[str, Any]:
        """Raises NotSentError when it has to go by REST, and what the port says else."""
        if not self._by_socket:
            raise NotSentError("orders go by REST, as venue.orders_by says")
        check_deadline(deadline_s, self._clock.now())
        try:
            return await self._orders.request(method, params)
        except Rejection as refusal:
            self._refused(refusal)
            raise

    async def _over_rest(self, path: str, request: dict[str, Any], deadline_s: float) -> Mapping[str, Any]:
        try:
            return await self.calls.change(path, request, Urgency.ORDER, deadline_s)
        except Rejection as refusal:
            self._refused(refusal)
            raise

    def _refused(self, refusal: Rejection) -> None:
        reason = refusal.reason
        if isinstance(reason, VenueRefused) and reason.words.startswith(TRADING_LIMIT_WORDS):
            self._counter.exhaust(self._clock.now())

    def _key_is_shared(self, evidence: str) -> None:
        self.notices.tell(AccountTrouble(KeyUsedElsewhere(evidence), self._clock.now()))

    def _deadline_s(self, deadline_s: float, now_s: float) -> float:
        return min(deadline_s, now_s + _FURTHEST_DEADLINE_S)

    def _spend(self, cost: float, now_s: float) -> None:
        if not self._counter.allows(cost, now_s):
            wait_s = self._counter.wait_s(cost, now_s)
            words = f"our own count of Kraken's trading limit is at {SHARE:.0%}; {wait_s:.1f} s until there is room"
            raise Rejection(VenueRefused(words, "retry"))
        self._counter.spend(cost, now_s)

    def _count_cancel(self, client_id: str) -> None:
        """Once for each order: tried again, it was not carried out before, and Kraken counts what it carries out."""
        if client_id in self._cancels_counted:
            return
        now_s = self._clock.now()
        self._counter.spend(cancel_cost(self._age_s(client_id, now_s)), now_s)
        self._cancels_counted[client_id] = None
        if len(self._cancels_counted) > _NAMES_KEPT:
            self._cancels_counted.popitem(last=False)

    def _age_s(self, client_id: str, now_s: float) -> float:
        """Since the order was created or amended; one of an earlier run is at least as old as this one."""
        return now_s - self._touched.get(client_id, self._started_s)

    def _touch(self, client_id: str) -> None:
        now_s = self._clock.now()
        self._cancels_counted.pop(client_id, None)
        self._touched[client_id] = now_s
        self._touched.move_to_end(client_id)
        while self._touched and next(iter(self._touched.values())) < now_s - OLDEST_PENALTY_S:
            self._touched.popitem(last=False)

    def _remember_all(self, orders: Sequence[VenueOrder]) -> None:
        for order in orders:
            if not order.pair:
                self._remember(order.order_id, order.client_id)

    def _remember(self, order_id: str, client_id: str) -> None:
        self._client_ids[order_id] = client_id
        if client_id:
            self._order_ids[client_id] = order_id
        if len(self._client_ids) > _NAMES_KEPT:
            _, oldest = self._client_ids.popitem(last=False)
            self._order_ids.pop(oldest, None)


def _is_unknown_method(rejection: Rejection) -> bool:
    return isinstance(rejection.reason, VenueRefused) and rejection.reason.words.startswith("EGeneral:Unknown method")
