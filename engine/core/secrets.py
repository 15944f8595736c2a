"""Secrets: one type that does not show itself, and the operating system's keyring as the only place to keep them.

The keyring library would choose a backend by itself, by a file or by an environment variable, a plain-text file among
them. Here the backend is one class per operating system, set by us; any other choice is refused by name (panel
spec 17).
"""

from __future__ import annotations

import asyncio
import configparser
import contextlib
import hmac
import importlib
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar, final

Result = TypeVar("Result")

MIN_LENGTH: Final = 8
DEADLINE_S: Final = 60.0  # unlocking asks a person

BACKENDS: Final[Mapping[str, tuple[str, str]]] = {
    "linux": ("keyring.backends.SecretService", "Keyring"),
    "darwin": ("keyring.backends.macOS", "Keyring"),
    "win32": ("keyring.backends.Windows", "WinVaultKeyring"),
}


@final
class Secret:
    """A value that shows itself to `reveal` alone. Raises ValueError for fewer than 8 characters.

    It has no hash, no order, no pickle and no copy; two are equal where their values are, compared in constant time.
    A shorter value could not be told apart from ordinary text when logs are redacted.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, value: str) -> None:
        if not isinstance(value, str) or len(value) < MIN_LENGTH:
            raise ValueError(f"expected a secret of at least {MIN_LENGTH} characters")
        object.__setattr__(self, "_value", value)

    def reveal(self) -> str:
        """The value itself. Call it where a request is signed or sent, and keep the outcome nowhere."""
        value: str = object.__getattribute__(self, "_value")
        return value

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __repr__(self) -> str:
        return "Secret([redacted])"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self.reveal().encode("utf-8", "surrogatepass"), other.reveal().encode("utf-8", "surrogatepass")
        )

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied; pass the Secret itself")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied; pass the Secret itself")


class SecretNames:
    """The names under which secrets are kept: what an export carries, and all that the store accepts.

    Lower-case words joined by dots, dashes or underscores (`kraken.api_key`). Raises ValueError for other ones.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = tuple(dict.fromkeys(names))
        for name in self._names:
            if not re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", name):
                raise ValueError(f"expected a name like kraken.api_key, got {name!r}")

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)


class KeyringUnavailable(RuntimeError):
    """The operating system's keyring cannot be used as it stands; the text says what to do."""


class KeyringRefused(KeyringUnavailable):
    """Something other than the allow-listed backend was chosen; `backend` is its name."""

    def __init__(self, backend: str, chosen_by: str, allowed: str) -> None:
        super().__init__(
            f"the keyring backend {backend} was chosen by {chosen_by} and is refused, because secrets are kept in "
            f"{allowed} alone; take that choice away and start again"
        )
        self.backend = backend


class KeyringTimeout(KeyringUnavailable):
    """The keyring did not answer within the deadline, mostly because it waits to be unlocked.

    What was asked may still happen later: read the secret again before anything is made of it.
    """


