"""Answers of the Responses API that no recording here holds."""

import json
from typing import Any

import pytest
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.sdk.content import Message, Reasoning, Role, TextSpan
from ymera_service.sdk.errors import (
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Prompt
from ymera_service.sdk.wire.decoder import Item


def sse(*chunks: object, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


def responses(body: bytes) -> list[Item]:
    decoder = ResponsesDecoder()
    return [*decoder.feed(body), *decoder.close()]


def event(kind: str, /, **fields: object) -> dict[str, object]:
    return {"type": f"response.{kind}", **fields}


COMPLETED = event("completed", response={"id": "r", "model": "m", "status": "completed", "output": []})


def test_text_sent_only_when_it_is_done_is_emitted_once() -> None:
    message = {"type": "message", "content": [{"type": "output_text", "text": "abc"}]}
    items = responses(
        sse(
            event("output_item.added", output_index=0, item={"type": "message"}),
            event("output_text.delta", output_index=0, content_index=0, delta="ab"),
            event("output_text.done", output_index=0, content_index=0, text="abc"),
            event("output_item.done", output_index=0, item=message),
            COMPLETED,
        )
    )
    assert [item.text for item in items if isinstance(item, TextDelta)] == ["ab", "c"]


def test_an_answer_sent_only_at_its_end_is_emitted() -> None:
    output = [
        {"type": "message", "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "no"}]},
        {"type": "function_call", "call_id": "x", "name": "f", "arguments": "{}"},
    ]
    items = responses(sse(event("completed", response={"id": "r", "status": "completed", "output": output})))
    assert items == [
        ResponseStarted("r", ""),
        OutputItem("message"),
        TextDelta("a"),
        RefusalDelta("no"),
        OutputItem("function_call"),
        ToolCallDelta(0, "x", "f"),
        ToolCallDelta(0, arguments="{}"),
        Finished(FinishReason.TOOL_CALLS, "completed"),
    ]


def test_a_function_call_without_arguments_has_an_empty_object_of_them() -> None:
    item = {"type": "function_call", "call_id": "x", "name": "f", "arguments": ""}
    items = responses(sse(event("output_item.done", output_index=0, item=item), COMPLETED))
    assert [item for item in items if isinstance(item, ToolCallDelta)] == [
        ToolCallDelta(0, "x", "f"),
        ToolCallDelta(0, arguments="{}"),
    ]


@pytest.mark.parametrize("kind", ["function_call", "custom_tool_call"])
def test_a_function_call_that_is_broken_off_never_ends_an_answer(kind: str) -> None:
    item = {"type": kind, "call_id": "x", "name": "f", "arguments": '{"a": "b'}
    done = event("output_item.done", output_index=0, item=item)
    expected = StreamInterrupted if kind == "function_call" else Finished
    usage = event("completed", response={"status": "completed", "usage": {"input_tokens": 3}})
    items = responses(sse(done, usage))
    assert isinstance(items[-1], expected)
    assert isinstance(items[-2], UsageReported)
    cut = event("incomplete", response={"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}})
    assert isinstance(responses(sse(done, cut))[-1], Finished)


@pytest.mark.parametrize(
    "item",
    [
        {"id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
        {"id": "rs_1", "summary": [], "encrypted_content": "sealed"},
        {"id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "sealed"},
        {
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "short"}],
            "content": [{"type": "reasoning_text", "text": "long"}],
        },
    ],
)
def test_thinking_is_sent_back_as_it_came_but_to_openai_only_if_it_is_sealed(item: dict[str, Any]) -> None:
    done = event("output_item.done", output_index=0, item={"type": "reasoning", "status": "completed", **item})
    thoughts = [each for each in responses(sse(done, COMPLETED)) if isinstance(each, ReasoningDelta)]
    part = Reasoning("".join(each.text for each in thoughts), b"".join(each.signature for each in thoughts))
    request = GenerateRequest("m", Prompt((Message(Role.ASSISTANT, (part,)),)))
    sent = json.loads(Responses(Quirks()).encode(request).body)["input"]
    assert sent == [{"type": "reasoning", **item}]
    sent = json.loads(Responses(Quirks(openai_families=True)).encode(request).body)["input"]
    assert sent == ([{"type": "reasoning", **item}] if "encrypted_content" in item else [])


def test_parts_of_a_summary_are_lines() -> None:
    summary = [{"type": "summary_text", "text": "one"}, {"type": "summary_text", "text": "two"}]
    item = {"type": "reasoning", "summary": summary, "content": [{"type": "reasoning_text", "text": "same"}]}
    items = responses(sse(event("output_item.done", output_index=0, item=item), COMPLETED))
    assert "".join(item.text for item in items if isinstance(item, ReasoningDelta)) == "one\ntwo"


def test_an_annotation_sent_twice_is_one_citation() -> None:
    annotation = {"type": "url_citation", "url": "https://a.test", "title": "A"}
    message = {"type": "message", "content": [{"type": "output_text", "text": "a", "annotations": [annotation]}]}
    items = responses(
        sse(
            event("output_text.annotation.added", output_index=0, content_index=0, annotation=annotation),
            event("output_item.done", output_index=0, item=message),
            COMPLETED,
        )
    )
    (found,) = (item.citation for item in items if isinstance(item, CitationFound))
    assert (found.uri, found.title) == ("https://a.test", "A")


def test_a_citation_points_at_its_words_in_the_whole_answer() -> None:
    annotation = {"type": "url_citation", "url": "https://a.test", "start_index": 1, "end_index": 3}
    first = {"type": "output_text", "text": "Well. "}
    second = {"type": "output_text", "text": "abcd", "annotations": [annotation]}
    response = {"id": "r", "status": "completed", "output": [{"type": "message", "content": [first, second]}]}
    streamed = responses(
        sse(
            event("output_text.delta", output_index=0, content_index=0, delta="Well. "),
            event("output_text.delta", output_index=0, content_index=1, delta="abcd"),
            event("output_text.annotation.added", output_index=0, content_index=1, annotation=annotation),
            COMPLETED,
        )
    )
    for items in (responses(json.dumps(response).encode()), streamed):
        (found,) = (item.citation for item in items if isinstance(item, CitationFound))
        assert found.spans == (TextSpan(7, 9),)


@pytest.mark.parametrize(
    ("response", "end"),
    [
        ({"status": "completed"}, Finished(FinishReason.STOP, "completed")),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            Finished(FinishReason.CONTENT_FILTER, "incomplete", "", "content_filter"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            Finished(FinishReason.LENGTH, "incomplete", "", "max_output_tokens"),
        ),
        ({"status": "cancelled"}, Finished(FinishReason.ERROR, "cancelled")),
    ],
)
def test_a_response_ends_as_its_status_says(response: dict[str, Any], end: Finished) -> None:
    assert responses(json.dumps({"output": [], **response}).encode())[-1] == end
    assert responses(sse(event(response["status"], response=response), end=""))[-1] == end


def test_a_failed_response_is_an_error() -> None:
    failed = {"id": "r", "status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Slow down"}}
    assert type(responses(sse(event("failed", response=failed)))[-1]) is RateLimited
    assert type(responses(json.dumps({**failed, "error": None}).encode())[-1]) is ProviderServerError


@pytest.mark.parametrize("end", ["", "data: [DONE]\n\n"])
def test_a_response_stream_without_its_last_event_was_interrupted(end: str) -> None:
    body = sse(event("output_text.delta", output_index=0, content_index=0, delta="a"), end=end)
    assert isinstance(responses(body)[-1], StreamInterrupted)
