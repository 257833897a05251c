"""A deadline ends what runs under it, a stop ends all, and a cancellation from outside stays one."""

import asyncio

import pytest

from ymera_service.execution.deadlines import Deadlines
from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown


def soon(seconds: float = 0.02) -> float:
    return asyncio.get_running_loop().time() + seconds


async def forever() -> None:
    await asyncio.Event().wait()


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
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


async def test_a_shorter_limit_within_ends_its_own_wait_only() -> None:
    async with Deadlines().scope(soon(30)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await forever()
        await asyncio.sleep(0)


async def test_stopping_ends_blocks_now_and_from_now_on() -> None:
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


async def test_a_cancellation_from_outside_is_not_taken_for_the_deadline() -> None:
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
