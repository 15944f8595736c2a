"""Which PostgreSQL addresses are taken, with which TLS, and that none of them is ever shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.mirror_address import store_address
from engine.core.mirror_messages import StoreFailed, StoreTlsRefused, StoreUrlWrong
from engine.core.secrets import Secret


@pytest.mark.parametrize(
    ("url", "sslmode"),
    [
        ("postgresql://u:password@db.example.net/d", "require"),
        ("postgres://u:password@db.example.net:6543/d?sslmode=verify-full", "verify-full"),
        ("postgresql://u:password@192.0.2.7/d?sslmode=verify-ca", "verify-ca"),
        ("postgresql://u:password@127.0.0.1/d", "prefer"),
        ("postgresql://u:password@[::1]/d?sslmode=disable", "disable"),
        ("postgresql://u:password@localhost/d", "prefer"),
        ("postgresql://u@/d?host=/run/postgresql", "prefer"),
        ("postgresql://u:password@127.0.0.1,db.example.net/d", "require"),
    ],
)
def test_tls_is_required_unless_the_server_is_this_machine(url: str, sslmode: str) -> None:
    assert store_address(Secret(url)).sslmode == sslmode


@pytest.mark.parametrize("sslmode", ["disable", "allow", "prefer"])
@pytest.mark.parametrize("host", ["db.example.net", "localhost,db.example.net", "10.0.0.7"])
def test_another_machine_in_the_clear_is_refused(host: str, sslmode: str) -> None:
    with pytest.raises(StoreFailed) as refused:
        store_address(Secret(f"postgresql://u:password@{host}/d?sslmode={sslmode}"))
    assert isinstance(refused.value.reason, StoreTlsRefused)


@pytest.mark.parametrize(
    "url",
    [
        "host=localhost user=u password=s3cret-word dbname=d",
        "https://u:s3cret-word@localhost/d",
        "postgresql://u:s3cret-word@localhost",
        "postgresql://localhost/d",
        "postgresql://u:s3cret-word@/d",
        "postgresql://u:s3cret-word@localhost:0/d",
        "postgresql://u:s3cret-word@localhost:port/d",
        "postgresql://u:s3cret-word@localhost/d?service=x",
        "postgresql://u:s3cret-word@localhost/d?no_such_word=1",
        "postgresql://u:s3cret-word@more@localhost/d",
        "postgresql://u:123/s3cret-word@localhost/d",
        "postgresql://u:%zzs3cret-word@localhost/d",
    ],
)
def test_a_wrong_address_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(StoreFailed) as refused:
        store_address(Secret(url))
    assert isinstance(refused.value.reason, StoreUrlWrong)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=24))
def test_no_password_however_it_is_written_shows_in_what_is_said(password: str) -> None:
    try:
        address = store_address(Secret(f"postgresql://u:~{password}~@localhost/d"))
    except StoreFailed as refused:
        shown = str(refused)
    else:
        shown = f"{address} {address.host} {address.database}"
    assert not any(f"~{password}"[start : start + 8] in shown for start in range(len(password) - 6))
