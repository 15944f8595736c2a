import asyncio
import gc

import pytest

from engine.core.tasks import TaskFailure, Tasks, TasksDidNotStop


async def forever():
    await asyncio.Event().wait()


@pytest.fixture
def failures():
    return []


@pytest.fixture
async def tasks(failures):
    async with Tasks("governor", failures.append) as owner:
        yield owner


async def test_a_task_is_kept_alive_though_nobody_else_refers_to_it(tasks):
    tasks.start(forever(), name="loop")
    await asyncio.sleep(0)
    gc.collect()
    assert tasks.running == ("governor.loop",)


async def test_a_task_that_ended_is_owned_no_longer(tasks):
    assert await tasks.start(asyncio.sleep(0, "done"), name="brief") == "done"
    assert tasks.running == ()


async def test_a_failure_is_told_at_once_though_nobody_awaits_the_task(tasks, failures):
    error = ValueError("lost price")

    async def fail():
        raise error

    tasks.start(fail(), name="feed")
    tasks.start(forever(), name="loop")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert failures == [TaskFailure("governor", "governor.feed", error)]
    assert tasks.running == ("governor.loop",)


async def test_closing_cancels_what_runs_and_waits_for_it(tasks, failures):
    steps = []

    async def careful():
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            steps.append("cleaned up")

    tasks.start(careful(), name="loop")
    await asyncio.sleep(0)
    await tasks.close()
    assert steps == ["cleaned up"]
    assert tasks.running == ()
    assert failures == []


async def test_closing_lets_a_task_finish_when_it_is_given_time(tasks):
    steps = []

    async def write():
        await asyncio.sleep(0.001)
        steps.append("written")

    tasks.start(write(), name="journal")
    await tasks.close(finish_within_s=5)
    assert steps == ["written"]


async def test_what_does_not_finish_in_its_time_is_cancelled(tasks):
    task = tasks.start(forever(), name="loop")
    await tasks.close(finish_within_s=0.001)
    assert task.cancelled()


async def test_a_failure_while_closing_is_told_too(tasks, failures):
    async def clumsy():
        try:
            await forever()
        finally:
            raise OSError("disk full")

    tasks.start(clumsy(), name="journal")
    await asyncio.sleep(0)
    await tasks.close()
    assert [repr(failure.error) for failure in failures] == ["OSError('disk full')"]


async def test_a_task_that_ignores_its_cancellation_is_named_and_still_owned(tasks):
    release = asyncio.Event()

    async def deaf():
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    tasks.start(deaf(), name="deaf")
    await asyncio.sleep(0)
    with pytest.raises(TasksDidNotStop, match=r"governor\.deaf did not end within 0\.01 s"):
        await tasks.close(cancel_within_s=0.01)
    assert tasks.running == ("governor.deaf",)
    release.set()


async def test_a_closed_owner_starts_nothing(tasks):
    await tasks.close()
    with pytest.raises(RuntimeError, match="governor is closed"):
        tasks.start(forever(), name="late")


async def test_a_task_may_close_its_own_owner(tasks):
    other = tasks.start(forever(), name="other")

    async def stop():
        await tasks.close()
        return "returned"

    assert await tasks.start(stop(), name="stopper") == "returned"
    assert other.cancelled()
