"""Every recorded exchange of Converse decodes to what is expected of it, however its bytes arrive."""

import json
from base64 import b64decode
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ymera_bedrock.decoder import ConverseDecoder
from ymera_bedrock.errors import ERRORS
from ymera_bedrock.event_stream import EventStreamParser

from ymera_service.sdk.content import ToolCall
from ymera_service.sdk.errors import MalformedResponse, ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    Finished,
    OutputItem,
    ProviderBlockFound,
    ProviderEvent,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.recorded import Cut, each_byte, randomly, whole

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
EXCHANGES: list[Exchange] = [
    json.loads(path.read_bytes()) for path in sorted((WIRE / "bedrock").glob("bedrock.converse*.json"))
]
if not EXCHANGES:
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

NO_USAGE = {"input": 0, "output": 0, "cached_input": 0, "cache_write": 0, "reasoning_output": 0, "total": None}
SAID_BY_THE_RECORDER = {"kind", "computed_by", "note", "stream_chunks"}
CLASSES = {
    "PROVIDER_AUTHENTICATION": "authentication",
    "PROVIDER_INVALID_REQUEST": "invalid_request",
    "PROVIDER_NOT_FOUND": "not_found",
    "PROVIDER_OVERLOADED": "overloaded",
    "PROVIDER_PERMISSION_DENIED": "permission",
    "PROVIDER_SERVER_ERROR": "server_error",
    "PROVIDER_TIMEOUT": "timeout",
    "CONTENT_FILTERED": "content_filtered",
    "CONTEXT_TOO_LONG": "context_too_long",
    "QUOTA_EXHAUSTED": "quota_exhausted",
    "RATE_LIMITED": "rate_limited",
}


def body_of(exchange: Exchange) -> bytes:
    response = exchange["response"]
    return b64decode(response["body_b64"]) if "body_b64" in response else str(response["body_text"]).encode()


def is_stream(exchange: Exchange) -> bool:
    return "body_b64" in exchange["response"]


def chosen(kind: str) -> list[Exchange]:
    return [each for each in EXCHANGES if each["expect"]["kind"] == kind]


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in chosen(kind)]


def decode(body: bytes, cut: Cut = whole) -> list[ProviderEvent | ProviderError]:
    decoder = ConverseDecoder()
    decoded = [event for piece in cut(body) for event in decoder.feed(piece)]
    return [*decoded, *decoder.close()]


def at(cuts: Iterable[int]) -> Cut:
    def cut(body: bytes) -> Iterable[bytes]:
        points = [0, *sorted(point % (len(body) + 1) for point in cuts), len(body)]
        return [body[start:end] for start, end in pairwise(points)]

    return cut


def neutral(decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """The events in the words of `expect`."""
    events = [event for event in decoded if not isinstance(event, ProviderError)]
    answer, end = Answer.of(events), decoded[-1]
    assert isinstance(end, Finished)
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": [call_of(call) for call in answer.tool_calls],
        "finish_reason": end.reason.value,
        "finish_reason_raw": end.raw_reason,
        "citations": len(answer.citations),
        "usage": usage_of(events),
        "block_types": [event.type for event in events if isinstance(event, OutputItem)],
        "stream_complete": True,
    }


def call_of(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)}


def usage_of(events: list[ProviderEvent]) -> dict[str, int | None]:
    [reported] = [event for event in events if isinstance(event, UsageReported)]
    usage = reported.usage
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached_input": usage.cache_read_input_tokens,
        "cache_write": usage.cache_creation_input_tokens,
        "reasoning_output": usage.reasoning_output_tokens,
        "total": reported.total_tokens,
    }


