"""Time that jumps, and waits for whatever is really under way."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from engine.core.journal import Batch, Journal, Memory
from tests.soak.virtual_time import NothingLeftToWaitFor, VirtualClock, VirtualTimeLoop, run

DAY_S = 86_400.0


def test_a_day_passes_at_once_and_timers_fire_in_order() -> None:
    async def work(loop: VirtualTimeLoop) -> list[tuple[str, float]]:
        fired: list[tuple[str, float]] = []

        async def wait(name: str, seconds: float) -> None:
            await asyncio.sleep(seconds)
            fired.append((name, loop.time()))

        await asyncio.gather(wait("night", DAY_S), wait("noon", DAY_S / 2), wait("now", 0.0))
        return fired

    assert run(work) == [("now", 0.0), ("noon", DAY_S / 2), ("night", DAY_S)]


def test_work_in_a_thread_ends_before_time_goes_on() -> None:
    async def work(loop: VirtualTimeLoop) -> tuple[str, float]:
        slow = asyncio.create_task(asyncio.to_thread(time.sleep, 0.05))
        alarm = asyncio.create_task(asyncio.sleep(1.0))
        done, _ = await asyncio.wait((slow, alarm), return_when=asyncio.FIRST_COMPLETED)
        at_s = loop.time()
        await alarm
        return "thread" if slow in done else "timer", at_s

    assert run(work) == ("thread", 0.0)


def test_an_answer_over_a_socket_comes_before_time_goes_on() -> None:
    async def work(loop: VirtualTimeLoop) -> float:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while line := await reader.readline():
                writer.write(line.upper())
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        for _ in range(200):
            writer.write(b"hello\n")
            async with asyncio.timeout(0.001):
                assert await reader.readline() == b"HELLO\n"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()
        return loop.time()

    assert run(work) == 0.0


def test_what_the_journal_answers_comes_before_time_goes_on(tmp_path: Path) -> None:
    async def work(loop: VirtualTimeLoop) -> float:
        journal = Journal(tmp_path / "journal.sqlite", "w")
        await asyncio.to_thread(journal.open)
        for number in range(300):
            async with asyncio.timeout(0.001):
                await journal.commit(Batch(remember=(Memory("grid", "number", number, 0.0),)))
        await asyncio.to_thread(journal.close)
        return loop.time()

    assert run(work) == 0.0


def test_the_clock_and_the_loop_agree() -> None:
    async def work(loop: VirtualTimeLoop) -> float:
        clock = VirtualClock(loop, 1000.0)
        await clock.sleep(60.0)
        return clock.now()

    assert run(work) == 1060.0


def test_a_loop_that_would_wait_for_ever_says_so() -> None:
    async def work(loop: VirtualTimeLoop) -> None:
        await loop.create_future()

    with pytest.raises(NothingLeftToWaitFor):
        run(work)
