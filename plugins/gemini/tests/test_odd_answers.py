"""Answers that are odd, broken or random."""

from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ymera_gemini.decoder import GenerateContentDecoder

from ymera_service.sdk.errors import (
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import Finished, OutputItem, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.testing.answers import Answer

Record = Mapping[str, Any]
Items = list[ProviderEvent | ProviderError]


def candidate(*parts: Record, **more: Any) -> Record:
    return {"content": {"parts": list(parts), "role": "model"}, **more}


def chunk(*parts: Record, **more: Any) -> Record:
    return {"candidates": [candidate(*parts, **more)], "responseId": "r", "modelVersion": "gemini-x"}


STOP = chunk(finishReason="STOP")


def decoded(body: bytes) -> Items:
    decoder = GenerateContentDecoder()
    return [*decoder.feed(body), *decoder.close()]


def streamed(*chunks: Record) -> Items:
    return decoded(b"".join(b"data: %b\r\n\r\n" % orjson.dumps(each) for each in chunks))


def whole(document: Any) -> Items:
    return decoded(orjson.dumps(document))


def said(words: str) -> bytes:
    """A chunk of text, escaped as it stands here."""
    return b'data: {"candidates":[{"content":{"parts":[{"text":"%b"}]}}]}\n\n' % words.encode()


def end_of(items: Items) -> Finished:
    assert isinstance(items[-1], Finished)
    return items[-1]


END = b"data: " + orjson.dumps(STOP) + b"\n\n"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("LANGUAGE", FinishReason.CONTENT_FILTER),
        ("BLOCKLIST", FinishReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
        ("SPII", FinishReason.CONTENT_FILTER),
        ("MODEL_ARMOR", FinishReason.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", FinishReason.ERROR),
        ("UNEXPECTED_TOOL_CALL", FinishReason.ERROR),
        ("TOO_MANY_TOOL_CALLS", FinishReason.ERROR),
        ("MISSING_THOUGHT_SIGNATURE", FinishReason.ERROR),
        ("OTHER", FinishReason.ERROR),
        ("SOMETHING_NEW", FinishReason.ERROR),
    ],
)
def test_every_finish_reason_has_its_meaning(raw: str, reason: FinishReason) -> None:
    for items in (
        streamed(chunk({"text": "a"}), chunk(finishReason=raw)),
        whole(chunk({"text": "a"}, finishReason=raw)),
    ):
        assert (end_of(items).reason, end_of(items).raw_reason) == (reason, raw)


def test_what_the_model_failed_at_is_the_incomplete_reason() -> None:
    end = end_of(whole(chunk(finishReason="MALFORMED_FUNCTION_CALL", finishMessage="Malformed function call: f(")))
    assert end.incomplete_reason == "Malformed function call: f("


def test_a_call_ends_in_tool_calls_unless_the_answer_was_cut_off() -> None:
    call = {"functionCall": {"name": "f"}}
    assert end_of(whole(chunk(call, finishReason="STOP"))).reason is FinishReason.TOOL_CALLS
    assert end_of(whole(chunk(call, finishReason="MAX_TOKENS"))).reason is FinishReason.LENGTH
    assert (
        Answer.of(each for each in whole(chunk(call)) if not isinstance(each, ProviderError)).tool_calls[0].arguments
        == "{}"
    )


@pytest.mark.parametrize("stream", [True, False])
def test_a_blocked_prompt_is_filtered_and_says_why(stream: bool) -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}
    items = streamed(blocked) if stream else whole(blocked)
    assert end_of(items) == Finished(FinishReason.CONTENT_FILTER, incomplete_reason="PROHIBITED_CONTENT")
    assert UsageReported(Usage(9)) in items


def test_an_answer_without_candidates_is_malformed() -> None:
    documents: list[Record] = [
        {},
        {"candidates": []},
        {"usageMetadata": {"promptTokenCount": 9}},
        {"promptFeedback": {}},
    ]
    for document in documents:
        assert isinstance(whole(document)[-1], MalformedResponse)


def test_a_whole_answer_may_lack_its_finish_reason() -> None:
    assert end_of(whole(chunk({"text": "a"}))) == Finished(FinishReason.STOP)


def test_a_stream_without_a_finish_reason_is_interrupted_and_keeps_its_counts() -> None:
    counts = {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1}}
    items = streamed({**chunk({"text": "a"}), **counts})
    assert isinstance(items[-1], StreamInterrupted)
    assert items[-2] == UsageReported(Usage(3, 1))


