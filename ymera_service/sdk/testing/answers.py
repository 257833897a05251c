"""What a provider's events amount to."""

from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass

from ymera_service.sdk.content import Citation, ToolCall
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage
from ymera_service.sdk.providers import Provider


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, however it was cut into deltas; of several choices, the first."""

    text: str
    reasoning: str
    refusal: str
    tool_calls: tuple[ToolCall, ...]
    citations: tuple[Citation, ...]
    finish_reason: FinishReason | None
    usage: Usage | None

    @classmethod
    def of(cls, events: Iterable[ProviderEvent]) -> "Answer":
        """Folds the events of one call."""
        told = list(events)
        return cls(
            text="".join(event.text for event in told if isinstance(event, TextDelta) and event.choice == 0),
            reasoning="".join(event.text for event in told if isinstance(event, ReasoningDelta)),
            refusal="".join(event.text for event in told if isinstance(event, RefusalDelta)),
            tool_calls=_tool_calls(event for event in told if isinstance(event, ToolCallDelta)),
            citations=tuple(event.citation for event in told if isinstance(event, CitationFound)),
            finish_reason=next((event.reason for event in told if isinstance(event, Finished)), None),
            usage=next((event.usage for event in reversed(told) if isinstance(event, UsageReported)), None),
        )


def _tool_calls(deltas: Iterable[ToolCallDelta]) -> tuple[ToolCall, ...]:
    calls: dict[int, ToolCall] = {}
    for delta in deltas:
        so_far = calls.get(delta.index, ToolCall("", "", ""))
        calls[delta.index] = ToolCall(
            so_far.id or delta.id, so_far.name or delta.name, so_far.arguments + delta.arguments
        )
    return tuple(calls[index] for index in sorted(calls))


async def events_of(provider: Provider, request: GenerateRequest) -> list[ProviderEvent]:
    """Asks once and returns all that the provider told.

    Raises:
        ProviderError: The provider failed.
    """
    async with aclosing(provider.generate(request)) as events:
        return [event async for event in events]
