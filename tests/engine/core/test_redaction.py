"""No text that leaves the program shows a secret, by value or by shape (panel spec 17)."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.core.redacted_logging import install, loop_exception_handler
from engine.core.redaction import MAX_PUBLIC, Redactor
from engine.core.secrets import Secret

KEY_HEX = "0x" + "4c0883a69102937d6231471b5dbb6204fe512961708279f2e3a5b8e4c9d1a7f0"
API_SECRET = base64.b64encode(bytes(range(64))).decode()
API_KEY = base64.b64encode(bytes(range(100, 142))).decode()
RPC = "https://node.example.net/v3/0f9b6c2d4e8a4d1fb7c3a5e6d7f80912"

VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=40).filter(
    lambda text: len(text.strip()) >= 8
)
AROUND = st.text(st.characters(exclude_categories=["C"]), max_size=20)
EMBEDDINGS: dict[str, Callable[[str, str, str], str]] = {
    "as it is": lambda a, s, b: a + s + b,
    "quoted": lambda a, s, b: repr(a + s + b),
    "ascii": lambda a, s, b: ascii(a + s + b),
    "bytes": lambda a, s, b: repr((a + s + b).encode()),
    "json": lambda a, s, b: json.dumps({"x": a + s + b}),
    "json with its own letters": lambda a, s, b: json.dumps([a + s + b], ensure_ascii=False),
    "json in json": lambda a, s, b: json.dumps(json.dumps([a + s + b])),
    "json with every letter escaped": lambda a, s, b: "".join(
        rf"\u{unit:04x}" for unit in memoryview((a + s + b).encode("utf-16-le")).cast("H")
    ),
    "json with slashes escaped": lambda a, s, b: json.dumps(a + s + b).replace("/", r"\/"),
    "url": lambda a, s, b: quote(a + s + b),
    "url in lower case": lambda a, s, b: quote(a + s + b, safe="").replace("%C", "%c"),
    "url within a url": lambda a, s, b: quote(quote(a + s + b, safe=""), safe=""),
    "form": lambda a, s, b: urlencode({"x": a + s + b}),
    "form with a plus": lambda a, s, b: quote_plus(a + s + b),
    "html": lambda a, s, b: html.escape(a + s + b),
    "hexadecimal": lambda a, s, b: (a + s + b).encode().hex().upper(),
    "base64": lambda a, s, b: base64.b64encode((a + s + b).encode()).decode(),
    "base64 for urls": lambda a, s, b: base64.urlsafe_b64encode((a + s + b).encode()).decode(),
}


@pytest.fixture
def redactor() -> Redactor:
    return Redactor()


@given(AROUND, VALUES, AROUND)
def test_a_registered_value_is_found_however_it_is_embedded(before: str, value: str, after: str) -> None:
    redactor = Redactor()
    redactor.register(Secret(value))
    for name, embed in EMBEDDINGS.items():
        shown = redactor.redact(embed(before, value, after))
        inside = embed("", value, "").strip("'\"=")[:-1]
        assert "[redacted]" in shown, name
        assert value not in shown, name
        assert inside not in shown, name


@given(st.text(), VALUES)
def test_redacting_again_changes_nothing(text: str, value: str) -> None:
    assume(value.strip("\\") not in "[redacted]")
    redactor = Redactor()
    redactor.register(Secret(value))
    once = redactor.redact(f"{text} {value} 'secret': '{text}' API-Key: {text} https://x/{text}")
    assert redactor.redact(once) == once


@given(st.text(alphabet=" abcxyzABC\n.,:;()-_/\\%&'\"{}[]=123", max_size=80))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    redactor = Redactor()
    for value in (API_SECRET, KEY_HEX, "correct horse battery"):
        redactor.register(Secret(value))
    assert redactor.redact(text) == text


def test_one_secret_within_another_leaves_nothing_of_either(redactor: Redactor) -> None:
    redactor.register(Secret("abcdefghij"))
    redactor.register(Secret("ghijklmnop"))
    assert redactor.redact("<abcdefghijklmnop>") == "<[redacted]>"


@pytest.mark.parametrize(
    "form",
    [
        KEY_HEX,
        KEY_HEX[2:],
        KEY_HEX.upper(),
        str(int(KEY_HEX, 16)),
        repr(bytes.fromhex(KEY_HEX[2:])),
        base64.b64encode(bytes.fromhex(KEY_HEX[2:])).decode(),
    ],
)
def test_a_signing_key_is_found_in_every_form_that_libraries_give_it(redactor: Redactor, form: str) -> None:
    redactor.register(Secret(KEY_HEX))
    shown = redactor.redact(f"key {form} end")
    assert "[redacted]" in shown
    assert form[4:-4] not in shown


@pytest.mark.parametrize("form", [repr(bytes(range(64))), bytes(range(64)).hex(), API_SECRET.rstrip("=")])
def test_an_api_secret_is_found_when_it_was_decoded(redactor: Redactor, form: str) -> None:
    redactor.register(Secret(API_SECRET))
    assert form[4:-4] not in redactor.redact(f"key {form} end")


@pytest.mark.parametrize("part", ["node.example.net", "0f9b6c2d4e8a4d1fb7c3a5e6d7f80912", RPC])
def test_host_and_token_of_a_registered_address_are_secrets_by_themselves(redactor: Redactor, part: str) -> None:
    assert "[redacted]" not in redactor.redact(f"cannot connect to host {part[:12]}")
    redactor.register(Secret(RPC))
    assert part not in redactor.redact(f"cannot connect to host {part}:443")


@pytest.mark.parametrize("form", ["p%40ss%2Fword", "p@ss/word"], ids=["as in the address", "as it is"])
def test_of_a_postgresql_address_the_password_is_a_secret_by_itself_and_nothing_else(
    redactor: Redactor, form: str
) -> None:
    redactor.register(Secret("postgresql://postgres:p%40ss%2Fword@db.example.net:5432/postgres"))
    said = f"postgres at db.example.net does not let postgres in with {form}"
    assert redactor.redact(said) == "postgres at db.example.net does not let postgres in with [redacted]"


def test_this_machine_is_no_secret_host(redactor: Redactor) -> None:
    redactor.register(Secret("http://127.0.0.1:8545"))
    redactor.register(Secret("http://localhost:8545"))
    assert redactor.redact("listening on 127.0.0.1 and localhost") == "listening on 127.0.0.1 and localhost"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"with {API_SECRET}.", "with [redacted]."),
        (f"with {API_KEY}.", "with [redacted]."),
        (f"key {KEY_HEX}", "key [redacted]"),
        (f"key{KEY_HEX}", "key[redacted]"),
        ("Authorization: Bearer abc.def\nnext", "Authorization: [redacted]\nnext"),
        ("{'API-Key': 'abc', 'API-Sign': b'x=='}", "{'API-Key': '[redacted]', 'API-Sign': b'[redacted]'}"),
        ("[('API-Key', 'abc')]", "[('API-Key', '[redacted]')]"),
        ('{"secret": "a\\"b", "n": 1}', '{"secret": "[redacted]", "n": 1}'),
        ('{"key":"abcdefgh","token" : "abcdefgh"}', '{"key":"[redacted]","token" : "[redacted]"}'),
        ('{"password": 12345}', '{"password": [redacted]}'),
        ('{\\"apiKey\\": \\"abc\\"}', '{\\"apiKey\\": \\"[redacted]\\"}'),
        ("login(user='ann', password='x y', n=1)", "login(user='ann', password='[redacted]', n=1)"),
        ('{"api_secret": "cut off he', '{"api_secret": [redacted] off he'),
        ("websocketsToken=abc&x=1", "websocketsToken=[redacted]&x=1"),
        ("postgresql://ann:p@ss@db/x", "postgresql://[redacted]@db/x"),
        ("wss://h.net/v2/abcdefghij0123456789, next", "wss://h.net/v2/[redacted], next"),
        ("https://h.net/?a=1&key=abc&b=2", "https://h.net/?a=1&key=[redacted]&b=2"),
    ],
)
def test_what_has_the_shape_or_the_name_of_a_secret_is_redacted(redactor: Redactor, text: str, shown: str) -> None:
    assert redactor.redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "order O6QNPL-ABCDE-FGHIJK placed at 0.12345678 for 1_000 DOGE",
        '{"token": "WETH", "buy_token": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"}',
        "Secret([redacted])",
        "the option steer.kp (line 4): expected 0 to 50, got 90",
        "https://api.kraken.com/0/private/AddOrder and https://etherscan.io/address/0x7a250d5630B4cF539739dF2C5dAcb4c6",
        "calldata 0x" + "ab" * 100,
        "sha256 " + "ab" * 32,
        'File "engine/core/very/long/path/without/any/other/mark/in/it/module", line 12',
        "idempotency_key=entry-3-B-17",
        "skipped the token: no pool",
    ],
)
def test_what_an_operator_needs_to_see_stays(redactor: Redactor, text: str) -> None:
    assert redactor.redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        f"tx_hash={KEY_HEX}",
        f'"transactionHash": "{KEY_HEX}"',
        f"'blockHash': HexBytes('{KEY_HEX}')",
        f"Tx hash {KEY_HEX}",
    ],
)
def test_a_transaction_hash_stays_where_its_name_says_what_it_is(redactor: Redactor, text: str) -> None:
    assert redactor.redact(text) == text


def test_a_value_declared_public_stays_though_it_has_the_shape_of_a_key(redactor: Redactor) -> None:
    redactor.public(KEY_HEX)
    assert redactor.redact(f"sent {KEY_HEX.upper().replace('X', 'x')}, seen {KEY_HEX}").count("[redacted]") == 0
    redactor.public("entry-3-B-17")
    assert redactor.redact('{"key": "entry-3-B-17"}') == '{"key": "entry-3-B-17"}'


def test_a_registered_secret_goes_even_where_it_was_declared_public_or_named_a_hash(redactor: Redactor) -> None:
    redactor.public(KEY_HEX)
    redactor.register(Secret(KEY_HEX))
    assert redactor.redact(f"tx_hash={KEY_HEX}") == "tx_hash=[redacted]"


def test_what_is_public_is_remembered_up_to_a_bound(redactor: Redactor) -> None:
    for number in range(MAX_PUBLIC + 1):
        redactor.public(f"0x{number:064x}")
    assert redactor.redact(f"0x{0:064x}") == "[redacted]"
    assert redactor.redact(f"0x{1:064x}") == f"0x{1:064x}"


@pytest.fixture
def log(redactor: Redactor) -> Iterator[tuple[logging.Logger, io.StringIO, list[str]]]:
    """A logger with a handler that was there before `install`, what it writes, and what is reported as uncaught."""
    redactor.register(Secret("correct horse battery"))
    written, reported = io.StringIO(), list[str]()
    logger = logging.getLogger("evenkeel.test")
    logger.propagate = False
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(message)s %(extra)s", defaults={"extra": ""}))
    logger.addHandler(handler)
    take_back = install(logger, redactor, reported.append)
    yield logger, written, reported
    take_back()
    logger.removeHandler(handler)


Log = tuple[logging.Logger, io.StringIO, list[str]]


def test_message_arguments_and_what_a_formatter_adds_are_redacted(log: Log) -> None:
    logger, written, _ = log
    logger.warning(
        "it is %s of %s", "correct horse battery", ["correct horse battery"], extra={"extra": "correct horse battery"}
    )
    assert written.getvalue() == "it is [redacted] of ['[redacted]'] [redacted]\n"


def test_traceback_and_stack_are_redacted(log: Log) -> None:
    logger, written, _ = log
    try:
        try:
            raise ValueError("correct horse battery")
        except ValueError as error:
            raise RuntimeError({"password": "hunter2!"}) from error
    except RuntimeError:
        logger.exception("failed", stack_info=True)
    text = written.getvalue()
    assert "ValueError: [redacted]" in text
    assert "RuntimeError: {'password': '[redacted]'}" in text
    assert "correct horse" not in text
    assert "Stack (most recent call last)" in text


def test_a_handler_that_is_added_later_gets_redacted_records_too(log: Log) -> None:
    logger, _, _ = log
    later = io.StringIO()
    handler = logging.StreamHandler(later)
    logger.addHandler(handler)
    logger.warning("it is %s", "correct horse battery")
    logger.removeHandler(handler)
    assert later.getvalue() == "it is [redacted]\n"


def test_a_message_that_cannot_be_redacted_is_withheld_and_not_let_through(log: Log) -> None:
    logger, written, _ = log
    logger.warning("%d correct horse battery", "three")
    assert written.getvalue() == ("[a message of evenkeel.test was withheld: it could not be redacted (TypeError)] \n")


def test_an_exception_that_nobody_caught_is_reported_redacted(log: Log) -> None:
    _, _, reported = log
    error = ValueError("correct horse battery")
    sys.excepthook(ValueError, error, None)
    assert reported == ["ValueError: [redacted]"]


def test_an_exception_in_a_thread_is_reported_redacted(log: Log) -> None:
    _, _, reported = log

    def fail() -> None:
        raise ValueError("correct horse battery")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    assert reported[0].startswith("in thread worker\nTraceback")
    assert reported[0].endswith("ValueError: [redacted]")


async def test_what_an_event_loop_could_not_give_to_anyone_is_reported_redacted(redactor: Redactor) -> None:
    redactor.register(Secret("correct horse battery"))
    reported: list[str] = []
    loop = asyncio.get_running_loop()
    handle = loop_exception_handler(redactor, reported.append)
    handle(
        loop,
        {"message": "in a callback", "what": "correct horse battery", "exception": OSError("correct horse battery")},
    )
    assert reported == ["in a callback\nwhat: '[redacted]'\nOSError: [redacted]"]


async def test_an_object_that_cannot_show_itself_is_told_by_its_type(redactor: Redactor) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError

    reported: list[str] = []
    loop_exception_handler(redactor, reported.append)(asyncio.get_running_loop(), {"message": "m", "task": Broken()})
    assert reported == ["m\ntask: <Broken>"]


def test_an_exception_that_cannot_be_raised_is_reported_redacted(log: Log) -> None:
    _, _, reported = log

    class Failing:
        def __del__(self) -> None:
            raise ValueError("correct horse battery")

    failing = Failing()
    del failing
    assert "Failing.__del__" in reported[0]
    assert reported[0].endswith("ValueError: [redacted]")


def test_without_a_report_the_text_goes_to_standard_error(
    redactor: Redactor, capsys: pytest.CaptureFixture[str]
) -> None:
    redactor.register(Secret("correct horse battery"))
    take_back = install(logging.getLogger("evenkeel.test"), redactor)
    try:
        sys.excepthook(ValueError, ValueError("correct horse battery"), None)
    finally:
        take_back()
    assert capsys.readouterr().err == "ValueError: [redacted]\n"


def test_all_hooks_are_as_they_were_when_it_is_taken_back(redactor: Redactor) -> None:
    def hooks() -> tuple[object, ...]:
        return sys.excepthook, threading.excepthook, sys.unraisablehook, logging.getLogRecordFactory()

    before = hooks()
    take_back = install(logging.getLogger("evenkeel.test"), redactor)
    assert all(new is not old for new, old in zip(hooks(), before, strict=True))
    take_back()
    assert hooks() == before
