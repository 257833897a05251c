"""Decodes answers of the Responses API, whole or streamed."""

from dataclasses import replace

import orjson

from ymera_openai.blocks import FORMAT
from ymera_openai.bodies import OpenAiDecoder
from ymera_openai.chat_decoder import read_citation
from ymera_openai.errors import ERRORS
from ymera_openai.usage import read_usage
from ymera_service.sdk.content import ProviderBlock
from ymera_service.sdk.errors import MalformedResponse, ProviderServerError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ProviderBlockFound,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
)
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.json_reader import Json, breaks_off, count, member, members, text
from ymera_service.sdk.wire.logprobs import of_tokens

_CALLS = ("function_call", "custom_tool_call")

_TEXT_EVENTS = {
    "response.output_text.delta": ("text", "delta", False),
    "response.output_text.done": ("text", "text", True),
    "response.refusal.delta": ("refusal", "delta", False),
    "response.refusal.done": ("refusal", "refusal", True),
    "response.reasoning_summary_text.delta": ("summary", "delta", False),
    "response.reasoning_summary_text.done": ("summary", "text", True),
    "response.reasoning_text.delta": ("content", "delta", False),
    "response.reasoning_text.done": ("content", "text", True),
    "response.function_call_arguments.delta": ("arguments", "delta", False),
    "response.function_call_arguments.done": ("arguments", "arguments", True),
    "response.custom_tool_call_input.delta": ("arguments", "delta", False),
    "response.custom_tool_call_input.done": ("arguments", "input", True),
}
"""Events that hold text: the kind of text, the field that holds it, and whether it is the whole text of a part."""

_PART_INDEX = {"summary": "summary_index", "arguments": ""}

_PartKey = tuple[str, int, int]
"""Kind of text, number of the output item, number of the part in it."""


