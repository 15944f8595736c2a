"""What only a person may let happen when a session opens, on a real exchange and keyring (panel spec 6 and 10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.core.modes import Mode
from engine.core.profile import Profile
from engine.core.redaction import Redactor
from engine.core.secrets import Secret, SecretNames, SecretStore
from engine.desk.arguments import SessionArguments
from engine.desk.desk import Desk, KeyRefused, LiveNotConfirmed
from engine.desk.messages import KeyRightsSnapshot
from engine.grid.messages import GridSnapshot
from engine.paper.launch import PaperExchange
from gui.confirmations import LIVE_PHRASE, LiveDialog, TypedDialog, WithdrawalDialog
from gui.opening import opened_if_agreed
from gui.theme import DARK, apply_theme
from gui.window import MainWindow
from tests.gui.live_kraken import KEYS_KEPT, LACKS_RIGHTS, MAY_WITHDRAW, SECRET, TRADES_ONLY
from tests.gui.live_kraken import kraken as kraken
from tests.secret_service import running_secret_service as running_secret_service
from tests.secret_service import secret_service as secret_service

pytestmark = [
    pytest.mark.usefixtures("secret_service"),
    pytest.mark.qt_log_ignore("does not support propagateSizeHints"),
]
PHRASE = "this key may withdraw"


@pytest.fixture
def window() -> Iterator[MainWindow]:
    apply_theme(DARK)
    window = MainWindow()
    window.show()
    yield window
    window.hide()
    window.deleteLater()


@dataclass
class Attempt:
    """A session being opened; `desk` once it runs, `refused` when it did not come to that."""

    task: asyncio.Task[None]
    desk: Desk | None = None

    @property
    def refused(self) -> BaseException | None:
        return self.task.exception()


class Opening:
    """Opens LIVE sessions on one profile, with one key in the keyring."""

    def __init__(self, folder: Path, window: MainWindow) -> None:
        self.arguments = SessionArguments(folder, Mode.LIVE, None, None, None, None)
        self.window = window

    async def keep(self, key: str) -> None:
        profile = Profile(self.arguments.profile)
        profile.acquire()
        identity = profile.identity
        profile.release()
        vault = SecretStore(identity, SecretNames(KEYS_KEPT), lambda secret: None)
        for name, value in zip(KEYS_KEPT, (key, SECRET), strict=True):
            await vault.save(name, Secret(value))

    @asynccontextmanager
    async def tried(self, *, somebody_looks: bool = True) -> AsyncIterator[Attempt]:
        ended = asyncio.Event()

        async def run() -> None:
            async with AsyncExitStack() as stack:
                session = opened_if_agreed(self.arguments, Redactor(), self.window, somebody_looks=somebody_looks)
                attempt.desk = await stack.enter_async_context(session)
                await ended.wait()

        attempt = Attempt(asyncio.create_task(run()))
        yield attempt
        ended.set()
        await asyncio.wait([attempt.task])


@pytest.fixture
def opening(tmp_path: Path, window: MainWindow) -> Opening:
    return Opening(tmp_path / "profile", window)


def asked(window: QWidget, kind: type[TypedDialog]) -> TypedDialog | None:
    return next((dialog for dialog in window.findChildren(kind) if dialog.isVisible()), None)


async def agree(window: QWidget, kind: type[TypedDialog], phrase: str, until) -> None:
    await until(lambda: asked(window, kind), within_s=20)
    dialog = asked(window, kind)
    assert dialog is not None
    dialog.phrase.setText(phrase)
    dialog.agree_button.click()


@pytest.mark.usefixtures("kraken")
async def test_a_key_with_trading_rights_alone_is_asked_nothing_more_than_live_itself(opening: Opening, until) -> None:
    await opening.keep(TRADES_ONLY)
    async with opening.tried() as attempt:
        await agree(opening.window, LiveDialog, LIVE_PHRASE, until)
        await until(lambda: attempt.desk, within_s=20)
        assert asked(opening.window, WithdrawalDialog) is None
    assert attempt.refused is None


@pytest.mark.usefixtures("kraken")
async def test_live_with_a_key_that_may_withdraw_starts_only_with_its_phrase_typed(opening: Opening, until) -> None:
    await opening.keep(MAY_WITHDRAW)
    async with opening.tried() as attempt:
        await agree(opening.window, LiveDialog, LIVE_PHRASE, until)
        await until(lambda: asked(opening.window, WithdrawalDialog), within_s=20)
        dialog = asked(opening.window, WithdrawalDialog)
        assert dialog is not None
        assert "may move funds off the exchange" in dialog.text.text()
        dialog.phrase.setText(PHRASE[:-1])
        dialog.accept()
        assert dialog.isVisible()
        assert attempt.desk is None
        dialog.phrase.setText(PHRASE)
        dialog.agree_button.click()
        await until(lambda: attempt.desk and attempt.desk.bus.latest(GridSnapshot), within_s=20)
        assert attempt.desk is not None
        assert attempt.desk.mode is Mode.LIVE
        rights = attempt.desk.bus.latest(KeyRightsSnapshot)
        assert rights is not None
        assert rights.can_withdraw
    assert attempt.refused is None


@pytest.mark.usefixtures("kraken")
async def test_the_account_is_in_sight_before_live_is_confirmed_and_enter_then_confirms(
    opening: Opening, until
) -> None:
    """Panel spec 10: balances, what is held, other orders and the worst case."""
    await opening.keep(TRADES_ONLY)
    async with opening.tried() as attempt:
        await until(lambda: asked(opening.window, LiveDialog), within_s=20)
        dialog = asked(opening.window, LiveDialog)
        assert isinstance(dialog, LiveDialog)
        await until(lambda: "Reading" not in dialog.account, within_s=20)
        for line in ("50 USD (Spot)", "1,000 DOGE (Spot)", "Orders of others there: 0", "slots of $2.00 each"):
            assert line in dialog.account, dialog.account
        assert "if the price then falls by 50%, $" in dialog.account
        dialog.phrase.setText(LIVE_PHRASE[:-1])
        QTest.keyClick(dialog.phrase, Qt.Key.Key_Return)
        assert dialog.isVisible()
        dialog.phrase.setText(LIVE_PHRASE)
        QTest.keyClick(dialog.phrase, Qt.Key.Key_Return)
        await until(lambda: attempt.desk, within_s=20)
    assert attempt.refused is None


async def test_declined_a_key_that_may_withdraw_starts_nothing(opening: Opening, kraken: PaperExchange, until) -> None:
    await opening.keep(MAY_WITHDRAW)
    async with opening.tried() as attempt:
        await agree(opening.window, LiveDialog, LIVE_PHRASE, until)
        await until(lambda: asked(opening.window, WithdrawalDialog), within_s=20)
        dialog = asked(opening.window, WithdrawalDialog)
        assert dialog is not None
        dialog.decline_button.click()
        await asyncio.wait([attempt.task])
    assert isinstance(attempt.refused, KeyRefused)
    assert attempt.desk is None
    assert "may withdraw funds" in str(attempt.refused)
    assert (await kraken.status())["orders_made"] == 0


@pytest.mark.usefixtures("kraken")
async def test_a_key_that_lacks_rights_is_named_and_no_phrase_would_do(opening: Opening, until) -> None:
    await opening.keep(LACKS_RIGHTS)
    async with opening.tried() as attempt:
        await agree(opening.window, LiveDialog, LIVE_PHRASE, until)
        await asyncio.wait([attempt.task], timeout=20)
    assert isinstance(attempt.refused, KeyRefused)
    assert "modify-trades" in str(attempt.refused)
    assert asked(opening.window, WithdrawalDialog) is None


@pytest.mark.usefixtures("kraken")
async def test_each_run_asks_again(opening: Opening, until) -> None:
    """Panel spec 10: LIVE asks every time; no setting hides it."""
    await opening.keep(MAY_WITHDRAW)
    for _ in range(2):
        async with opening.tried() as attempt:
            await agree(opening.window, LiveDialog, LIVE_PHRASE, until)
            await agree(opening.window, WithdrawalDialog, PHRASE, until)
            await until(lambda attempt=attempt: attempt.desk, within_s=20)


async def test_live_that_is_declined_or_that_nobody_can_see_opens_nothing(opening: Opening, until) -> None:
    async with opening.tried(somebody_looks=False) as unseen:
        await asyncio.wait([unseen.task], timeout=20)
    async with opening.tried() as declined:
        await until(lambda: asked(opening.window, LiveDialog))
        dialog = asked(opening.window, LiveDialog)
        assert dialog is not None
        dialog.decline_button.click()
        await asyncio.wait([declined.task], timeout=20)
    assert isinstance(unseen.refused, LiveNotConfirmed)
    assert isinstance(declined.refused, LiveNotConfirmed)


async def test_live_out_of_the_settings_is_asked_about_as_well(opening: Opening, until) -> None:
    opening.arguments.profile.mkdir()
    (opening.arguments.profile / "evenkeel.toml").write_text('[desk]\nmode = "live"\n')
    opening.arguments = SessionArguments(opening.arguments.profile, None, None, None, None, None)
    async with opening.tried() as attempt:
        await until(lambda: asked(opening.window, LiveDialog), within_s=20)
        attempt.task.cancel()
        await asyncio.wait([attempt.task])
    assert asked(opening.window, LiveDialog) is None
