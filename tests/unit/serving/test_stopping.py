"""Calls are rejected until their callers stop retrying, and only then is the network closed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import cast

import pytest

from ymera_service.execution.events import Ended, ExecutionEvent, Sink
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.execution.pipeline import Pipeline
from ymera_service.resilience.slots import Slots
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.content import user
from ymera_service.sdk.events import TextDelta
from ymera_service.sdk.generation import Prompt
from ymera_service.serving import stopping
from ymera_service.serving.calls import Calls
from ymera_service.serving.stopping import Drain
from ymera_service.serving.stream import deliver
from ymera_service.telemetry.timing import Timings

WAIT = 10
NO_PIPELINE = cast("Pipeline", None)  # not used by these tests


async def call(calls: Calls) -> None:
    calls.end(calls.begin("method", 60.0), "OK")


async def test_the_network_stays_open_while_callers_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "QUIET_SECONDS", 1.0)
    monkeypatch.setattr(stopping, "LONGEST_REFUSAL_SECONDS", 60.0)
    calls = Calls(60)
    quiet = asyncio.create_task(Drain(calls, NO_PIPELINE, 60).quiet())
    for _ in range(10):
        await asyncio.create_task(call(calls))
        await asyncio.sleep(0.01)
        assert not quiet.done()
    await asyncio.wait_for(quiet, WAIT)
    assert calls.quiet_for >= 1.0


async def test_callers_that_never_stop_do_not_keep_it_open_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "QUIET_SECONDS", 0.02)
    monkeypatch.setattr(stopping, "LONGEST_REFUSAL_SECONDS", 0.1)
    calls = Calls(60)
    quiet = asyncio.create_task(Drain(calls, NO_PIPELINE, 60).quiet())
    async with asyncio.timeout(WAIT):
        while not quiet.done():
            await asyncio.create_task(call(calls))
            await asyncio.sleep(0)


async def test_calls_that_finish_in_time_are_not_cancelled_and_what_follows_them_is_flushed() -> None:
    class Flushing:
        flushed = False

        async def stop(self) -> None:
            self.flushed = True

    calls, go_on, pipeline = Calls(60), asyncio.Event(), Flushing()

    async def work() -> None:
        calls.begin("method", 60.0)
        await go_on.wait()

    working = asyncio.create_task(work())
    await asyncio.sleep(0)
    finishing = asyncio.create_task(Drain(calls, cast("Pipeline", pipeline), 60).finish())
    await asyncio.sleep(0)
    assert not finishing.done()
    go_on.set()
    await asyncio.wait_for(finishing, WAIT)
    assert not working.cancelled()
    assert pipeline.flushed


REQUEST = ExecutionRequest("0190", Prompt((user("hi"),)), Preferences(), 100.0)
EXECUTION = Execution(REQUEST, True, datetime(2026, 11, 21, tzinfo=UTC), 0.0)


class OneStream:
    """A pipeline with one running stream, which ends when it is stopped."""

    def __init__(self) -> None:
        self.slots = Slots(1, 1)
        self.begun = asyncio.Event()
        self._stopped = asyncio.Event()
        self._recorded = asyncio.Event()

    async def stream(self, request: ExecutionRequest, sink: Sink, timings: Timings) -> Execution:
        await sink.send(TextDelta("first"))
        self.begun.set()
        await self._stopped.wait()
        await sink.send(Ended(EXECUTION))
        self._recorded.set()
        return EXECUTION

    async def stop(self) -> None:
        self._stopped.set()
        await self._recorded.wait()


async def test_the_last_event_of_a_stream_arrives_before_the_end_of_its_call() -> None:
    calls, pipeline = Calls(60), OneStream()
    written: list[ExecutionEvent] = []
    writing, may_write = asyncio.Event(), asyncio.Event()

    async def write(message: tuple[int, ExecutionEvent]) -> None:
        if isinstance(message[1], Ended):
            writing.set()
            await may_write.wait()
        written.append(message[1])

    async def work() -> None:
        calls.begin("method", 60.0).executes = True
        await deliver(pipeline.stream, REQUEST, Timings(), lambda number, event: (number, event), write)

    working = asyncio.create_task(work())
    drain = Drain(calls, cast("Pipeline", pipeline), 60)
    async with asyncio.timeout(WAIT):
        await pipeline.begun.wait()
        drain.cut_short()
        finishing = asyncio.create_task(drain.finish())
        await writing.wait()
        for _ in range(10):
            await asyncio.sleep(0)
        may_write.set()
        await finishing
        await working
    assert written == [TextDelta("first"), Ended(EXECUTION)]
