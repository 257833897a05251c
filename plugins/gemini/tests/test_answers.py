"""Small answers, written after the documented format, decode to what they say."""

from typing import Any

import orjson
import pytest
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.signatures import Place, sealed

from ymera_service.sdk.content import Citation, TextSpan
from ymera_service.sdk.errors import ProviderError
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
from ymera_service.sdk.testing.recorded import each_byte

THOUGHT = {"text": "Paris, then.", "thought": True}
USAGE = {"promptTokenCount": 8, "candidatesTokenCount": 5, "thoughtsTokenCount": 20, "totalTokenCount": 33}
BEGUN = {"responseId": "r-1", "modelVersion": "gemini-2.5-flash"}
STARTED = ResponseStarted("r-1", "gemini-2.5-flash")
COUNTED = UsageReported(Usage(8, 25, reasoning_output_tokens=20), total_tokens=33)


def of(*parts: Any, **more: Any) -> dict[str, Any]:
    return {**BEGUN, "candidates": [{"content": {"role": "model", "parts": parts}, "index": 0, **more}]}


def decoded(*chunks: dict[str, Any]) -> list[ProviderEvent | ProviderError]:
    """The events of a stream in pieces of one byte; a single chunk gives the same ones unary."""
    decoder = GenerateContentDecoder()
    body = b"".join(b"data: %b\r\n\r\n" % orjson.dumps(chunk) for chunk in chunks)
    streamed = [*(event for byte in each_byte(body) for event in decoder.feed(byte)), *decoder.close()]
    if len(chunks) == 1:
        whole = GenerateContentDecoder()
        assert [*whole.feed(orjson.dumps(chunks[0])), *whole.close()] == streamed
    return streamed


def test_thoughts_and_text_are_distinguished() -> None:
    end = {**of({"text": "is.", "thoughtSignature": "c2ln"}, finishReason="STOP"), "usageMetadata": USAGE}
    assert decoded(of(THOUGHT), of({"text": "Par"}), end) == [
        STARTED,
        ReasoningDelta("Paris, then."),
        TextDelta("Par"),
        TextDelta("is."),
        ReasoningDelta("", sealed("c2ln", Place.TEXT)),
        COUNTED,
        Finished(FinishReason.STOP, "STOP"),
    ]


def test_calls_come_with_their_ids_and_signatures() -> None:
    first = {"functionCall": {"id": "c-1", "name": "f", "args": {"a": [1, "ü"]}}, "thoughtSignature": "c2ln"}
    second = {"functionCall": {"id": "c-2", "name": "g"}}
    assert decoded(of(first, second, finishReason="STOP")) == [
        STARTED,
        ReasoningDelta("", sealed("c2ln", Place.CALL)),
        ToolCallDelta(0, "c-1", "f", '{"a":[1,"ü"]}'),
        ToolCallDelta(1, "c-2", "g", "{}"),
        Finished(FinishReason.TOOL_CALLS, "STOP"),
    ]


def test_calls_without_ids_get_different_ones() -> None:
    call = {"functionCall": {"name": "f", "args": {}}}
    decoder = GenerateContentDecoder()
    events = [*decoder.feed(orjson.dumps(of(call, call, finishReason="STOP"))), *decoder.close()]
    ids = [event.id for event in events if isinstance(event, ToolCallDelta)]
    assert len(set(ids)) == 2
    assert all(ids)


def test_sources_are_cited_with_the_words_that_rest_on_them() -> None:
    grounding = {
        "webSearchQueries": ["capital"],
        "groundingChunks": [
            {"web": {"uri": "https://a.example", "title": "A"}},
            {"retrievedContext": {"uri": "gs://b", "title": "B"}},
            {"unheard": {}},
        ],
        "groundingSupports": [
            {"segment": {"text": "Paris is it."}, "groundingChunkIndices": [0, 1]},
            {"segment": {"text": "Since 987."}, "groundingChunkIndices": [0]},
        ],
    }
    found = [
        each
        for each in decoded(of(finishReason="STOP", groundingMetadata=grounding))
        if isinstance(each, CitationFound)
    ]
    assert [each.citation for each in found] == [
        Citation("https://a.example", "A", "Paris is it. Since 987."),
        Citation("gs://b", "B", "Paris is it."),
        Citation(),
    ]


@pytest.mark.parametrize(
    ("segment", "words"),
    [
        ({"startIndex": 5, "endIndex": 10, "text": "größ"[:4]}, []),
        ({"startIndex": 5, "endIndex": 9, "text": "grö"}, ["grö"]),
        ({"endIndex": 4, "text": "Ü 1"}, ["Ü 1"]),
        ({"startIndex": 90, "endIndex": 99, "text": "er ist"}, ["er ist"]),
        ({"startIndex": 5, "endIndex": 9}, ["grö"]),
        ({"text": "not there"}, []),
        ({}, []),
    ],
)
def test_a_span_counts_characters_where_the_api_counts_bytes(segment: dict[str, Any], words: list[str]) -> None:
    said = "Ü 1 grö, er ist"
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://a.example"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }
    [found] = [
        each.citation
        for each in decoded(
            of({"text": said[:3]}, {"text": said[3:]}, finishReason="STOP", groundingMetadata=grounding)
        )
        if isinstance(each, CitationFound)
    ]
    assert [said[span.start : span.end] for span in found.spans] == words


@pytest.mark.parametrize("name", ["citationSources", "citations"])
def test_recited_sources_are_cited(name: str) -> None:
    recited = {name: [{"startIndex": 0, "endIndex": 5, "uri": "https://c.example", "title": "C", "license": "MIT"}]}
    events = decoded(of({"text": "Hello"}, finishReason="STOP", citationMetadata=recited))
    assert CitationFound(Citation("https://c.example", "C", spans=(TextSpan(0, 5),))) in events
    streamed = decoded(of({"text": "Hello"}, citationMetadata=recited), of(finishReason="STOP"))
    assert CitationFound(Citation("https://c.example", "C", spans=(TextSpan(0, 5),))) in streamed
