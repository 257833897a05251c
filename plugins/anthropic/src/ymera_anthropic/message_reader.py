"""Turns one message of the API, streamed or whole, into events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson

from ymera_anthropic.errors import ERRORS
from ymera_anthropic.messages import FORMAT
from ymera_anthropic.signatures import sealed
from ymera_service.sdk.content import Citation, ProviderBlock, TextSpan
from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ProviderBlockFound,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.wire.json_reader import (
    Json,
    as_object,
    breaks_off,
    count,
    member,
    members,
    required,
    required_count,
    text,
    words,
)
from ymera_service.sdk.wire.usage import consistent

_FINISH_REASONS: Mapping[str, FinishReason] = {
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.CONTENT_FILTER,
    "stop_sequence": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
}
"""Other reasons (`end_turn`, `pause_turn`, future ones) mean `TOOL_CALLS` if there are any calls, otherwise `STOP`."""

_CUT_OFF = frozenset({FinishReason.LENGTH, FinishReason.CONTENT_FILTER})
"""Reasons for which an answer may end within a tool's input."""

_INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(slots=True)
class _Block:
    """A content block that is not complete yet."""

    kind: str
    call: int = 0
    input: Json | None = None
    """A tool's whole input; None once a delta shows that the input arrives in pieces."""
    pieces: list[str] = field(default_factory=list)
    began: int = 0
    """The characters of text before it."""
    citations: list[Citation] = field(default_factory=list)
    """Of this block as a whole, whose end is not yet known."""
    whole: Json | None = None
    """The block of a tool that the API runs itself, as far as it came at its start."""


