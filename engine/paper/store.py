"""Where the world of the paper exchange survives a restart: one SQLite file, written by one worker thread.

Each save is one transaction, so the file always holds a whole world. Changed orders and new trades are written as rows;
the rest (balances, counters, nonces, the market's position) is one small JSON value.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.paper.config import StateUnusable
from engine.paper.orders import HISTORY_KEPT

Row = dict[str, Any]
FORMAT = 2


@dataclass(frozen=True, slots=True)
class SavedWorld:
    """What a state file holds: orders and trades oldest first."""

    head: Row
    orders: list[Row] = field(default_factory=list)
    trades: list[Row] = field(default_factory=list)


class Store:
    """The state file. All access to SQLite happens in a thread of its own."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="paper-store")
        self._connection: sqlite3.Connection | None = None

    async def load(self) -> SavedWorld | None:
        """The saved world, None when the file is new. Raises StateUnusable when it is not one of ours."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._load)

    async def save(self, head: Row, orders: Iterable[Row], trades: Iterable[Row]) -> None:
        """Write the head and what has changed, all or nothing."""
        rows = [(row["id"], row["number"], json.dumps(row)) for row in orders]
        fills = [(row["id"], row["number"], json.dumps(row)) for row in trades]
        await asyncio.get_running_loop().run_in_executor(self._thread, self._save, json.dumps(head), rows, fills)

    async def close(self) -> None:
        """Wait for the last save and close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        await asyncio.to_thread(self._thread.shutdown)

    def _load(self) -> SavedWorld | None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, check_same_thread=False, isolation_level=None)
        self._connection = connection
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            for table in ("orders", "trades"):
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {table} (id TEXT PRIMARY KEY, number INTEGER, row TEXT)"
                )
            connection.execute("CREATE TABLE IF NOT EXISTS head (format INTEGER PRIMARY KEY, row TEXT)")
            heads = connection.execute("SELECT format, row FROM head").fetchall()
        except sqlite3.DatabaseError as error:
            raise StateUnusable(f"{self._path.name} is not a paper exchange's state file ({error})") from None
        if not heads:
            return None
        if [row[0] for row in heads] != [FORMAT]:
            found = ", ".join(str(row[0]) for row in heads)
            raise StateUnusable(f"{self._path.name} has format {found}, expected {FORMAT}; start with a new file")
        return self._whole(connection, heads[0][1])

    def _whole(self, connection: sqlite3.Connection, head: str) -> SavedWorld:
        """What the file holds, or StateUnusable: half a world is none."""
        try:
            [(verdict,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            self._forget_oldest(connection)
            return SavedWorld(json.loads(head), self._rows("orders"), self._rows("trades"))
        except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
            raise StateUnusable(f"{self._path.name} is damaged ({error})") from None

    def _forget_oldest(self, connection: sqlite3.Connection) -> None:
        """Keep as much history as the book does; open orders always."""
        connection.execute(
            "DELETE FROM orders WHERE number <= (SELECT max(number) FROM orders) - ?"
            " AND json_extract(row, '$.status') != 'open'",
            (HISTORY_KEPT,),
        )
        connection.execute("DELETE FROM trades WHERE number <= (SELECT max(number) FROM trades) - ?", (HISTORY_KEPT,))

    def _rows(self, table: str) -> list[Row]:
        assert self._connection is not None
        return [json.loads(row) for (row,) in self._connection.execute(f"SELECT row FROM {table} ORDER BY number")]

    def _save(self, head: str, orders: list[tuple[str, int, str]], trades: list[tuple[str, int, str]]) -> None:
        if self._connection is None:
            raise RuntimeError("the state file is loaded before it is saved to")
        with self._connection as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", orders)
            connection.executemany("INSERT OR REPLACE INTO trades VALUES (?, ?, ?)", trades)
            connection.execute("INSERT OR REPLACE INTO head VALUES (?, ?)", (FORMAT, head))

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
