"""Turns one message of the API, streamed or whole, into events."""

from collections.abc import Iterator

from ymera_cohere.errors import ERRORS
from ymera_service.sdk.content import Citation, TextSpan
from ymera_service.sdk.errors import StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
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
    breaks_off,
    count,
    first,
    member,
    members,
    required,
    text,
    words,
)
from ymera_service.sdk.wire.usage import consistent

PLAN = b"cohere\xffplan"
"""The signature of a plan to call tools, by which it goes back as one. It is not UTF-8, so no other vendor's."""
_THOUGHT = b"cohere\xffthought"
"""The signature of thinking that a plan follows."""

_REASONS = {
    "COMPLETE": FinishReason.STOP,
    "STOP_SEQUENCE": FinishReason.STOP,
    "TOOL_CALL": FinishReason.TOOL_CALLS,
    "MAX_TOKENS": FinishReason.LENGTH,
    "ERROR_TOXIC": FinishReason.CONTENT_FILTER,
}
"""All others, such as ERROR and TIMEOUT, are failures."""


class MessageReader:
    """Reads the events of an answer, or the answer as a whole."""

    def __init__(self) -> None:
        self.ended = False
        self._text = ""
        self._began: dict[int, int] = {}
        """The characters of text before each block of the content."""
        self._arguments: list[str] = []
        """Of each call."""
        self._places: dict[int, int] = {}
        """The number of each call, by the API's index."""
        self._reasoning = b""
        """The signature of the reasoning that is being written."""

    def take(self, event: Json) -> Iterator[ProviderEvent]:
        """Reads an event of a stream; those of an unknown type are ignored.

        Raises:
            ProviderError: The API reports a failure, or the event is malformed.
        """
        delta = member(event, "delta")
        message, index = member(delta, "message"), count(event, "index") or 0
        match text(event, "type"):
            case "message-start":
                yield ResponseStarted(text(event, "id"))
            case "content-start" | "content-delta":
                yield from self._content(member(message, "content"), index)
            case "tool-plan-delta":
                yield from self._reason(words(message, "tool_plan", "delta.message"), PLAN)
            case "tool-call-start":
                yield from self._call(_one(message, "tool_calls"), index)
            case "tool-call-delta":
                yield from self._more(_one(message, "tool_calls"), index)
            case "citation-start":
                yield from self._citation(_one(message, "citations"))
            case "message-end":
                yield from self._end(delta)
            case "" if event.get("message") or event.get("error"):
                raise ERRORS.of_document(event)

    def whole(self, answer: Json) -> Iterator[ProviderEvent]:
        """Reads an answer that is not streamed.

        Raises:
            ProviderError: The document is an error, or malformed.
        """
        if isinstance(answer.get("message"), str):
            raise ERRORS.of_document(answer)
        message = required(answer, "message", dict)
        yield ResponseStarted(text(answer, "id"))
        yield from self._reason(words(message, "tool_plan", "message"), PLAN)
        for index, content in enumerate(members(message, "content")):
            yield from self._content(content, index)
        for index, call in enumerate(members(message, "tool_calls")):
            yield from self._call(call, index)
        for citation in members(message, "citations"):
            yield from self._citation(citation)
        yield from self._end(answer)

    def _content(self, content: Json, index: int) -> Iterator[ProviderEvent]:
        self._began.setdefault(index, len(self._text))
        yield from self._reason(words(content, "thinking", "content"), _THOUGHT)
        if written := words(content, "text", "content"):
            yield from self._seal()
            self._text += written
            yield TextDelta(written)

    def _reason(self, thought: str, signature: bytes) -> Iterator[ProviderEvent]:
        if thought:
            if self._reasoning != signature:
                yield from self._seal()
            self._reasoning = signature
            yield ReasoningDelta(thought)

    def _seal(self) -> Iterator[ProviderEvent]:
        """Ends the reasoning, if any is being written."""
        if self._reasoning:
            yield ReasoningDelta("", self._reasoning)
            self._reasoning = b""

    def _call(self, call: Json, index: int) -> Iterator[ProviderEvent]:
        yield from self._seal()
        function = member(call, "function")
        arguments = words(function, "arguments", "tool_calls.function")
        name = required(function, "name", str, "tool_calls.function")
        self._places[index] = len(self._arguments)
        self._arguments.append(arguments)
        yield ToolCallDelta(self._places[index], required(call, "id", str, "tool_calls"), name, arguments)

    def _more(self, call: Json, index: int) -> Iterator[ProviderEvent]:
        arguments = words(member(call, "function"), "arguments", "tool_calls.function")
        if arguments and index in self._places:
            self._arguments[self._places[index]] += arguments
            yield ToolCallDelta(self._places[index], arguments=arguments)

    def _citation(self, found: Json) -> Iterator[ProviderEvent]:
        """Yields a citation for each of its sources, or one without a source."""
        cited, span = text(found, "text"), self._span(found)
        spans = (span,) if span else ()
        for source in members(found, "sources") or [{}]:
            document = member(source, "document")
            title = text(document, "title") or text(source, "id")
            yield CitationFound(Citation(text(document, "url"), title, cited, spans))

    def _span(self, found: Json) -> TextSpan | None:
        """Returns where the cited words stand in the text; None if they are in something else, such as thinking."""
        cited, start = text(found, "text"), count(found, "start") or 0
        start += self._began.get(count(found, "content_index") or 0, 0)
        if text(found, "type") in ("THINKING_CONTENT", "PLAN") or not cited:
            return None
        if not self._text.startswith(cited, start):
            start = self._text.find(cited)
        return TextSpan(start, start + len(cited)) if start >= 0 else None

    def _end(self, holder: Json) -> Iterator[ProviderEvent]:
        yield from self._seal()
        raw = text(holder, "finish_reason")
        reason = _REASONS.get(raw, FinishReason.ERROR)
        if reason is FinishReason.STOP and self._arguments:
            reason = FinishReason.TOOL_CALLS
        if reason is FinishReason.TOOL_CALLS and any(each.strip() and breaks_off(each) for each in self._arguments):
            raise StreamInterrupted("the answer broke off within the arguments of a tool")
        self.ended = True
        yield from _usage(member(holder, "usage"))
        yield Finished(reason, raw, incomplete_reason=text(holder, "error"))


def _one(message: Json, name: str) -> Json:
    """Returns a member that the API writes as an object in events, and as a list elsewhere."""
    return member(message, name) or next(iter(members(message, name)), {})


def _usage(usage: Json) -> Iterator[UsageReported]:
    """Yields the counts. What is charged leaves out, for instance, what the API itself adds to a prompt.

    No tokens charged at all are taken for a count that is missing.
    """
    tokens, billed = member(usage, "tokens"), member(usage, "billed_units")
    if not tokens and not billed:
        return
    charged = Usage(first(count(billed, "input_tokens")), first(count(billed, "output_tokens")))
    counts = Usage(
        first(count(tokens, "input_tokens"), charged.input_tokens),
        first(count(tokens, "output_tokens"), charged.output_tokens),
        cache_read_input_tokens=first(count(usage, "cached_tokens")),
        reasoning_output_tokens=first(count(tokens, "reasoning_tokens")),
    )
    corrected = consistent(counts)
    yield UsageReported(corrected, estimated=corrected != counts, billed=charged if charged != Usage() else None)
