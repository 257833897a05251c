"""Turns the lines of one answer into events."""

from collections.abc import Iterator
from uuid import uuid4

import orjson

from ymera_ollama.errors import ERRORS
from ymera_service.sdk.events import (
    Finished,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.wire.json_reader import Json, count, first, member, members, required, text, words
from ymera_service.sdk.wire.logprobs import of_tokens

MADE_UP = "ollama_"
"""What the ids begin with that calls without an id get, so that their results can refer to them."""

_REASONS = {"": FinishReason.STOP, "stop": FinishReason.STOP, "length": FinishReason.LENGTH}
"""Older versions give no reason. Others, such as "load" and "unload", end an answer without any text."""


class AnswerReader:
    """Reads the lines of an answer; one that is not streamed is a single line."""

    def __init__(self) -> None:
        self.ended = False
        self._started = False
        self._calls = 0

    def take(self, line: Json) -> Iterator[ProviderEvent]:
        """Reads one line.

        Raises:
            ProviderError: The host reports a failure, or the line is malformed.
        """
        if line.get("error"):
            raise ERRORS.of_document(line)
        if not self._started:
            self._started = True
            yield ResponseStarted(model=text(line, "model"))
        message = member(line, "message")
        # `/api/generate` has both beside the message that it lacks; a proxy may answer with it.
        if thought := words(message, "thinking", "message") or words(line, "thinking"):
            yield ReasoningDelta(thought)
        if content := words(message, "content", "message") or words(line, "response"):
            yield TextDelta(content)
        yield from of_tokens(members(line, "logprobs"))
        for call in members(message, "tool_calls"):
            yield self._call(call)
        if line.get("done") is True:
            self.ended = True
            yield from _usage(line)
            yield self._finished(text(line, "done_reason"))

    def _call(self, call: Json) -> ToolCallDelta:
        function = member(call, "function")
        name = required(function, "name", str, "message.tool_calls.function")
        given = function.get("arguments")
        # Some servers with this API write arguments as text, as in OpenAI's.
        arguments = given if isinstance(given, str) else orjson.dumps(given or {}).decode()
        id_ = text(call, "id") or f"{MADE_UP}{uuid4().hex}"
        self._calls += 1
        return ToolCallDelta(self._calls - 1, id_, name, arguments or "{}")

    def _finished(self, raw: str) -> Finished:
        reason = _REASONS.get(raw, FinishReason.ERROR)
        if reason is FinishReason.STOP and self._calls:
            reason = FinishReason.TOOL_CALLS
        return Finished(reason, raw)


def _usage(line: Json) -> Iterator[UsageReported]:
    """Yields the counts; older versions leave that of a prompt out that they had in their cache."""
    read, written = count(line, "prompt_eval_count"), count(line, "eval_count")
    if read is not None or written is not None:
        yield UsageReported(Usage(first(read), first(written)))
