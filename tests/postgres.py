"""A real PostgreSQL of the tests' own: one server in a folder that goes away, on a loopback port, with TLS.

The server refuses to run as root; then it runs as `postgres`, whom Debian's package makes, or as `nobody`.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "evenkeel", "only/for#tests@1"
PASSWORD_IN_URL = "only%2Ffor%23tests%401"
_STARTS_WITHIN_S = 20.0

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",  # a killed process loses nothing that the kernel has
    "max_connections": "30",
    "shared_buffers": "8MB",
    "ssl": "on",
    "log_min_messages": "warning",
}


class PostgresServer:
    """One server. `url` names a database of it; `stop`, `kill` and `start` act on the whole server."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def create(self) -> None:
        """Make the data folder, and a certificate that nobody has signed."""
        password = self._folder / "password"
        password.write_text(PASSWORD)
        self._hand_over()
        self._run(
            "initdb", f"--pgdata={self._folder / 'data'}", f"--username={USER}", f"--pwfile={password}",
            "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions",
        )  # fmt: skip
        _write_certificate(self._folder / "data")
        settings = (f"{name} = '{value}'\n" for name, value in {**_SETTINGS, "port": str(self.port)}.items())
        (self._folder / "data" / "postgresql.conf").write_text("".join(settings))
        self._hand_over()

    def start(self) -> None:
        """Return when the server answers. Does nothing when it runs."""
        if self._process is not None:
            return
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data"],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **_other_user(),
            )
        deadline_s = time.monotonic() + _STARTS_WITHIN_S
        while not self._answers():
            if time.monotonic() > deadline_s or self._process.poll() is not None:
                said = (self._folder / "log").read_text(errors="replace")
                pytest.fail(f"PostgreSQL did not start; it said:\n{said}", pytrace=False)
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as its operator would; sessions are cut off."""
        self._end(lambda process: process.send_signal(signal.SIGINT))

    def kill(self) -> None:
        """End the server and all its backends in the middle of whatever they do."""
        self._end(lambda process: _signal_family(process.pid, signal.SIGKILL))

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """As long as this lasts, connections are taken by the kernel and nothing is answered."""
        assert self._process is not None
        _signal_family(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal_family(self._process.pid, signal.SIGCONT)

    def url(self, database: str = "postgres", *, user: str = USER, password: str = PASSWORD_IN_URL) -> str:
        """How a person would give the address of `database`."""
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """A session of the test's own, each statement its own transaction."""
        return psycopg.connect(self.url(database), autocommit=True)

    def empty_database(self) -> str:
        """The name of a database without our tables and without sessions; to make a new one each time takes longer."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            )
            connection.execute("DROP SCHEMA IF EXISTS evenkeel CASCADE")
        return "postgres"

    def _end(self, how: Callable[[subprocess.Popen[bytes]], None]) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        how(process)
        process.wait(_STARTS_WITHIN_S)

    def _answers(self) -> bool:
        try:
            with self.connect():
                return True
        except psycopg.OperationalError:
            return False

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            **_other_user(),
        )
        if done.returncode != 0:
            pytest.fail(f"{program} failed:\n{done.stdout}{done.stderr}", pytrace=False)

    def _hand_over(self) -> None:
        user = _other_user().get("user")
        if user is not None:
            for path in (self._folder, *self._folder.rglob("*")):
                shutil.chown(path, user)


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server that runs, empty; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="evenkeel-postgres-"))
    server = PostgresServer(folder, _programs())
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_of_all_tests() -> Iterator[PostgresServer]:
    """Started once."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_of_all_tests: PostgresServer) -> PostgresServer:
    """The server, running, whatever the last test did to it."""
    postgres_of_all_tests.start()
    return postgres_of_all_tests


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """The name of a database without our tables."""
    return postgres.empty_database()


def _programs() -> Path:
    """Where the server's programs are: Debian keeps them out of the search path, by version."""
    found = shutil.which("postgres")
    if found is not None:
        return Path(found).resolve().parent
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "postgres").exists()]
    if not versions:
        pytest.fail("postgres is missing; install it first (Debian: apt-get install postgresql)", pytrace=False)
    return max(versions, key=lambda path: int(path.parent.name))


def _other_user() -> dict[str, object]:
    """What `subprocess` needs to leave root behind; nothing for anybody else."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_name, "group": entry.pw_gid, "extra_groups": []}


def _signal_family(server: int, number: int) -> None:
    """Signal the server, then its children, which have process groups of their own."""
    os.kill(server, signal.SIGSTOP)  # so that it starts no other meanwhile
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            parent = entry.read_text().rpartition(")")[2].split()[1]
            if int(parent) == server:
                os.kill(int(entry.parent.name), number)
    os.kill(server, number)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    (folder / "server.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "server.key").chmod(0o600)
