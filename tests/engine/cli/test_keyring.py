"""`evenkeel-engine keyring`: a value goes into the real keyring and comes back, or the words say why not."""

from __future__ import annotations

import pytest

from engine.cli import main
from tests.secret_service import SecretService
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service


def test_a_value_is_kept_read_and_deleted(secret_service: SecretService, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keyring"]) == 0
    assert capsys.readouterr().out == "kept, read back and deleted by keyring.backends.SecretService.Keyring\n"


def test_without_a_keyring_the_words_say_what_to_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere")
    assert main(["keyring"]) == 1
    assert "start your desktop's keyring" in capsys.readouterr().err