class MessageReader:
    """Reads the events of a stream, or a whole message."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._written = 0
        """Characters of text so far."""
        self._usage: dict[str, int] = {}
        self._usual_rates = True
        """Whether no tool was used for which the API charges beside the tokens."""
        self._tier = ""
        self._stop: Json = {}
        self._broken_off = False
        """Whether the input of a tool ended before its end."""

    def take(self, event: Json) -> Iterator[ProviderEvent]:
        """Reads one event of the stream. Kinds of events that are not known are ignored.

        Raises:
            ProviderError: The provider reports a failure, or its event is malformed.
        """
        kind = text(event, "type")
        if kind == "content_block_delta":
            yield from self._delta(event)
        elif kind == "content_block_start":
            yield from self._open(required_count(event, "index"), member(event, "content_block"))
        elif kind == "content_block_stop":
            yield from self._close(count(event, "index") or 0)
        elif kind == "message_start":
            yield self._start(member(event, "message"))
        elif kind == "message_delta":
            self._stop |= member(event, "delta")
            self._count(member(event, "usage"))
        elif kind == "message_stop":
            yield from self._finish()
        elif kind == "error" or "error" in event:
            raise ERRORS.of_document(event)

    def whole(self, message: Json) -> Iterator[ProviderEvent]:
        """Reads a message that arrived whole.

        Raises:
            ProviderError: The document is an error, or malformed.
        """
        if "error" in message:
            raise ERRORS.of_document(message)
        content = required(message, "content", list)
        yield self._start(message)
        for index, block in enumerate(content):
            yield from self._open(index, as_object(block))
            yield from self._close(index)
        self._stop = message
        yield from self._finish()

    def usage(self) -> list[ProviderEvent]:
        """Returns the token counts so far; empty if there are none."""
        if not self._usage:
            return []
        reported = self._usage.get
        counts = Usage(
            input_tokens=sum(reported(name, 0) for name in _INPUT_COUNTS),
            output_tokens=reported("output_tokens", 0),
            cache_read_input_tokens=reported("cache_read_input_tokens", 0),
            cache_creation_input_tokens=reported("cache_creation_input_tokens", 0),
            reasoning_output_tokens=reported("thinking_tokens", 0),
        )
        corrected = consistent(counts)
        return [
            UsageReported(
                corrected,
                estimated=corrected != counts,
                usual_rates=self._usual_rates,
                service_tier=self._tier,
            )
        ]

    def _start(self, message: Json) -> ProviderEvent:
        if self._started:
            raise MalformedResponse("the provider started a second message within its answer")
        self._started = True
        self._count(member(message, "usage"))
        return ResponseStarted(text(message, "id"), text(message, "model"))

    def _count(self, usage: Json) -> None:
        # Counts are cumulative; one that is missing or null keeps its earlier value.
        for name in (*_INPUT_COUNTS, "output_tokens"):
            if (tokens := count(usage, name)) is not None:
                self._usage[name] = tokens
        self._tier = text(usage, "service_tier") or self._tier
        if any(member(usage, "server_tool_use").values()) or _charges_more(usage):
            self._usual_rates = False
        if (tokens := count(member(usage, "output_tokens_details"), "thinking_tokens")) is not None:
            self._usage["thinking_tokens"] = tokens

    def _open(self, index: int, content: Json) -> Iterator[ProviderEvent]:
        block = self._blocks[index] = _Block(text(content, "type"), began=self._written)
        yield OutputItem(block.kind)
        match block.kind:
            case "text":
                yield from self._text(block, content)
            case "thinking":
                yield from _reasoning(content)
            case "redacted_thinking":
                yield from _sealed(content)
            case "tool_use":
                yield self._call(block, content)
            case _:
                block.whole = content

    def _text(self, block: _Block, content: Json) -> Iterator[ProviderEvent]:
        if block_text := words(content, "text", "content_block"):
            self._written += len(block_text)
            yield TextDelta(block_text)
        block.citations += map(_citation, members(content, "citations"))

    def _call(self, block: _Block, content: Json) -> ProviderEvent:
        block.call, self._calls = self._calls, self._calls + 1
        block.input = member(content, "input")
        return ToolCallDelta(block.call, text(content, "id"), text(content, "name"))

    def _delta(self, event: Json) -> Iterator[ProviderEvent]:
        block = self._blocks.get(count(event, "index") or 0)
        if block is None:
            raise MalformedResponse("the provider continued a content block that it had not started")
        delta = member(event, "delta")
        kind = text(delta, "type")
        if kind == "text_delta":
            if delta_text := words(delta, "text", "delta"):
                self._written += len(delta_text)
                yield TextDelta(delta_text)
        elif kind == "input_json_delta":
            if piece := words(delta, "partial_json", "delta"):
                block.input = None
                block.pieces.append(piece)
                if block.kind == "tool_use":
                    yield ToolCallDelta(block.call, arguments=piece)
        elif kind == "citations_delta":
            block.citations.append(_citation(member(delta, "citation")))
        elif kind in {"thinking_delta", "signature_delta"}:
            yield from _reasoning(delta)

    def _close(self, index: int) -> Iterator[ProviderEvent]:
        block = self._blocks.pop(index, None)
        if block and block.citations:
            spans = (TextSpan(block.began, self._written),) if self._written > block.began else ()
            yield from (CitationFound(replace(citation, spans=spans)) for citation in block.citations)
        if block and block.pieces and breaks_off("".join(block.pieces)):
            self._broken_off = True
        elif block and block.whole and block.kind:
            given = {"input": orjson.Fragment("".join(block.pieces))} if block.pieces else {}
            yield ProviderBlockFound(ProviderBlock(FORMAT, orjson.dumps(block.whole | given)))
        if block and block.input is not None:
            yield ToolCallDelta(block.call, arguments=orjson.dumps(block.input).decode())

    def _finish(self) -> Iterator[ProviderEvent]:
        if not self._started:
            raise MalformedResponse("the provider ended a message that it had not started")
        for index in list(self._blocks):
            yield from self._close(index)
        raw = text(self._stop, "stop_reason")
        natural = FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        reason = _FINISH_REASONS.get(raw, natural)
        if self._broken_off and reason not in _CUT_OFF:
            raise StreamInterrupted("the answer broke off within a tool call")
        yield from self.usage()
        self.finished = True
        yield Finished(
            reason,
            raw,
            text(self._stop, "stop_sequence"),
            text(member(self._stop, "stop_details"), "category"),
        )


def _reasoning(content: Json) -> Iterator[ProviderEvent]:
    thinking, signature = words(content, "thinking"), words(content, "signature")
    if thinking or signature:
        yield ReasoningDelta(thinking, signature.encode())


def _sealed(content: Json) -> Iterator[ProviderEvent]:
    if data := text(content, "data"):
        yield ReasoningDelta("", sealed(data))


def _citation(entry: Json) -> Citation:
    uri = text(entry, "url") or text(entry, "source")
    title = text(entry, "title") or text(entry, "document_title")
    return Citation(uri, title, text(entry, "cited_text"))


def _charges_more(usage: Json) -> bool:
    """Returns whether a call has other rates than the usual: for what is kept in the cache for an hour, for the fast
    mode, or for processing in one country (https://platform.claude.com/docs/en/about-claude/pricing)."""
    for_an_hour = count(member(usage, "cache_creation"), "ephemeral_1h_input_tokens")
    return bool(for_an_hour) or text(usage, "speed") == "fast" or text(usage, "inference_geo") == "us"
