"""The hub's HTTP interface as a wallet meets it: taken once, declined with the number that helps (hub spec 2, 5, 7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.hub.payments import Paid
from engine.hub_api.openapi import ROUTES
from engine.hub_api.server import MOST_BYTES
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.hub.running_hub import DAI, USDC, USERS, HubPlace, quick_options
from tests.engine.hub_api.served_hub import ServedHub, served

Until = Callable[..., Awaitable[None]]
UNIT = 10**6


@pytest.fixture
async def hub(chain: LocalChain, tmp_path: Path, until: Until) -> AsyncIterator[ServedHub]:
    """The first user has collateral and has paid the second one; nothing is sent on its own for a while."""
    place = HubPlace(chain, tmp_path, quick_options(interval_s=3600.0, batch_size_threshold=64))
    place.found()
    place.secure(USERS[0], 9_000)
    place.base_fee(1)
    async with served(place) as found:
        await until(lambda: found.hub.works)
        assert isinstance(await found.hub.pay(USERS[0], USERS[1], 3_000), Paid)
        yield found


async def test_a_quote_is_the_breakdown_that_is_taken(hub: ServedHub) -> None:
    """Spec 7."""
    quote = await hub.get(f"/v1/quote?token_id={USDC}&amount={1000 * UNIT}")
    assert quote.status == 200
    asked = await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "a"))
    assert asked.status == 201
    names = ("amount", "hub_fee", "miner_fee", "buffer", "total")
    assert int(quote.body["total"]) == sum(int(quote.body[name]) for name in names[:4])
    assert quote.body["hub_fee"] == str(10 * UNIT)
    assert [asked.body[name] for name in names[:2]] == [quote.body[name] for name in names[:2]]
    assert asked.body["state"] == "accepted"
    assert asked.body["reason"]["code"] == "hub.window"


async def test_the_same_key_is_taken_once_and_answered_alike(hub: ServedHub) -> None:
    body = hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "once")
    first = await hub.post("/v1/requests", body)
    again = await hub.post("/v1/requests", body)
    assert (first.status, again.status) == (201, 200)
    assert first.body["id"] == again.body["id"]
    assert len(hub.hub.engine._held.requests) == 1


async def test_a_key_that_named_something_else_is_refused(hub: ServedHub) -> None:
    await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "key"))
    other = await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 1001 * UNIT, "key"))
    assert (other.status, other.code) == (422, "hub.key_reused")


async def test_below_the_minimum_the_answer_says_by_how_much(hub: ServedHub) -> None:
    found = await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 40 * UNIT, "small"))
    assert (found.status, found.code) == (409, "hub.below_soft_limit")
    least = int((await hub.get("/v1/hub")).body["tokens"][0]["least"])
    limit, short = found.body["error"]["limit"], found.body["error"]["short"]
    assert Decimal(limit) * UNIT == least
    assert Decimal(limit) - 40 == Decimal(short)
    assert short in found.message


async def test_more_than_the_user_holds_is_refused_with_the_most_that_would_do(hub: ServedHub) -> None:
    found = await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 3_000 * UNIT, "much"))
    assert (found.status, found.code) == (422, "hub.not_affordable")
    most = int(Decimal(found.body["error"]["most"]) * UNIT)
    assert (await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, most - UNIT, "less"))).status == 201


async def test_before_the_first_look_accounts_are_not_told_and_nothing_is_logged_as_wrong(
    chain: LocalChain, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Nobody listens there, so the engine goes on asking.
    place = HubPlace(chain, tmp_path, quick_options(), rpc_address="http://127.0.0.1:9")
    place.found()
    async with served(place) as hub:
        mine = hub.wallets[1]
        found = await hub.get(f"/v1/users/{mine.user}/accounts", headers=hub.passed(mine))
    assert (found.status, found.code) == (503, "not_ready")
    assert "could not answer" not in caplog.text


async def test_nobody_can_ask_for_another(hub: ServedHub) -> None:
    body = hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "theirs")
    forged = body | {"signature": hub.wallets[2].request(hub.place, USDC, 1000 * UNIT, "theirs")}
    assert (await hub.post("/v1/requests", forged)).status == 401
    changed = body | {"amount": str(1001 * UNIT)}
    assert (await hub.post("/v1/requests", changed)).status == 401


async def test_a_signature_for_another_hub_is_nothing_here(hub: ServedHub) -> None:
    elsewhere = type(hub.place)(hub.place.chain_id + 1, hub.place.contract, hub.place.entity)
    body = hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "k")
    body["signature"] = hub.wallets[1].request(elsewhere, USDC, 1000 * UNIT, "k")
    assert (await hub.post("/v1/requests", body)).status == 401


async def test_a_payment_moves_what_the_payer_has_once(hub: ServedHub) -> None:
    body = hub.payment(hub.wallets[0], hub.wallets[2], USDC, 500 * UNIT, "p")
    assert (await hub.post("/v1/payments", body)).status == 201
    assert (await hub.post("/v1/payments", body)).status == 200
    assert hub.hub.owed(USERS[2]) == 500 * UNIT
    over = await hub.post("/v1/payments", hub.payment(hub.wallets[0], hub.wallets[2], USDC, 10**12, "q"))
    assert (over.status, over.code) == (422, "hub.not_enough_to_pay")


async def test_accounts_and_inbox_are_shown_to_their_user_alone(hub: ServedHub) -> None:
    mine, theirs = hub.wallets[1], hub.wallets[2]
    path = f"/v1/users/{mine.user}/accounts"
    assert (await hub.get(path)).status == 401
    assert (await hub.get(path, headers=hub.passed(theirs))).status == 401
    assert (await hub.get(path, headers=hub.passed(mine, for_s=-5))).status == 401
    assert (await hub.get(path, headers=hub.passed(mine, for_s=200_000))).status == 401
    found = await hub.get(path, headers=hub.passed(mine))
    (account,) = found.body["accounts"]
    assert (account["unsecured"], account["reason"]["code"]) == (str(3_000 * UNIT), "hub.may_ask")
    assert (await hub.get(f"/v1/users/{mine.user}/inbox", headers=hub.passed(mine))).body == {"pulls": []}


async def test_a_user_who_spent_finds_a_pull_in_the_inbox_and_signs_it(
    chain: LocalChain, tmp_path: Path, until: Until
) -> None:
    """Spec 13: no reserve at all; what one user spent becomes the collateral of another in one transaction."""
    place = HubPlace(chain, tmp_path, quick_options())
    place.found(reserve_usd=0)
    place.secure(USERS[0], 5_000)
    place.base_fee(1)
    async with served(place) as hub:
        await until(lambda: hub.hub.works)
        payer, payee = hub.wallets[:2]
        await hub.post("/v1/payments", hub.payment(payer, payee, USDC, 4_000 * UNIT, "p"))
        assert (await hub.post("/v1/requests", hub.wanted(payee, USDC, 3_000 * UNIT, "r"))).status == 201
        inbox: list[Any] = []

        async def look() -> None:
            found = await hub.get(f"/v1/users/{payer.user}/inbox", headers=hub.passed(payer))
            inbox[:] = found.body["pulls"]

        while not inbox:
            await look()
        (pull,) = inbox
        digest = payer.pull_digest(hub.place, pull["token_id"], int(pull["amount"]), pull["account_nonce"])
        assert pull["digest"] == f"0x{digest.hex()}"
        path = f"/v1/inbox/{pull['id']}/approve"
        wrong = await hub.post(path, {"user": payer.user, "signature": payee.sign(digest)})
        assert (wrong.status, wrong.code) == (422, "hub.not_their_signature")
        signed = {"user": payer.user, "signature": payer.sign(digest)}
        assert (await hub.post(path, signed)).body == {"id": pull["id"], "state": "approved"}
        await until(lambda: place.collateral(USERS[1]) == 3_000 * UNIT, within_s=20)
        # What was sent is one transaction: the hub's number has moved by one.
        assert place.entity_nonce() == 1
        assert place.collateral(USERS[0]) == 5_000 * UNIT - int(pull["amount"])


async def test_the_document_describes_every_way_in(hub: ServedHub) -> None:
    found = (await hub.get("/openapi.json")).body
    assert {(path, method) for path, methods in found["paths"].items() for method in methods} == {
        (route.path, route.method.lower()) for route in ROUTES
    }
    known = found["components"]["schemas"]
    assert [ref for ref in refs_of(found) if ref.removeprefix("#/components/schemas/") not in known] == []
    assert set(found["x-eip712"]["types"]) == {"RebalanceRequest", "Payment", "ReadPass"}


async def test_the_hub_says_what_holds_for_everybody(hub: ServedHub) -> None:
    found = (await hub.get("/v1/hub")).body
    assert found["entity"] == f"0x{hub.place.entity.hex()}"
    assert Decimal(found["effective_minimum_usd"]) >= 100
    assert [token["symbol"] for token in found["tokens"]] == ["USDC", "DAI"]
    assert found["stops"] is None


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/requests/none", 404),
        ("DELETE", "/v1/hub", 405),
        ("GET", "/v1/quote", 400),
        ("GET", "/v1/quote?token_id=0&amount=1&amount=2", 400),
        ("GET", "/v1/quote?token_id=-1&amount=1", 400),
        ("GET", "/v1/quote?token_id=0&amount=1e9", 400),
        ("GET", "/v1/quote?token_id=77&amount=1", 422),
        ("GET", "/v1/quote?token_id=0&amount=0", 422),
        ("GET", f"/v1/quote?token_id=0&amount={'9' * 400}", 400),
        ("GET", "/v1/users/abc/accounts", 400),
        ("GET", "/v1/users/%00/inbox", 400),
    ],
)
async def test_what_is_asked_wrongly_is_told_so(hub: ServedHub, method: str, path: str, status: int) -> None:
    found = await hub.ask(method, path)
    assert found.status == status
    assert found.message


async def test_bodies_that_are_none_are_told_so(hub: ServedHub) -> None:
    good = hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "k")
    assert (await hub.post("/v1/requests", good | {"more": 1})).status == 400
    assert (await hub.post("/v1/requests", {key: good[key] for key in list(good)[:3]})).status == 400
    for changed in ({"amount": 5}, {"amount": "-5"}, {"amount": "05"}, {"token_id": "0"}, {"user": "0x12"}):
        found = await hub.post("/v1/requests", good | changed)
        assert found.status == 400
        assert next(iter(changed)) in found.message
    typed = {"Content-Type": "text/plain"}
    assert (await hub.ask("POST", "/v1/requests", data="{}", headers=typed)).status == 415
    json_type = {"Content-Type": "application/json"}
    large = b'"' + b"a" * MOST_BYTES + b'"'
    assert (await hub.ask("POST", "/v1/requests", data=large, headers=json_type)).status == 413
    charset = {"Content-Type": "application/json; charset=none"}
    assert (await hub.ask("POST", "/v1/requests", data=b"{}", headers=charset)).status == 400


async def test_a_page_whose_domain_points_here_is_not_answered(hub: ServedHub) -> None:
    found = await hub.get("/v1/hub", headers={"Host": "evil.example"})
    assert found.status == 421


async def test_hostile_input_gets_a_status_from_400_on_and_the_hub_goes_on(hub: ServedHub) -> None:
    bodies = [b"", b"\xff\xfe", b"null", b"[]", b"1e999", b"[" * 5000, b'{"user":' * 1000, b'{"a":"\\ud800"}']
    for path in ("/v1/requests", "/v1/payments", "/v1/inbox/x/approve", "/v1/inbox/x/reject"):
        for body in bodies:
            found = await hub.ask("POST", path, data=body, headers={"Content-Type": "application/json"})
            assert 400 <= found.status < 500, (path, body)
    assert (await hub.get("/v1/hub")).status == 200


async def test_the_kill_switch_declines_and_sends_nothing(hub: ServedHub) -> None:
    await hub.hub.engine._stop(stopped=True)
    found = await hub.post("/v1/requests", hub.wanted(hub.wallets[1], USDC, 1000 * UNIT, "k"))
    assert (found.status, found.code) == (409, "hub.stopped")


async def test_a_token_of_18_decimals_is_counted_in_its_own_units(hub: ServedHub) -> None:
    found = await hub.get(f"/v1/quote?token_id={DAI}&amount={1000 * 10**18}")
    assert found.body["hub_fee"] == str(10 * 10**18)


def refs_of(document: Any) -> list[str]:
    if isinstance(document, dict):
        own = [document["$ref"]] if "$ref" in document else []
        return own + [ref for one in document.values() for ref in refs_of(one)]
    return [ref for one in document for ref in refs_of(one)] if isinstance(document, list) else []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values=st.lists(json_values, min_size=6, max_size=6))
async def test_no_json_brings_the_hub_to_an_answer_of_500(hub: ServedHub, values: list[Any]) -> None:
    names = ("user", "token_id", "amount", "idempotency_key", "signature")
    body = dict(zip(names, values, strict=False))
    assert 400 <= (await hub.post("/v1/requests", body)).status < 500
    assert 400 <= (await hub.post("/v1/payments", {**body, "payer": values[5]})).status < 500
