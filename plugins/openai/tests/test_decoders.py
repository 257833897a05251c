"""What vendors write that no recording here holds, and malformed answers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_openai.bodies import OpenAiDecoder
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.sdk.errors import (
    InvalidProviderRequest,
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
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
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.wire.decoder import Item


def sse(*chunks: object, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


def chat(body: bytes) -> list[Item]:
    decoder = ChatDecoder(lambda: "made-up")
    return [*decoder.feed(body), *decoder.close()]


def responses(body: bytes) -> list[Item]:
    decoder = ResponsesDecoder()
    return [*decoder.feed(body), *decoder.close()]


def delta(finish: str | None = None, /, **fields: object) -> dict[str, Any]:
    return {"id": "1", "model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def calls(*pieces: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The tool calls that a stream of these pieces amounts to: id, name and arguments."""
    items = chat(sse(*(delta(tool_calls=[piece]) for piece in pieces), delta("stop")))
    assert isinstance(items[-1], Finished)
    assert items[-1].reason is FinishReason.TOOL_CALLS
    joined: dict[int, list[str]] = {}
    for item in items:
        if isinstance(item, ToolCallDelta):
            call = joined.setdefault(item.index, [item.id, item.name, ""])
            assert call[0]
            assert call[1]
            call[2] += item.arguments
    return [(call[0], call[1], call[2]) for call in joined.values()]


def piece(
    arguments: object, id: str | None = None, name: str | None = None, index: int | None = None
) -> dict[str, Any]:
    function: dict[str, object] = {"arguments": arguments}
    found: dict[str, Any] = {"function": function | ({"name": name} if name else {})}
    return found | ({"id": id} if id else {}) | ({} if index is None else {"index": index})


def test_pieces_without_an_index_belong_to_the_latest_call() -> None:
    found = calls(piece('{"a"', "x", "f"), piece(":1}"), piece("{}", "y", "g"))
    assert found == [("x", "f", '{"a":1}'), ("y", "g", "{}")]


def test_whole_calls_that_all_have_index_0_are_distinguished_by_their_ids() -> None:
    assert calls(piece("{}", "x", "f", 0), piece("{}", "y", "f", 0)) == [("x", "f", "{}"), ("y", "f", "{}")]


def test_whole_calls_without_an_id_are_distinguished_by_being_whole() -> None:
    found = calls(piece('{"a":1}', None, "f", 0), piece('{"a":2}', None, "f", 0))
    assert found == [("made-up", "f", '{"a":1}'), ("made-up", "f", '{"a":2}')]


def test_id_and_name_may_be_repeated() -> None:
    assert calls(piece('{"a":', "x", "f", 0), piece("1}", "x", "f", 0)) == [("x", "f", '{"a":1}')]


def test_a_call_is_emitted_when_its_name_is_known() -> None:
    assert calls(piece('{"a":', "x", None, 0), piece("1}", None, "f", 0)) == [("x", "f", '{"a":1}')]


def test_calls_may_take_turns() -> None:
    found = calls(piece("", "x", "f", 0), piece("", "y", "g", 1), piece("{}", index=0), piece("[]", index=1))
    assert found == [("x", "f", "{}"), ("y", "g", "[]")]


def test_arguments_may_be_an_object_or_nothing() -> None:
    assert calls(piece({"a": 1}, "x", "f", 0), piece(None, "y", "g", 1)) == [("x", "f", '{"a":1}'), ("y", "g", "{}")]


def test_the_index_decides_whichever_id_a_later_piece_bears() -> None:
    found = calls(
        piece("", "x", "f", 0), piece('{"a"', "y", None, 0), piece(":1", "z", "f", 0), piece("}", None, None, 0)
    )
    assert found == [("x", "f", '{"a":1}')]


@pytest.mark.parametrize("index", [None, 0])
@pytest.mark.parametrize("arguments", [None, "", "{}"])
def test_two_calls_without_arguments_stay_two(arguments: str | None, index: int | None) -> None:
    for name in ("f", "g"):
        found = calls(piece(arguments, "x", "f", index), piece(arguments, "y", name, index))
        assert found == [("x", "f", "{}"), ("y", name, "{}")]


