"""What a provider promises; see `ymera_service.sdk.providers` and `ymera_service.sdk.events`."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager

from ymera_service.sdk.content import ToolCall
from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.events import (
    Accepted,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Tool, Usage
from ymera_service.sdk.models import ModelInfo
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of, generate

BOUND = 5.0
"""Seconds that anything here may take; whatever takes longer hangs."""


def nothing_open() -> int:
    """Counts the connections of a provider that has none."""
    return 0


def check_models(models: Sequence[ModelInfo]) -> None:
    """Models have names of their own and figures that can be."""
    assert models, "it offers no model"
    names = [model.name for model in models]
    assert len(set(names)) == len(names), f"names come twice: {sorted(names)}"
    for model in models:
        assert model.name == model.name.strip() != "", f"{model.name!r} is no name"
        assert model.context_window >= 0, f"{model.name}: context_window is {model.context_window}"
        assert model.max_output_tokens >= 0, f"{model.name}: max_output_tokens is {model.max_output_tokens}"
        stated = model.stated_quality
        assert all(0 <= share <= 1 for share in stated.values()), f"{model.name}: a share is not from 0 to 1: {stated}"


def check_events(events: Sequence[ProviderEvent]) -> None:
    """A whole answer is told in order: accepted, perhaps started, its content and usage, finished."""
    stages = [_stage(event) for event in events]
    assert stages == sorted(stages), f"out of order: {events}"
    assert stages.count(0) == 1, "Accepted comes exactly once"
    assert stages.count(1) <= 1, "ResponseStarted comes at most once"
    assert stages.count(3) == 1, "Finished comes exactly once"
    _check_deltas(events)
    _check_tool_calls([event for event in events if isinstance(event, ToolCallDelta)])
    answer = Answer.of(events)
    if answer.finish_reason is FinishReason.TOOL_CALLS:
        assert answer.tool_calls, "it finished with tool calls but made none"
    if answer.usage:
        check_usage(answer.usage)


def _stage(event: ProviderEvent) -> int:
    for stage, kind in ((0, Accepted), (1, ResponseStarted), (3, Finished)):
        if isinstance(event, kind):
            return stage
    return 2


def _check_deltas(events: Sequence[ProviderEvent]) -> None:
    for event in events:
        match event:
            case TextDelta() | RefusalDelta():
                assert event.text, f"an empty delta: {event}"
            case ReasoningDelta():
                assert event.text or event.signature, f"an empty delta: {event}"
            case UsageReported():
                assert (event.total_tokens or 0) >= 0, f"a negative total: {event}"
            case _:
                pass


def _check_tool_calls(deltas: Sequence[ToolCallDelta]) -> None:
    calls: dict[int, list[ToolCallDelta]] = defaultdict(list)
    for delta in deltas:
        calls[delta.index].append(delta)
    assert list(calls) == list(range(len(calls))), f"tool calls are counted from 0 in order, not {list(calls)}"
    for first, *more in calls.values():
        assert "" not in {first.id, first.name}, f"the first delta of a tool call names it: {first}"
        assert all(delta.arguments for delta in more), f"an empty delta of {first.name}"
    ids = [first.id for first, *_ in calls.values()]
    assert len(set(ids)) == len(ids), f"two tool calls have one id: {ids}"


def check_usage(usage: Usage) -> None:
    """Counts are not negative, and parts are no larger than their sums."""
    cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    parts = (usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.reasoning_output_tokens)
    assert min(usage.input_tokens, usage.output_tokens, *parts) >= 0, f"a negative count: {usage}"
    assert cached <= usage.input_tokens, f"more cached than read: {usage}"
    assert usage.reasoning_output_tokens <= usage.output_tokens, f"more thought than written: {usage}"


def check_tool_call(call: ToolCall, offered: Sequence[Tool]) -> None:
    """A call is of a tool that was offered, with a JSON object of arguments."""
    assert call.name in {tool.name for tool in offered}, f"{call.name!r} was not offered"
    check_json(call.arguments or "{}")


def check_json(text: str) -> None:
    """A text is one JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise AssertionError(f"no JSON: {text!r}") from error
    assert isinstance(value, dict), f"no JSON object: {text!r}"


