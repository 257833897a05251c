"""Events reach their reader in order and numbered; waiting text is merged."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.execution.events import AttemptStarted, Ended, ExecutionEvent, Sink
from ymera_service.execution.facts import Execution, ExecutionRequest
from ymera_service.routing.decision import Preferences
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import Overloaded
from ymera_service.sdk.events import RefusalDelta, TextDelta
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.targets import Target
from ymera_service.serving.stream import MAX_WAITING, Channel, deliver, joined
from ymera_service.telemetry.timing import Timings

WAIT = 10
REQUEST = ExecutionRequest("0190", Prompt((user("hi"),)), Preferences(), 100.0)
EXECUTION = Execution(REQUEST, True, datetime(2026, 11, 21, tzinfo=UTC), 0.0)
TARGET = Target("a", "a/b")
Script = Callable[[Sink], Awaitable[None]]
Message = tuple[int, ExecutionEvent]


class Reader:
    """Records what is written; a test can block it."""

    def __init__(self) -> None:
        self.read: list[Message] = []
        self.may_read = asyncio.Event()
        self.may_read.set()

    async def write(self, message: Message) -> None:
        self.read.append(message)
        await self.may_read.wait()

    async def begun(self) -> None:
        """Returns once something was written."""
        while True:
            if self.read:
                return
            await asyncio.sleep(0)

    @property
    def events(self) -> list[ExecutionEvent]:
        return [event for _, event in self.read]


def message(number: int, event: ExecutionEvent) -> Message:
    return number, event


async def listen(script: Script, reader: Reader) -> Execution:
    """Runs a script instead of the pipeline."""

    async def run(request: ExecutionRequest, sink: Sink, timings: Timings) -> Execution:
        await script(sink)
        await sink.send(Ended(EXECUTION))
        return EXECUTION

    async with asyncio.timeout(WAIT):
        return await deliver(run, REQUEST, Timings(), message, reader.write)


def sending(events: Sequence[ExecutionEvent]) -> Script:
    async def script(sink: Sink) -> None:
        for event in events:
            await sink.send(event)

    return script


async def test_waiting_texts_are_merged_and_every_event_is_numbered() -> None:
    reader = Reader()
    attempt = AttemptStarted(1, 1, TARGET)
    texts = [TextDelta(f"{i} ") for i in range(5)]
    done = await listen(sending([attempt, *texts, RefusalDelta("no"), TextDelta("so")]), reader)
    assert done is EXECUTION
    assert reader.read == [
        (1, attempt),
        (2, TextDelta("0 1 2 3 4 ")),
        (3, RefusalDelta("no")),
        (4, TextDelta("so")),
        (5, Ended(EXECUTION)),
    ]


async def test_a_text_does_not_wait_for_the_next() -> None:
    go_on, reader = asyncio.Event(), Reader()

    async def slow(sink: Sink) -> None:
        await sink.send(TextDelta("first"))
        await go_on.wait()
        await sink.send(TextDelta("last"))

    listening = asyncio.create_task(listen(slow, reader))
    async with asyncio.timeout(WAIT):
        await reader.begun()
        assert reader.events == [TextDelta("first")]
        go_on.set()
        await listening
    assert reader.events == [TextDelta("first"), TextDelta("last"), Ended(EXECUTION)]


async def test_an_error_comes_after_the_events_before_it() -> None:
    reader = Reader()

    async def failing(sink: Sink) -> None:
        await sink.send(TextDelta("first"))
        raise Overloaded("full")

    with pytest.raises(Overloaded):
        await listen(failing, reader)
    assert reader.events == [TextDelta("first")]


async def test_a_slow_reader_delays_everything_but_the_end() -> None:
    channel, sent = Channel(), 0
    while channel.try_send(AttemptStarted(1, sent, TARGET)):
        sent += 1
    assert sent == MAX_WAITING
    assert channel.try_send(Ended(EXECUTION))
    waiting = asyncio.create_task(channel.send(TextDelta("more")))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert len(await channel.take()) == MAX_WAITING + 1
    await asyncio.wait_for(waiting, WAIT)
    assert list(await channel.take()) == [TextDelta("more")]


@pytest.mark.parametrize("held_up", [False, True])
async def test_a_reader_that_disconnects_cancels_the_execution(held_up: bool) -> None:
    stopped, reader = asyncio.Event(), Reader()
    if held_up:
        reader.may_read.clear()

    async def endless(sink: Sink) -> None:
        try:
            await sink.send(TextDelta("first"))
            while True:
                await sink.send(AttemptStarted(1, 1, TARGET))
                await asyncio.sleep(0)
        finally:
            stopped.set()

    listening = asyncio.create_task(listen(endless, reader))
    async with asyncio.timeout(WAIT):
        await reader.begun()
        listening.cancel()
        await asyncio.wait({listening})
    assert listening.cancelled()
    assert stopped.is_set()


async def test_a_message_that_cannot_be_written_cancels_the_execution() -> None:
    stopped = asyncio.Event()

    async def run(request: ExecutionRequest, sink: Sink, timings: Timings) -> Execution:
        try:
            await sink.send(TextDelta("first"))
            await asyncio.Event().wait()
        finally:
            stopped.set()
        return EXECUTION

    async def write(message: Message) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with asyncio.timeout(WAIT):
            await deliver(run, REQUEST, Timings(), message, write)
    assert stopped.is_set()


events = st.one_of(
    st.builds(TextDelta, st.text(min_size=1, max_size=3)),
    st.builds(RefusalDelta, st.text(min_size=1, max_size=3)),
    st.builds(AttemptStarted, st.just(1), st.integers(1, 9), st.just(TARGET)),
)


def spelled(events: Sequence[ExecutionEvent]) -> list[ExecutionEvent]:
    """Returns the events with each text letter by letter: equal for streams that differ only in how text is split."""
    return [
        one
        for event in events
        for one in ([TextDelta(letter) for letter in event.text] if isinstance(event, TextDelta) else [event])
    ]


@given(st.lists(events, max_size=200), st.lists(st.booleans(), max_size=200))
def test_nothing_is_lost_added_or_moved(sent: list[ExecutionEvent], pauses: list[bool]) -> None:
    async def script(sink: Sink) -> None:
        for i, event in enumerate(sent):
            if i < len(pauses) and pauses[i]:
                await asyncio.sleep(0)
            await sink.send(event)

    async def collect() -> list[Message]:
        reader = Reader()
        await listen(script, reader)
        return reader.read

    read = asyncio.run(collect())
    assert [number for number, _ in read] == list(range(1, len(read) + 1))
    assert spelled([event for _, event in read]) == [*spelled(sent), Ended(EXECUTION)]


@given(st.lists(events, max_size=50))
def test_merged_events_have_no_consecutive_texts(sent: list[ExecutionEvent]) -> None:
    kinds = [type(event) for event in joined(sent)]
    assert all(pair != (TextDelta, TextDelta) for pair in itertools.pairwise(kinds))


def test_texts_are_not_joined_without_end() -> None:
    texts = [TextDelta("x" * 50_000)] * 5
    assert [len(event.text) for event in joined(texts) if isinstance(event, TextDelta)] == [100_000, 100_000, 50_000]


async def test_a_channel_that_nothing_reads_any_more_drops_events_and_holds_nothing_up() -> None:
    channel = Channel()
    for _ in range(MAX_WAITING):
        assert channel.try_send(TextDelta("x"))
    blocked = asyncio.create_task(channel.send(TextDelta("y")))
    await asyncio.sleep(0)
    assert not blocked.done()
    channel.close()
    await asyncio.wait_for(blocked, 10)
    assert channel.try_send(TextDelta("z"))
    assert len(await channel.take()) == MAX_WAITING
