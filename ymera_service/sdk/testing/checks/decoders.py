"""The requirements on what a decoder makes of bytes, whatever they are."""

from collections.abc import Sequence

from ymera_service.sdk.errors import ProviderError
from ymera_service.sdk.events import (
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.http import Decoder
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.wire.json_reader import breaks_off

Item = ProviderEvent | ProviderError

_MOST_COPIES = 4
"""How often a byte of a body may turn up in events: a text, for instance, in a whole message after its deltas."""
_CALLED = frozenset({FinishReason.STOP, FinishReason.TOOL_CALLS})


def decoded(decoder: Decoder, pieces: Sequence[bytes]) -> list[Item]:
    """Feeds the pieces of a body and returns what becomes of it. Nothing may follow an end, so feeding goes on."""
    items = [item for piece in pieces for item in decoder.feed(piece)]
    return [*items, *decoder.close()]


def check_decoded(items: Sequence[Item], size: int) -> None:
    """Asserts what holds for every body, of `size` bytes.

    It becomes events and exactly one end, which comes last: `Finished`, or a failure of the taxonomy. Deltas have
    content, counts are not negative, and half a tool call is never the end of an answer.
    """
    assert items, "a body became nothing at all"
    ends = [item for item in items if isinstance(item, Finished | ProviderError)]
    assert ends == [items[-1]], f"an answer has one end, which comes last: {ends}"
    events = [item for item in items if not isinstance(item, ProviderError)]
    for event in events:
        _check_event(event)
    shown = sum(_length(event) for event in events)
    assert shown <= _MOST_COPIES * size, f"{size} bytes became {shown} characters"
    end = items[-1]
    if isinstance(end, ProviderError):
        assert type(end).__module__ == ProviderError.__module__, f"{type(end).__name__} is not in the taxonomy"
    elif isinstance(end, Finished) and end.reason in _CALLED:
        halves = [call for call in Answer.of(events).tool_calls if call.arguments and breaks_off(call.arguments)]
        assert not halves, f"an answer ended whole with half a call: {halves}"


def _check_event(event: ProviderEvent) -> None:
    match event:
        case TextDelta() | RefusalDelta():
            assert event.text, f"a delta is empty: {event}"
        case ReasoningDelta():
            assert event.text or event.signature, f"a delta is empty: {event}"
        case UsageReported():
            _check_counts(event.usage)
            assert (event.total_tokens or 0) >= 0, f"a total is negative: {event}"
        case _:
            pass


def _check_counts(usage: Usage) -> None:
    counts = (getattr(usage, name) for name in Usage.__dataclass_fields__)
    assert min(counts) >= 0, f"a count is negative: {usage}"


def _length(event: ProviderEvent) -> int:
    match event:
        case TextDelta() | RefusalDelta() | ReasoningDelta():
            return len(event.text)
        case ToolCallDelta():
            return len(event.arguments)
        case _:
            return 0
