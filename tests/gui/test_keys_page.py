"""The keys page on a real Secret Service (panel spec 6 and 17)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.core.journal import Journal
from engine.core.modes import Mode
from engine.core.secrets import Secret
from engine.desk.key_rights import KeyRights
from engine.desk.messages import KeyRightsSnapshot, ReadKeyRights
from engine.paper.launch import PaperExchange
from engine.venue.options import VenueOptions
from gui.dialogs import Dialog
from tests.gui.conftest import Panel
from tests.gui.live_kraken import KEYS_KEPT, LACKS_RIGHTS, MAY_WITHDRAW, SECRET, TRADES_ONLY
from tests.gui.live_kraken import kraken as kraken
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


@pytest.fixture
async def answering(panel: Panel, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """The desk's answer to `ReadKeyRights`, in PAPER where nothing else is said, on a real journal."""
    mode = getattr(request, "param", Mode.PAPER)
    journal = Journal(tmp_path / "journal.sqlite", "paper:test")
    journal.open()
    rights = KeyRights(mode, panel.context.secrets, journal, panel.bus, panel.context.clock, VenueOptions)
    stop = panel.bus.handle(ReadKeyRights, rights.read)
    yield
    stop()
    journal.close()


@pytest.mark.usefixtures("secret_service", "kraken", "answering")
@pytest.mark.parametrize(
    ("key", "verdict", "said"),
    [
        (TRADES_ONLY, "May trade, may not withdraw", "none to move funds off the exchange"),
        (MAY_WITHDRAW, "May withdraw", "LIVE refuses this one unless “this key may withdraw” is typed"),
        (LACKS_RIGHTS, "Lacks rights", "modify-trades"),
    ],
)
async def test_what_a_key_may_do_is_read_from_kraken_when_both_halves_are_saved(
    panel: Panel, until, key: str, verdict: str, said: str
) -> None:
    """Panel spec 6."""
    for name in KEYS_KEPT:
        await panel.context.secrets.delete(name)
    page = panel.page("keys")
    for name, typed in zip(KEYS_KEPT, (key, SECRET), strict=True):
        await until(lambda name=name: page.rows[name].entry.isEnabled(), within_s=15)
        assert page.rights.verdict.text == "Not read yet"
        page.rows[name].entry.setText(typed)
        page.rows[name].save.click()
    await until(lambda: page.rights.verdict.text == verdict, within_s=20)
    assert said in page.rights.words
    assert "query-funds" in page.rights.words
    assert key not in page.rights.words


@pytest.mark.usefixtures("secret_service", "answering")
async def test_rights_that_cannot_be_read_are_said_to_be_unknown_with_the_cause(
    panel: Panel, until, kraken: PaperExchange
) -> None:
    for name, value in zip(KEYS_KEPT, (TRADES_ONLY, SECRET), strict=True):
        await panel.context.secrets.save(name, Secret(value))
    page = panel.page("keys")
    await until(page.rights.again.isEnabled, within_s=15)
    await kraken.stop()
    page.rights.again.click()
    await until(lambda: page.rights.verdict.text == "Not known", within_s=20)
    assert "no connection to Kraken" in page.rights.words
    shown = panel.bus.latest(KeyRightsSnapshot)
    assert shown is not None
    assert (shown.rights, shown.can_withdraw) == (None, False)
    await until(page.rights.again.isEnabled)


@pytest.mark.usefixtures("secret_service", "answering")
@pytest.mark.parametrize("answering", [Mode.OFF], indirect=True)
async def test_in_off_nothing_connects_to_read_rights(panel: Panel, until) -> None:
    page = panel.page("keys")
    await until(page.rights.again.isEnabled, within_s=15)
    page.rights.again.click()
    await until(lambda: page.rights.verdict.text == "Not known", within_s=20)
    assert "Nothing leaves in mode Off." in page.rights.words
