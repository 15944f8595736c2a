"""One panel for each profile: a second start raises the window of the first (panel spec 12).

The first holds `panel.lock` in the profile, which the operating system lets go of with the process, and listens on a
local socket that only its owner may use. Whoever finds the lock held asks there for one thing, `raise`; nothing else is
understood. A socket that a crash left behind is replaced by the next holder of the lock.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, QTimer
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from engine.core.profile import HeldFile

LOCK, SOCKET = "panel.lock", "panel.socket"
RAISE, RAISED = b"raise\n", b"raised\n"
LONGEST_PATH = 85
"""Bytes: a local socket's path may have 107, and Qt makes it in a folder of its own beside it first."""
ASKED_WITHIN_MS = 2000
MOST_WAITING = 8

_log = logging.getLogger(__name__)


def socket_name(folder: Path) -> str:
    """What the socket of the profile in `folder` is called: in it, or beside other sockets where its path is long."""
    short = f"evenkeel-{hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]}"
    if sys.platform == "win32":
        return short
    inside = folder / SOCKET
    if len(os.fsencode(inside)) <= LONGEST_PATH:
        return str(inside)
    runtime = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.RuntimeLocation)
    return str(Path(runtime) / short)


class SinglePanel(QObject):
    """`claim` the profile; then `listen`, or ask the one that has it (`asked_to_raise`)."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._lock = HeldFile(folder / LOCK)
        self._server: QLocalServer | None = None

    def claim(self) -> bool:
        """Whether this is the only panel on the profile. Where its folder cannot be used, the session says why."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._lock.take() is None
        except OSError:
            return True

    def listen(self, raise_window: Callable[[], object]) -> None:
        """Raise the window when another start asks for it. Only for who has claimed the profile."""
        name = socket_name(self._folder)
        QLocalServer.removeServer(name)
        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        server.setMaxPendingConnections(MOST_WAITING)
        server.newConnection.connect(lambda: self._arrived(raise_window))
        if not server.listen(name):
            _log.warning("a second start cannot raise this window: %s", server.errorString())
            return
        self._server = server

    def close(self) -> None:
        """Listen no longer and let another have the profile. Safe to call twice."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.release()

    def _arrived(self, raise_window: Callable[[], object]) -> None:
        while self._server is not None and self._server.hasPendingConnections():
            _Asking(self._server.nextPendingConnection(), raise_window)


class _Asking(QObject):
    """One connection: the word is understood or it ends, and it ends soon. Lives as long as its socket."""

    def __init__(self, socket: QLocalSocket, raise_window: Callable[[], object]) -> None:
        super().__init__(socket)
        self._socket = socket
        self._raise_window = raise_window
        self._deadline = QTimer(self)
        self._deadline.setSingleShot(True)
        self._deadline.timeout.connect(lambda: self._socket.abort())
        self._deadline.start(ASKED_WITHIN_MS)
        socket.readyRead.connect(self._read)
        socket.disconnected.connect(lambda: self._socket.deleteLater())
        self._read()

    def _read(self) -> None:
        if self._socket.bytesAvailable() < len(RAISE):
            return
        if bytes(self._socket.read(len(RAISE)).data()) == RAISE and self._socket.bytesAvailable() == 0:
            self._raise_window()
            self._socket.write(RAISED)
        self._socket.disconnectFromServer()


async def asked_to_raise(folder: Path, within_s: float = 5.0) -> bool:
    """Ask the panel that has the profile in `folder` to come to the front; whether it said that it did.

    A panel that is just starting may not listen yet: it is asked again until the time is up.
    """
    try:
        async with asyncio.timeout(within_s):
            while not await _asked_once(socket_name(folder)):  # noqa: ASYNC110 - another process sets no event
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False
    return True


async def _asked_once(name: str) -> bool:
    socket = QLocalSocket()
    answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def settle(raised: bool) -> None:
        if not answered.done():
            answered.set_result(raised)

    def read() -> None:
        if socket.bytesAvailable() >= len(RAISED):
            settle(bytes(socket.readAll().data()) == RAISED)

    socket.connected.connect(lambda: socket.write(RAISE))
    socket.readyRead.connect(read)
    socket.disconnected.connect(lambda: settle(False))
    socket.errorOccurred.connect(lambda _: settle(False))
    socket.connectToServer(name)
    try:
        return await answered
    finally:
        socket.abort()
        socket.deleteLater()
