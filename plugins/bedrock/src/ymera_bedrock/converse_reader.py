"""Turns the events of one answer, or the whole answer, into events of a provider."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson

from ymera_bedrock.signatures import sealed
from ymera_bedrock.usage import reported
from ymera_service.sdk.content import Citation, ProviderBlock, TextSpan
from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ProviderBlockFound,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.json_reader import (
    Json,
    as_object,
    breaks_off,
    count,
    member,
    members,
    required,
    text,
    words,
)

FORMAT = "bedrock.converse"
"""Of blocks that only the API understands, such as tools that it ran itself."""

_FINISH_REASONS: Mapping[str, FinishReason] = {
    "content_filter": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "guardrail_intervened": FinishReason.CONTENT_FILTER,
    "malformed_model_output": FinishReason.ERROR,
    "malformed_tool_use": FinishReason.ERROR,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.CONTENT_FILTER,
    "stop_sequence": FinishReason.STOP,
}
"""Those of Converse, and of the formats of InvokeModel.

Other reasons (`end_turn`, `tool_use`, future ones) mean `TOOL_CALLS` if there are any calls, otherwise `STOP`.
"""
_WITH_DELTAS = frozenset({"text", "reasoningContent", "citationsContent"})
"""Blocks whose content is in deltas alone. The API does not announce them, but servers with its format may."""
_NATURAL = frozenset({FinishReason.STOP, FinishReason.TOOL_CALLS})


@dataclass(slots=True)
class _Block:
    """A content block that is not complete yet; `began` is how much text came before it."""

    began: int = 0
    call: int | None = None
    """The number of the tool call that it is."""
    pieces: list[str] = field(default_factory=list)
    """The input of a tool, as far as it arrived."""
    hosted: Json | None = None
    """The block of a tool that the API runs itself, or another that only the API understands."""
    citations: list[Citation] = field(default_factory=list)


class ConverseReader:
    """Reads the events of a stream, or a whole answer."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}
        self._calls = 0
        self._written = 0
        """Characters of text so far."""
        self._stop: Json | None = None
        self._metadata: Json = {}
        self._broken_off = False
        """Whether the input of a tool ended before its end."""

    @property
    def complete(self) -> bool:
        """Whether the provider has ended the answer; its counts may follow."""
        return self._stop is not None

    def take(self, kind: str, event: Json) -> Iterator[ProviderEvent]:
        """Reads one event of a stream. Kinds that are not known are ignored.

        Raises:
            ProviderError: The event is malformed.
        """
        match kind:
            case "contentBlockDelta":
                yield from self._delta(self._block(event), member(event, "delta"))
            case "contentBlockStart":
                yield from self._open(self._block(event), member(event, "start"))
            case "contentBlockStop":
                yield from self._close(self._blocks.pop(_index(event), None))
            case "messageStop":
                self._stop = event
            case "metadata":
                self._metadata = event

    def whole(self, answer: Json) -> Iterator[ProviderEvent]:
        """Reads an answer that arrived whole.

        Raises:
            ProviderError: The document is malformed.
        """
        message = required(required(answer, "output", dict), "message", dict, "output")
        for content in map(as_object, required(message, "content", list, "output.message")):
            yield from self._whole_block(content)
        self._stop = self._metadata = answer
        yield from self.finish()

    def usage(self) -> list[UsageReported]:
        """Returns the token counts so far; empty if there are none."""
        return reported(self._metadata)

    def finish(self) -> Iterator[ProviderEvent]:
        """Yields the end of an answer that is complete."""
        assert self._stop is not None
        for index in list(self._blocks):
            yield from self._close(self._blocks.pop(index))
        raw = text(self._stop, "stopReason")
        reason = _FINISH_REASONS.get(raw, FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP)
        if self._broken_off and reason in _NATURAL:
            raise StreamInterrupted("the answer broke off within a tool call")
        yield from self.usage()
        hit = text(member(self._stop, "additionalModelResponseFields"), "stop_sequence")
        why = text(member(member(self._metadata, "trace"), "guardrail"), "actionReason")
        yield Finished(reason, raw, hit, why if reason is FinishReason.CONTENT_FILTER else "")

    def _block(self, event: Json) -> _Block:
        return self._blocks.setdefault(_index(event), _Block(self._written))

    def _open(self, block: _Block, start: Json) -> Iterator[ProviderEvent]:
        kind = next(iter(start), "")
        if kind:
            yield OutputItem(kind)
        given = member(start, kind)
        if kind == "toolUse" and not _is_hosted(given):
            yield self._call(block, given)
        elif kind and kind not in _WITH_DELTAS:
            block.hosted = {kind: dict(given)}

    def _call(self, block: _Block, use: Json) -> ProviderEvent:
        block.call, self._calls = self._calls, self._calls + 1
        return ToolCallDelta(
            block.call, required(use, "toolUseId", str, "toolUse"), required(use, "name", str, "toolUse")
        )

    def _delta(self, block: _Block, delta: Json) -> Iterator[ProviderEvent]:
        kind = next(iter(delta), "")
        if block.hosted is not None:
            _add(block, kind, delta)
        elif kind == "text":
            yield from self._text(delta)
        elif kind == "toolUse":
            yield from self._input(block, member(delta, kind))
        elif kind == "reasoningContent":
            yield from _reasoning(member(delta, kind))
        elif kind == "citation":
            block.citations.append(_citation(member(delta, kind)))

    def _text(self, content: Json) -> Iterator[ProviderEvent]:
        if found := words(content, "text", "content"):
            self._written += len(found)
            yield TextDelta(found)

    def _input(self, block: _Block, use: Json) -> Iterator[ProviderEvent]:
        if block.call is None:
            raise MalformedResponse("the provider continued a tool call that it had not started")
        if piece := words(use, "input", "contentBlockDelta.delta.toolUse"):
            block.pieces.append(piece)
            yield ToolCallDelta(block.call, arguments=piece)

    def _close(self, block: _Block | None) -> Iterator[ProviderEvent]:
        if block is None:
            return
        yield from self._cited(block)
        if block.hosted is not None:
            if block.pieces:
                member(block.hosted, "toolUse")["input"] = orjson.Fragment("".join(block.pieces))
            yield _provider_block(block.hosted)
        elif block.call is not None and not block.pieces:
            yield ToolCallDelta(block.call, arguments="{}")
        elif breaks_off("".join(block.pieces)):
            self._broken_off = True

    def _cited(self, block: _Block) -> Iterator[ProviderEvent]:
        """Yields the sources of a block, which rest on all of its text."""
        spans = (TextSpan(block.began, self._written),) if self._written > block.began else ()
        yield from (CitationFound(replace(citation, spans=spans)) for citation in block.citations)

    def _whole_block(self, content: Json) -> Iterator[ProviderEvent]:
        kind = next(iter(content), "")
        yield OutputItem(kind)
        given = member(content, kind)
        match kind:
            case "text":
                yield from self._text(content)
            case "reasoningContent":
                yield from _reasoning(member(given, "reasoningText") or given)
            case "citationsContent":
                block = _Block(self._written, citations=[*map(_citation, members(given, "citations"))])
                for part in members(given, "content"):
                    yield from self._text(part)
                yield from self._cited(block)
            case "toolUse" if not _is_hosted(given):
                block = _Block()
                yield self._call(block, given)
                arguments = required(given, "input", dict, "toolUse") if given.get("input") is not None else {}
                yield ToolCallDelta(self._calls - 1, arguments=orjson.dumps(arguments).decode())
            case _:
                yield _provider_block(content)


