"""One message of the API, from its start to its stop, as events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from ymera_anthropic.errors import ERRORS
from ymera_anthropic.signatures import sealed
from ymera_service.sdk.content import Citation
from ymera_service.sdk.errors import MalformedResponse
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
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
"""`end_turn`, `pause_turn` and reasons yet to come are natural ends."""

_INPUT_COUNTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@dataclass(slots=True)
class _Block:
    """A content block that is being written."""

    kind: str
    call: int = 0
    input: Json | None = None
    """A tool's whole input, until a delta shows that it comes in pieces."""


class Answer:
    """Follows the events of a stream; a whole message is taken as a stream of one."""

    def __init__(self) -> None:
        self.finished = False
        self._started = False
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._usage: dict[str, int] = {}
        self._stop: Json = {}

    def take(self, event: Json) -> Iterator[ProviderEvent]:
        """Takes one event of the stream. What the format may add later is passed over.

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
        """Takes a message that came in one piece.

        Raises:
            ProviderError: It is an error, or malformed.
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
        """Returns the counts so far, if there are any."""
        if not self._usage:
            return []
        told = self._usage.get
        counts = Usage(
            input_tokens=sum(told(name, 0) for name in _INPUT_COUNTS),
            output_tokens=told("output_tokens", 0),
            cache_read_input_tokens=told("cache_read_input_tokens", 0),
            cache_creation_input_tokens=told("cache_creation_input_tokens", 0),
            reasoning_output_tokens=told("thinking_tokens", 0),
        )
        return [UsageReported(consistent(counts))]

    def _start(self, message: Json) -> ProviderEvent:
        if self._started:
            raise MalformedResponse("the provider started a second message within its answer")
        self._started = True
        self._count(member(message, "usage"))
        return ResponseStarted(text(message, "id"), text(message, "model"))

    def _count(self, usage: Json) -> None:
        # Later counts are of the whole message so far; one that is left out or null stands as it was.
        for name in (*_INPUT_COUNTS, "output_tokens"):
            if (tokens := count(usage, name)) is not None:
                self._usage[name] = tokens
        if (tokens := count(member(usage, "output_tokens_details"), "thinking_tokens")) is not None:
            self._usage["thinking_tokens"] = tokens

    def _open(self, index: int, content: Json) -> Iterator[ProviderEvent]:
        block = self._blocks[index] = _Block(text(content, "type"))
        yield OutputItem(block.kind)
        match block.kind:
            case "text":
                yield from _text(content)
            case "thinking":
                yield from _reasoning(content)
            case "redacted_thinking":
                yield from _sealed(content)
            case "tool_use":
                yield self._call(block, content)
            case _:
                pass  # the blocks of server tools are told by their kind alone

    def _call(self, block: _Block, content: Json) -> ProviderEvent:
        block.call, self._calls = self._calls, self._calls + 1
        block.input = member(content, "input")
        return ToolCallDelta(block.call, text(content, "id"), text(content, "name"))

    def _delta(self, event: Json) -> Iterator[ProviderEvent]:
        block = self._blocks.get(count(event, "index") or 0)
        if block is None:
            raise MalformedResponse("the provider went on with a content block that it had not started")
        delta = member(event, "delta")
        kind = text(delta, "type")
        if kind == "text_delta":
            if said := words(delta, "text", "delta"):
                yield TextDelta(said)
        elif kind == "input_json_delta":
            if block.kind == "tool_use" and (piece := words(delta, "partial_json", "delta")):
                block.input = None
                yield ToolCallDelta(block.call, arguments=piece)
        elif kind == "citations_delta":
            yield _citation(member(delta, "citation"))
        elif kind in {"thinking_delta", "signature_delta"}:
            yield from _reasoning(delta)

    def _close(self, index: int) -> Iterator[ProviderEvent]:
        block = self._blocks.pop(index, None)
        if block and block.input is not None:
            yield ToolCallDelta(block.call, arguments=orjson.dumps(block.input).decode())

    def _finish(self) -> Iterator[ProviderEvent]:
        if not self._started:
            raise MalformedResponse("the provider ended a message that it had not started")
        for index in list(self._blocks):
            yield from self._close(index)
        yield from self.usage()
        self.finished = True
        raw = text(self._stop, "stop_reason")
        natural = FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        yield Finished(
            _FINISH_REASONS.get(raw, natural),
            raw,
            text(self._stop, "stop_sequence"),
            text(member(self._stop, "stop_details"), "category"),
        )


def _text(content: Json) -> Iterator[ProviderEvent]:
    if said := words(content, "text", "content_block"):
        yield TextDelta(said)
    for citation in members(content, "citations"):
        yield _citation(citation)


def _reasoning(told: Json) -> Iterator[ProviderEvent]:
    said, signature = words(told, "thinking"), words(told, "signature")
    if said or signature:
        yield ReasoningDelta(said, signature.encode())


def _sealed(content: Json) -> Iterator[ProviderEvent]:
    if data := text(content, "data"):
        yield ReasoningDelta("", sealed(data))


def _citation(told: Json) -> ProviderEvent:
    uri = text(told, "url") or text(told, "source")
    title = text(told, "title") or text(told, "document_title")
    return CitationFound(Citation(uri, title, text(told, "cited_text")))
