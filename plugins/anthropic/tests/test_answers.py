"""Answers as the API documents them, beyond what was recorded."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from ymera_anthropic.decoder import MessagesDecoder

from ymera_service.sdk.content import Citation, TextSpan, ToolCall
from ymera_service.sdk.errors import (
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import (
    Finished,
    OutputItem,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.testing.answers import Answer

Record = Mapping[str, Any]

START: Record = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 5, "output_tokens": 1}},
}
STOP: Record = {"type": "message_stop"}


def begin(index: int, **block: Any) -> Record:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **content: Any) -> Record:
    return {"type": "content_block_delta", "index": index, "delta": content}


def end(index: int) -> Record:
    return {"type": "content_block_stop", "index": index}


def because(reason: str | None, usage: Record | None = None, **more: Any) -> Record:
    return {"type": "message_delta", "delta": {"stop_reason": reason, **more}, "usage": usage or {"output_tokens": 7}}


def streamed(*events: Record) -> list[ProviderEvent | ProviderError]:
    body = b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), orjson.dumps(event)) for event in events)
    return decoded(body)


def decoded(body: bytes) -> list[ProviderEvent | ProviderError]:
    decoder = MessagesDecoder()
    return [*decoder.feed(body), *decoder.close()]


def answer_of(*events: Record) -> Answer:
    return Answer.of(event for event in streamed(*events) if not isinstance(event, ProviderError))


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("pause_turn", FinishReason.STOP),
        ("a reason yet to come", FinishReason.STOP),
        (None, FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("tool_use", FinishReason.TOOL_CALLS),
    ],
)
def test_each_stop_reason_has_its_meaning(raw: str | None, reason: FinishReason) -> None:
    assert streamed(START, because(raw), STOP)[-1] == Finished(reason, raw or "")


def test_a_natural_end_with_a_tool_call_is_a_tool_call() -> None:
    call = begin(0, type="tool_use", id="t", name="f", input={})
    assert answer_of(START, call, end(0), because("end_turn"), STOP).finish_reason is FinishReason.TOOL_CALLS


def test_a_tool_call_cut_off_by_the_token_limit_is_a_length_stop_with_what_was_written() -> None:
    call = begin(0, type="tool_use", id="t", name="f", input={})
    answer = answer_of(
        START, call, delta(0, type="input_json_delta", partial_json='{"a": "b'), end(0), because("max_tokens"), STOP
    )
    assert (answer.finish_reason, answer.tool_calls) == (FinishReason.LENGTH, (ToolCall("t", "f", '{"a": "b'),))


@pytest.mark.parametrize("stopped", [True, False])
def test_a_tool_call_broken_off_without_a_reason_for_it_is_an_interruption(stopped: bool) -> None:
    call = [
        START,
        begin(0, type="tool_use", id="t", name="f", input={}),
        delta(0, type="input_json_delta", partial_json='{"a'),
    ]
    events = [*call, *([end(0)] if stopped else []), because("tool_use"), STOP]
    assert isinstance(streamed(*events)[-1], StreamInterrupted)


def test_a_refusal_reports_its_category() -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    finished = streamed(START, because("refusal", stop_details=details), STOP)[-1]
    assert finished == Finished(FinishReason.CONTENT_FILTER, "refusal", incomplete_reason="bio")


@pytest.mark.parametrize("pieces", [[], [""], ["", ""]])
def test_a_call_without_arguments_has_an_empty_object_of_them(pieces: list[str]) -> None:
    call = begin(0, type="tool_use", id="t", name="f", input={})
    deltas = [delta(0, type="input_json_delta", partial_json=piece) for piece in pieces]
    events = streamed(START, call, *deltas, end(0), because("tool_use"), STOP)
    assert [event for event in events if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(0, "t", "f"),
        ToolCallDelta(0, arguments="{}"),
    ]


def test_arguments_that_come_whole_with_the_block_are_kept_even_without_its_end() -> None:
    call = begin(0, type="tool_use", id="t", name="f", input={"a": [1, None]})
    assert answer_of(START, call, because("tool_use"), STOP).tool_calls == (ToolCall("t", "f", '{"a":[1,null]}'),)


def test_calls_are_counted_apart_from_other_blocks_which_may_be_written_in_turns() -> None:
    answer = answer_of(
        START,
        begin(0, type="text", text="Let "),
        begin(1, type="tool_use", id="a", name="f", input={}),
        begin(2, type="tool_use", id="b", name="g", input={}),
        delta(2, type="input_json_delta", partial_json='{"y":2}'),
        delta(1, type="input_json_delta", partial_json='{"x":1}'),
        delta(0, type="text_delta", text="me"),
        end(2),
        end(1),
        end(0),
        because("tool_use"),
        STOP,
    )
    assert answer.text == "Let me"
    assert answer.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", '{"y":2}'))


def test_server_tools_are_answer_of_their_blocks_alone() -> None:
    events = streamed(
        START,
        begin(0, type="server_tool_use", id="s", name="web_search", input={}),
        delta(0, type="input_json_delta", partial_json='{"query":"x"}'),
        end(0),
        begin(1, type="web_search_tool_result", tool_use_id="s", content=[{"type": "web_search_result", "url": "u"}]),
        end(1),
        begin(2, type="code_execution_tool_result", tool_use_id="s", content={"stdout": ""}),
        end(2),
        begin(3, type="a block yet to come", data=[1]),
        delta(3, type="a delta yet to come", data=[1]),
        end(3),
        because("end_turn"),
        STOP,
    )
    kinds = [event.type for event in events if isinstance(event, OutputItem)]
    assert kinds == ["server_tool_use", "web_search_tool_result", "code_execution_tool_result", "a block yet to come"]
    assert not any(isinstance(event, ToolCallDelta) for event in events)
    assert isinstance(events[-1], Finished)


CITATIONS = [
    ({"type": "char_location", "cited_text": "c", "document_title": "facts.txt"}, Citation("", "facts.txt", "c")),
    ({"type": "page_location", "cited_text": "c", "document_title": None}, Citation("", "", "c")),
    (
        {"type": "web_search_result_location", "url": "https://a", "title": "A", "cited_text": "c"},
        Citation("https://a", "A", "c"),
    ),
    (
        {"type": "search_result_location", "source": "kb://1", "title": "K", "cited_text": "c"},
        Citation("kb://1", "K", "c"),
    ),
]


@pytest.mark.parametrize(("entry", "citation"), CITATIONS)
def test_a_citation_names_its_source_streamed_and_whole(entry: Record, citation: Citation) -> None:
    text = begin(0, type="text", text="", citations=[])
    said = delta(0, type="text_delta", text="x")
    cited = delta(0, type="citations_delta", citation=entry)
    answer = answer_of(START, text, said, cited, end(0), because("end_turn"), STOP)
    whole = decoded(orjson.dumps({"content": [{"type": "text", "text": "x", "citations": [entry]}]}))
    citation = replace(citation, spans=(TextSpan(0, 1),))
    assert answer.citations == (citation,)
    assert Answer.of(event for event in whole if not isinstance(event, ProviderError)).citations == (citation,)


def test_a_citation_belongs_to_its_block_of_text() -> None:
    entry = {"type": "web_search_result_location", "url": "https://a"}
    answer = answer_of(
        START,
        begin(0, type="text", text="Well, "),
        end(0),
        begin(1, type="text", text="", citations=[]),
        delta(1, type="citations_delta", citation=entry),
        delta(1, type="text_delta", text="the sky ü"),
        end(1),
        begin(2, type="text", text=" is blue."),
        end(2),
        because("end_turn"),
        STOP,
    )
    [citation] = answer.citations
    assert [answer.text[span.start : span.end] for span in citation.spans] == ["the sky ü"]


def test_thinking_comes_with_its_signature_and_redacted_thinking_is_distinguished() -> None:
    events = streamed(
        START,
        begin(0, type="thinking", thinking="", signature=""),
        delta(0, type="thinking_delta", thinking="Hm."),
        delta(0, type="signature_delta", signature="sig"),
        end(0),
        begin(1, type="redacted_thinking", data="sealed"),
        end(1),
        because("end_turn"),
        STOP,
    )
    assert [event for event in events if isinstance(event, ReasoningDelta)] == [
        ReasoningDelta("Hm."),
        ReasoningDelta("", b"sig"),
        ReasoningDelta("", b"redacted_thinking:sealed"),
    ]


def test_later_counts_replace_earlier_ones_and_what_they_leave_out_stands() -> None:
    start = {
        "type": "message_start",
        "message": {
            "usage": {
                "input_tokens": 10,
                "cache_read_input_tokens": 3,
                "cache_creation_input_tokens": 2,
                "output_tokens": 1,
            }
        },
    }
    first = because(None, {"output_tokens": 4, "input_tokens": None, "output_tokens_details": {"thinking_tokens": 2}})
    second = because("end_turn", {"output_tokens": 9, "cache_read_input_tokens": 5})
    events = streamed(start, first, second, STOP)
    assert [event for event in events if isinstance(event, UsageReported)] == [UsageReported(Usage(17, 9, 5, 2, 2))]


@pytest.mark.parametrize(
    ("type", "kind"),
    [("overloaded_error", ProviderOverloaded), ("api_error", ProviderServerError), ("rate_limit_error", RateLimited)],
)
def test_an_error_in_the_stream_ends_it_with_its_meaning(type: str, kind: type[ProviderError]) -> None:
    text = begin(0, type="text", text="")
    failed = {"type": "error", "error": {"type": type, "message": "Sorry"}, "request_id": "req_1"}
    *before, error = streamed(START, text, delta(0, type="text_delta", text="Well"), failed, end(0), STOP)
    assert TextDelta("Well") in before
    assert isinstance(error, kind)
    assert (error.message, error.type, error.status) == ("Sorry", type, None)


def test_pings_and_what_follows_the_end_say_nothing() -> None:
    ping = {"type": "ping"}
    quiet = streamed(START, because("end_turn"), STOP)
    assert streamed(ping, START, ping, because("end_turn"), ping, STOP, ping, {"type": "error", "error": {}}) == quiet


def test_a_stream_is_whole_only_when_its_last_event_came() -> None:
    assert isinstance(streamed(START, because("end_turn"))[-1], StreamInterrupted)
    assert isinstance(decoded(b"")[-1], StreamInterrupted)


def test_a_server_that_does_not_stream_when_asked_to_is_understood() -> None:
    message = {
        "id": "m",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "usage": {"output_tokens": 1},
    }
    events = decoded(b" \n" + orjson.dumps(message))
    assert TextDelta("Hi") in events
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>502 Bad Gateway</html>",
        b"[]",
        b"null",
        b'{"id": "m"}',
        b'{"content": 7}',
        b'{"content": "\xff"}',
        b"data: no JSON\n\n",
        b"data: 7\n\n",
        b"data: \xff\n\n",
        b'data: {"type": "message_stop"}\n\n',
        b'data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}\n\n',
        b'data: {"type": "content_block_start", "index": "0", "content_block": {}}\n\n',
        b'data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": 7}}\n\n',
    ],
)
def test_what_is_not_in_the_format_is_malformed(body: bytes) -> None:
    assert isinstance(decoded(body)[-1], MalformedResponse)


def counted(usage: Record) -> Usage:
    (reported,) = (
        event for event in decoded(orjson.dumps({"content": [], "usage": usage})) if isinstance(event, UsageReported)
    )
    return reported.usage


def test_counts_that_had_to_be_corrected_are_an_estimate() -> None:
    events = streamed(
        START, because("end_turn", {"output_tokens": 1, "output_tokens_details": {"thinking_tokens": 2}}), STOP
    )
    (report,) = (event for event in events if isinstance(event, UsageReported))
    assert report.estimated


def test_a_count_may_be_written_as_a_float() -> None:
    assert counted({"input_tokens": 3.0, "output_tokens": 4}) == Usage(3, 4)


@pytest.mark.parametrize("odd", [-1, 1.5, True, "3", [], 2**63])
def test_a_count_that_cannot_be_is_left_out(odd: Any) -> None:
    assert counted({"input_tokens": odd, "output_tokens": 4}) == Usage(0, 4)


def test_more_thinking_than_output_is_clamped_to_it() -> None:
    assert counted({"output_tokens": 4, "output_tokens_details": {"thinking_tokens": 9}}) == Usage(0, 4, 0, 0, 4)
