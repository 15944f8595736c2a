"""The exchange as a child process: it starts, answers and ends with its parent (governor spec 22)."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys

import pytest

from engine.core.clock import ScaledClock
from engine.paper.child import child_command
from engine.paper.config import PaperConfig
from engine.paper.launch import CHILD, PaperExchangeError, start_exchange

SYMBOL = "DOGE/USD"


@pytest.fixture
def config(paper_key):
    return PaperConfig(keys=(paper_key,), seed=7, control_token="control-token", speed=60)


async def test_a_child_answers_a_real_client_and_ends_when_it_is_told(config, connect):
    exchange = await start_exchange(config)
    try:
        async with connect(exchange.address) as client:
            await exchange.control(hold=True)
            await client.create_order(SYMBOL, "limit", "buy", 20, 0.09, {"postOnly": True})
        status = await exchange.status()
        assert (status["orders_made"], status["open_orders"]) == (1, 1)
        assert exchange.pid != os.getpid()
    finally:
        code = await exchange.stop()

    assert (code, exchange.stderr, exchange.is_running) == (0, "", False)


async def test_parent_and_child_agree_on_the_time(config):
    clock = ScaledClock(config.epoch_s, 60)
    exchange = await start_exchange(dataclasses.replace(config, origin_monotonic_s=clock.origin_monotonic_s))
    try:
        before = clock.now()
        seen = (await exchange.status())["now_s"]
        assert before <= seen <= clock.now()
        assert exchange.clock.epoch_s == clock.epoch_s
        assert exchange.clock.origin_monotonic_s == clock.origin_monotonic_s
    finally:
        await exchange.stop()


@pytest.mark.qasync
async def test_a_child_is_started_and_ended_on_the_panels_loop(config):
    exchange = await start_exchange(config)
    try:
        assert (await exchange.status())["orders_made"] == 0
    finally:
        assert await exchange.stop() == 0


async def test_a_child_killed_in_mid_order_resumes_with_what_it_had_answered(config, connect, tmp_path):
    config = dataclasses.replace(config, state_file=str(tmp_path / "world.sqlite"))
    exchange = await start_exchange(config)
    try:
        async with connect(exchange.address) as client:
            order = await client.create_order(SYMBOL, "limit", "buy", 20, 0.05, {"clientOrderId": "kept"})
    finally:
        await exchange.kill()

    exchange = await start_exchange(config)
    try:
        async with connect(exchange.address) as client:
            [found] = await client.fetch_open_orders(params={"clientOrderId": "kept"})
            assert found["id"] == order["id"]
    finally:
        await exchange.stop()


async def test_a_child_that_cannot_start_says_why_and_shows_no_secret(config, paper_key):
    with pytest.raises(PaperExchangeError, match="fault 'nonsense'") as refusal:
        await start_exchange(dataclasses.replace(config, faults="nonsense"))

    assert str(refusal.value).startswith("the paper exchange did not start: fault 'nonsense'")
    assert paper_key.secret not in str(refusal.value)


async def test_a_start_that_is_cancelled_leaves_no_child(config):
    starting = asyncio.ensure_future(start_exchange(config))
    await asyncio.sleep(0.05)
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting


def ready_child(config):
    child = subprocess.Popen(child_command(CHILD), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdin.write(config.to_json().encode() + b"\n")
    child.stdin.flush()
    assert b'"port"' in child.stdout.readline()
    return child


def test_a_child_ends_when_its_parent_dies(config):
    """The parent is a process of its own that is killed; what is left of it is a closed pipe."""
    program = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'engine.paper'], stdin=subprocess.PIPE, stdout=sys.stdout)\n"
        "child.stdin.write(sys.stdin.readline().encode())\n"
        "child.stdin.flush()\n"
        "child.wait()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with parent:
        parent.stdin.write(config.to_json().encode() + b"\n")
        parent.stdin.flush()
        assert b'"port"' in parent.stdout.readline()

        parent.kill()

        assert parent.stdout.read() == b""  # closed by the last process that held it: the exchange


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
def test_a_child_ends_cleanly_on_sigterm(config):
    with ready_child(config) as child:
        child.send_signal(signal.SIGTERM)

        assert child.wait(10) == 0


def test_a_child_leaves_an_interrupt_to_its_parent(config):
    with ready_child(config) as child:
        child.send_signal(signal.SIGINT)
        assert child.poll() is None
        child.stdin.close()

        assert child.wait(10) == 0
