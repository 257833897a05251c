"""The requirements on a provider; see `ymera_service.sdk.providers` and `ymera_service.sdk.events`."""

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from time import perf_counter

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
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of, generate

HOLD = 0.1
"""Seconds for which a provider may hold the event loop: everything else in the server waits."""
DEAREST = 1_000 * 1_000_000
"""Micro-USD per million tokens; no model known costs as much. A price above it has the wrong unit."""
DEAREST_CALL = 10 * 1_000_000
BOUND = 5.0
"""Seconds that a check waits; a call that takes longer counts as hanging."""


def nothing_open() -> int:
    """The connection count of a provider without connections: 0."""
    return 0


def check_models(models: Sequence[ModelInfo]) -> None:
    """Asserts that models have unique names and valid figures."""
    assert models, "the provider offers no model"
    names = [model.name for model in models]
    assert len(set(names)) == len(names), f"names are not unique: {sorted(names)}"
    for model in models:
        assert model.name == model.name.strip() != "", f"{model.name!r} is not a valid name"
        assert model.context_window >= 0, f"{model.name}: context_window is {model.context_window}"
        assert model.max_output_tokens >= 0, f"{model.name}: max_output_tokens is {model.max_output_tokens}"
        stated = model.stated_quality
        assert all(0 <= share <= 1 for share in stated.values()), f"{model.name}: a share is not from 0 to 1: {stated}"
        if model.price:
            _check_price(model.name, model.price)


def _check_price(name: str, price: Price) -> None:
    for rates in (price, *price.tiers):
        dearest = max(rates.input, rates.output, rates.cache_read or 0, rates.cache_write or 0, rates.reasoning or 0)
        assert dearest <= DEAREST, f"{name} costs {dearest / 1e6:,.0f} USD per million tokens: is the unit right?"
    assert price.per_request <= DEAREST_CALL, f"{name} costs {price.per_request / 1e6:,.0f} USD per call"


def check_known_prices(models: Sequence[ModelInfo], known: Mapping[str, tuple[float, float]]) -> None:
    """Asserts that prices equal those that the vendor publishes: name → USD per million tokens of input and output."""
    stated = {model.name: model.price for model in models}
    for name, usd in known.items():
        price = stated[name]
        assert price, f"{name} has no price"
        assert (price.input / 1e6, price.output / 1e6) == usd, f"{name} costs {price}, not {usd} USD per million tokens"


def check_events(events: Sequence[ProviderEvent]) -> None:
    """Asserts the order of a whole answer: accepted, optionally started, content and usage, finished."""
    stages = [_stage(event) for event in events]
    assert stages == sorted(stages), f"the events are out of order: {events}"
    assert stages.count(0) == 1, "Accepted must occur exactly once"
    assert stages.count(1) <= 1, "ResponseStarted must occur at most once"
    assert stages.count(3) == 1, "Finished must occur exactly once"
    _check_deltas(events)
    _check_tool_calls([event for event in events if isinstance(event, ToolCallDelta)])
    answer = Answer.of(events)
    if answer.finish_reason is FinishReason.TOOL_CALLS:
        assert answer.tool_calls, "the finish reason is tool_calls, but the answer has no tool call"
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
                assert event.text, f"a delta is empty: {event}"
            case ReasoningDelta():
                assert event.text or event.signature, f"a delta is empty: {event}"
            case UsageReported():
                assert (event.total_tokens or 0) >= 0, f"a total is negative: {event}"
            case _:
                pass


def _check_tool_calls(deltas: Sequence[ToolCallDelta]) -> None:
    calls: dict[int, list[ToolCallDelta]] = defaultdict(list)
    for delta in deltas:
        calls[delta.index].append(delta)
    assert list(calls) == list(range(len(calls))), f"tool calls must be numbered from 0 in order, not {list(calls)}"
    for first, *more in calls.values():
        assert "" not in {first.id, first.name}, f"the first delta of a tool call has no id or no name: {first}"
        assert all(delta.arguments for delta in more), f"a delta of {first.name} is empty"
    ids = [first.id for first, *_ in calls.values()]
    assert len(set(ids)) == len(ids), f"the ids of tool calls are not unique: {ids}"


def check_usage(usage: Usage) -> None:
    """Asserts that counts are not negative, and that parts are not larger than their sums."""
    cached = usage.cache_read_input_tokens + usage.cache_creation_input_tokens
    parts = (usage.cache_read_input_tokens, usage.cache_creation_input_tokens, usage.reasoning_output_tokens)
    assert min(usage.input_tokens, usage.output_tokens, *parts) >= 0, f"a count is negative: {usage}"
    assert cached <= usage.input_tokens, f"more cached tokens than input tokens: {usage}"
    assert usage.reasoning_output_tokens <= usage.output_tokens, f"more reasoning tokens than output tokens: {usage}"


