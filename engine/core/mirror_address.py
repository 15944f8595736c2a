"""A PostgreSQL address as libpq takes it, checked before anything connects. Its words never show it.

Source: PostgreSQL manual, "libpq: Connection Strings" and "SSL Support". A Supabase project shows its address under
"Connect"; any of its three forms will do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address

from engine.core.mirror_messages import StoreFailed, StoreTlsRefused, StoreUrlWrong
from engine.core.secrets import Secret

DEFAULT_PORT = 5432
_SCHEMES = ("postgresql://", "postgres://")
_IN_THE_CLEAR = frozenset({"disable", "allow", "prefer"})


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where the server is. `parameters` are libpq's, password included, and do not show in a repr."""

    host: str
    port: int
    database: str
    user: str
    sslmode: str
    parameters: dict[str, str] = field(repr=False)


def store_address(url: Secret) -> StoreAddress:
    """The address in `url`. Raises StoreFailed with StoreUrlWrong or StoreTlsRefused.

    TLS is required unless every host is this machine; the address may ask for more (`sslmode=verify-full`), never for
    less.
    """
    parameters = _parsed(url.reveal())
    hosts = _hosts(parameters)
    sslmode = parameters.get("sslmode", "")
    if all(_is_this_machine(host) for host in hosts):
        parameters.setdefault("sslmode", "prefer")
    elif sslmode in _IN_THE_CLEAR:
        raise StoreFailed(StoreTlsRefused(hosts[0], sslmode))
    else:
        parameters.setdefault("sslmode", "require")
    parameters.setdefault("gssencmode", "disable")
    parameters["client_encoding"] = "UTF8"
    parameters.setdefault("application_name", "evenkeel")
    parameters.setdefault("tcp_user_timeout", "10000")
    return StoreAddress(
        host=hosts[0],
        port=_port(parameters),
        database=parameters["dbname"],
        user=parameters["user"],
        sslmode=parameters["sslmode"],
        parameters=parameters,
    )


def _parsed(url: str) -> dict[str, str]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    if not url.startswith(_SCHEMES):
        raise _wrong("it does not begin with postgresql://")
    try:
        found = conninfo_to_dict(url)
    except (psycopg.Error, UnicodeError):
        raise _wrong("it cannot be read") from None  # libpq quotes the part it stumbled on, mostly the password
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    for name, word in (("user", "user"), ("dbname", "database")):
        if not parameters.get(name):
            raise _wrong(f"it names no {word}")
    # A password with an @ or / of its own reaches into host or database, and would be shown with them.
    if any("@" in parameters.get(name, "") for name in ("host", "hostaddr", "dbname")):
        raise _wrong("a sign in its password or database name is not written as a % code")
    if "service" in parameters or "passfile" in parameters:
        raise _wrong("it refers to a file (service or passfile)")
    return parameters


def _hosts(parameters: dict[str, str]) -> list[str]:
    given = parameters.get("hostaddr") or parameters.get("host") or ""
    hosts = [host.strip() for host in given.split(",")]
    if not all(hosts):
        raise _wrong("it names no host")
    return hosts


def _port(parameters: dict[str, str]) -> int:
    text = parameters.get("port", "").split(",")[0] or str(DEFAULT_PORT)
    if not text.isascii() or not text.isdecimal() or not 0 < int(text) < 65536:
        raise _wrong("its port is no number from 1 to 65535")
    return int(text)


def _is_this_machine(host: str) -> bool:
    if host.startswith(("/", "@")):  # a Unix socket
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _wrong(fault: str) -> StoreFailed:
    return StoreFailed(StoreUrlWrong(fault))