class ResponsesDecoder(OpenAiDecoder):
    """Decodes one answer.

    A stream holds each text three times: in deltas, when its part is done, and when its item is done. The characters
    that were emitted for a part are counted, so that a vendor may omit any two of the three.
    """

    def __init__(self) -> None:
        super().__init__()
        self._started = False
        self._final: Json = {}
        self._items_seen: set[int] = set()
        self._calls: dict[int, int] = {}
        self._arguments: dict[int, list[str]] = {}
        """The arguments of each function call, by the number of its item; those of custom tools are free text."""
        self._emitted: dict[_PartKey, int] = {}
        self._cited: dict[int, int] = {}
        self._written = 0
        """Characters of text so far,"""
        self._starts: dict[_PartKey, int] = {}
        """and those before each part of it."""
        self._last_reasoning: _PartKey | None = None
        self._weighed: set[int] = set()
        """The items of which probabilities were emitted."""
        self._hosted = False
        """Whether the vendor ran a tool itself, for which it may charge beside the tokens."""

    def _whole(self, document: Json) -> None:
        if "output" not in document and "status" not in document:
            raise MalformedResponse("the answer has neither output nor status")
        self._start(document)
        self._end(document)

    def _chunk(self, chunk: Json) -> None:
        kind = text(chunk, "type")
        if text_event := _TEXT_EVENTS.get(kind):
            self._text_event(chunk, *text_event)
            return
        if kind == "response.output_text.annotation.added":
            self._cite(_number(chunk), count(chunk, "content_index") or 0, member(chunk, "annotation"))
        elif kind in ("response.output_item.added", "response.output_item.done"):
            self._item(_number(chunk), member(chunk, "item"), done=kind.endswith("done"))
        response = member(chunk, "response")
        if response:
            self._start(response)
        if kind in ("response.completed", "response.incomplete", "response.failed", "response.cancelled"):
            self._end(response)
            self._finish()

    def _start(self, response: Json) -> None:
        id_, model = text(response, "id"), text(response, "model")
        if not self._started and (id_ or model):
            self._started = True
            self._items.append(ResponseStarted(id_, model))

    def _end(self, response: Json) -> None:
        if text(response, "status") == "failed":
            error = member(response, "error")
            raise ERRORS.of_document(error) if error else ProviderServerError("the response failed")
        # The numbers in a stream and in its last event need not agree, so the latter only fills an empty answer.
        if not self._items_seen:
            for number, item in enumerate(members(response, "output")):
                self._item(number, item, done=True)
        if not self._emitted and (output := text(response, "output_text")):
            self._items.append(TextDelta(output))
        self._final = response

    def _conclude(self) -> None:
        final = self._final
        status = text(final, "status") or "completed"
        if usage := read_usage(member(final, "usage"), text(final, "service_tier")):
            self._items.append(replace(usage, usual_rates=False) if self._hosted else usage)
        if status == "completed" and self._broken_off():
            raise StreamInterrupted("the answer broke off within a tool call")
        incomplete = text(member(final, "incomplete_details"), "reason")
        self._items.append(Finished(self._why(status, incomplete), status, "", incomplete))

    def _broken_off(self) -> bool:
        written = ["".join(pieces) for pieces in self._arguments.values()]
        return any(arguments.strip() and breaks_off(arguments) for arguments in written)

    def _why(self, status: str, incomplete: str) -> FinishReason:
        if status == "incomplete":
            return FinishReason.CONTENT_FILTER if incomplete == "content_filter" else FinishReason.LENGTH
        if status == "cancelled":
            return FinishReason.ERROR
        return FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP

    def _item(self, number: int, item: Json, *, done: bool) -> None:
        kind = text(item, "type")
        if number not in self._items_seen:
            self._items_seen.add(number)
            self._items.append(OutputItem(kind))
            if kind in _CALLS:
                self._call(number, item)
        if not done:
            return
        if kind in _CALLS:
            none = "{}" if kind == "function_call" else ""
            self._fill("arguments", number, [text(item, "arguments") or text(item, "input") or none])
        elif kind == "reasoning":
            self._reasoning_item(number, item)
        elif kind and kind != "message":
            self._hosted = True
            self._items.append(ProviderBlockFound(ProviderBlock(FORMAT, orjson.dumps(item))))
        else:
            self._message(number, item)

    def _call(self, number: int, item: Json) -> None:
        self._calls[number] = len(self._calls)
        if text(item, "type") == "function_call":
            self._arguments[number] = []
        id_ = text(item, "call_id") or text(item, "id")
        self._items.append(ToolCallDelta(self._calls[number], id_, text(item, "name")))

    def _message(self, number: int, item: Json) -> None:
        parts = members(item, "content")
        self._fill("text", number, [text(part, "text") for part in parts])
        self._fill("refusal", number, [text(part, "refusal") for part in parts])
        if number not in self._weighed:
            self._take_logprobs(number, [token for part in parts for token in members(part, "logprobs")])
        annotations = [(index, each) for index, part in enumerate(parts) for each in members(part, "annotations")]
        for index, annotation in annotations[self._cited.get(number, 0) :]:
            self._cite(number, index, annotation)

    def _reasoning_item(self, number: int, item: Json) -> None:
        """Reads a whole reasoning item. Its text and its summary are alternatives; only the first is emitted.

        The rest of the item is its signature, so that it can be sent back as it came: with a `summary` in it, the text
        that was emitted is the `content`.
        """
        emitted = {part[0] for part in self._emitted if part[1] == number}
        for kind in ("summary", "content"):
            texts = [text(part, "text") for part in members(item, kind)]
            if any(texts) and not emitted - {kind}:
                emitted.add(kind)
                self._fill(kind, number, texts)
        emitted = {part[0] for part in self._emitted if part[1] == number}
        if emitted or text(item, "encrypted_content"):
            left_out = {"type", "status", "content" if "content" in emitted else "summary"}
            seal = {name: value for name, value in item.items() if name not in left_out and value not in (None, [])}
            if "content" in emitted:
                seal["summary"] = members(item, "summary")
            self._items.append(ReasoningDelta("", orjson.dumps(seal)))

    def _fill(self, kind: str, number: int, texts: list[str]) -> None:
        """Emits the part of a whole item that was not emitted yet, by length: part numbers need not agree."""
        known = sum(length for part, length in self._emitted.items() if part[:2] == (kind, number))
        for index, whole in enumerate(texts):
            if rest := whole[known:]:
                self._emit((kind, number, index), rest)
            known = max(known - len(whole), 0)

    def _text_event(self, event: Json, kind: str, name: str, whole: bool) -> None:
        part = kind, _number(event), count(event, _PART_INDEX.get(kind, "content_index")) or 0
        content = text(event, name)
        if whole:
            content = content[self._emitted.get(part, 0) :]
        if content:
            self._emit(part, content)
        if not whole and kind == "text" and "logprobs" in event:
            self._take_logprobs(part[1], members(event, "logprobs"))

    def _emit(self, part: _PartKey, content: str) -> None:
        self._emitted[part] = self._emitted.get(part, 0) + len(content)
        kind, number, _ = part
        if kind == "text":
            self._starts.setdefault(part, self._written)
            self._written += len(content)
            self._items.append(TextDelta(content))
        elif kind == "refusal":
            self._items.append(RefusalDelta(content))
        elif kind != "arguments":
            separator = "\n" if self._last_reasoning not in (None, part) else ""
            self._last_reasoning = part
            self._items.append(ReasoningDelta(separator + content))
        elif number in self._calls:
            self._items.append(ToolCallDelta(self._calls[number], arguments=content))
            if number in self._arguments:
                self._arguments[number].append(content)

    def _take_logprobs(self, number: int, tokens: list[Json]) -> None:
        for delta in of_tokens(tokens):
            self._weighed.add(number)
            self._items.append(delta)

    def _cite(self, number: int, index: int, annotation: Json) -> None:
        self._cited[number] = self._cited.get(number, 0) + 1
        if citation := read_citation(annotation, self._starts.get(("text", number, index), self._written)):
            self._items.append(CitationFound(citation))


def _number(event: Json) -> int:
    return count(event, "output_index") or 0
