"""Text that is already there is sent at once, and nothing else about a stream changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.api.coalescing import MAX_WAITING, coalesced
from ymera_service.execution.events import AttemptStarted, ExecutionEvent
from ymera_service.sdk.errors import Overloaded
from ymera_service.sdk.events import RefusalDelta, TextDelta

WAIT = 10


async def told(events: Sequence[ExecutionEvent]) -> AsyncGenerator[ExecutionEvent, None]:
    for event in events:
        yield event


async def test_texts_that_are_there_are_one() -> None:
    events: list[ExecutionEvent] = [
        AttemptStarted(1, "a/b"),
        *(TextDelta(f"{i} ") for i in range(5)),
        RefusalDelta("no"),
        TextDelta("so"),
    ]
    assert [event async for event in coalesced(told(events))] == [
        AttemptStarted(1, "a/b"),
        TextDelta("0 1 2 3 4 "),
        RefusalDelta("no"),
        TextDelta("so"),
    ]


async def test_a_text_does_not_wait_for_the_next() -> None:
    go_on = asyncio.Event()

    async def slow() -> AsyncGenerator[ExecutionEvent, None]:
        yield TextDelta("first")
        await go_on.wait()
        yield TextDelta("last")

    events = coalesced(slow())
    assert await asyncio.wait_for(anext(events), WAIT) == TextDelta("first")
    go_on.set()
    assert [event async for event in events] == [TextDelta("last")]


async def test_an_error_comes_after_what_was_told_before() -> None:
    async def failing() -> AsyncGenerator[ExecutionEvent, None]:
        yield TextDelta("first")
        raise Overloaded("full")

    events = coalesced(failing())
    assert await anext(events) == TextDelta("first")
    with pytest.raises(Overloaded):
        await anext(events)


@pytest.mark.parametrize("read", [1, 3])
async def test_closing_closes_what_it_reads_even_where_that_is_held_up(read: int) -> None:
    told_so_far = 0
    closed = asyncio.Event()

    async def endless() -> AsyncGenerator[ExecutionEvent, None]:
        nonlocal told_so_far
        try:
            while True:
                told_so_far += 1
                yield AttemptStarted(told_so_far, "a/b")
        finally:
            closed.set()

    events = coalesced(endless())
    for _ in range(read):
        await anext(events)
    await asyncio.sleep(0)
    async with asyncio.timeout(WAIT):
        await events.aclose()
    assert closed.is_set()
    assert told_so_far <= 2 * MAX_WAITING + 1


async def test_cancelling_the_reader_closes_what_it_reads() -> None:
    waiting, closed = asyncio.Event(), asyncio.Event()

    async def silent() -> AsyncGenerator[ExecutionEvent, None]:
        try:
            yield TextDelta("first")
            waiting.set()
            await asyncio.Event().wait()
        finally:
            closed.set()

    async def read() -> None:
        async for _ in coalesced(silent()):
            pass

    reader = asyncio.create_task(read())
    async with asyncio.timeout(WAIT):
        await waiting.wait()
        reader.cancel()
        await asyncio.wait({reader})
    assert reader.cancelled()
    assert closed.is_set()


events = st.one_of(
    st.builds(TextDelta, st.text(min_size=1, max_size=3)),
    st.builds(RefusalDelta, st.text(min_size=1, max_size=3)),
    st.builds(AttemptStarted, st.integers(1, 9), st.just("a/b")),
)


def spelled(events: Sequence[ExecutionEvent]) -> list[ExecutionEvent]:
    """Returns the events with each text letter by letter: the same for streams that differ in their cuts only."""
    return [
        one
        for event in events
        for one in ([TextDelta(letter) for letter in event.text] if isinstance(event, TextDelta) else [event])
    ]


@given(st.lists(events, max_size=200), st.lists(st.booleans(), max_size=200))
def test_nothing_is_lost_added_or_moved(given_events: list[ExecutionEvent], pauses: list[bool]) -> None:
    async def paused() -> AsyncGenerator[ExecutionEvent, None]:
        for i, event in enumerate(given_events):
            if i < len(pauses) and pauses[i]:
                await asyncio.sleep(0)
            yield event

    async def collect() -> list[ExecutionEvent]:
        return [event async for event in coalesced(paused())]

    assert spelled(asyncio.run(collect())) == spelled(given_events)