def _is_hosted(use: Json) -> bool:
    """Returns whether a tool is one that the API runs itself."""
    return text(use, "type") == "server_tool_use"


def _index(event: Json) -> int:
    return count(event, "contentBlockIndex") or 0


def _add(block: _Block, kind: str, delta: Json) -> None:
    """Adds what arrived of a block that only the API understands."""
    assert block.hosted is not None
    if kind == "toolUse":
        block.pieces.append(words(member(delta, kind), "input"))
    elif kind == "toolResult":
        content = member(block.hosted, kind).setdefault("content", [])
        for part in members(delta, kind):
            if content and "text" in part and "text" in content[-1]:
                content[-1]["text"] += words(part, "text")
            else:
                content.append(part)
    else:
        member(block.hosted, kind).update(member(delta, kind))


def _provider_block(block: Json) -> ProviderEvent:
    return ProviderBlockFound(ProviderBlock(FORMAT, orjson.dumps(block)))


def _reasoning(content: Json) -> Iterator[ProviderEvent]:
    thinking, signature = words(content, "text", "reasoningContent"), words(content, "signature", "reasoningContent")
    seal = signature.encode() or sealed(words(content, "redactedContent", "reasoningContent"))
    if thinking or seal:
        yield ReasoningDelta(thinking, seal)


def _citation(entry: Json) -> Citation:
    address = text(member(member(entry, "location"), "web"), "url") or text(entry, "source")
    cited = "".join(text(part, "text") for part in members(entry, "sourceContent"))
    return Citation(address, text(entry, "title"), cited)
