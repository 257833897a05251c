"""Collects a provider's events into an answer."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass

from ymera_service.sdk.content import Citation, ToolCall
from ymera_service.sdk.context import CallContext
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    KeepAlive,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt, Usage
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.targets import Target
from ymera_service.sdk.work import CountRequest, WorkRequest


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, independent of how it was split into deltas; of several choices, the first."""

    text: str
    reasoning: str
    refusal: str
    tool_calls: tuple[ToolCall, ...]
    citations: tuple[Citation, ...]
    finish_reason: FinishReason | None
    usage: Usage | None

    @classmethod
    def of(cls, events: Iterable[ProviderEvent]) -> "Answer":
        """Collects the events of one call."""
        received = list(events)
        return cls(
            text="".join(event.text for event in received if isinstance(event, TextDelta) and event.choice == 0),
            reasoning="".join(event.text for event in received if isinstance(event, ReasoningDelta)),
            refusal="".join(event.text for event in received if isinstance(event, RefusalDelta)),
            tool_calls=_tool_calls(event for event in received if isinstance(event, ToolCallDelta)),
            citations=tuple(event.citation for event in received if isinstance(event, CitationFound)),
            finish_reason=next((event.reason for event in received if isinstance(event, Finished)), None),
            usage=next((event.usage for event in reversed(received) if isinstance(event, UsageReported)), None),
        )


def _tool_calls(deltas: Iterable[ToolCallDelta]) -> tuple[ToolCall, ...]:
    calls: dict[int, ToolCall] = {}
    for delta in deltas:
        so_far = calls.get(delta.index, ToolCall("", "", ""))
        calls[delta.index] = ToolCall(
            so_far.id or delta.id, so_far.name or delta.name, so_far.arguments + delta.arguments
        )
    return tuple(calls[index] for index in sorted(calls))


def context_of(provider: Provider, request: GenerateRequest | WorkRequest) -> CallContext:
    """Returns the context that the server would pass to a call, with a deadline in an hour."""
    target = Target(provider.name, f"{provider.name}/{request.model}")
    return CallContext("00000000-0000-7000-8000-000000000000", target, asyncio.get_running_loop().time() + 3600)


def generate(provider: Provider, request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    """Starts one call with a new context."""
    return provider.generate(request, context_of(provider, request))


async def events_of(provider: Provider, request: GenerateRequest) -> list[ProviderEvent]:
    """Makes one call and returns all its events except `KeepAlive`.

    Raises:
        ProviderError: The provider failed.
    """
    async with aclosing(generate(provider, request)) as events:
        return [event async for event in events if not isinstance(event, KeepAlive)]


async def count_of(provider: Provider, model: str, prompt: Prompt) -> int:
    """Returns the tokens of a prompt, as the provider counts them.

    Raises:
        ProviderError: The provider failed.
    """
    request = CountRequest(model, prompt)
    return (await provider.count_tokens(request, context_of(provider, request))).input_tokens
