"""A thread runs jobs in order and outlives whatever they do."""

import asyncio
import threading
from functools import partial

import pytest
from structlog.testing import capture_logs

from ymera_service.storage.thread import Thread

BOUND = 10.0


def fail(error: BaseException) -> None:
    raise error


async def test_jobs_run_in_order_in_one_thread() -> None:
    thread, ran = Thread("a thread"), list[tuple[int, str]]()
    async with asyncio.timeout(BOUND), asyncio.TaskGroup() as group:
        for number in range(50):
            job = partial(lambda number: ran.append((number, threading.current_thread().name)), number)
            group.create_task(thread.call(job))
    assert ran == [(number, "a thread") for number in range(50)]
    thread.close()


async def test_what_a_job_raises_is_raised_in_its_caller_and_the_next_job_runs() -> None:
    thread, ran = Thread("a thread"), list[str]()
    async with asyncio.timeout(BOUND):
        for error in (ValueError("a reason"), KeyboardInterrupt("a reason")):
            with pytest.raises(type(error), match="a reason"):
                await thread.call(partial(fail, error), then=lambda: ran.append("not after a failure"))
        await thread.call(lambda: ran.append("next"))
    assert ran == ["next"]
    thread.close()


async def test_a_caller_does_not_wait_for_what_follows_its_job() -> None:
    thread, release, ran = Thread("a thread"), threading.Event(), list[str]()

    def follow() -> None:
        release.wait(BOUND)
        ran.append("followed")

    async with asyncio.timeout(BOUND):
        await thread.call(lambda: ran.append("job"), then=follow)
        assert ran == ["job"]
        release.set()
        await thread.call(lambda: ran.append("next"))
    assert ran == ["job", "followed", "next"]
    thread.close()


async def test_what_follows_a_job_may_fail() -> None:
    thread = Thread("a thread")
    with capture_logs() as logs:
        async with asyncio.timeout(BOUND):
            await thread.call(lambda: None, then=partial(fail, OSError("a full disk")))
            await thread.call(lambda: None)
    assert [line["error"] for line in logs] == ["a full disk"]
    thread.close()


async def test_a_job_of_a_cancelled_caller_is_done() -> None:
    thread, entered, release, ran = Thread("a thread"), threading.Event(), threading.Event(), list[str]()

    def job() -> None:
        entered.set()
        release.wait(BOUND)
        ran.append("done")

    call = asyncio.create_task(thread.call(job))
    await asyncio.to_thread(entered.wait, BOUND)
    call.cancel()
    release.set()
    await asyncio.wait_for(thread.call(lambda: None), BOUND)
    assert call.cancelled()
    assert ran == ["done"]
    thread.close()
