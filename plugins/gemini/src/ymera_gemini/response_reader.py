"""Turns the chunks of one answer, or the whole answer, into events."""

from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import orjson

from ymera_gemini.citations import Sources
from ymera_gemini.errors import ERRORS
from ymera_gemini.logprobs import logprobs_of
from ymera_gemini.signatures import Place, sealed
from ymera_gemini.usage import Counts
from ymera_service.sdk.content import ProviderBlock
from ymera_service.sdk.errors import MalformedResponse
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
)
from ymera_service.sdk.generation import FinishReason
from ymera_service.sdk.wire.json_reader import Json, count, member, members, required, text, word, words

FORMAT = "gemini.content"
"""Of parts that only the API understands, such as programs that it ran."""
MADE_UP = "gemini_"
"""What the ids begin with that calls without an id get, so that their results can refer to them."""

_STOP = frozenset({"STOP", "1", ""})
"""The natural end; `$alt=json;enum-encoding=int` makes numbers of the reasons."""
_LENGTH = frozenset({"MAX_TOKENS", "2"})
_FILTERED = frozenset(
    {
        *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
        *("3", "4", "6", "7", "8"),  # of the other numbers, the two APIs have different meanings
    }
)
"""All others, such as OTHER, MALFORMED_FUNCTION_CALL and UNEXPECTED_TOOL_CALL, are failures of the model."""

_BESIDE_CONTENT = frozenset({"thought", "thoughtSignature", "partMetadata", "videoMetadata", "mediaResolution"})


class ResponseReader:
    """Reads the chunks of an answer. The first candidate is the answer; of the others, only the text is read."""

    def __init__(self) -> None:
        self.counts = Counts()
        self._sources = Sources()
        self._started = False
        self._calls = 0
        self._texts: list[str] = []
        """The answer so far, into which its sources point."""
        self._open: set[int] = set()
        """The candidates that have begun and not ended."""
        self._end: Json | None = None
        """The first candidate with its finish reason."""
        self._blocked = ""

    @property
    def complete(self) -> bool:
        """Whether the provider has ended the answer: all of its candidates, or the prompt was blocked."""
        return bool(self._blocked) or (self._end is not None and not self._open)

    def take(self, chunk: Json) -> Iterator[ProviderEvent]:
        """Reads one chunk.

        Raises:
            ProviderError: The provider reports a failure, or its chunk is malformed.
        """
        if "error" in chunk:
            raise ERRORS.of_document(chunk)
        if not self._started:
            self._started = True
            yield ResponseStarted(text(chunk, "responseId"), text(chunk, "modelVersion"))
        self.counts.take(member(chunk, "usageMetadata"))
        self._blocked = self._blocked or word(member(chunk, "promptFeedback").get("blockReason"))
        for position, candidate in enumerate(members(chunk, "candidates")):
            yield from self._candidate(candidate, position)

    def whole(self, response: Json) -> Iterator[ProviderEvent]:
        """Reads an answer that arrived whole, which may lack a finish reason.

        Raises:
            ProviderError: The document is an error, or malformed.
        """
        yield from self.take(response)
        if not self._blocked and not required(response, "candidates", list):
            raise MalformedResponse("the provider sent an answer without candidates")
        self._open.clear()
        self._end = self._end or {}

    def finish(self) -> Iterator[ProviderEvent]:
        """Yields the end of an answer that is complete."""
        yield from map(CitationFound, self._sources.citations("".join(self._texts)))
        yield from self._usage()
        end = self._end or {}
        raw = word(end.get("finishReason"))
        reason = FinishReason.CONTENT_FILTER if self._blocked else self._reason(raw)
        why = self._blocked or ("" if raw in _STOP else text(end, "finishMessage"))
        yield Finished(reason, raw, incomplete_reason=why)

    def _usage(self) -> Iterator[ProviderEvent]:
        """Yields the usage; a search costs more than its tokens."""
        for report in self.counts.reported():
            yield replace(report, usual_rates=False) if self._sources.searched else report

    def _reason(self, raw: str) -> FinishReason:
        if raw in _STOP:
            return FinishReason.TOOL_CALLS if self._calls else FinishReason.STOP
        if raw in _LENGTH:
            return FinishReason.LENGTH
        return FinishReason.CONTENT_FILTER if raw in _FILTERED else FinishReason.ERROR

    def _candidate(self, candidate: Json, position: int) -> Iterator[ProviderEvent]:
        number = count(candidate, "index")
        choice = position if number is None else number
        for part in members(member(candidate, "content"), "parts"):
            yield from self._part(part) if choice == 0 else _of_other_choice(part, choice)
        if choice == 0 and "logprobsResult" in candidate:
            yield from logprobs_of(candidate)
        ended = bool(word(candidate.get("finishReason")))
        if choice == 0:
            self._sources.take(candidate)
            self._end = candidate if ended else self._end
        if ended:
            self._open.discard(choice)
        elif choice or self._end is None:
            self._open.add(choice)

    def _part(self, part: Json) -> Iterator[ProviderEvent]:
        signature = text(part, "thoughtSignature")
        if "functionCall" in part:
            yield from self._call(member(part, "functionCall"), signature)
        elif "text" in part:
            content, thought = words(part, "text", "candidates.content.parts"), part.get("thought") is True
            if not thought:
                self._texts.append(content)
            yield from _text(content, thought, signature)
        else:
            kind = next((name for name in part if name not in _BESIDE_CONTENT), "")
            if kind:
                yield OutputItem(kind)
                yield ProviderBlockFound(ProviderBlock(FORMAT, orjson.dumps(part)))
            else:
                yield from _text("", part.get("thought") is True, signature)

    def _call(self, call: Json, signature: str) -> Iterator[ProviderEvent]:
        name = required(call, "name", str, "functionCall")
        given = call.get("args")
        arguments = {} if given is None else required(call, "args", dict, "functionCall")
        if signature:
            yield ReasoningDelta("", sealed(signature, Place.CALL))
        id_ = text(call, "id") or f"{MADE_UP}{uuid4().hex}"
        yield ToolCallDelta(self._calls, id_, name, orjson.dumps(arguments).decode())
        self._calls += 1


def _text(content: str, thought: bool, signature: str) -> Iterator[ProviderEvent]:
    if thought:
        if content or signature:
            yield ReasoningDelta(content, sealed(signature, Place.THOUGHT))
        return
    if content:
        yield TextDelta(content)
    if signature:
        yield ReasoningDelta("", sealed(signature, Place.TEXT if content else Place.ALONE))


def _of_other_choice(part: Json, choice: int) -> Iterator[ProviderEvent]:
    if part.get("thought") is not True and (content := words(part, "text", "candidates.content.parts")):
        yield TextDelta(content, choice)
