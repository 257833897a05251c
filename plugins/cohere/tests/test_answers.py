"""What becomes of the events of an answer, and of one in one piece."""

import json
from typing import Any

import pytest
from ymera_cohere.decoder import ChatDecoder
from ymera_cohere.dialect import CohereDialect
from ymera_cohere.message_reader import PLAN

from ymera_service.sdk.content import (
    ToolCall,
)
from ymera_service.sdk.errors import (
    AuthenticationFailed,
    ContextTooLong,
    InvalidProviderRequest,
    MalformedResponse,
    NotFound,
    ProviderError,
    QuotaExhausted,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import CitationFound, Finished, ProviderEvent, ReasoningDelta, TextDelta, UsageReported
from ymera_service.sdk.generation import (
    FinishReason,
    Usage,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.testing.answers import Answer

# Answers.


def decoded(*events: Any) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    body = "".join(f"event: {each.get('type')}\ndata: {json.dumps(each)}\n\n" for each in events)
    return [*decoder.feed(body.encode()), *decoder.close()]


def whole(answer: Any) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    return [*decoder.feed(json.dumps(answer).encode()), *decoder.close()]


def delta(kind: str, index: int = 0, **message: Any) -> dict[str, Any]:
    return {"type": kind, "index": index, "delta": {"message": message}}


def content(index: int = 0, **said: str) -> dict[str, Any]:
    return delta("content-delta", index, content=said)


def end(reason: str = "COMPLETE", **more: Any) -> dict[str, Any]:
    return {"type": "message-end", "delta": {"finish_reason": reason, **more}}


START = {"type": "message-start", "id": "r1"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("COMPLETE", FinishReason.STOP),
        ("STOP_SEQUENCE", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("TOOL_CALL", FinishReason.TOOL_CALLS),
        ("ERROR_TOXIC", FinishReason.CONTENT_FILTER),
        ("ERROR", FinishReason.ERROR),
        ("TIMEOUT", FinishReason.ERROR),
    ],
)
def test_the_reason_of_the_end(raw: str, reason: FinishReason) -> None:
    assert decoded(START, content(text="Hi"), end(raw, error="why"))[-1] == Finished(
        reason, raw, incomplete_reason="why"
    )


def test_thinking_and_a_plan_are_kept_apart() -> None:
    plan = delta("tool-plan-delta", tool_plan="I will.")
    events = [
        event for event in decoded(START, content(thinking="So"), plan, end()) if isinstance(event, ReasoningDelta)
    ]
    [so, thought, will, planned] = events
    assert (so.text, will.text, planned.signature) == ("So", "I will.", PLAN)
    assert thought.signature not in (b"", PLAN)


def test_a_call_arrives_in_pieces_and_none_of_it_is_lost() -> None:
    def call(index: int, id: str) -> Any:
        function = {"name": "f", "arguments": ""}
        return delta("tool-call-start", index, tool_calls={"id": id, "function": function})

    def more(index: int, arguments: str) -> Any:
        return delta("tool-call-delta", index, tool_calls={"function": {"arguments": arguments}})

    events = decoded(START, call(3, "a"), more(3, '{"x"'), more(3, ":1}"), call(7, "b"), end("TOOL_CALL"))
    answer = Answer.of([event for event in events if not isinstance(event, ProviderError)])
    assert answer.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "f", ""))
    half = decoded(START, call(0, "a"), more(0, '{"x"'), end("TOOL_CALL"))
    assert isinstance(half[-1], StreamInterrupted)
    cut = decoded(START, call(0, "a"), more(0, '{"x"'), end("MAX_TOKENS"))
    assert cut[-1] == Finished(FinishReason.LENGTH, "MAX_TOKENS")


def test_a_citation_of_several_sources_points_to_each() -> None:
    sources = [
        {"type": "document", "id": "d1", "document": {"title": "One", "url": "https://example.com/1"}},
        {"type": "tool", "id": "t1:0", "tool_output": {}},
    ]
    cited = {"start": 1, "end": 3, "text": "cd", "content_index": 1, "sources": sources, "type": "TEXT_CONTENT"}
    events = decoded(
        START, content(0, text="cd"), content(1, text="xcd"), delta("citation-start", citations=cited), end()
    )
    found = [event.citation for event in events if isinstance(event, CitationFound)]
    assert [(each.uri, each.title, each.cited_text) for each in found] == [
        ("https://example.com/1", "One", "cd"),
        ("", "t1:0", "cd"),
    ]
    assert {(span.start, span.end) for each in found for span in each.spans} == {(3, 5)}
    elsewhere = decoded(START, delta("citation-start", citations={**cited, "type": "THINKING_CONTENT"}), end())
    assert [event.citation.spans for event in elsewhere if isinstance(event, CitationFound)] == [(), ()]


def test_what_is_billed_is_not_what_is_consumed() -> None:
    usage = {
        "tokens": {"input_tokens": 502, "output_tokens": 6},
        "billed_units": {"input_tokens": 7, "output_tokens": 3},
    }
    [reported] = [each for each in decoded(START, end(usage=usage)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(502, 6), Usage(7, 3))
    only = {"billed_units": {"input_tokens": 7, "output_tokens": 3}}
    [reported] = [each for each in decoded(START, end(usage=only)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(7, 3), Usage(7, 3))
    nothing = {"tokens": {"input_tokens": 5, "output_tokens": 1}, "billed_units": {"input_tokens": 0}}
    [reported] = [each for each in decoded(START, end(usage=nothing)) if isinstance(each, UsageReported)]
    assert (reported.usage, reported.billed) == (Usage(5, 1), None)
    assert not any(isinstance(each, UsageReported) for each in decoded(START, end()))


def test_an_unknown_event_is_ignored_and_an_error_is_not() -> None:
    assert decoded(START, {"type": "debug", "prompt": "x"}, content(text="a"), end())[1] == TextDelta("a")
    for failure in ({"message": "model 'm' not found"}, {"error": {"message": "model 'm' not found"}}):
        assert isinstance(decoded(START, failure)[-1], NotFound)
    assert isinstance(whole({"id": "e", "message": "too many tokens: the limit is 10"})[-1], ContextTooLong)


@pytest.mark.parametrize(
    "answer",
    [{}, {"message": 7}, {"message": {"content": [{"text": 7}]}}, {"message": {"tool_calls": [{}]}}, [1]],
)
def test_an_answer_that_is_not_in_the_format_is_malformed(answer: Any) -> None:
    assert isinstance(whole(answer)[-1], MalformedResponse)


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (498, "invalid token", AuthenticationFailed),
        (404, "model 'command' was removed on September 15, 2025", NotFound),
        (429, "You are using a Trial key, which is limited to 20 API calls / minute", RateLimited),
        (429, "You are using a Trial key, which is limited to 1000 API calls / month", QuotaExhausted),
        (400, "invalid request: top_k must be between 0 and 500", InvalidProviderRequest),
    ],
)
def test_an_error_has_the_meaning_of_its_sentence(status: int, sentence: str, kind: type[ProviderError]) -> None:
    error = CohereDialect().decode_error(HttpResponse(status, {}, json.dumps({"message": sentence}).encode()))
    assert (type(error), error.message, error.status) == (kind, sentence, status)
