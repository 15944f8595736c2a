"""What Kraken's errors mean (governor spec 19 and 20)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.gate import NoAnswer, Rejection
from engine.grid.ports import (
    BelowMinimum,
    DuplicateClientId,
    InsufficientFunds,
    OrderGone,
    PostOnlyRejected,
    VenueRefused,
    VenueSilent,
)
from engine.venue.error_table import HTTP_RULES, LOCKED_OUT_S, RULES, Advice, rule_of
from engine.venue.errors import AnswerUnreadable, HttpStatusError, failure, judge


class CcxtError(Exception):
    """Shaped like ccxt's: its name for the exchange, then Kraken's whole answer."""

    def __init__(self, *words: str) -> None:
        super().__init__("kraken " + json.dumps({"error": list(words)}))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("EOrder:Post only order", PostOnlyRejected),
        ("EOrder:Insufficient funds", InsufficientFunds),
        ("EOrder:Order minimum not met", BelowMinimum),
        ("EOrder:Cost minimum not met", BelowMinimum),
        ("EGeneral:Invalid arguments:volume minimum not met", BelowMinimum),
        ("EGeneral:Invalid arguments:cl_ord_id not unique", DuplicateClientId),
        ("EOrder:Unknown order", OrderGone),
    ],
)
def test_an_ordinary_refusal_has_a_reason_of_its_own(words, reason):
    rejection = failure(CcxtError(words))
    assert isinstance(rejection, Rejection)
    assert isinstance(rejection.reason, reason)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("EAPI:Rate limit exceeded", "retry"),
        ("EOrder:Rate limit exceeded", "retry"),
        ("EService:Throttled: 1767225600", "retry"),
        ("EService:Market in cancel_only mode", "reread"),
        ("EOrder:Orders limit exceeded", "reread"),
        ("EOrder:Invalid price:DOGE/USD price can only be specified up to 7 decimals.", "reread"),
        ("EOrder:Domain rate limit exceeded", "retry"),
        ("ESession:Invalid session", "retry"),
        ("EGeneral:Invalid arguments:Index unavailable", "stop"),
        ("EOrder:Margin level too low", "stop"),
        ("EOrder:Reduce only:No position exists", "stop"),
        ("EFunding:Max fee exceeded", "stop"),
        ("ETrade:Invalid request", "stop"),
        ("EGeneral:Invalid arguments:ordertype", "stop"),
        ("EAPI:Invalid nonce", "person"),
        ("EAPI:Invalid key", "person"),
        ("EAPI:Invalid signature", "person"),
        ("EGeneral:Permission denied", "person"),
        ("EAPI:Feature disabled", "person"),
        ("EAccount:Invalid permissions", "person"),
        ("EAuth:Account temporary disabled", "person"),
        ("ETrade:Locked", "person"),
        ("EBM:limit exceeded:CAL", "person"),
    ],
)
def test_every_other_refusal_keeps_krakens_words_and_says_what_to_do(words, advice):
    rejection = failure(CcxtError(words))
    assert isinstance(rejection, Rejection)
    assert rejection.reason == VenueRefused(words, advice)


@pytest.mark.parametrize(
    "words",
    [
        "EService:Unavailable",
        "EService:Busy",
        "EService:Deadline elapsed",
        "EGeneral:Internal error",
        "EOrder:Cancel pending",
        "EOrder:Something that Kraken invents tomorrow",
        "WGeneral:A warning beside a result that ccxt took for an error",
    ],
)
def test_what_leaves_open_whether_kraken_acted_is_no_answer(words):
    silence = failure(CcxtError(words))
    assert isinstance(silence, NoAnswer)
    assert silence.reason == VenueSilent(words)


def test_one_doubt_among_several_errors_is_enough():
    assert isinstance(failure(CcxtError("EOrder:Unknown order", "EService:Busy")), NoAnswer)


@given(st.text(max_size=80))
def test_an_error_without_krakens_words_is_no_answer(text):
    assert isinstance(failure(RuntimeError(text)), NoAnswer)


DOCUMENTED = (
    "EGeneral:Invalid arguments",
    "EGeneral:Invalid arguments:Index unavailable",
    "EGeneral:Temporary lockout",
    "EGeneral:Permission denied",
    "EGeneral:Internal error",
    "EGeneral:Internal error:17",
    "EGeneral:Unknown method",
    "EService:Unavailable",
    "EService:Busy",
    "EService:Market in cancel_only mode",
    "EService:Market in post_only mode",
    "EService:Deadline elapsed",
    "EService: Throttled: 1767225600",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EAPI:Invalid nonce",
    "EAPI:Rate limit exceeded",
    "EAPI:Bad request",
    "EAPI:Feature disabled",
    "EOrder:Cannot open opposing position",
    "EOrder:Cannot open position",
    "EOrder:Margin allowance exceeded",
    "EOrder:Margin level too low",
    "EOrder:Margin position size exceeded",
    "EOrder:Insufficient margin",
    "EOrder:Insufficient funds",
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed",
    "EOrder:Orders limit exceeded",
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EOrder:Positions limit exceeded",
    "EOrder:Reduce only:Non-PC",
    "EOrder:Reduce only:No position exists",
    "EOrder:Reduce only:Position is closed",
    "EOrder:Scheduled orders limit exceeded",
    "EOrder:Unknown position",
    "EOrder:Unknown order",
    "EOrder:Invalid price",
    "EOrder:Trading agreement required",
    "EAccount:Invalid permissions",
    "EAuth:Account temporary disabled",
    "EAuth:Account unconfirmed",
    "EAuth:Rate limit exceeded",
    "EAuth:Too many requests",
    "EBM:limit exceeded:CAL",
    "EDatabase:Internal error",
    "EFunding:Max fee exceeded",
    "EFunding:No funding method",
    "EFunding:Too many addresses",
    "EFunding:Unknown withdraw key",
    "EFunding:Invalid amount",
    "EQuery:Unknown asset",
    "EQuery:Unknown asset pair",
    "ESession:Invalid session",
    "ETrade:Invalid request",
    "ETrade:Locked",
    "ETrade:User Locked",
)
"""From the pages that error_table.py names."""


@pytest.mark.parametrize("words", DOCUMENTED)
def test_every_word_that_kraken_documents_has_a_row(words):
    assert rule_of(words) is not None


def test_a_lockout_says_how_long_it_lasts():
    assert failure(CcxtError("EGeneral:Temporary lockout")).reason == VenueRefused(
        "EGeneral:Temporary lockout", "retry", LOCKED_OUT_S
    )


@given(st.sampled_from(RULES), st.sampled_from(["", ":", ": 17", ":DOGE/USD price", " (1)"]))
def test_every_row_and_what_kraken_may_add_to_its_words_comes_to_what_the_row_says(rule, more):
    words = rule.words + more
    assert rule_of(words).advice is rule.advice or rule_of(words).words.startswith(rule.words)
    failed = failure(CcxtError(words))
    if rule_of(words).advice is Advice.UNTOLD:
        assert failed.reason == VenueSilent(words)
        assert isinstance(failed, NoAnswer)
    else:
        assert isinstance(failed, Rejection)
        if isinstance(failed.reason, VenueRefused):
            assert failed.reason.advice == rule_of(words).advice.value
            assert failed.reason.words == words


@given(st.text(min_size=1, max_size=60).filter(lambda words: rule_of(words) is None))
def test_only_what_the_table_names_is_taken_for_certain(words):
    assert judge((words,)) is None


@pytest.mark.parametrize("status", [*HTTP_RULES, 409, 418, 500, 502, 503, 504, 520, 522, 525, 599])
def test_an_answer_that_is_not_krakens_is_a_refusal_only_where_the_request_did_not_get_through(status):
    failed = failure(HttpStatusError(status, "Some text"))
    assert isinstance(failed, Rejection if status in HTTP_RULES else NoAnswer)
    assert f"HTTP {status} Some text" in failed.reason.words


def test_too_many_requests_are_asked_again_when_the_answer_says_so_and_after_a_while_else():
    assert failure(HttpStatusError(429, "Too Many Requests", 30.0)).reason.again_in_s == 30
    assert failure(HttpStatusError(429, "Too Many Requests")).reason.again_in_s > 0


@pytest.mark.parametrize("at", range(len(RULES)))
def test_no_rule_is_hidden_by_one_before_it(at):
    assert [rule.words for rule in RULES[:at] if RULES[at].words.startswith(rule.words)] == []


def test_an_unreadable_answer_is_no_answer_and_names_the_field():
    error = failure(AnswerUnreadable("txid", {"x": 1}))
    assert isinstance(error, NoAnswer)
    assert "txid" in error.reason.words
