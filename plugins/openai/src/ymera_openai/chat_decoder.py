"""Decodes answers of chat completions and of legacy completions, whole or streamed."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from ymera_openai.bodies import OpenAiDecoder
from ymera_openai.errors import ERRORS
from ymera_openai.logprobs import of_choice
from ymera_openai.think_tags import ThinkTags
from ymera_openai.tool_calls import ToolCalls, new_id
from ymera_openai.usage import read_usage
from ymera_service.sdk.content import Citation, TextSpan
from ymera_service.sdk.errors import MalformedResponse, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.json_reader import Json, count, member, members, text, word

_REASONS = {
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "max_output_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
    "content_filtered": FinishReason.CONTENT_FILTER,
    "safety": FinishReason.CONTENT_FILTER,
    "sensitive": FinishReason.CONTENT_FILTER,
    "recitation": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.CONTENT_FILTER,
    "error": FinishReason.ERROR,
    "abort": FinishReason.ERROR,
    "network_error": FinishReason.ERROR,
    "insufficient_system_resource": FinishReason.ERROR,
    "malformed_function_call": FinishReason.ERROR,
}
"""Vendors' finish reasons; every other one, such as stop, eos and end_turn, means `STOP`."""

CUT_OFF = frozenset({FinishReason.LENGTH, FinishReason.CONTENT_FILTER})
"""Reasons for which an answer may end within a tool call."""


