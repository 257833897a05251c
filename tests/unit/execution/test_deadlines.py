"""A deadline ends its block, a stop ends all blocks, and an outer cancellation remains a cancellation."""

import asyncio

import pytest

from ymera_service.execution.deadlines import Deadlines
from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown


def soon(seconds: float = 0.02) -> float:
    return asyncio.get_running_loop().time() + seconds


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_block_that_ends_in_time_is_not_affected() -> None:
    async with Deadlines().scope(soon(30)):
        await asyncio.sleep(0)


@pytest.mark.parametrize("seconds", [0.02, 0, -1])
async def test_the_deadline_ends_a_block(seconds: float) -> None:
    with pytest.raises(DeadlineExceeded):
        async with Deadlines().scope(soon(seconds)):
            await forever()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_shorter_inner_limit_ends_only_its_wait() -> None:
    async with Deadlines().scope(soon(30)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await forever()
        await asyncio.sleep(0)


async def test_stopping_ends_current_and_later_blocks() -> None:
    deadlines = Deadlines()
    entered = asyncio.Event()

    async def work() -> None:
        async with deadlines.scope(soon(30)):
            entered.set()
            await forever()

    task = asyncio.create_task(work())
    await entered.wait()
    deadlines.stop()
    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(task, 5)
    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(work(), 5)


async def test_an_outer_cancellation_is_not_reported_as_the_deadline() -> None:
    entered = asyncio.Event()

    async def work() -> None:
        async with Deadlines().scope(soon(30)):
            entered.set()
            await forever()

    task = asyncio.create_task(work())
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
