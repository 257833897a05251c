"""What vendors write that no recording here holds, and malformed answers."""

import json
from typing import Any

import pytest
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.chat_messages import encode_messages
from ymera_openai.quirks import Quirks, ReasoningEcho

from ymera_service.sdk.content import Message, Reasoning, Role, Text
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
    Finished,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.wire.decoder import Item


def sse(*chunks: object, end: str = "data: [DONE]\n\n") -> bytes:
    return ("".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end).encode()


def chat(body: bytes) -> list[Item]:
    decoder = ChatDecoder(lambda: "made-up")
    return [*decoder.feed(body), *decoder.close()]


def delta(finish: str | None = None, /, **fields: object) -> dict[str, Any]:
    return {"id": "1", "model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


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


def test_an_emoji_in_two_escaped_halves_is_one_character() -> None:
    items = chat(sse(delta(content="a\ud83d"), delta("stop", content="\ude00b")))
    assert "".join(item.text for item in items if isinstance(item, TextDelta)) == "a\U0001f600b"
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
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 3,
                "total_tokens": 20,
                "completion_tokens_details": {"reasoning_tokens": 8},
            },
            Usage(9, 11, reasoning_output_tokens=8),
        ),
        (
            {
                "prompt_tokens": 9,
                "completion_tokens": 11,
                "total_tokens": 20,
                "completion_tokens_details": {"reasoning_tokens": 8},
            },
            Usage(9, 11, reasoning_output_tokens=8),
        ),
    ],
)
def test_usage_is_read_as_vendors_write_it(usage: dict[str, object], counts: Usage) -> None:
    (report,) = (item for item in chat(sse(delta("stop"), {"usage": usage})) if isinstance(item, UsageReported))
    assert report.usage == counts


def reported(usage: dict[str, object]) -> UsageReported:
    (report,) = (item for item in chat(sse(delta("stop"), {"usage": usage})) if isinstance(item, UsageReported))
    return report


def test_counts_that_had_to_be_corrected_are_an_estimate() -> None:
    assert reported({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 12}}).estimated
    assert not reported({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 9}}).estimated


@pytest.mark.parametrize(
    ("charged", "micros"),
    [
        ({"cost": 0.00147}, 1470),
        ({"cost": 0.0000004, "is_byok": False}, 1),
        ({"cost": 0.00005, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.001}}, 1050),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.001}}, 1000),
        ({"cost": 0.001, "is_byok": False, "cost_details": {"upstream_inference_cost": 0.001}}, 1000),
        ({"cost": {"input_tokens_cost": 0.00001, "request_cost": 0.005, "total_cost": 0.00501}}, 5010),
        ({"cost_in_usd_ticks": 1399000}, 140),
        ({"cost_in_usd_ticks": 0}, None),
        ({"cost": 0}, None),
        ({"cost": -1}, None),
        ({"cost": 1e9}, None),
        ({"cost": float("nan")}, None),
        ({"cost": "much"}, None),
        ({"cost": True}, None),
        ({"cost": {"total_cost": None}}, None),
        ({}, None),
    ],
)
def test_what_the_vendor_charges_is_read_but_never_as_nothing(charged: dict[str, object], micros: int | None) -> None:
    assert reported({"prompt_tokens": 9, **charged}).cost_micros == micros


def test_what_was_counted_before_a_failure_is_reported() -> None:
    items = chat(sse({"usage": {"prompt_tokens": 3}}, {"error": {"message": "Oh", "code": 502}}))
    assert [type(item) for item in items] == [UsageReported, ProviderServerError]


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
    assert [item.text for item in items if isinstance(item, ReasoningDelta)] == ["hm", ""]
    odd = chat(sse(delta(reasoning="in other words", reasoning_details=[detail]), delta("stop")))
    assert [item.text for item in odd if isinstance(item, ReasoningDelta)] == ["in other words", ""]


def test_sealed_reasoning_is_kept_for_the_next_turn() -> None:
    detail = {"type": "reasoning.encrypted", "data": "sealed", "index": 0}
    items = chat(sse(delta(reasoning_details=[detail]), delta("stop")))
    (thought,) = (item for item in items if isinstance(item, ReasoningDelta))
    assert (thought.text, json.loads(thought.signature)) == ("", detail)


def sent_back(*details: dict[str, Any], repeated: bool) -> Any:
    """The details of a next turn's request, if these pieces came in a stream."""
    pieces = [
        {"reasoning_details": [each]} | ({"reasoning": each.get("text", each.get("summary"))} if repeated else {})
        for each in details
    ]
    items = chat(sse(*(delta(**piece) for piece in pieces), delta("stop", content="a")))
    thoughts = [Reasoning(item.text, item.signature) for item in items if isinstance(item, ReasoningDelta)]
    quirks = Quirks(echo=ReasoningEcho.DETAILS)
    (message,) = encode_messages([Message(Role.ASSISTANT, (*thoughts, Text("a")))], quirks, "system")
    return message["reasoning_details"]


@pytest.mark.parametrize("repeated", [True, False])
def test_details_of_thinking_are_sent_back_as_they_came(repeated: bool) -> None:
    first = {"type": "reasoning.summary", "id": "rs_1", "format": "openai-responses-v1", "index": 0}
    second = {**first, "id": "rs_2", "index": 1}
    sealed = {"type": "reasoning.encrypted", "data": "d", "index": 1}
    plain = {"type": "reasoning.text", "format": "unknown", "index": 2}
    signed = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 3}
    found = sent_back(
        {**first, "summary": "one "},
        {**first, "summary": "two"},
        {**second, "summary": "three"},
        sealed,
        {**plain, "text": "fo", "signature": None},
        {**plain, "text": "ur"},
        {**signed, "text": "five"},
        {**signed, "signature": "s"},
        repeated=repeated,
    )
    assert found == [
        {**first, "summary": "one two"},
        {**second, "summary": "three"},
        sealed,
        {**plain, "text": "four"},
        {**signed, "signature": "s", "text": "five"},
    ]


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
