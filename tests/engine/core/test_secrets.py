"""Secrets do not show themselves, and are kept in the operating system's keyring alone (panel spec 6 and 17)."""

from __future__ import annotations

import asyncio
import copy
import gc
import importlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import secretstorage

from engine.core.secrets import (
    BACKENDS,
    KeyringRefused,
    KeyringTimeout,
    KeyringUnavailable,
    Secret,
    SecretNames,
    SecretStore,
)
from tests.secret_service import SecretService, private_secret_service

VALUE = "correct horse battery staple"
NAMES = SecretNames(["kraken.api_key", "kraken.api_secret", "rpc.1"])


@pytest.fixture
def remembered() -> list[Secret]:
    return []


@pytest.fixture
def store(secret_service: SecretService, remembered: list[Secret]) -> SecretStore:
    return SecretStore("paper", NAMES, remembered.append, deadline_s=10)


def test_no_way_of_printing_shows_a_secret() -> None:
    secret = Secret(VALUE)
    for shown in (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>60}",
        f"{secret:>60}",
        "{}".format(secret),  # noqa: UP032
        f"{[secret]}",
    ):
        assert VALUE not in shown
        assert "[redacted]" in shown


def test_a_secret_is_not_pickled_copied_or_written_as_json() -> None:
    for attempt in (pickle.dumps, copy.copy, copy.deepcopy, json.dumps):
        with pytest.raises(TypeError):
            attempt(Secret(VALUE))


def test_a_secret_has_no_hash_no_dict_and_does_not_change() -> None:
    secret = Secret(VALUE)
    with pytest.raises(TypeError):
        hash(secret)
    with pytest.raises(AttributeError):
        secret._value = "something else"
    with pytest.raises(AttributeError):
        del secret._value
    assert not hasattr(secret, "__dict__")


def test_two_secrets_are_equal_where_their_values_are() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret(VALUE + ".")
    assert Secret(VALUE) != VALUE


def test_a_value_too_short_to_be_redacted_is_no_secret_and_is_not_shown_in_the_refusal() -> None:
    with pytest.raises(ValueError, match="at least 8 characters") as refusal:
        Secret("hunter2")
    assert "hunter2" not in str(refusal.value)


def test_a_name_that_could_be_mistaken_is_refused() -> None:
    for name in ("", "Kraken Key", "a..b", "../x"):
        with pytest.raises(ValueError, match="expected a name like"):
            SecretNames([name])


async def test_a_secret_that_was_saved_is_read_back_and_can_be_replaced_and_deleted(store: SecretStore) -> None:
    await store.save("kraken.api_secret", Secret(VALUE))
    assert await store.read("kraken.api_secret") == Secret(VALUE)
    await store.save("kraken.api_secret", Secret("ünïcode \N{GRINNING FACE} secret"))
    assert await store.read("kraken.api_secret") == Secret("ünïcode \N{GRINNING FACE} secret")
    assert await store.delete("kraken.api_secret")
    assert await store.read("kraken.api_secret") is None
    assert not await store.delete("kraken.api_secret")


async def test_profiles_do_not_see_each_others_secrets(store: SecretStore, remembered: list[Secret]) -> None:
    await store.save("rpc.1", Secret(VALUE))
    other = SecretStore("live", NAMES, remembered.append, deadline_s=10)
    assert await other.read("rpc.1") is None
    await store.delete("rpc.1")


async def test_the_names_with_a_secret_are_listed_without_the_secrets(store: SecretStore) -> None:
    await store.save("rpc.1", Secret(VALUE))
    await store.save("kraken.api_key", Secret(VALUE))
    assert await store.names() == ("kraken.api_key", "rpc.1")
    await store.delete("rpc.1")
    await store.delete("kraken.api_key")


async def test_each_secret_saved_or_read_is_made_known_for_redaction(
    store: SecretStore, remembered: list[Secret]
) -> None:
    await store.save("rpc.1", Secret(VALUE))
    await store.read("rpc.1")
    assert remembered == [Secret(VALUE), Secret(VALUE)]
    await store.delete("rpc.1")


async def test_an_undeclared_name_is_refused(store: SecretStore) -> None:
    with pytest.raises(ValueError, match=r"expected one of the secrets .*got 'kraken\.api_kee'"):
        await store.read("kraken.api_kee")


async def test_what_someone_else_put_there_is_not_taken_for_a_secret_and_not_shown(store: SecretStore) -> None:
    await store.backend_name()
    importlib.import_module("keyring").set_password("evenkeel:paper", "rpc.1", "hunter2")
    with pytest.raises(KeyringUnavailable, match=r"under rpc\.1 is no secret of ours") as refusal:
        await store.read("rpc.1")
    assert "hunter2" not in str(refusal.value)
    importlib.import_module("keyring").delete_password("evenkeel:paper", "rpc.1")


def test_a_profile_that_could_be_mistaken_for_another_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a profile of letters"):
        SecretStore("paper:live", NAMES, lambda _: None)


async def test_the_backend_is_named(store: SecretStore) -> None:
    assert await store.backend_name() == "keyring.backends.SecretService.Keyring"