def test_a_call_that_is_broken_off_never_ends_an_answer() -> None:
    half = delta(tool_calls=[piece('{"a":', "x", "f", 0)])
    assert isinstance(chat(sse(half))[-1], StreamInterrupted)
    assert isinstance(chat(sse(half, end=""))[-1], StreamInterrupted)
    assert isinstance(chat(sse(half, delta("length")))[-1], Finished)
    whole = {"choices": [{"message": half["choices"][0]["delta"]}]}
    assert isinstance(chat(json.dumps(whole).encode())[-1], StreamInterrupted)


def test_the_old_function_call_is_a_call() -> None:
    items = chat(sse(delta(function_call={"name": "f", "arguments": "{}"}), delta("function_call")))
    assert ToolCallDelta(0, "made-up", "f", "{}") in items
    assert items[-1] == Finished(FinishReason.TOOL_CALLS, "function_call")


def test_usage_that_comes_after_the_finish_reason_is_emitted_before_the_end() -> None:
    items = chat(sse(delta(content="a"), delta("stop"), {"choices": [], "usage": {"prompt_tokens": 3}}))
    assert [type(item) for item in items] == [ResponseStarted, TextDelta, UsageReported, Finished]


def test_a_later_usage_replaces_an_earlier_one() -> None:
    first, later = {"usage": {"completion_tokens": 1}}, {"usage": {"completion_tokens": 2}}
    reports = [item for item in chat(sse(first, later, delta("stop"))) if isinstance(item, UsageReported)]
    assert [report.usage.output_tokens for report in reports] == [2]


def test_nothing_is_emitted_after_done() -> None:
    assert isinstance(chat(sse(delta("stop")) + sse(delta(content="more")))[-1], Finished)


def test_a_stream_that_ends_without_reason_and_done_was_interrupted() -> None:
    assert isinstance(chat(sse(delta(content="a"), end=""))[-1], StreamInterrupted)


def test_a_finish_reason_is_an_end_without_done() -> None:
    assert chat(sse(delta("length", content="a"), end=""))[-1] == Finished(FinishReason.LENGTH, "length")


@pytest.mark.parametrize("end", ["", "data: [DO", "data: [DONE]"])
def test_an_answer_with_reason_and_usage_is_complete_whatever_is_seen_of_done(end: str) -> None:
    items = chat(sse(delta("stop", content="a"), {"choices": [], "usage": {"prompt_tokens": 3}}, end=end))
    assert [type(item) for item in items[-2:]] == [UsageReported, Finished]


@pytest.mark.parametrize("end", ['data: {"choices":[{"delta":{"content":"', "data: {"])
def test_an_end_within_an_event_or_a_character_is_an_interruption(end: str) -> None:
    for rest in (end.encode(), end.encode() + "ä".encode()[:1]):
        assert isinstance(chat(sse(delta(content="a"), end="") + rest)[-1], StreamInterrupted)


def test_an_emoji_in_two_escaped_halves_does_not_lose_the_answer() -> None:
    items = chat(sse(delta(content="a\ud83d"), delta("stop", content="\ude00b")))
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "a\ufffd\ufffdb"
    assert isinstance(items[-1], Finished)


def test_a_number_that_is_none_in_a_member_that_is_not_read_is_passed_over() -> None:
    items = chat(sse(delta("stop", content="a") | {"cost": float("nan")}))
    assert items[1:] == [TextDelta("a"), Finished(FinishReason.STOP, "stop")]


