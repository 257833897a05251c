"""What the recordings do not show of an answer."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_bedrock.decoder import ConverseDecoder
from ymera_bedrock.signatures import reasoning_block

from ymera_service.sdk.content import Citation, ProviderBlock, Reasoning, TextSpan
from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    ProviderBlockFound,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    UsageReported,
)
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.checks.providers import check_usage

from .frames import answer, block, event, exception, frame

Item = ProviderEvent | ProviderError
CALL = {"toolUseId": "t-1", "name": "f"}
HOSTED = {"toolUseId": "t-2", "name": "nova_grounding", "type": "server_tool_use"}


def decoded(body: bytes) -> list[Item]:
    decoder = ConverseDecoder()
    return [*decoder.feed(body), *decoder.close()]


def events(body: bytes) -> list[ProviderEvent]:
    found = decoded(body)
    assert not any(isinstance(item, ProviderError) for item in found), found
    return [item for item in found if not isinstance(item, ProviderError)]


def failure(body: bytes) -> ProviderError:
    last = decoded(body)[-1]
    assert isinstance(last, ProviderError)
    return last


def whole(*content: Any, reason: str = "end_turn", **more: Any) -> bytes:
    return orjson.dumps({"output": {"message": {"content": content}}, "stopReason": reason, **more})


def of_kind(kind: type[Any], found: list[ProviderEvent]) -> list[Any]:
    return [each for each in found if isinstance(each, kind)]


# Reasons for the end.


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("tool_use", FinishReason.STOP),
        ("something_new", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("guardrail_intervened", FinishReason.CONTENT_FILTER),
        ("content_filtered", FinishReason.CONTENT_FILTER),
        ("malformed_model_output", FinishReason.ERROR),
        ("malformed_tool_use", FinishReason.ERROR),
    ],
)
def test_each_reason_has_its_meaning(raw: str, reason: FinishReason) -> None:
    streamed, at_once = answer(block(0, {"text": "a"}), reason=raw), whole({"text": "a"}, reason=raw)
    assert decoded(streamed)[-1] == decoded(at_once)[-1] == Finished(reason, raw)


def test_the_sequence_that_was_written_and_what_a_guardrail_did_are_reported() -> None:
    hit = {"additionalModelResponseFields": {"stop_sequence": "END"}}
    assert decoded(whole(reason="stop_sequence", **hit))[-1] == Finished(FinishReason.STOP, "stop_sequence", "END")
    trace = {"guardrail": {"actionReason": "Guardrail blocked."}}
    [end] = of_kind(Finished, events(answer(reason="guardrail_intervened", trace=trace)))
    assert end.incomplete_reason == "Guardrail blocked."


def test_blocks_of_text_and_thinking_may_be_announced() -> None:
    streamed = answer(
        block(0, {"reasoningContent": {"text": "hm"}}, start={"reasoningContent": {}}),
        block(1, {"text": "So."}, start={"text": ""}),
        block(2, {"text": "."}, start={}),
    )
    found = Answer.of(events(streamed))
    assert (found.reasoning, found.text) == ("hm", "So..")


# Tool calls.


def test_a_call_without_arguments_has_an_empty_object() -> None:
    streamed = answer(
        block(0, start={"toolUse": CALL}),
        block(1, {"toolUse": {"input": ""}}, start={"toolUse": {**CALL, "toolUseId": "t-9"}}),
        reason="tool_use",
    )
    found = Answer.of(events(streamed))
    assert [(call.id, call.arguments) for call in found.tool_calls] == [("t-1", "{}"), ("t-9", "{}")]
    assert found.finish_reason is FinishReason.TOOL_CALLS
    assert [call.arguments for call in Answer.of(events(whole({"toolUse": CALL}))).tool_calls] == ["{}"]


def test_half_a_call_is_an_interruption_unless_the_limit_was_reached() -> None:
    half = block(0, {"toolUse": {"input": '{"a": '}}, start={"toolUse": CALL})
    assert isinstance(failure(answer(half, reason="tool_use")), StreamInterrupted)
    assert Answer.of(events(answer(half, reason="max_tokens"))).finish_reason is FinishReason.LENGTH


def test_a_block_that_is_not_closed_is_closed_by_the_end() -> None:
    start = event("contentBlockStart", {"contentBlockIndex": 0, "start": {"toolUse": CALL}})
    assert [call.arguments for call in Answer.of(events(answer(start, reason="tool_use"))).tool_calls] == ["{}"]


def test_blocks_may_arrive_at_once_and_are_distinguished_by_their_number() -> None:
    def delta(index: int, piece: str) -> bytes:
        return event("contentBlockDelta", {"contentBlockIndex": index, "delta": {"toolUse": {"input": piece}}})

    starts = b"".join(
        event(
            "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": {**CALL, "toolUseId": f"t{index}"}}}
        )
        for index in (0, 1)
    )
    pieces = delta(0, '{"a":') + delta(1, '{"b":') + delta(0, "1}") + delta(1, "2}")
    found = Answer.of(events(answer(starts, pieces, reason="tool_use")))
    assert [call.arguments for call in found.tool_calls] == ['{"a":1}', '{"b":2}']


def test_a_tool_that_the_api_ran_is_a_block_of_the_provider() -> None:
    use, result = (
        {"toolUse": HOSTED},
        {"toolResult": {"toolUseId": "t-2", "type": "nova_grounding_result", "status": "success"}},
    )
    streamed = answer(
        block(0, {"toolUse": {"input": '{"query":'}}, {"toolUse": {"input": '"x"}'}}, start=use),
        block(1, {"toolResult": [{"text": "[HID"}]}, {"toolResult": [{"text": "DEN]"}, {"json": {}}]}, start=result),
        block(2, {"text": "Found."}),
    )
    full_use = {"toolUse": {**HOSTED, "input": {"query": "x"}}}
    full_result = {"toolResult": {**result["toolResult"], "content": [{"text": "[HIDDEN]"}, {"json": {}}]}}
    for body in (streamed, whole(full_use, full_result, {"text": "Found."})):
        found = events(body)
        blocks = [each.block for each in of_kind(ProviderBlockFound, found)]
        assert [each.format for each in blocks] == ["bedrock.converse"] * 2
        assert [orjson.loads(each.data) for each in blocks] == [full_use, full_result]
        assert Answer.of(found).finish_reason is FinishReason.STOP
        assert Answer.of(found).tool_calls == ()


def test_a_block_of_an_unknown_kind_is_kept_whole() -> None:
    image = {"image": {"format": "png", "source": {"bytes": "iVBORw=="}}}
    [found] = of_kind(ProviderBlockFound, events(whole(image)))
    assert found.block == ProviderBlock("bedrock.converse", orjson.dumps(image))


# Reasoning and citations.


def test_reasoning_comes_with_its_signature_and_goes_back_as_it_came() -> None:
    text = {"reasoningContent": {"reasoningText": {"text": "Let me see.", "signature": "c2ln"}}}
    secret = {"reasoningContent": {"redactedContent": "c2VhbA=="}}
    deltas = ({"text": "Let me "}, {"text": "see."}, {"signature": "c2ln"})
    streamed = answer(
        block(0, *({"reasoningContent": delta} for delta in deltas)),
        block(1, {"reasoningContent": {"redactedContent": "c2VhbA=="}}),
        block(2, {"text": "Yes."}),
    )
    for body in (streamed, whole(text, secret, {"text": "Yes."})):
        found = of_kind(ReasoningDelta, events(body))
        thought = "".join(each.text for each in found)
        seals = [each.signature for each in found if each.signature]
        assert thought == "Let me see."
        assert [reasoning_block(Reasoning(thought, seals[0])), reasoning_block(Reasoning("", seals[1]))] == [
            text,
            secret,
        ]
    with pytest.raises(UnicodeDecodeError):
        seals[1].decode()  # so that no other plugin takes it for a signature


def test_citations_have_address_title_and_words() -> None:
    web = {"location": {"web": {"url": "https://a.example/", "domain": "a.example"}}}
    page = {"title": "Facts", "source": "s3://b/facts", "sourceContent": [{"text": "One. "}, {"text": "Two."}]}
    spans = (TextSpan(4, 7),)
    expected = [Citation("https://a.example/", spans=spans), Citation("s3://b/facts", "Facts", "One. Two.", spans)]
    content = {"citationsContent": {"content": [{"text": "So."}], "citations": [web, page]}}
    streamed = answer(block(0, {"text": "Now "}), block(1, {"text": "So."}, {"citation": web}, {"citation": page}))
    for body in (streamed, whole({"text": "Now "}, content)):
        found = events(body)
        assert [each.citation for each in of_kind(CitationFound, found)] == expected
        assert Answer.of(found).text == "Now So."


# Usage.

COUNTS = {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2}


def test_cached_tokens_are_part_of_the_input() -> None:
    usage = {
        "inputTokens": 3,
        "outputTokens": 5,
        "totalTokens": 38,
        "cacheReadInputTokens": 10,
        "cacheWriteInputTokens": 20,
    }
    for body in (answer(usage=usage), whole(usage=usage)):
        [reported] = of_kind(UsageReported, events(body))
        assert reported == UsageReported(Usage(33, 5, 10, 20), 38)
        check_usage(reported.usage)


@pytest.mark.parametrize(
    ("more", "usual"),
    [
        ({}, True),
        ({"serviceTier": {"type": "default"}, "performanceConfig": {"latency": "standard"}}, True),
        ({"serviceTier": {"type": "flex"}}, True),
        ({"performanceConfig": {"latency": "optimized"}}, False),
        (
            {"usage": {**COUNTS, "cacheDetails": [{"ttl": "1h", "inputTokens": 9}, {"ttl": "5m", "inputTokens": 0}]}},
            False,
        ),
        (
            {"usage": {**COUNTS, "cacheDetails": [{"ttl": "1h", "inputTokens": 0}, {"ttl": "5m", "inputTokens": 9}]}},
            True,
        ),
        (
            {"usage": {"inputTokens": 1, "outputTokens": 1, "totalTokens": 2, "serverToolUsage": {"webSearch": 1}}},
            False,
        ),
    ],
)
def test_what_costs_more_than_its_tokens_is_reported(more: Any, usual: bool) -> None:
    usage = more.pop("usage", None)
    [reported] = of_kind(UsageReported, events(answer(usage=usage, **more)))
    assert reported.usual_rates is usual


def test_the_tier_that_served_the_call_is_reported() -> None:
    [reported] = of_kind(UsageReported, events(answer(serviceTier={"type": "priority"})))
    assert reported.service_tier == "priority"


def test_an_answer_without_counts_reports_none() -> None:
    assert of_kind(UsageReported, events(whole({"text": "a"}))) == []


# What is not as it should be.


@pytest.mark.parametrize(
    "body",
    [
        answer(block(0, {"toolUse": {"input": "{}"}})),
        answer(block(0, {"text": 7})),
        answer(block(0, start={"toolUse": {"name": "f"}})),
        event("contentBlockDelta", [1]),
        whole({"text": {}}),
        whole(7),
        b'{"output": {"message": {}}}',
        b'{"message": "no"}',
        b"data: {}\n\n",
        b"<html>Bad gateway</html>",
    ],
)
def test_what_does_not_follow_the_format_is_malformed(body: bytes) -> None:
    assert isinstance(failure(body), MalformedResponse)


def test_events_and_messages_that_are_not_known_are_ignored() -> None:
    news = event("somethingNew", {"a": 1}) + frame({":message-type": "other"}, b"\xff")
    delta = block(0, {"somethingNew": {}}, {"text": "Hi"})
    assert Answer.of(events(news + answer(delta))).text == "Hi"


def test_nothing_is_read_after_the_end() -> None:
    found = events(answer(block(0, {"text": "Hi"})) + answer(block(0, {"text": "again"})))
    assert [each for each in found if isinstance(each, TextDelta | Finished)] == [
        TextDelta("Hi"),
        Finished(FinishReason.STOP, "end_turn"),
    ]


def test_an_error_comes_after_what_was_written_before_it() -> None:
    body = event("messageStart", {"role": "assistant"}) + block(0, {"text": "Hi"})
    found = decoded(body + exception("throttlingException", {"message": "Too many tokens"}))
    assert found[0] == TextDelta("Hi")
    assert isinstance(found[-1], ProviderError)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "text",
                    "toolUse",
                    "toolResult",
                    "reasoningContent",
                    "citation",
                    "start",
                    "delta",
                    "contentBlockIndex",
                    "input",
                    "type",
                    "stopReason",
                    "usage",
                    "output",
                    "message",
                    "content",
                    "image",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KINDS = st.sampled_from(
    ["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
)


@given(documents=st.lists(st.tuples(KINDS, VALUES), max_size=6), noise=st.binary(max_size=20))
def test_odd_streams_end_in_an_answer_or_in_an_error(documents: list[tuple[str, Any]], noise: bytes) -> None:
    items = decoded(b"".join(event(kind, document) for kind, document in documents) + noise)
    assert isinstance(items[-1], Finished | MalformedResponse | StreamInterrupted)


@given(document=VALUES)
def test_odd_documents_end_in_an_answer_or_in_an_error(document: Any) -> None:
    items = decoded(orjson.dumps({"output": {"message": {"content": [document]}}, "usage": document}))
    assert isinstance(items[-1], Finished | MalformedResponse)


@pytest.mark.parametrize("rest", [b"\0" * 20, b"<html>", event("messageStop", {})])
def test_nothing_that_follows_a_whole_answer_counts(rest: bytes) -> None:
    streamed = answer(block(0, {"text": "a"}))
    assert decoded(streamed + rest) == decoded(streamed)