@pytest.mark.parametrize(
    "backend",
    [
        "keyring.backends.null.Keyring",
        "keyring.backends.fail.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "keyrings.alt.file.PlaintextKeyring",
    ],
)
async def test_another_backend_chosen_by_the_environment_is_refused_by_name(
    secret_service: SecretService, backend: str
) -> None:
    store = SecretStore("paper", NAMES, lambda _: None, environment={"PYTHON_KEYRING_BACKEND": backend})
    with pytest.raises(KeyringRefused, match="PYTHON_KEYRING_BACKEND") as refusal:
        await store.save("rpc.1", Secret(VALUE))
    assert refusal.value.backend == backend
    assert backend in str(refusal.value)
    assert VALUE not in str(refusal.value)


async def test_another_backend_chosen_by_the_librarys_own_file_is_refused_by_name(
    store: SecretStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "python_keyring"
    folder.mkdir()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (folder / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    with pytest.raises(KeyringRefused, match=r"keyringrc\.cfg") as refusal:
        await store.read("rpc.1")
    assert refusal.value.backend == "keyrings.alt.file.PlaintextKeyring"
    (folder / "keyringrc.cfg").write_text("not a section\n")
    with pytest.raises(KeyringUnavailable, match="mend or remove it"):
        await store.read("rpc.1")


async def test_a_backend_that_another_part_of_the_program_set_is_refused_by_name(store: SecretStore) -> None:
    await store.backend_name()
    keyring = importlib.import_module("keyring")
    ours = keyring.get_keyring()
    keyring.set_keyring(importlib.import_module("keyring.backends.null").Keyring())
    try:
        with pytest.raises(KeyringRefused, match=r"keyring\.backends\.null\.Keyring was chosen by another part"):
            await store.read("rpc.1")
    finally:
        keyring.set_keyring(ours)


async def test_an_operating_system_without_a_known_keyring_is_told() -> None:
    store = SecretStore("paper", NAMES, lambda _: None, system="plan9")
    with pytest.raises(KeyringUnavailable, match="no keyring is known for plan9"):
        await store.read("rpc.1")


async def test_where_no_secret_service_runs_the_error_says_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
    store = SecretStore("paper", NAMES, lambda _: None)
    with pytest.raises(KeyringUnavailable, match="start your desktop's keyring") as unavailable:
        await store.read("rpc.1")
    assert unavailable.value.__cause__ is None


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # the library's own, when unlocking fails
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_locked_keyring_that_nobody_can_unlock_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: list[Secret]
) -> None:
    with private_secret_service(tmp_path) as service:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", service.bus_address)
        with closing(secretstorage.dbus_init()) as connection:
            secretstorage.get_default_collection(connection).lock()
        store = SecretStore("paper", NAMES, remembered.append, deadline_s=10)
        with pytest.raises(KeyringUnavailable, match="unlock it"):
            await store.save("rpc.1", Secret(VALUE))
        gc.collect()


async def test_a_keyring_that_does_not_answer_is_told_at_the_deadline_and_the_loop_goes_on(
    secret_service: SecretService, store: SecretStore
) -> None:
    hasty = SecretStore("paper", NAMES, lambda _: None, deadline_s=0.2)
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.005)

    with secret_service.silent():
        counting = asyncio.create_task(count())
        with pytest.raises(KeyringTimeout, match="unlock it"):
            await hasty.read("rpc.1")
        counting.cancel()
    assert turns > 3
    assert await store.backend_name()


async def test_a_call_whose_caller_gave_up_before_its_turn_is_never_made(
    secret_service: SecretService, store: SecretStore
) -> None:
    hasty = SecretStore("paper", NAMES, lambda _: None, deadline_s=0.2)
    with secret_service.silent():
        with pytest.raises(KeyringTimeout):
            await hasty.read("kraken.api_key")
        with pytest.raises(KeyringTimeout):
            await hasty.save("kraken.api_key", Secret(VALUE))
    for thread in [thread for thread in threading.enumerate() if thread.name == "keyring"]:
        await asyncio.to_thread(thread.join, 5)
    assert await store.read("kraken.api_key") is None


def test_the_keyring_library_is_not_loaded_before_a_secret_is_asked_for() -> None:
    program = "import sys, engine.core.secrets; sys.exit('keyring' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0


def test_the_allow_listed_classes_exist_in_the_keyring_library() -> None:
    for module, name in BACKENDS.values():
        assert importlib.import_module(module).__dict__[name].__name__ == name


def test_no_core_module_but_the_store_redaction_and_the_mirror_reveals_a_secret() -> None:
    core = Path(os.path.dirname(importlib.import_module("engine.core").__file__ or ""))
    assert {file.name for file in core.glob("*.py") if ".reveal()" in file.read_text()} == {
        "secrets.py",
        "redaction.py",
        "mirror_address.py",
    }


async def test_a_cancellation_that_comes_at_once_with_the_answer_is_not_lost() -> None:
    store = SecretStore("test", NAMES, lambda secret: None)
    loop = asyncio.get_running_loop()

    def call() -> str:
        loop.call_soon_threadsafe(time.sleep, 0.05)  # while it is busy, the two that follow come together
        time.sleep(0.01)
        loop.call_soon_threadsafe(lambda: loop.call_soon(asking.cancel))
        return "answer"

    asking = asyncio.create_task(store._in_worker(call))
    with pytest.raises(asyncio.CancelledError):
        await asking
