"""Opens a connection that can be given up at any moment. Source: libpq, "PQconnectStartParams".

psycopg's own `connect` waits for at least two seconds and hears nobody meanwhile; a session that ends while a server is
silent would have to wait for it. Only the look-up of a name cannot be cut short.
"""

from __future__ import annotations

import selectors
import threading
import time
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo

_LOOK_EVERY_S = 0.05


def connected(
    parameters: dict[str, str], within_s: float, given_up: threading.Event
) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection without prepared statements. Raises psycopg.OperationalError, also when `given_up` is set."""
    conninfo = make_conninfo("", **parameters)
    pgconn = pq.PGconn.connect_start(conninfo.encode())
    try:
        _poll_until_connected(pgconn, time.monotonic() + within_s, within_s, given_up)
    except BaseException:
        pgconn.finish()
        raise
    pgconn.nonblocking = 1
    connection = psycopg.Connection(pgconn)
    connection.prepare_threshold = None  # a pooler hands the next transaction to a session that knows none
    return connection


def _poll_until_connected(pgconn: pq.abc.PGconn, until_s: float, within_s: float, given_up: threading.Event) -> None:
    while True:
        if pgconn.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        status = pgconn.connect_poll()
        if status == pq.PollingStatus.OK:
            return
        if status == pq.PollingStatus.FAILED:
            raise psycopg.OperationalError(pgconn.get_error_message())
        reading = status == pq.PollingStatus.READING
        with selectors.DefaultSelector() as selector:  # the socket may be another one after each poll
            selector.register(pgconn.socket, selectors.EVENT_READ if reading else selectors.EVENT_WRITE)
            while not selector.select(_LOOK_EVERY_S):
                if given_up.is_set():
                    raise psycopg.OperationalError("given up while it connected")
                if time.monotonic() > until_s:
                    raise psycopg.OperationalError(f"no answer within {within_s:g} s")