@pytest.mark.parametrize("size", [1, 2, 10_000])
@pytest.mark.parametrize(
    "body", [sse(delta("stop", content="a")), b'{"choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}']
)
def test_a_byte_order_mark_is_passed_over(body: bytes, size: int) -> None:
    decoder, marked = ChatDecoder(), b"\xef\xbb\xbf" + body
    items = [item for at in range(0, len(marked), size) for item in decoder.feed(marked[at : at + size])]
    assert [*items, *decoder.close()][-2:] == [TextDelta("a"), Finished(FinishReason.STOP, "stop")]


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 3.0, "completion_tokens": 4.0, "total_tokens": 7.0}, Usage(3, 4)),
        ({"prompt_tokens": 1.5, "completion_tokens": 4}, Usage(0, 4)),
        ({"prompt_tokens": 9, "cached_tokens": 5}, Usage(9, 0, 5)),
        ({"prompt_tokens": 9, "num_cached_tokens": 5}, Usage(9, 0, 5)),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 12}}, Usage(9, 0, 9)),
        ({"prompt_tokens": 9, "prompt_token_details": {"cached_tokens": 5}}, Usage(9, 0, 5)),
    ],
)
def test_usage_is_read_as_vendors_write_it(usage: dict[str, object], counts: Usage) -> None:
    (report,) = (item for item in chat(sse(delta("stop"), {"usage": usage})) if isinstance(item, UsageReported))
    assert report.usage == counts


def test_nothing_follows_a_failure_within_a_chunk() -> None:
    failing = {"index": 0, "error": {"code": 502, "message": "Oh"}, "delta": {}}
    items = chat(sse({"choices": [failing, {"index": 1, "delta": {"content": "b"}}], "citations": ["https://a.test"]}))
    assert [type(item) for item in items] == [ProviderServerError]


def test_an_empty_finish_reason_is_none() -> None:
    items = chat(sse(delta("", content="a"), delta("", content="b"), end=""))
    assert isinstance(items[-1], StreamInterrupted)


def test_a_message_beside_the_delta_adds_nothing() -> None:
    first = {"delta": {"content": "a"}, "message": {"content": "a"}, "finish_reason": None}
    last = {"delta": {}, "message": {"content": "a"}, "finish_reason": "stop"}
    items = chat(sse({"choices": [first]}, {"choices": [last]}))
    assert [item for item in items if isinstance(item, TextDelta)] == [TextDelta("a")]


def test_a_request_for_a_stream_may_be_answered_with_one_document() -> None:
    document = {"id": "1", "model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}]}
    expected = [ResponseStarted("1", "m"), TextDelta("a"), Finished(FinishReason.STOP, "stop")]
    assert chat(b"\n \n" + json.dumps(document).encode()) == expected


def test_the_text_of_a_message_may_be_a_list_of_parts() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
        {"type": "text", "text": "a"},
        "b",
        {"type": "refusal", "refusal": "no"},
        {"type": "reference", "reference_ids": [1]},
        None,
    ]
    items = chat(sse(delta(content=parts), delta("stop")))
    assert items[1:-1] == [ReasoningDelta("hm"), TextDelta("a"), TextDelta("b"), RefusalDelta("no")]


def test_reasoning_sent_twice_is_emitted_once() -> None:
    detail = {"type": "reasoning.text", "text": "hm", "index": 0}
    items = chat(sse(delta(reasoning="hm", reasoning_content="hm", reasoning_details=[detail]), delta("stop")))
    assert [item for item in items if isinstance(item, ReasoningDelta)] == [ReasoningDelta("hm")]


def test_sealed_reasoning_is_kept_for_the_next_turn() -> None:
    detail = {"type": "reasoning.encrypted", "data": "sealed", "index": 0}
    items = chat(sse(delta(reasoning_details=[detail]), delta("stop")))
    (thought,) = (item for item in items if isinstance(item, ReasoningDelta))
    assert (thought.text, json.loads(thought.signature)) == ("", detail)


def test_several_choices_are_distinguished_and_the_first_one_ends_the_answer() -> None:
    choices = [
        {"index": 1, "delta": {"content": "b", "reasoning": "x"}, "finish_reason": "length"},
        {"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"},
    ]
    items = chat(sse({"id": "1", "model": "m", "choices": choices}))
    assert items[1:] == [TextDelta("b", 1), TextDelta("a", 0), Finished(FinishReason.STOP, "stop")]