def test_what_follows_the_finish_reason_counts() -> None:
    items = streamed(chunk({"text": "a"}), STOP, {"usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 2}})
    assert items[-2:] == [UsageReported(Usage(5, 2)), Finished(FinishReason.STOP, "STOP")]


def test_every_candidate_has_to_end() -> None:
    def both(first: Record, second: Record) -> Record:
        return {"candidates": [first, {**second, "index": 1}]}

    begun = both(candidate({"text": "a"}), candidate({"text": "b"}))
    half = streamed(begun, chunk(finishReason="STOP"))
    assert isinstance(half[-1], StreamInterrupted)
    second = candidate({"text": "Hm", "thought": True}, {"text": "c"}, finishReason="MAX_TOKENS")
    items = streamed(begun, both(candidate(finishReason="STOP"), second))
    assert end_of(items).reason is FinishReason.STOP
    assert [(each.text, each.choice) for each in items if isinstance(each, TextDelta)] == [("a", 0), ("b", 1), ("c", 1)]


def test_other_parts_are_named() -> None:
    parts: list[Record] = [
        {"executableCode": {"code": "1"}},
        {"thoughtSignature": "s", "inlineData": {"data": "", "mimeType": "image/png"}},
    ]
    items = whole(chunk(*parts, finishReason="STOP"))
    assert [each.type for each in items if isinstance(each, OutputItem)] == ["executableCode", "inlineData"]


def test_tokens_of_tools_and_thoughts_are_part_of_input_and_output() -> None:
    counts = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 5,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 7,
        "totalTokenCount": 25,
    }
    items = whole({**STOP, "usageMetadata": counts})
    usage = Usage(15, 10, cache_read_input_tokens=4, reasoning_output_tokens=7)
    assert items[-2] == UsageReported(usage, total_tokens=25)


def test_more_cached_tokens_than_input_are_corrected_and_marked() -> None:
    items = whole({**STOP, "usageMetadata": {"promptTokenCount": 2, "cachedContentTokenCount": 9}})
    assert items[-2] == UsageReported(Usage(2, cache_read_input_tokens=2), estimated=True)


def test_an_error_within_a_stream_keeps_its_meaning() -> None:
    error = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    for items in (streamed(chunk({"text": "a"}), error), whole([chunk({"text": "a"}), error]), whole([error])):
        assert isinstance(items[-1], ProviderOverloaded)
    limited = whole({"error": {"code": 429, "message": "Slow down", "status": "RESOURCE_EXHAUSTED"}})[-1]
    assert isinstance(limited, RateLimited)


def test_the_array_of_a_stream_is_read() -> None:
    items = whole([chunk({"text": "a"}), chunk({"text": "b"}, finishReason="STOP")])
    assert [each.text for each in items if isinstance(each, TextDelta)] == ["a", "b"]
    assert isinstance(whole([chunk({"text": "a"})])[-1], StreamInterrupted)


def test_an_emoji_in_two_escaped_halves_is_one_character() -> None:
    items = decoded(said("a\\ud83d") + said("\\ude00b") + END)
    assert "".join(each.text for each in items if isinstance(each, TextDelta)) == "a\U0001f600b"
    assert isinstance(items[-1], Finished)


def test_a_number_that_is_none_in_a_member_that_is_not_read_is_passed_over() -> None:
    odd = b'data: {"candidates":[{"avgLogprobs":NaN,"content":{"parts":[{"text":"a"}]}}]}\n\n'
    items = decoded(odd + END)
    assert TextDelta("a") in items
    assert isinstance(items[-1], Finished)


def test_an_end_within_a_character_is_an_interruption() -> None:
    assert isinstance(decoded(said("ä").split(b"\xa4")[0])[-1], StreamInterrupted)


@pytest.mark.parametrize(
    "part",
    [{"text": 7}, {"functionCall": {}}, {"functionCall": {"name": 1}}, {"functionCall": {"name": "f", "args": "x"}}],
)
def test_a_part_of_the_answer_that_is_not_in_the_format_is_malformed(part: Record) -> None:
    assert isinstance(whole(chunk(part, finishReason="STOP"))[-1], MalformedResponse)


scalars = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8)
NAMES = """
candidates content parts text thought thoughtSignature functionCall name args id finishReason finishMessage index
usageMetadata promptTokenCount candidatesTokenCount thoughtsTokenCount totalTokenCount cachedContentTokenCount
promptFeedback blockReason groundingMetadata groundingChunks groundingSupports groundingChunkIndices segment web uri
title citationMetadata citationSources error code message status details modelVersion responseId inlineData
"""
names = st.sampled_from(NAMES.split())
values = st.recursive(
    scalars | st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=5),
    max_leaves=12,
)
candidates = st.fixed_dictionaries(
    {"content": st.fixed_dictionaries({"parts": st.lists(values, max_size=3)})},
    optional={"finishReason": values, "index": values, "groundingMetadata": values, "citationMetadata": values},
)
chunks_of_any_shape = st.fixed_dictionaries(
    {"candidates": st.lists(candidates, max_size=2)}, optional={"usageMetadata": values, "promptFeedback": values}
)


def check_only_provider_errors(items: Items) -> None:
    assert isinstance(items[-1], Finished | ProviderError)
    assert not any(isinstance(each, Finished | ProviderError) for each in items[:-1])


@given(body=st.binary(max_size=200), lead=st.sampled_from([b"", b"data: ", b"{", b"[{", b"\xef\xbb\xbf"]))
@example(body=b"", lead=b"\xef\xbb\xbf")
def test_random_bytes_give_nothing_but_provider_errors(body: bytes, lead: bytes) -> None:
    check_only_provider_errors(decoded(lead + body))


@given(chunks=st.lists(chunks_of_any_shape | values, max_size=6))
def test_random_chunks_give_nothing_but_provider_errors(chunks: list[Any]) -> None:
    lines = [orjson.dumps(each, default=str) for each in chunks if writable(each)]
    check_only_provider_errors(decoded(b"".join(b"data: %b\n\n" % line for line in lines)))
    check_only_provider_errors(decoded(b"[%b]" % b",".join(lines)))


@given(document=chunks_of_any_shape | values)
def test_a_random_document_gives_nothing_but_provider_errors(document: Any) -> None:
    if writable(document):
        check_only_provider_errors(whole(document))


def writable(value: Any) -> bool:
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:  # integers beyond 64 bits
        return False
    return True
