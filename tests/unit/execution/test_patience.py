"""Waits end at the deadline, at their limit or with the server, and never eat a cancellation of others."""

import asyncio

import pytest

from ymera_service.execution.patience import LimitReached, Patience
from ymera_service.sdk.errors import DeadlineExceeded, ShuttingDown


def soon(seconds: float = 0.02) -> float:
    return asyncio.get_running_loop().time() + seconds


async def never() -> None:
    await asyncio.Event().wait()


async def test_what_is_ready_is_returned() -> None:
    watch = Patience().watch(soon(30))
    assert await watch.wait(asyncio.sleep(0, "ready")) == "ready"
    watch.close()


async def test_the_deadline_ends_a_wait() -> None:
    watch = Patience().watch(soon())
    with pytest.raises(DeadlineExceeded):
        await watch.wait(never(), soon(30))
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]  # a test is a task


async def test_the_limit_ends_a_wait_and_the_next_wait_has_its_own() -> None:
    watch = Patience().watch(soon(30))
    for _ in range(3):
        with pytest.raises(LimitReached):
            await watch.wait(never(), soon())
    assert await watch.wait(asyncio.sleep(0.03, "longer than the last limit"), soon(30))


async def test_a_later_limit_moves_the_timer() -> None:
    watch = Patience().watch(soon(30))
    await watch.wait(asyncio.sleep(0), soon(0.01))
    assert await watch.wait(asyncio.sleep(0.03, "waited"), soon(5)) == "waited"


async def test_a_deadline_already_past_ends_a_wait_that_would_suspend() -> None:
    watch = Patience().watch(soon(-1))
    with pytest.raises(DeadlineExceeded):
        await asyncio.wait_for(watch.wait(never()), 5)


async def test_time_that_passes_between_waits_strikes_nobody() -> None:
    watch = Patience().watch(soon(0.01))
    await watch.wait(asyncio.sleep(0))
    await asyncio.sleep(0.03)
    with pytest.raises(DeadlineExceeded):
        await watch.wait(never())


async def test_stopping_ends_waits_now_and_from_now_on() -> None:
    patience = Patience()
    watch = patience.watch(soon(30))
    waiting = asyncio.create_task(watch.wait(never()))
    await asyncio.sleep(0)
    patience.stop()
    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(waiting, 5)
    for late in (watch, patience.watch(soon(30))):
        with pytest.raises(ShuttingDown):
            await asyncio.wait_for(late.wait(never()), 5)


async def test_a_cancellation_from_outside_passes_through() -> None:
    watch = Patience().watch(soon(30))
    waiting = asyncio.create_task(watch.wait(never(), soon(30)))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_cancellation_from_outside_wins_over_a_limit_at_the_same_moment() -> None:
    watch = Patience().watch(soon(30))

    async def stubborn() -> None:
        try:
            await never()
        except asyncio.CancelledError:
            waiting.cancel()
            raise

    waiting = asyncio.create_task(watch.wait(stubborn(), soon()))
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, 5)


async def test_what_swallows_the_cancellation_leaves_the_task_clean() -> None:
    watch = Patience().watch(soon(30))

    async def swallow() -> str:
        try:
            await never()
        except asyncio.CancelledError:
            return "swallowed"
        return ""

    assert await watch.wait(swallow(), soon()) == "swallowed"
    assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]  # a test is a task