def test_a_stop_sequence_that_the_vendor_names_is_reported() -> None:
    choice = {"message": {"content": "a"}, "finish_reason": "stop", "stop_reason": "END"}
    assert chat(json.dumps({"choices": [choice]}).encode())[-1] == Finished(FinishReason.STOP, "stop", "END")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("eos", FinishReason.STOP),
        ("end_turn", FinishReason.STOP),
        ("STOP", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_length", FinishReason.LENGTH),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("sensitive", FinishReason.CONTENT_FILTER),
        ("network_error", FinishReason.ERROR),
        ("insufficient_system_resource", FinishReason.ERROR),
    ],
)
def test_every_vendors_reason_has_its_meaning(raw: str, reason: FinishReason) -> None:
    assert chat(sse(delta(raw)))[-1] == Finished(reason, raw)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (sse(delta(content="a"), {"error": {"message": "Oh", "code": 502}}, end=""), ProviderServerError),
        (sse(delta("error") | {"error": {"message": "Rate limit exceeded", "code": 429}}), RateLimited),
        (b'event: error\ndata: {"error":{"message":"No","type":"invalid_request_error"}}\n\n', InvalidProviderRequest),
        (b"event: error\ndata: overloaded\n\n", ProviderOverloaded),
        (b'{"error":{"message":"Provider returned error","code":503}}', ProviderOverloaded),
        (b'{"choices":[{"error":{"code":502,"message":"Oh"},"message":{"content":"a"}}]}', ProviderServerError),
        (b'{"object":"error","message":"Oh","code":50001}', ProviderServerError),
        (b'{"choices":null,"base_resp":{"status_code":1002,"status_msg":"rate limit"}}', RateLimited),
        (b'{"choices":[]}', MalformedResponse),
        (b"[]", MalformedResponse),
        (b"<html></html>", MalformedResponse),
        (b"data: {not json}\n\n", MalformedResponse),
        (b"data: \xff\n\n", MalformedResponse),
        (b'{"choices": nonsense}', MalformedResponse),
        (b'{"choices":[{"message":{"content":"\xff"}}]}', MalformedResponse),
        (b'{"choices": [{"mess', StreamInterrupted),
        (b": comment\n\n", StreamInterrupted),
        (b"", StreamInterrupted),
        (b"   \n", StreamInterrupted),
    ],
)
def test_a_failure_is_the_last_item(body: bytes, kind: type[ProviderError]) -> None:
    items = chat(body)
    assert type(items[-1]) is kind
    assert sum(isinstance(item, ProviderError | Finished) for item in items) == 1


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


NAMES = [
    "id",
    "model",
    "choices",
    "delta",
    "message",
    "content",
    "text",
    "index",
    "finish_reason",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "usage",
    "error",
    "type",
    "code",
    "prompt_tokens",
    "completion_tokens_details",
    "reasoning_content",
    "reasoning_details",
    "annotations",
    "citations",
    "output",
    "item",
    "output_index",
    "response",
    "status",
    "summary",
    "function_call",
    "url_citation",
    "refusal",
    "thinking",
    "stop_reason",
    "x_groq",
    "object",
    "search_results",
]
KINDS = [f"response.{kind}" for kind in ("output_item.added", "output_item.done", "output_text.delta", "completed")]
KINDS += [
    "response.output_text.done",
    "response.function_call_arguments.delta",
    "response.failed",
    "message",
    "reasoning",
]
leaves = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.sampled_from(["", "a", *KINDS])
)
documents = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=25,
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.lists(documents, max_size=4).map(lambda found: sse(*found)),
    documents.map(lambda found: json.dumps(found).encode()),
    st.lists(documents, max_size=4).map(lambda found: sse(*found, end="")[:-3]),
)


@pytest.mark.parametrize("decoder", [ChatDecoder, ResponsesDecoder])
@given(body=bodies, size=st.integers(1, 50))
def test_no_bytes_make_a_decoder_raise(decoder: Callable[[], OpenAiDecoder], body: bytes, size: int) -> None:
    decoding = decoder()
    items = [item for start in range(0, len(body), size) for item in decoding.feed(body[start : start + size])]
    items += decoding.close()
    ends = [item for item in items if isinstance(item, Finished | ProviderError)]
    assert ends == items[-1:], "one end, and it comes last"
    assert all(item.text for item in items if isinstance(item, TextDelta | RefusalDelta))