class ChatDecoder(OpenAiDecoder):
    """Decodes one answer. Reasoning, refusal and tool calls are read from the first choice only."""

    def __init__(self, new_call_id: Callable[[], str] = new_id, *, tags: bool = False) -> None:
        """`tags`: thinking is marked by `<think>…</think>` at the beginning of the text."""
        super().__init__()
        self._tags = ThinkTags() if tags else None
        self._id = ""
        self._model = ""
        self._started = False
        self._calls = ToolCalls(new_call_id)
        self._usage_report: UsageReported | None = None
        self._raw_reason: str | None = None
        self._stop_sequence = ""
        self._sources = 0
        self._annotated = False
        self._detail: Json = {}
        """The one of OpenRouter's `reasoning_details` that is arriving, without its text."""

    def _usage(self) -> Sequence[ProviderEvent]:
        return [self._usage_report] if self._usage_report else []

    def _done(self) -> None:
        self._finish()

    def _body_ended(self) -> None:
        if self._raw_reason is None:
            super()._body_ended()
        self._finish()

    def _whole(self, document: Json) -> None:
        choices = members(document, "choices")
        if not choices:
            raise MalformedResponse("choices: the answer has none")
        self._begin(document)
        for choice in choices:
            self._choice(choice, "message", "delta")
        if "citations" in document or "search_results" in document:
            self._cite_sources(document)

    def _chunk(self, chunk: Json) -> None:
        if not self._started or chunk.get("usage") or "x_groq" in chunk:
            self._begin(chunk)
        choices = chunk.get("choices")
        if isinstance(choices, list):
            for choice in choices:
                if isinstance(choice, dict):
                    self._choice(choice, "delta", "message")
        if "citations" in chunk or "search_results" in chunk:
            self._cite_sources(chunk)

    def _conclude(self) -> None:
        raw = self._raw_reason or ""
        reason = _REASONS.get(raw.lower(), FinishReason.STOP)
        calls = len(self._calls)
        if calls and reason not in CUT_OFF and self._calls.broken_off:
            raise StreamInterrupted("the answer broke off within a tool call")
        self._start()
        if self._detail:
            self._end_detail()
        if self._tags:
            self._items += self._tags.rest()
        if calls:
            self._items += self._calls.without_arguments()
        if self._usage_report:
            self._items.append(self._usage_report)
        if calls and reason is FinishReason.STOP:
            reason = FinishReason.TOOL_CALLS
        stop_sequence = self._stop_sequence if reason is FinishReason.STOP else ""
        self._items.append(Finished(reason, raw, stop_sequence))

    def _begin(self, document: Json) -> None:
        if not self._started:
            self._id = self._id or text(document, "id")
            self._model = self._model or text(document, "model")
            if self._id and self._model:
                self._start()
        usage = document.get("usage")
        if usage is None and "x_groq" in document:
            usage = member(document, "x_groq").get("usage")
        if isinstance(usage, dict):
            self._usage_report = read_usage(usage, text(document, "service_tier")) or self._usage_report

    def _start(self) -> None:
        if not self._started:
            self._started = True
            if self._id or self._model:
                self._items.append(ResponseStarted(self._id, self._model))

    def _put(self, event: ProviderEvent) -> None:
        if not self._started:
            self._start()
        if self._detail and not isinstance(event, ReasoningDelta):
            self._end_detail()
        if self._tags and isinstance(event, TextDelta) and not event.choice:
            self._items += self._tags.split(event.text)
        else:
            self._items.append(event)

    def _choice(self, choice: Json, field: str, other: str) -> None:
        """Reads one choice; Perplexity fills both fields, other vendors sometimes the wrong one."""
        index = choice.get("index")
        number = index if isinstance(index, int) and index > 0 else 0
        message = choice.get(field)
        if not isinstance(message, dict):
            message = choice.get(other)
        if isinstance(message, dict):
            self._message(message, number)
        elif continuation := text(choice, "text"):
            self._put(TextDelta(continuation, number))
        if number:
            return
        if (logprobs := choice.get("logprobs")) and isinstance(logprobs, dict):
            for delta in of_choice(logprobs):
                self._put(delta)
        if (given := choice.get("finish_reason")) is not None and (reason := word(given)):
            self._raw_reason = reason
            self._stop_sequence = text(choice, "stop_reason")
        if "error" in choice and (error := member(choice, "error")):
            raise ERRORS.of_document(error)

    def _message(self, message: Json, number: int) -> None:
        content = message.get("content")
        # Most deltas hold text and nothing else; looking for the rest would double what they cost.
        more = not number and (len(message) > 1 or content is None)
        if more:
            self._reason(message)
        if isinstance(content, str):
            if content:
                self._put(TextDelta(content, number))
        elif content:
            self._parts(content if isinstance(content, list) else [content], number)
        if more:
            self._rest(message)

    def _rest(self, message: Json) -> None:
        if refusal := text(message, "refusal"):
            self._put(RefusalDelta(refusal))
        calls = message.get("tool_calls")
        if isinstance(calls, list):
            for call in calls:
                self._call(call)
        if "function_call" in message and (function := member(message, "function_call")):
            self._call({"index": 0, "function": function})
        if "annotations" in message:
            self._annotations(message)

    def _call(self, piece: object) -> None:
        delta = self._calls.take(piece) if isinstance(piece, dict) else None
        if delta:
            self._put(delta)

    def _reason(self, message: Json) -> None:
        thinking = text(message, "reasoning_content") or text(message, "reasoning")
        details = members(message, "reasoning_details") if "reasoning_details" in message else []
        # OpenRouter repeats the details' text in `reasoning`; which detail it belongs to is known from the details.
        repeated = not thinking or thinking == "".join(map(_thinking_in, details))
        if thinking and not repeated:
            self._put(ReasoningDelta(thinking))
        for detail in details:
            self._reasoning_detail(detail, _thinking_in(detail) if repeated else "")

    def _reasoning_detail(self, detail: Json, thinking: str) -> None:
        """Reads a piece of one of OpenRouter's `reasoning_details`, which ends when a piece of another one comes."""
        seal = {name: value for name, value in detail.items() if name not in ("text", "summary") and value is not None}
        if self._detail and any(self._detail.get(name) != seal.get(name) for name in ("type", "index", "id")):
            self._end_detail()
        if thinking:
            self._put(ReasoningDelta(thinking))
        self._detail |= seal
        if text(seal, "signature") or text(seal, "data"):
            self._end_detail()

    def _end_detail(self) -> None:
        """Ends a detail with what it has besides its text, so that it can be sent back as it came."""
        detail, self._detail = self._detail, {}
        if len(detail) > 1:  # a type alone says nothing
            self._put(ReasoningDelta("", orjson.dumps(detail)))

    def _parts(self, parts: list[Any], number: int) -> None:
        for part in parts:
            if isinstance(part, str) and part:
                self._put(TextDelta(part, number))
            elif not isinstance(part, dict):
                continue
            elif part.get("type") in ("thinking", "reasoning"):
                self._think(part, number)
            elif part_text := text(part, "text"):
                self._put(TextDelta(part_text, number))
            elif (refusal := text(part, "refusal")) and not number:
                self._put(RefusalDelta(refusal))

    def _think(self, part: Json, number: int) -> None:
        """Reads thinking that is a part of the content: Mistral's is a list of texts, Databricks' has a summary."""
        thinking = text(part, "thinking") or text(part, "text")
        inside = members(part, "thinking") or members(part, "summary")
        thinking = thinking or "".join(text(inner, "text") for inner in inside)
        if thinking and not number:
            self._put(ReasoningDelta(thinking))

    def _annotations(self, message: Json) -> None:
        for annotation in members(message, "annotations"):
            if citation := read_citation(annotation):
                self._annotated = True
                self._put(CitationFound(citation))

    def _cite_sources(self, document: Json) -> None:
        """Reads the sources of the whole answer, which Perplexity repeats in every chunk."""
        if self._annotated:
            return
        sources = list(_sources(document))
        for citation in sources[self._sources :]:
            self._put(CitationFound(citation))
        self._sources = max(self._sources, len(sources))


def _thinking_in(detail: Json) -> str:
    return text(detail, "text") or text(detail, "summary")


def read_citation(annotation: Json, before: int = 0) -> Citation | None:
    """Returns what an annotation cites, or None if it is of another kind.

    `before` are the characters of text before those that the annotation counts.
    """
    if annotation.get("type") not in ("url_citation", "file_citation") and "url_citation" not in annotation:
        return None
    cited = member(annotation, "url_citation") or annotation
    start, end = count(cited, "start_index"), count(cited, "end_index")
    spans = () if start is None or end is None or end <= start else (TextSpan(before + start, before + end),)
    return Citation(text(cited, "url"), text(cited, "title") or text(cited, "filename"), text(cited, "content"), spans)


def _sources(document: Json) -> Iterator[Citation]:
    found = document.get("search_results") or document.get("citations")
    for source in found if isinstance(found, list) else []:
        if isinstance(source, str):
            yield Citation(source)
        elif isinstance(source, dict):
            yield Citation(text(source, "url"), text(source, "title"), text(source, "snippet"))