class SecretStore:
    """The secrets of one profile in the operating system's keyring.

    remember: called with each secret before it is saved and after it is read, so that logs are redacted by value
    (`Redactor.register`). deadline_s: how long one call may take, unlocking included. environment, system: those of
    the process unless a test says otherwise. All methods raise KeyringUnavailable or one of its kinds.
    """

    def __init__(
        self,
        profile_id: str,
        names: SecretNames,
        remember: Callable[[Secret], None],
        *,
        deadline_s: float = DEADLINE_S,
        environment: Mapping[str, str] | None = None,
        system: str = sys.platform,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]+", profile_id):
            raise ValueError(f"expected a profile of letters, digits, - and _, got {profile_id!r}")
        self._service = f"evenkeel:{profile_id}"
        self._names = names
        self._remember = remember
        self._deadline_s = deadline_s
        self._environment = os.environ if environment is None else environment
        self._system = system
        self._backend: Any = None
        self._one_at_a_time = threading.Lock()

    async def backend_name(self) -> str:
        """The full name of the backend in use, once it has been found to work."""
        backend = await self._in_worker(self._checked_backend)
        return f"{type(backend).__module__}.{type(backend).__name__}"

    async def save(self, name: str, secret: Secret) -> None:
        """Keep `secret` under `name`, in place of an earlier one. It has been read back when this returns."""
        self._check(name)
        self._remember(secret)
        await self._in_worker(lambda: self._save(name, secret))

    async def read(self, name: str) -> Secret | None:
        """The secret kept under `name`, or None."""
        self._check(name)
        secret = await self._in_worker(lambda: self._read(name))
        if secret is not None:
            self._remember(secret)
        return secret

    async def delete(self, name: str) -> bool:
        """Forget the secret under `name`. Returns whether there was one."""
        self._check(name)
        return await self._in_worker(lambda: self._delete(name))

    async def names(self) -> tuple[str, ...]:
        """Those of the known names under which a secret is kept. The secrets themselves are not returned."""
        return await self._in_worker(lambda: tuple(name for name in self._names if self._read(name) is not None))

    def _check(self, name: str) -> None:
        if name not in self._names:
            raise ValueError(f"expected one of the secrets {', '.join(self._names)}, got {name!r}")

    def _save(self, name: str, secret: Secret) -> None:
        backend = self._checked_backend()
        backend.set_password(self._service, name, secret.reveal())
        if self._read(name) != secret:
            raise KeyringUnavailable(f"the keyring took {name} but gave back something else; nothing relies on it now")

    def _read(self, name: str) -> Secret | None:
        found = self._checked_backend().get_password(self._service, name)
        if found is None:
            return None
        try:
            return Secret(found)
        except ValueError as error:
            raise KeyringUnavailable(f"what the keyring has under {name} is no secret of ours: {error}") from None

    def _delete(self, name: str) -> bool:
        backend = self._checked_backend()
        if backend.get_password(self._service, name) is None:
            return False
        backend.delete_password(self._service, name)
        return True

    def _checked_backend(self) -> Any:
        """The allow-listed backend, set as the library's own; refuses when anything else was chosen, at each call."""
        if self._system not in BACKENDS:
            raise KeyringUnavailable(f"no keyring is known for {self._system}; expected {', '.join(BACKENDS)}")
        module_name, class_name = BACKENDS[self._system]
        allowed = f"{module_name}.{class_name}"
        keyring = importlib.import_module("keyring")
        self._refuse_other_choices(allowed)
        backend_class = getattr(importlib.import_module(module_name), class_name)
        if self._backend is None:
            _ = backend_class.priority  # raises RuntimeError where it cannot work here
            backend = backend_class()
            keyring.set_keyring(backend)
            self._backend = backend
        in_use = keyring.get_keyring()
        if type(in_use) is not backend_class:
            name = f"{type(in_use).__module__}.{type(in_use).__name__}"
            raise KeyringRefused(name, "another part of the program", allowed)
        return self._backend

    def _refuse_other_choices(self, allowed: str) -> None:
        chosen = self._environment.get("PYTHON_KEYRING_BACKEND", allowed)
        if chosen != allowed:
            raise KeyringRefused(chosen, "the environment variable PYTHON_KEYRING_BACKEND", allowed)
        place = importlib.import_module("keyring.util.platform_").config_root() / "keyringrc.cfg"
        if not place.exists():
            return
        config = configparser.RawConfigParser()
        try:
            config.read(place, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise KeyringUnavailable(f"{place} cannot be read ({type(error).__name__}); mend or remove it") from None
        chosen = config.get("backend", "default-keyring", fallback=allowed).strip()
        if chosen != allowed:
            raise KeyringRefused(chosen, f"the file {place}", allowed)

    async def _in_worker(self, call: Callable[[], Result]) -> Result:
        """Run `call` in a thread of its own, for no longer than the deadline.

        A daemon thread, because one that waits for a person to unlock the keyring must not hold up the end of the
        program; one at a time, because a second prompt would hide the first. A call whose caller has given up before
        its turn came is not made.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Result] = loop.create_future()
        given_up = threading.Event()

        def give(result: Result | None, error: BaseException | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]

        def work() -> None:
            result, failure = None, None
            try:
                if not self._one_at_a_time.acquire(timeout=self._deadline_s):
                    return
                try:
                    if given_up.is_set():
                        return
                    result = call()
                finally:
                    self._one_at_a_time.release()
            except KeyringUnavailable as error:
                failure = error
            except Exception as error:
                failure = _told(error)
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(give, result, failure)

        threading.Thread(target=work, name="keyring", daemon=True).start()
        try:
            async with asyncio.timeout(self._deadline_s):  # `wait_for` of 3.11 may swallow a cancellation
                return await answer
        except TimeoutError:
            raise KeyringTimeout(
                f"the keyring did not answer within {self._deadline_s:g} s; unlock it (a window may be waiting behind "
                "others), then try again"
            ) from None
        finally:
            given_up.set()


def _told(error: Exception) -> KeyringUnavailable:
    """What a backend raised, by its kind alone: its text and frames may hold what was to be kept."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "KeyringLocked" in kinds:
        advice = "unlock it and try again"
    elif kinds & {"InitError", "RuntimeError", "OSError", "NoKeyringError", "SecretServiceNotAvailableException"}:
        advice = "start your desktop's keyring (on Linux a Secret Service: GNOME Keyring, KWallet 6 or KeePassXC)"
    else:
        advice = "try again, or look at the operating system's own keyring program"
    return KeyringUnavailable(f"the keyring cannot be used ({type(error).__name__}); {advice}")
