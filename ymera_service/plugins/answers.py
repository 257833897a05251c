"""Checks the events of an answer: their types, their texts, and their size in sum."""

from collections.abc import Callable, Mapping
from typing import Any

from ymera_service.sdk.content import Citation, ProviderBlock, TextSpan, TokenLogprob
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.events import (
    Accepted,
    CitationFound,
    Finished,
    Headroom,
    KeepAlive,
    LogprobsDelta,
    OutputItem,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, Usage

MAX_ANSWER = 16 * 1024 * 1024
"""Characters of an answer, signatures and arguments of tools included. The longest that models write are 1 MB."""
EVENT = 64
"""What an event counts besides its texts, so that events without text come to an end, too."""
MAX_FACT = 4096
"""Characters of an id, a name or a reason."""
MAX_TOOL_CALLS = 1024
MAX_BITS = 1024
"""Of a count: Python can write it in words. A lower one that is not credible is replaced by an estimate."""


def size_of(event: object) -> int:
    """Returns what an event counts of `MAX_ANSWER`.

    Raises:
        MalformedResponse: It is not an event, or has a field of a wrong type, or text that is not valid Unicode.
    """
    if type(event) is TextDelta and type(event.text) is str and event.text.isascii() and type(event.choice) is int:
        return EVENT + len(event.text)  # nearly every event of a stream
    check = _CHECKS.get(type(event))
    if check is None:
        raise MalformedResponse(f"the provider yielded {type(event).__name__}, which is not an event")
    return EVENT + check(event)


def _text(*values: object) -> int:
    length = 0
    for value in values:
        if type(value) is not str:
            raise MalformedResponse(f"the provider yielded {type(value).__name__} as text")
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise MalformedResponse("the provider yielded text with an unpaired surrogate") from None
        length += len(value)
    return length


def _facts(*values: object) -> int:
    length = _text(*values)
    if length > MAX_FACT:
        raise MalformedResponse(f"the provider yielded an id, name or reason of {length} characters")
    return length


def _are(kind: type, *values: object) -> None:
    for value in values:
        if type(value) is not kind:
            raise MalformedResponse(f"the provider yielded {type(value).__name__} instead of {kind.__name__}")


def _accepted(event: Accepted) -> int:
    _are(tuple, event.adaptations)
    length = 0
    for one in event.adaptations:
        _are(Adaptation, one)
        _are(AdaptationKind, one.kind)
        length += _text(one.field, one.detail)
    if event.headroom is not None:
        _headroom(event.headroom)
    return length


def _headroom(headroom: Headroom) -> None:
    _are(Headroom, headroom)
    figures = (headroom.left, 0.0 if headroom.reset is None else headroom.reset)
    if any(type(figure) not in (int, float) for figure in figures) or not (0 <= figures[0] <= 1 and figures[1] >= 0):
        raise MalformedResponse(f"the provider yielded a headroom of {headroom.left!r:.50} and {headroom.reset!r:.50}")


def _nothing(event: object) -> int:
    return 0


def _text_delta(event: TextDelta) -> int:
    _are(int, event.choice)
    return _text(event.text)


def _reasoning(event: ReasoningDelta) -> int:
    _are(bytes, event.signature)
    return _text(event.text) + len(event.signature)


def _tool_call(event: ToolCallDelta) -> int:
    _are(int, event.index)
    if not 0 <= event.index < MAX_TOOL_CALLS:
        raise MalformedResponse(f"the provider yielded a tool call with the index {event.index}")
    return _text(event.arguments) + _facts(event.id, event.name)


def _citation(event: CitationFound) -> int:
    _are(Citation, event.citation)
    citation = event.citation
    _are(tuple, citation.spans)
    _are(TextSpan, *citation.spans)
    for span in citation.spans:
        _are(int, span.start, span.end)
        if not 0 <= span.start <= span.end <= MAX_ANSWER:
            raise MalformedResponse(f"the provider yielded a citation of characters {span.start} to {span.end}")
    return _text(citation.uri, citation.title, citation.cited_text) + EVENT * len(citation.spans)


def _block(event: ProviderBlockFound) -> int:
    _are(ProviderBlock, event.block)
    _are(bytes, event.block.data)
    return _facts(event.block.format) + len(event.block.data)


def _logprobs(event: LogprobsDelta) -> int:
    _are(tuple, event.tokens)
    return sum(map(_token, event.tokens))


def _token(token: TokenLogprob) -> int:
    _are(TokenLogprob, token)
    _are(float, token.logprob)
    _are(bytes, token.token_bytes)
    _are(tuple, token.alternatives)
    return EVENT + _text(token.token) + len(token.token_bytes) + sum(map(_token, token.alternatives))


def _usage(event: UsageReported) -> int:
    _are(bool, event.usual_rates)
    _facts(event.service_tier)
    _counts(event.usage)
    if event.billed is not None:
        _counts(event.billed)
    return 0


def _counts(usage: Usage) -> None:
    _are(Usage, usage)
    counts = (
        usage.input_tokens,
        usage.output_tokens,
        usage.cache_read_input_tokens,
        usage.cache_creation_input_tokens,
        usage.reasoning_output_tokens,
    )
    _are(int, *counts)
    for count in counts:
        if count.bit_length() > MAX_BITS:
            raise MalformedResponse(f"the provider yielded a count of tokens with {count.bit_length()} bits")


def _finished(event: Finished) -> int:
    _are(FinishReason, event.reason)
    return _facts(event.raw_reason, event.stop_sequence, event.incomplete_reason)


_CHECKS: Mapping[type, Callable[[Any], int]] = {
    Accepted: _accepted,
    KeepAlive: _nothing,
    ResponseStarted: lambda event: _facts(event.response_id, event.model),
    TextDelta: _text_delta,
    ReasoningDelta: _reasoning,
    RefusalDelta: lambda event: _text(event.text),
    ToolCallDelta: _tool_call,
    OutputItem: lambda event: _facts(event.type),
    CitationFound: _citation,
    ProviderBlockFound: _block,
    LogprobsDelta: _logprobs,
    UsageReported: _usage,
    Finished: _finished,
}
