"""The keys page on a real Secret Service (panel spec 6 and 17)."""

from __future__ import annotations

import pytest

from gui.dialogs import Dialog
from tests.gui.conftest import Panel
from tests.secret_service import SecretService
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

TYPED = "not-a-real-key-0123456789"


async def test_a_key_is_kept_in_the_keyring_named_and_deleted_again(
    secret_service: SecretService, panel: Panel, until
) -> None:
    page = panel.page("keys")
    await until(lambda: "Backend: keyring.backends.SecretService.Keyring" in page.words, within_s=15)
    row = page.rows["kraken.api_key"]
    row.entry.setText(TYPED)
    row.save.click()
    await until(lambda: "is kept" in panel.window.notices.text, within_s=15)
    assert row.entry.text() == ""
    found = await panel.context.secrets.read(row.name)
    assert found is not None
    assert found.reveal() == TYPED
    row.delete.click()
    await until(lambda: [d for d in panel.window.findChildren(Dialog) if d.isVisible()])
    next(d for d in panel.window.findChildren(Dialog) if d.isVisible()).accept()
    await until(lambda: "is deleted" in panel.window.notices.text, within_s=15)
    assert await panel.context.secrets.read(row.name) is None


@pytest.mark.usefixtures("secret_service")
async def test_what_was_typed_is_never_readable_on_the_page(panel: Panel) -> None:
    row = panel.page("keys").rows["kraken.api_key"]
    row.entry.setText(TYPED)
    assert row.entry.displayText() != TYPED
    assert TYPED not in row.entry.accessibleName() + row.entry.accessibleDescription()


async def test_without_a_keyring_the_page_says_what_to_do_and_takes_nothing(
    panel: Panel, until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    page = panel.page("keys")
    await until(lambda: "eyring cannot be used" in page.words, within_s=15)
    assert "Secret Service" in page.words
    assert not any(row.entry.isEnabled() for row in page.rows.values())
