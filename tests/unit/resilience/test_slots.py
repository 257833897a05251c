"""Slots limit the number of concurrent requests, are assigned in order of arrival, and are never lost."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.slots import Slots
from ymera_service.sdk.errors import Overloaded, ShuttingDown


async def settled() -> None:
    """Lets every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_requests_beyond_the_limit_wait_in_order() -> None:
    slots = Slots(1, 10)
    order: list[int] = []

    async def work(number: int) -> None:
        async with slots.held():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(*(work(number) for number in range(5))), 5)
    assert order == [0, 1, 2, 3, 4]
    assert (slots.in_flight, slots.queued) == (0, 0)


async def test_a_full_queue_rejects_immediately_with_retry_after() -> None:
    slots = Slots(1, 1)
    await slots.acquire()
    waiting = asyncio.create_task(slots.acquire())
    await settled()
    with pytest.raises(Overloaded) as error:
        await slots.acquire()
    assert error.value.retry_after == 1
    slots.release()
    await asyncio.wait_for(waiting, 5)


async def test_closing_rejects_new_and_waiting_requests_but_not_running_ones() -> None:
    slots = Slots(1, 1)
    await slots.acquire()
    waiting = asyncio.create_task(slots.acquire())
    await settled()
    slots.close()
    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(waiting, 5)
    with pytest.raises(ShuttingDown):
        await slots.acquire()
    drained = asyncio.create_task(slots.drained())
    await settled()
    assert not drained.done()
    slots.release()
    await asyncio.wait_for(drained, 5)


async def test_a_slot_assigned_to_a_cancelled_caller_goes_to_the_next() -> None:
    slots = Slots(1, 2)
    await slots.acquire()
    leaving, staying = asyncio.create_task(slots.acquire()), asyncio.create_task(slots.acquire())
    await settled()
    slots.release()
    leaving.cancel()
    await asyncio.wait_for(staying, 5)
    assert (slots.in_flight, slots.queued) == (1, 0)


@given(
    limit=st.integers(1, 3),
    queue=st.integers(0, 4),
    steps=st.lists(st.tuples(st.sampled_from(["come", "go", "cancel"]), st.integers(0, 20)), max_size=40),
)
def test_no_slot_is_ever_lost_or_assigned_twice(limit: int, queue: int, steps: list[tuple[str, int]]) -> None:
    async def scenario() -> None:
        slots = Slots(limit, queue)
        tasks: list[asyncio.Task[None]] = []
        gates: list[asyncio.Event] = []

        async def work(gate: asyncio.Event) -> None:
            async with slots.held():
                await gate.wait()

        for action, number in steps:
            if action == "come":
                gates.append(asyncio.Event())
                tasks.append(asyncio.create_task(work(gates[-1])))
            elif tasks:
                chosen = number % len(tasks)
                gates[chosen].set() if action == "go" else tasks[chosen].cancel()
            await settled()
            assert 0 <= slots.in_flight <= limit
            assert 0 <= slots.queued <= queue
        for gate in gates:
            gate.set()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert (slots.in_flight, slots.queued) == (0, 0)

    asyncio.run(scenario())
