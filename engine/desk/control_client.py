"""Asks the session that runs on a profile; blocks, for the command line."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from engine.desk.control_address import ANSWER_WITHIN_S, LOOPBACK, MAX_LINE_BYTES, ControlAddress

CONNECT_WITHIN_S = 3.0
MAX_ANSWER_BYTES = 16 * MAX_LINE_BYTES


class NoSessionError(RuntimeError):
    """No session of this profile runs."""


class SessionSilentError(RuntimeError):
    """A session listens and does not answer, or not in a way that can be read."""


def ask_session(profile: Path, command: str, **fields: str) -> dict[str, Any]:
    """The session's answer to one command. Raises NoSessionError, SessionSilentError, ControlAddressError."""
    address = ControlAddress.read(profile)
    if address is None:
        raise NoSessionError(_nobody(profile))
    request = {"command": command, **fields}
    if address.token:
        request["token"] = address.token
    try:
        with _connected(address) as connection:
            connection.settimeout(ANSWER_WITHIN_S + CONNECT_WITHIN_S)
            connection.sendall(json.dumps(request).encode() + b"\n")
            line = _line(connection)
    except (FileNotFoundError, ConnectionRefusedError):
        raise NoSessionError(_nobody(profile)) from None  # one that was killed left its file
    except OSError as error:
        raise SessionSilentError(f"the session of {profile} does not answer ({error.strerror or error})") from error
    try:
        answer = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise SessionSilentError(f"the session of {profile} ended the connection without a whole answer")
    return answer


def _connected(address: ControlAddress) -> socket.socket:
    if not address.path:
        return socket.create_connection((LOOPBACK, address.port), CONNECT_WITHIN_S)
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(CONNECT_WITHIN_S)
    try:
        connection.connect(address.path)
    except BaseException:
        connection.close()
        raise
    return connection


def _line(connection: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while size < MAX_ANSWER_BYTES:
        part = connection.recv(MAX_LINE_BYTES)
        parts.append(part)
        size += len(part)
        if not part or part.endswith(b"\n"):
            break
    return b"".join(parts)


def _nobody(profile: Path) -> str:
    return (
        f"no session runs on the profile {profile}; start one with `evenkeel-engine --profile {profile}` or the panel, "
        "or name another profile with --profile DIR"
    )
