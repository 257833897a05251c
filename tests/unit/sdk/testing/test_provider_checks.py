"""A provider that breaks a promise is found out."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from ymera_service.sdk.content import ToolCall, last_user_text, user
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.errors import ProviderServerError, StreamInterrupted
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
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Tool, Usage
from ymera_service.sdk.models import ModelInfo, Price
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.checks import providers as checks
from ymera_service.sdk.testing.checks.names import check_name

DONE = Finished(FinishReason.STOP)
Speaks = Callable[[GenerateRequest], AsyncGenerator[ProviderEvent, None]]


class Scripted(Provider):
    """A provider that is given its way of answering."""

    name = "scripted"

    def __init__(self, speaks: Speaks) -> None:
        self._speaks = speaks

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("one")]

    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        return self._speaks(request)


def asking(text: str) -> GenerateRequest:
    return GenerateRequest("one", Prompt((user(text),)))


REQUEST = asking("hello")


@pytest.mark.parametrize(
    "events",
    [
        [Accepted(), DONE],
        [Accepted(), ResponseStarted("r1", "one"), TextDelta("a"), UsageReported(Usage(1, 1)), DONE],
        [
            Accepted(),
            ReasoningDelta("", b"sealed"),
            ToolCallDelta(0, "c1", "look"),
            ToolCallDelta(1, "c2", "look", "{"),
            ToolCallDelta(0, arguments="{}"),
            ToolCallDelta(1, arguments="}"),
            Finished(FinishReason.TOOL_CALLS),
        ],
    ],
)
def test_an_answer_in_order_passes(events: list[ProviderEvent]) -> None:
    checks.check_events(events)


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([TextDelta("a"), DONE], "Accepted comes exactly once"),
        ([Accepted(), Accepted(), DONE], "Accepted comes exactly once"),
        ([TextDelta("a"), Accepted(), DONE], "out of order"),
        ([Accepted(), TextDelta("a"), ResponseStarted(), DONE], "out of order"),
        ([Accepted(), ResponseStarted(), ResponseStarted(), DONE], "ResponseStarted comes at most once"),
        ([Accepted(), TextDelta("a")], "Finished comes exactly once"),
        ([Accepted(), DONE, DONE], "Finished comes exactly once"),
        ([Accepted(), DONE, UsageReported(Usage())], "out of order"),
        ([Accepted(), TextDelta(""), DONE], "an empty delta"),
        ([Accepted(), RefusalDelta(""), DONE], "an empty delta"),
        ([Accepted(), ReasoningDelta(""), DONE], "an empty delta"),
        ([Accepted(), ToolCallDelta(1, "c", "look"), DONE], "counted from 0"),
        ([Accepted(), ToolCallDelta(0, "", "look"), DONE], "the first delta of a tool call names it"),
        ([Accepted(), ToolCallDelta(0, "c", "look"), ToolCallDelta(0), DONE], "an empty delta"),
        ([Accepted(), ToolCallDelta(0, "c", "look"), ToolCallDelta(1, "c", "look"), DONE], "have one id"),
        ([Accepted(), Finished(FinishReason.TOOL_CALLS)], "made none"),
        ([Accepted(), UsageReported(Usage(-1, 0)), DONE], "a negative count"),
        ([Accepted(), UsageReported(Usage(1, 1), total_tokens=-2), DONE], "a negative total"),
        ([Accepted(), UsageReported(Usage(1, 0, cache_read_input_tokens=2)), DONE], "more cached than read"),
        ([Accepted(), UsageReported(Usage(1, 1, reasoning_output_tokens=2)), DONE], "more thought than written"),
    ],
)
def test_an_answer_out_of_order_is_found_out(events: list[ProviderEvent], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        checks.check_events(events)


@pytest.mark.parametrize(
    ("models", "complaint"),
    [
        ([], "offers no model"),
        ([ModelInfo("a"), ModelInfo("a")], "names come twice"),
        ([ModelInfo(" a")], "is no name"),
        ([ModelInfo("")], "is no name"),
        ([ModelInfo("a", context_window=-1)], "context_window is -1"),
        ([ModelInfo("a", max_output_tokens=-1)], "max_output_tokens is -1"),
        ([ModelInfo("a", stated_quality={"math": 1.5})], "a share is not from 0 to 1"),
    ],
)
def test_odd_models_are_found_out(models: list[ModelInfo], complaint: str) -> None:
    checks.check_models([ModelInfo("a-1"), ModelInfo("b", price=Price(0, 0, 0))])
    with pytest.raises(AssertionError, match=complaint):
        checks.check_models(models)


@pytest.mark.parametrize("name", ["", "Acme", "acme/one", "-acme", "acme_1", "acme--x"])
def test_odd_names_are_found_out(name: str) -> None:
    check_name("acme-2")
    with pytest.raises(AssertionError):
        check_name(name)


async def test_only_provider_errors_count_as_failures() -> None:
    async def fails(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        raise ProviderServerError("it broke")

    async def crashes(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        raise KeyError("text")

    async def succeeds(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()

    assert (await checks.check_failure(Scripted(fails), REQUEST)).message == "it broke"
    with pytest.raises(AssertionError, match="is no ProviderError"):
        await checks.check_failure(Scripted(crashes), REQUEST)
    with pytest.raises(AssertionError, match="should have failed"):
        await checks.check_failure(Scripted(succeeds), REQUEST)


async def test_part_of_an_answer_that_passes_for_the_whole_is_found_out() -> None:
    async def whole(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        for event in (Accepted(), TextDelta("hello "), TextDelta("world"), DONE):
            yield event

    async def part(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        for event in (Accepted(), TextDelta("hello "), DONE):
            yield event

    async def silent_end(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        for event in (Accepted(), TextDelta("hello "), TextDelta("world")):
            yield event

    async def interrupted(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        raise StreamInterrupted("the answer broke off")

    answer = Answer.of(await events_of(Scripted(whole), REQUEST))
    await checks.check_whole_or_failed(Scripted(whole), REQUEST, answer)
    await checks.check_whole_or_failed(Scripted(interrupted), REQUEST, answer)
    with pytest.raises(AssertionError, match="part of an answer"):
        await checks.check_whole_or_failed(Scripted(part), REQUEST, answer)
    with pytest.raises(AssertionError, match="without Finished"):
        await checks.check_whole_or_failed(Scripted(silent_end), REQUEST, answer)


async def test_a_task_left_running_is_found_out() -> None:
    left: list[asyncio.Task[bool]] = []

    async def leaks(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        left.append(asyncio.create_task(asyncio.Event().wait()))
        yield Accepted()
        yield DONE

    with pytest.raises(AssertionError, match="left running"):
        await checks.check_early_close(Scripted(leaks), REQUEST, after=1)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_a_connection_left_open_is_found_out() -> None:
    open_connections = 0

    async def leaks(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        nonlocal open_connections
        open_connections += 1
        yield Accepted()
        open_connections -= 1  # not reached by a call that is closed early: it belongs into a `finally`

    with pytest.raises(AssertionError, match="1 connections left open"):
        await checks.check_early_close(Scripted(leaks), REQUEST, 1, lambda: open_connections)


async def test_cancellation_turned_into_an_error_is_found_out() -> None:
    async def hides(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise StreamInterrupted("the answer broke off") from None

    with pytest.raises(AssertionError, match="cancellation came out as StreamInterrupted"):
        await checks.check_cancellation(Scripted(hides), REQUEST, steps=3)


async def test_cancellation_that_is_ignored_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "BOUND", 0.05)
    released = asyncio.Event()

    async def ignores(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue

    before = asyncio.all_tasks()
    with pytest.raises(AssertionError, match="still running"):
        await checks.check_cancellation(Scripted(ignores), REQUEST, steps=3)
    released.set()
    await asyncio.wait(asyncio.all_tasks() - before)


async def test_calls_that_mix_are_found_out() -> None:
    shared: list[str] = []

    async def mixes(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        shared.clear()
        shared.extend(last_user_text(request.prompt.messages).split())
        yield Accepted()
        while shared:
            yield TextDelta(shared.pop(0))
        yield DONE

    requests = [asking("one two three"), asking("four five six")]
    with pytest.raises(AssertionError, match="other answers than alone"):
        await checks.check_concurrent_calls(Scripted(mixes), requests)


def test_tool_calls_are_of_what_was_offered_with_an_object_of_arguments() -> None:
    offered = [Tool("look")]
    checks.check_tool_call(ToolCall("c", "look", ""), offered)
    checks.check_tool_call(ToolCall("c", "look", '{"at": 1}'), offered)
    with pytest.raises(AssertionError, match="was not offered"):
        checks.check_tool_call(ToolCall("c", "listen", "{}"), offered)
    for arguments in ("[]", "{"):
        with pytest.raises(AssertionError, match="no JSON"):
            checks.check_tool_call(ToolCall("c", "look", arguments), offered)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1} and more'])
def test_text_that_is_no_json_object_is_found_out(text: str) -> None:
    checks.check_json('{"colour": "blue"}')
    with pytest.raises(AssertionError, match="no JSON"):
        checks.check_json(text)
