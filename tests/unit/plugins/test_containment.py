"""A coroutine that ignores its cancellation is given up; every other one behaves as if it were awaited."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator

import pytest

from ymera_service.plugins.containment import GRACE_SECONDS, GivenUp, contained, end_tasks

WAIT = 10


@pytest.fixture
def places() -> list[str]:
    return []


async def test_values_and_exceptions_pass(places: list[str]) -> None:
    async def adds() -> int:
        await asyncio.sleep(0)
        return 1 + await asyncio.sleep(0.001, 2)

    async def fails() -> None:
        await asyncio.sleep(0)
        raise SystemExit(3)

    assert await contained(adds(), places.append) == 3
    with pytest.raises(SystemExit):
        await contained(fails(), places.append)
    assert not places


async def test_its_own_time_limits_and_futures_are_its_own_business(places: list[str]) -> None:
    async def limits_itself() -> str:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            await asyncio.sleep(1.5 * GRACE_SECONDS)  # longer than a cancelled call may take
        cancelled = asyncio.get_running_loop().create_future()
        cancelled.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cancelled
        return "went on"

    assert await contained(limits_itself(), places.append) == "went on"
    assert not places


async def test_a_cancelled_call_may_release_what_it_holds(places: list[str]) -> None:
    released = asyncio.Event()

    async def releases() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)
            released.set()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await contained(releases(), places.append)
    assert released.is_set()
    assert not places


async def ignores() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def spins() -> None:
    while True:
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            continue


@pytest.mark.parametrize("call", [ignores, spins])
async def test_a_call_that_ignores_its_cancellation_is_given_up_with_its_place(call: object, places: list[str]) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(WAIT), asyncio.timeout(0.01):
            await contained(call(), places.append)  # type: ignore[operator]
    [place] = places
    assert place.endswith(f"in {call.__name__}")  # type: ignore[attr-defined]
    assert "test_containment.py:" in place


async def test_a_task_whose_call_is_given_up_ends_as_cancelled(places: list[str]) -> None:
    task = asyncio.create_task(_contained(places))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=WAIT)
    assert task.cancelled()


async def _contained(places: list[str]) -> None:
    await contained(ignores(), places.append)


async def test_a_call_that_hides_its_cancellation_and_returns_is_cancelled(places: list[str]) -> None:
    async def hides() -> AsyncGenerator[int, None]:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield 1

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await contained(anext(hides()), places.append)
    assert not places


async def test_a_call_that_closes_is_given_up_without_a_cancellation(places: list[str]) -> None:
    with pytest.raises(GivenUp):
        await contained(ignores(), places.append, closes=True)
    assert len(places) == 1


async def test_a_call_that_closes_in_time_returns(places: list[str]) -> None:
    assert await contained(asyncio.sleep(0.001, "done"), places.append, closes=True) == "done"


async def test_a_loop_that_stood_still_takes_no_time_from_a_call(places: list[str]) -> None:
    ready = asyncio.get_running_loop().create_future()

    def hold() -> None:
        time.sleep(1.5 * GRACE_SECONDS)
        ready.set_result("done")

    asyncio.get_running_loop().call_soon(hold)
    assert await contained(ready, places.append, closes=True) == "done"


async def test_tasks_that_go_on_at_the_end_are_named(places: list[str]) -> None:
    stubborn = asyncio.create_task(_ignores_until(released := asyncio.Event()))
    obedient = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    [place] = [place for place in await end_tasks() if "test_containment" in place]
    assert place.endswith("in _ignores_until")
    assert obedient.cancelled()
    released.set()
    await asyncio.wait({stubborn}, timeout=WAIT)


async def _ignores_until(released: asyncio.Event) -> None:
    while not released.is_set():
        with contextlib.suppress(asyncio.CancelledError):
            await released.wait()
