"""The drift page over a drift engine that runs: the real contracts on a real node, a journal on disk (panel spec 3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from engine.core.clock import WallClock
from engine.core.configuration import Configuration
from engine.core.modes import Mode
from engine.core.option_catalogue import Catalogue
from engine.core.secrets import SecretNames, SecretStore
from engine.desk.options import SECTIONS
from engine.drift.records import Status
from gui.context import PanelContext
from gui.theme import DARK, apply_theme
from gui.window import MainWindow
from tests.engine.chain.conftest import LocalChain
from tests.engine.chain.conftest import chain as chain
from tests.engine.chain.conftest import deployed as deployed
from tests.engine.drift.running_drift import DELEGATE, Place, Running, quick_options, running

OUT_OF_BALANCE = {"WETH": 4000, "USDC": 1500, "DAI": 1500, "WBTC": 2000, "LINK": 1000}
Until = Callable[..., Awaitable[None]]


@pytest.fixture
async def run(chain: LocalChain, tmp_path: Path) -> AsyncIterator[Running]:
    """An engine whose plans wait for a person, on a portfolio that is out of balance."""
    chain.node.ask("anvil_setBalance", DELEGATE.address, hex(10**19))
    async with running(Place(chain, tmp_path, dict(OUT_OF_BALANCE), quick_options(), person=True)) as started:
        yield started


@pytest.mark.qt_log_ignore("does not support propagateSizeHints")
async def test_a_plan_is_read_confirmed_sent_and_booked_on_the_page(run: Running, tmp_path: Path, until: Until) -> None:
    apply_theme(DARK)
    clock = WallClock()
    configuration = await Configuration.open(tmp_path / "evenkeel.toml", Catalogue(SECTIONS), {}, clock)
    secrets = SecretStore("tests", SecretNames(("kraken.api_key",)), lambda secret: None)
    window = MainWindow()
    window.show()
    window.attach(PanelContext(run.bus, clock, Mode.PAPER, configuration, secrets, "tests"))
    try:
        window.show_page("drift")
        page = window.page_widget("drift")
        await until(lambda: page.plan.confirm_button.isEnabled(), within_s=20)  # type: ignore[attr-defined]
        assert run.portfolio is not None
        assert run.portfolio.plan is not None
        read = run.portfolio.plan.id
        assert read in page.plan.title.text()  # type: ignore[attr-defined]
        page.plan.confirm_button.click()  # type: ignore[attr-defined]
        await until(lambda: page._dialog is not None and page._dialog.isVisible())  # type: ignore[attr-defined]
        page._dialog.agree_button.click()  # type: ignore[attr-defined]
        await until(lambda: page.history.records.rows != (), within_s=20)  # type: ignore[attr-defined]
        (record,) = page.history.records.rows  # type: ignore[attr-defined]
        assert record.status is Status.SUCCESS
        assert run.place.chain.node.ask("eth_getTransactionReceipt", record.transaction_hash)["status"] == "0x1"
        assert run.place.chain.node.ask("eth_getTransactionCount", DELEGATE.address, "latest") == "0x1"
    finally:
        await window.detach()
        window.hide()
        window.deleteLater()
