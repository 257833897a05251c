"""Admission holds the number of requests at its limit, in order of arrival, and loses no place."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.resilience.admission import Admission
from ymera_service.sdk.errors import Overloaded, ShuttingDown


async def settled() -> None:
    """Lets every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_requests_beyond_the_limit_wait_their_turn_in_order() -> None:
    admission = Admission(1, 10)
    order: list[int] = []

    async def work(number: int) -> None:
        async with admission.admitted():
            order.append(number)
            await asyncio.sleep(0)

    await asyncio.wait_for(asyncio.gather(*(work(number) for number in range(5))), 5)
    assert order == [0, 1, 2, 3, 4]
    assert (admission.in_flight, admission.queued) == (0, 0)


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back() -> None:
    admission = Admission(1, 1)
    await admission.acquire()
    waiting = asyncio.create_task(admission.acquire())
    await settled()
    with pytest.raises(Overloaded) as error:
        await admission.acquire()
    assert error.value.retry_after == 1
    admission.release()
    await asyncio.wait_for(waiting, 5)


async def test_closing_refuses_new_and_waiting_requests_but_not_those_under_way() -> None:
    admission = Admission(1, 1)
    await admission.acquire()
    waiting = asyncio.create_task(admission.acquire())
    await settled()
    admission.close()
    with pytest.raises(ShuttingDown):
        await asyncio.wait_for(waiting, 5)
    with pytest.raises(ShuttingDown):
        await admission.acquire()
    drained = asyncio.create_task(admission.drained())
    await settled()
    assert not drained.done()
    admission.release()
    await asyncio.wait_for(drained, 5)


async def test_a_place_handed_over_to_a_caller_who_just_left_goes_to_the_next() -> None:
    admission = Admission(1, 2)
    await admission.acquire()
    leaving, staying = asyncio.create_task(admission.acquire()), asyncio.create_task(admission.acquire())
    await settled()
    admission.release()
    leaving.cancel()
    await asyncio.wait_for(staying, 5)
    assert (admission.in_flight, admission.queued) == (1, 0)


@given(
    limit=st.integers(1, 3),
    queue=st.integers(0, 4),
    steps=st.lists(st.tuples(st.sampled_from(["come", "go", "cancel"]), st.integers(0, 20)), max_size=40),
)
def test_no_place_is_ever_lost_or_given_twice(limit: int, queue: int, steps: list[tuple[str, int]]) -> None:
    async def scenario() -> None:
        admission = Admission(limit, queue)
        tasks: list[asyncio.Task[None]] = []
        gates: list[asyncio.Event] = []

        async def work(gate: asyncio.Event) -> None:
            async with admission.admitted():
                await gate.wait()

        for action, number in steps:
            if action == "come":
                gates.append(asyncio.Event())
                tasks.append(asyncio.create_task(work(gates[-1])))
            elif tasks:
                chosen = number % len(tasks)
                gates[chosen].set() if action == "go" else tasks[chosen].cancel()
            await settled()
            assert 0 <= admission.in_flight <= limit
            assert 0 <= admission.queued <= queue
        for gate in gates:
            gate.set()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert (admission.in_flight, admission.queued) == (0, 0)

    asyncio.run(scenario())
