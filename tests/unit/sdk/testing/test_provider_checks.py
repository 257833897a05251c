"""The checks of providers detect violations of the contract."""

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
Generate = Callable[[GenerateRequest], AsyncGenerator[ProviderEvent, None]]


class Scripted(Provider):
    """A provider whose `generate` is given."""

    name = "scripted"

    def __init__(self, generate: Generate) -> None:
        self._generate = generate

    async def models(self) -> Sequence[ModelInfo]:
        return [ModelInfo("one")]

    def generate(self, request: GenerateRequest, context: CallContext) -> AsyncGenerator[ProviderEvent, None]:
        return self._generate(request)


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
def test_events_in_order_pass(events: list[ProviderEvent]) -> None:
    checks.check_events(events)


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([TextDelta("a"), DONE], "Accepted must occur exactly once"),
        ([Accepted(), Accepted(), DONE], "Accepted must occur exactly once"),
        ([TextDelta("a"), Accepted(), DONE], "out of order"),
        ([Accepted(), TextDelta("a"), ResponseStarted(), DONE], "out of order"),
        ([Accepted(), ResponseStarted(), ResponseStarted(), DONE], "ResponseStarted must occur at most once"),
        ([Accepted(), TextDelta("a")], "Finished must occur exactly once"),
        ([Accepted(), DONE, DONE], "Finished must occur exactly once"),
        ([Accepted(), DONE, UsageReported(Usage())], "out of order"),
        ([Accepted(), TextDelta(""), DONE], "is empty"),
        ([Accepted(), RefusalDelta(""), DONE], "is empty"),
        ([Accepted(), ReasoningDelta(""), DONE], "is empty"),
        ([Accepted(), ToolCallDelta(1, "c", "look"), DONE], "numbered from 0"),
        ([Accepted(), ToolCallDelta(0, "", "look"), DONE], "the first delta of a tool call has no id or no name"),
        ([Accepted(), ToolCallDelta(0, "c", "look"), ToolCallDelta(0), DONE], "is empty"),
        ([Accepted(), ToolCallDelta(0, "c", "look"), ToolCallDelta(1, "c", "look"), DONE], "are not unique"),
        ([Accepted(), Finished(FinishReason.TOOL_CALLS)], "the answer has no tool call"),
        ([Accepted(), UsageReported(Usage(-1, 0)), DONE], "a count is negative"),
        ([Accepted(), UsageReported(Usage(1, 1), total_tokens=-2), DONE], "a total is negative"),
        (
            [Accepted(), UsageReported(Usage(1, 0, cache_read_input_tokens=2)), DONE],
            "more cached tokens than input tokens",
        ),
        (
            [Accepted(), UsageReported(Usage(1, 1, reasoning_output_tokens=2)), DONE],
            "more reasoning tokens than output tokens",
        ),
    ],
)
def test_invalid_events_are_detected(events: list[ProviderEvent], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        checks.check_events(events)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "offers no model"),
        ([ModelInfo("a"), ModelInfo("a")], "names are not unique"),
        ([ModelInfo(" a")], "is not a valid name"),
        ([ModelInfo("")], "is not a valid name"),
        ([ModelInfo("a", context_window=-1)], "context_window is -1"),
        ([ModelInfo("a", max_output_tokens=-1)], "max_output_tokens is -1"),
        ([ModelInfo("a", stated_quality={"math": 1.5})], "a share is not from 0 to 1"),
    ],
)
def test_invalid_models_are_detected(models: list[ModelInfo], message: str) -> None:
    checks.check_models([ModelInfo("a-1"), ModelInfo("b", price=Price(0, 0, 0))])
    with pytest.raises(AssertionError, match=message):
        checks.check_models(models)


@pytest.mark.parametrize("name", ["", "Acme", "acme/one", "-acme", "acme_1", "acme--x"])
def test_invalid_names_are_detected(name: str) -> None:
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
    with pytest.raises(AssertionError, match="is not a ProviderError"):
        await checks.check_failure(Scripted(crashes), REQUEST)
    with pytest.raises(AssertionError, match="should have failed"):
        await checks.check_failure(Scripted(succeeds), REQUEST)


async def test_part_of_an_answer_that_is_reported_as_the_whole_is_detected() -> None:
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


async def test_a_task_left_running_is_detected() -> None:
    left: list[asyncio.Task[bool]] = []

    async def leaks(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        left.append(asyncio.create_task(asyncio.Event().wait()))
        yield Accepted()
        yield DONE

    with pytest.raises(AssertionError, match="tasks still run"):
        await checks.check_early_close(Scripted(leaks), REQUEST, after=1)
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def test_a_connection_left_open_is_detected() -> None:
    open_connections = 0

    async def leaks(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        nonlocal open_connections
        open_connections += 1
        yield Accepted()
        open_connections -= 1  # not reached by a call that is closed early: it should be in a `finally`

    with pytest.raises(AssertionError, match="1 connections are still open"):
        await checks.check_early_close(Scripted(leaks), REQUEST, 1, lambda: open_connections)


async def test_cancellation_turned_into_an_error_is_detected() -> None:
    async def hides(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        yield Accepted()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise StreamInterrupted("the answer broke off") from None

    with pytest.raises(AssertionError, match="the cancellation was replaced by StreamInterrupted"):
        await checks.check_cancellation(Scripted(hides), REQUEST, steps=3)


async def test_cancellation_that_is_ignored_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
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
    with pytest.raises(AssertionError, match="still runs"):
        await checks.check_cancellation(Scripted(ignores), REQUEST, steps=3)
    released.set()
    await asyncio.wait(asyncio.all_tasks() - before)


async def test_calls_that_mix_are_detected() -> None:
    shared: list[str] = []

    async def mixes(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        shared.clear()
        shared.extend(last_user_text(request.prompt.messages).split())
        yield Accepted()
        while shared:
            yield TextDelta(shared.pop(0))
        yield DONE

    requests = [asking("one two three"), asking("four five six")]
    with pytest.raises(AssertionError, match="other answers than calls in sequence"):
        await checks.check_concurrent_calls(Scripted(mixes), requests)


def test_tool_calls_are_of_offered_tools_with_an_object_of_arguments() -> None:
    offered = [Tool("look")]
    checks.check_tool_call(ToolCall("c", "look", ""), offered)
    checks.check_tool_call(ToolCall("c", "look", '{"at": 1}'), offered)
    with pytest.raises(AssertionError, match="was not offered"):
        checks.check_tool_call(ToolCall("c", "listen", "{}"), offered)
    for arguments in ("[]", "{"):
        with pytest.raises(AssertionError, match=r"not (valid JSON|a JSON object)"):
            checks.check_tool_call(ToolCall("c", "look", arguments), offered)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"a": 1} and more'])
def test_text_that_is_not_a_json_object_is_detected(text: str) -> None:
    checks.check_json('{"colour": "blue"}')
    with pytest.raises(AssertionError, match=r"not (valid JSON|a JSON object)"):
        checks.check_json(text)
