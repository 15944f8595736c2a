"""Signatures, nonces and permissions (governor spec 22)."""

import asyncio
import base64
import dataclasses

import pytest
from ccxt.base.errors import AuthenticationError, ExchangeError, InvalidNonce, PermissionDenied

from engine.paper.auth import KeyRing, signature
from engine.paper.config import ApiKey
from engine.paper.errors import KrakenError

SECRET = base64.b64encode(bytes(range(64))).decode()


def test_a_signature_is_the_one_kraken_publishes_as_its_example():
    """Kraken, "Spot REST authentication": the worked example."""
    body = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
    secret = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="

    assert signature(secret, "/0/private/AddOrder", "1616492376594", body) == (
        "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
    )


def check(ring, nonce, *, key="k", secret=SECRET, body=b""):
    sign = signature(secret, "/0/private/Balance", nonce, body)
    return ring.check(key, sign, "/0/private/Balance", nonce, body, now_s=0.0)


def test_a_nonce_is_taken_once_and_only_upwards():
    ring = KeyRing.of([ApiKey("k", SECRET)])
    check(ring, "10")

    for nonce in ("10", "9", "", "ten", "-11"):
        with pytest.raises(KrakenError, match="EAPI:Invalid nonce"):
            check(ring, nonce)
    assert check(ring, "11").nonce == 11


def test_a_refused_signature_uses_up_no_nonce():
    ring = KeyRing.of([ApiKey("k", SECRET)])

    with pytest.raises(KrakenError, match="EAPI:Invalid signature"):
        check(ring, "10", secret=base64.b64encode(b"other").decode())

    assert check(ring, "1").nonce == 1


def test_nonces_of_two_keys_are_apart():
    ring = KeyRing.of([ApiKey("a", SECRET), ApiKey("b", SECRET)])

    check(ring, "10", key="a")

    assert check(ring, "5", key="b").nonce == 5


def test_a_token_runs_out():
    ring = KeyRing.of([ApiKey("k", SECRET)])
    token = ring.issue_token(ring.keys["k"], monotonic_s=0)

    assert ring.owner_of(token, 899, now_s=0).api_key.key == "k"
    with pytest.raises(KrakenError, match="ESession:Invalid session"):
        ring.owner_of(token, 901, now_s=0)


def test_a_secret_that_is_not_base64_is_refused_without_being_shown():
    with pytest.raises(ValueError, match="key 'paper' is not base64") as refusal:
        KeyRing.of([ApiKey("k", "not/base64!")])
    assert "not/base64!" not in str(refusal.value)


def test_a_key_does_not_show_its_secret():
    assert SECRET not in repr(ApiKey("k", SECRET))


async def test_a_wrong_secret_is_refused_in_krakens_words(paper, connect, paper_key):
    wrong = dataclasses.replace(paper_key, secret=SECRET)
    async with connect(paper.exchange.address, wrong) as client:
        with pytest.raises((AuthenticationError, ExchangeError), match="EAPI:Invalid signature"):
            await client.fetch_balance()


async def test_an_unknown_key_is_refused_in_krakens_words(paper, connect, paper_key):
    async with connect(paper.exchange.address, dataclasses.replace(paper_key, key="other")) as client:
        with pytest.raises(AuthenticationError, match="EAPI:Invalid key"):
            await client.fetch_balance()


async def test_a_nonce_that_was_used_is_refused_in_krakens_words(client):
    await client.fetch_balance()
    client.options["lastNonce"] = 0
    client.nonce = lambda: 1

    with pytest.raises(InvalidNonce, match="EAPI:Invalid nonce"):
        await client.fetch_balance()


async def test_many_calls_at_once_all_have_nonces_that_rise(paper, client):
    """ccxt gives each its own nonce, and they may arrive in any order: only those overtaken are refused."""
    answers = await asyncio.gather(*(client.fetch_balance() for _ in range(5)), return_exceptions=True)

    assert any(not isinstance(answer, Exception) for answer in answers)
    assert all(isinstance(answer, dict | InvalidNonce) for answer in answers)


async def test_a_key_may_only_do_what_it_is_permitted(open_paper, connect, paper_key):
    reader = dataclasses.replace(paper_key, permissions=("query-funds",))
    async with open_paper(keys=(reader,)) as paper, connect(paper.exchange.address, reader) as client:
        assert (await client.fetch_balance())["USD"]["total"] == 100
        with pytest.raises(PermissionDenied, match="EGeneral:Permission denied"):
            await client.create_order("DOGE/USD", "limit", "buy", 20, 0.09)
        with pytest.raises(PermissionDenied):
            await client.fetch_open_orders()
        assert (await client.privatePostGetApiKeyInfo())["result"]["permissions"] == ["query-funds"]