def check_tool_call(call: ToolCall, offered: Sequence[Tool]) -> None:
    """Asserts that a call is of an offered tool and that its arguments are a JSON object."""
    assert call.name in {tool.name for tool in offered}, f"{call.name!r} was not offered"
    check_json(call.arguments or "{}")


def check_json(text: str) -> None:
    """Asserts that a text is one JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise AssertionError(f"not valid JSON: {text!r}") from error
    assert isinstance(value, dict), f"not a JSON object: {text!r}"


async def check_never_blocks(provider: Provider, request: GenerateRequest, tries: int = 3) -> None:
    """Asserts that a call does not hold the event loop; other load disturbs the best of several tries least."""
    held = min([await _longest_hold(provider, request) for _ in range(tries)])
    assert held < HOLD, f"the call holds the event loop for {held:.2g} s: await, or use a thread"


async def _longest_hold(provider: Provider, request: GenerateRequest) -> float:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        last = perf_counter()
        while True:
            await asyncio.sleep(0)
            last, before = perf_counter(), last
            longest = max(longest, last - before)

    watching = asyncio.create_task(watch())
    try:
        await asyncio.sleep(0)
        await provider.models()
        await events_of(provider, request)
    finally:
        watching.cancel()
    return longest


async def check_failure(provider: Provider, request: GenerateRequest) -> ProviderError:
    """Asserts that a call fails with a `ProviderError`, and returns the error."""
    try:
        events = await events_of(provider, request)
    except ProviderError as error:
        return _explained(error)
    except Exception as error:
        raise AssertionError(f"{error!r} is not a ProviderError") from error
    raise AssertionError(f"the call should have failed, but yielded {events}")


def _explained(error: ProviderError) -> ProviderError:
    assert hasattr(error, "reason"), f"{error!r} has no reason: raise a subclass of ProviderError"
    assert error.message, f"{error!r} has no message"
    return error


async def check_whole_or_failed(provider: Provider, request: GenerateRequest, whole: Answer) -> None:
    """Asserts that a call whose response was cut off fails, unless the lost part did not matter."""
    try:
        answer = Answer.of(await events_of(provider, request))
    except ProviderError:
        return
    assert answer.finish_reason, "the call ended without Finished and without an error"
    assert (answer.text, answer.tool_calls) == (whole.text, whole.tool_calls), (
        "part of an answer was reported as the whole"
    )


async def check_early_close(
    provider: Provider, request: GenerateRequest, after: int, open_connections: Callable[[], int] = nothing_open
) -> None:
    """Asserts that a call that is closed after some events releases everything immediately."""
    async with nothing_left(open_connections), aclosing(generate(provider, request)) as events:
        for _ in range(after):
            if await anext(events, None) is None:
                break


async def check_cancellation(
    provider: Provider, request: GenerateRequest, steps: int, open_connections: Callable[[], int] = nothing_open
) -> None:
    """Asserts that a call that is cancelled after some steps of the event loop ends immediately."""

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
    """Asserts that a call that is cancelled after `reached()` ends immediately and does not hide the cancellation."""
    async with nothing_left(open_connections):
        task = asyncio.create_task(_exhaust(generate(provider, request)))
        async with asyncio.timeout(BOUND):
            await reached()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=BOUND)
        assert done, f"the call still runs {BOUND} s after its cancellation"
        error = None if task.cancelled() else task.exception()
        assert error is None, f"the cancellation was replaced by {error!r}"


async def _exhaust(events: AsyncGenerator[ProviderEvent, None]) -> None:
    async with aclosing(events):
        async for _ in events:
            pass


async def check_concurrent_calls(provider: Provider, requests: Sequence[GenerateRequest]) -> None:
    """Asserts that calls that are interleaved event by event get the same answers as calls in sequence."""
    alone = [Answer.of(await events_of(provider, request)) for request in requests]
    calls = [generate(provider, request) for request in requests]
    received: list[list[ProviderEvent]] = [[] for _ in calls]
    while any([await _step(call, events) for call, events in zip(calls, received, strict=True)]):
        pass
    assert [Answer.of(events) for events in received] == alone, (
        "concurrent calls got other answers than calls in sequence"
    )


async def _step(call: AsyncGenerator[ProviderEvent, None], received: list[ProviderEvent]) -> bool:
    event = await anext(call, None)
    if event is not None:
        received.append(event)
    return event is not None


@asynccontextmanager
async def nothing_left(open_connections: Callable[[], int] = nothing_open) -> AsyncIterator[None]:
    """Asserts that the block leaves no task running and no connection open."""
    tasks, connections = asyncio.all_tasks(), open_connections()
    yield
    left = asyncio.all_tasks() - tasks
    assert not left, f"tasks still run: {left}"
    assert open_connections() <= connections, f"{open_connections() - connections} connections are still open"