def hosted(expected: dict[str, Any], decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """What is expected, with the calls of tools that the API ran itself as blocks.

    `expect` counts such a call as one that the caller has to make, which would wait for a result that the answer holds
    already.
    """
    blocks = [json.loads(event.block.data) for event in decoded if isinstance(event, ProviderBlockFound)]
    ran = {block["toolUse"]["toolUseId"] for block in blocks if "toolUse" in block}
    calls = [call for call in expected["tool_calls"] if call["id"] not in ran]
    if len(calls) == len(expected["tool_calls"]):
        return expected
    assert {block["toolResult"]["toolUseId"] for block in blocks if "toolResult" in block} == ran
    return expected | {"tool_calls": calls, "finish_reason": "tool_calls" if calls else "stop"}


def check(exchange: Exchange, decoded: list[ProviderEvent | ProviderError]) -> None:
    """Whatever `expect` names is so, and whatever it leaves out was not there."""
    expected = {name: value for name, value in exchange["expect"].items() if name not in SAID_BY_THE_RECORDER}
    found = neutral(decoded)
    if is_stream(exchange):  # a block of text has no beginning of its own, nor does `expect` count citations
        unsaid = {"block_types": found["block_types"], "citations": found["citations"]}
    else:
        unsaid = {"citations": 0, "stream_complete": True}
    silent = {"reasoning": "", **unsaid, **hosted(expected, decoded)}
    silent["usage"] = {**NO_USAGE, **expected["usage"]}
    assert found == silent


@pytest.mark.parametrize("cut", [whole, each_byte, randomly(7), randomly(8, 2), randomly(9, 300)])
@pytest.mark.parametrize("exchange", of_kind("completion"))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut) -> None:
    check(exchange, decode(body_of(exchange), cut))


@given(exchange=st.sampled_from(chosen("completion")), cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    body = body_of(exchange)
    assert decode(body, at(cuts)) == decode(body)


def end_of(exchange: Exchange) -> int:
    """The number of bytes after which an answer is whole: its counts may be lost."""
    body = body_of(exchange)
    if not is_stream(exchange):
        return len(body.rstrip())
    parser = EventStreamParser()
    for end in range(len(body)):
        for message in parser.feed(body[end : end + 1]):
            if message.header(":event-type") == "messageStop":
                return end + 1
    raise AssertionError("the recording has no end")


@given(exchange=st.sampled_from(chosen("completion")), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    decoded = decode(body_of(exchange)[: int(end_of(exchange) * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


@pytest.mark.parametrize("exchange", [each for each in of_kind("completion") if is_stream(each.values[0])])
def test_a_stream_that_loses_its_counts_is_whole_without_them(exchange: Exchange) -> None:
    decoded, all_of_it = decode(body_of(exchange)[: end_of(exchange) + 5]), decode(body_of(exchange))
    assert isinstance(decoded[-1], Finished)
    assert not any(isinstance(event, UsageReported) for event in decoded)
    assert (
        Answer.of(event for event in decoded if not isinstance(event, ProviderError)).text == exchange["expect"]["text"]
    )
    # Why a guardrail intervened comes with the counts.
    assert decoded[:-1] == [event for event in all_of_it[:-1] if not isinstance(event, UsageReported)]


@settings(deadline=None)  # finding the end of the longest recording takes a while on a busy machine
@given(
    exchange=st.sampled_from([each for each in chosen("completion") if is_stream(each)]),
    where=st.integers(0, 100_000),
    bit=st.integers(0, 7),
)
def test_a_changed_bit_is_noticed(exchange: Exchange, where: int, bit: int) -> None:
    body = bytearray(body_of(exchange))
    body[where % end_of(exchange)] ^= 1 << bit
    assert isinstance(decode(bytes(body))[-1], MalformedResponse | StreamInterrupted)


@pytest.mark.parametrize("exchange", of_kind("error"))
def test_a_recorded_error_has_its_meaning(exchange: Exchange) -> None:
    response = exchange["response"]
    error = ERRORS.of_response(HttpResponse(response["status"], response["headers"], body_of(exchange)))
    reported = {
        "class": CLASSES[error.reason],
        "status": error.status,
        "type": error.type,
        "code": error.code,
        "param": error.param,
        "message": error.message,
        "retry_after_s": error.retry_after,
    }
    expected = {name: value for name, value in exchange["expect"]["error"].items() if name != "sdk_exception"}
    assert reported == {"type": None, "code": None, "param": None, "retry_after_s": None, **expected}


def test_every_recording_is_proved() -> None:
    assert {each["expect"]["kind"] for each in EXCHANGES} == {"completion", "error"}


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max((each for each in chosen("completion") if is_stream(each)), key=lambda e: len(body_of(e)))
    decoder = ConverseDecoder()
    body = body_of(streamed)
    early = decoder.feed(body[: len(body) // 2])
    assert any(isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta) for event in early)
