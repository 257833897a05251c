"""Work that can wait has what requests leave."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from ymera_service.resilience.slots import Slots
from ymera_service.resilience.spare import PAUSE_SECONDS, Spare
from ymera_service.sdk.targets import Target

WAIT = 5
A, B = Target("acme", "acme/a"), Target("acme", "acme/b")


async def work(spare: Spare, begun: asyncio.Event, end: asyncio.Event) -> None:
    async with spare.slot():
        begun.set()
        await end.wait()


async def test_it_has_a_slot_for_every_four_that_are_free() -> None:
    spare, begun, end = Spare(Slots(16, 0)), [asyncio.Event() for _ in range(5)], asyncio.Event()
    tasks = [asyncio.create_task(work(spare, one, end)) for one in begun]
    await asyncio.sleep(2 * PAUSE_SECONDS)
    assert (spare.held, spare.limit) == (4, 4)
    assert [one.is_set() for one in begun] == [True, True, True, True, False]
    end.set()
    await asyncio.wait_for(asyncio.gather(*tasks), WAIT)
    assert spare.held == 0


async def test_it_waits_while_requests_hold_every_slot_and_takes_none_of_theirs() -> None:
    slots = Slots(1, 0)
    spare, begun, end = Spare(slots), asyncio.Event(), asyncio.Event()
    request = await slots.acquire([A])
    task = asyncio.create_task(work(spare, begun, end))
    await asyncio.sleep(2 * PAUSE_SECONDS)
    assert not begun.is_set()
    request.release()
    await asyncio.wait_for(begun.wait(), WAIT)
    await asyncio.wait_for(slots.acquire([A]), WAIT)
    end.set()
    await task


async def test_it_is_started_at_a_slow_pace_while_there_are_requests() -> None:
    slots = Slots(100, 0)
    spare, now = Spare(slots), asyncio.get_running_loop().time
    began = now()
    for _ in range(4):
        async with spare.slot():
            pass
    assert now() - began < 4 * PAUSE_SECONDS
    (await slots.acquire([A])).release()
    began = now()
    for _ in range(4):
        async with spare.slot():
            pass
    assert now() - began >= 4 * PAUSE_SECONDS


async def test_a_slot_is_given_back_by_work_that_fails_or_is_cancelled() -> None:
    spare = Spare(Slots(4, 0))
    with pytest.raises(ZeroDivisionError):
        async with spare.slot():
            raise ZeroDivisionError
    begun = asyncio.Event()
    async with AsyncExitStack() as held:
        await held.enter_async_context(spare.slot())
        waiting = asyncio.create_task(work(spare, begun, asyncio.Event()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    assert spare.held == 0