async def check_failure(provider: Provider, request: GenerateRequest) -> ProviderError:
    """A call fails, and with nothing but a `ProviderError`, which is returned."""
    try:
        events = await events_of(provider, request)
    except ProviderError as error:
        return _that_explains(error)
    except Exception as error:
        raise AssertionError(f"{error!r} is no ProviderError") from error
    raise AssertionError(f"it should have failed, but told {events}")


def _that_explains(error: ProviderError) -> ProviderError:
    assert hasattr(error, "reason"), f"{error!r} is of no particular kind"
    assert error.message, f"{error!r} does not say what is wrong"
    return error


async def check_whole_or_failed(provider: Provider, request: GenerateRequest, whole: Answer) -> None:
    """Where an answer was cut off somewhere, it fails, unless what was lost did not matter."""
    try:
        answer = Answer.of(await events_of(provider, request))
    except ProviderError:
        return
    assert answer.finish_reason, "it ended without Finished and without an error"
    assert (answer.text, answer.tool_calls) == (whole.text, whole.tool_calls), "part of an answer passed for the whole"


async def check_early_close(
    provider: Provider, request: GenerateRequest, after: int, open_connections: Callable[[], int] = nothing_open
) -> None:
    """Closed after some events, it lets go of everything at once."""
    async with nothing_left(open_connections), aclosing(generate(provider, request)) as events:
        for _ in range(after):
            if await anext(events, None) is None:
                break


async def check_cancellation(
    provider: Provider, request: GenerateRequest, steps: int, open_connections: Callable[[], int] = nothing_open
) -> None:
    """Cancelled after some steps of the event loop, it ends at once."""

    async def until() -> None:
        for _ in range(steps):
            await asyncio.sleep(0)

    await check_cancelled_when(provider, request, until, open_connections)


async def check_cancelled_when(
    provider: Provider,
    request: GenerateRequest,
    reached: Callable[[], Awaitable[object]],
    open_connections: Callable[[], int] = nothing_open,
) -> None:
    """Cancelled when `reached()` has been awaited, it ends at once and does not hide the cancellation."""
    async with nothing_left(open_connections):
        task = asyncio.create_task(_exhaust(generate(provider, request)))
        async with asyncio.timeout(BOUND):
            await reached()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=BOUND)
        assert done, f"still running {BOUND} s after its cancellation"
        error = None if task.cancelled() else task.exception()
        assert error is None, f"cancellation came out as {error!r}"


async def _exhaust(events: AsyncGenerator[ProviderEvent, None]) -> None:
    async with aclosing(events):
        async for _ in events:
            pass


async def check_concurrent_calls(provider: Provider, requests: Sequence[GenerateRequest]) -> None:
    """Calls that take turns event by event get the answers that they get alone."""
    alone = [Answer.of(await events_of(provider, request)) for request in requests]
    calls = [generate(provider, request) for request in requests]
    told: list[list[ProviderEvent]] = [[] for _ in calls]
    while any([await _step(call, events) for call, events in zip(calls, told, strict=True)]):
        pass
    assert [Answer.of(events) for events in told] == alone, "calls at a time get other answers than alone"


async def _step(call: AsyncGenerator[ProviderEvent, None], told: list[ProviderEvent]) -> bool:
    event = await anext(call, None)
    if event is not None:
        told.append(event)
    return event is not None


@asynccontextmanager
async def nothing_left(open_connections: Callable[[], int] = nothing_open) -> AsyncIterator[None]:
    """After the block no task runs and no connection is open that did not before."""
    tasks, connections = asyncio.all_tasks(), open_connections()
    yield
    left = asyncio.all_tasks() - tasks
    assert not left, f"left running: {left}"
    assert open_connections() <= connections, f"{open_connections() - connections} connections left open"
