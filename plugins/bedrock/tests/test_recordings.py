"""Every recorded exchange of Converse decodes to what is expected of it, however its bytes arrive."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import (
    ABOUT_THE_RECORDING,
    Exchange,
    body_of,
    check_error,
    cut_at,
    decode,
    is_streamed,
    of_kind,
    parameters,
    recorded,
)
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
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.recorded import Cut, each_byte, randomly, whole

EXCHANGES = recorded("bedrock/bedrock.converse*.json")

NO_USAGE = {"input": 0, "output": 0, "cached_input": 0, "cache_write": 0, "reasoning_output": 0, "total": None}


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
    expected = {name: value for name, value in exchange["expect"].items() if name not in ABOUT_THE_RECORDING}
    found = neutral(decoded)
    if is_streamed(exchange):  # a block of text has no beginning of its own, nor does `expect` count citations
        unsaid = {"block_types": found["block_types"], "citations": found["citations"]}
    else:
        unsaid = {"citations": 0, "stream_complete": True}
    silent = {"reasoning": "", **unsaid, **hosted(expected, decoded)}
    silent["usage"] = {**NO_USAGE, **expected["usage"]}
    assert found == silent


@pytest.mark.parametrize("cut", [whole, each_byte, randomly(7), randomly(8, 2), randomly(9, 300)])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut) -> None:
    check(exchange, decode(ConverseDecoder(), body_of(exchange), cut))


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    body = body_of(exchange)
    assert decode(ConverseDecoder(), body, cut_at(cuts)) == decode(ConverseDecoder(), body)


def end_of(exchange: Exchange) -> int:
    """The number of bytes after which an answer is whole: its counts may be lost."""
    body = body_of(exchange)
    if not is_streamed(exchange):
        return len(body.rstrip())
    parser = EventStreamParser()
    for end in range(len(body)):
        for message in parser.feed(body[end : end + 1]):
            if message.header(":event-type") == "messageStop":
                return end + 1
    raise AssertionError("the recording has no end")


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    decoded = decode(ConverseDecoder(), body_of(exchange)[: int(end_of(exchange) * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


@pytest.mark.parametrize("exchange", parameters(filter(is_streamed, of_kind("completion", EXCHANGES))))
def test_a_stream_that_loses_its_counts_is_whole_without_them(exchange: Exchange) -> None:
    decoded, all_of_it = (
        decode(ConverseDecoder(), body_of(exchange)[: end_of(exchange) + 5]),
        decode(ConverseDecoder(), body_of(exchange)),
    )
    assert isinstance(decoded[-1], Finished)
    assert not any(isinstance(event, UsageReported) for event in decoded)
    assert (
        Answer.of(event for event in decoded if not isinstance(event, ProviderError)).text == exchange["expect"]["text"]
    )
    # Why a guardrail intervened comes with the counts.
    assert decoded[:-1] == [event for event in all_of_it[:-1] if not isinstance(event, UsageReported)]


@given(
    exchange=st.sampled_from([each for each in of_kind("completion", EXCHANGES) if is_streamed(each)]),
    where=st.integers(0, 100_000),
    bit=st.integers(0, 7),
)
def test_a_changed_bit_is_noticed(exchange: Exchange, where: int, bit: int) -> None:
    body = bytearray(body_of(exchange))
    body[where % end_of(exchange)] ^= 1 << bit
    assert isinstance(decode(ConverseDecoder(), bytes(body))[-1], MalformedResponse | StreamInterrupted)


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
def test_a_recorded_error_has_its_meaning(exchange: Exchange) -> None:
    check_error(exchange, ERRORS)


def test_every_recording_is_proved() -> None:
    assert {each["expect"]["kind"] for each in EXCHANGES} == {"completion", "error"}


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max(
        (each for each in of_kind("completion", EXCHANGES) if is_streamed(each)), key=lambda e: len(body_of(e))
    )
    decoder = ConverseDecoder()
    body = body_of(streamed)
    early = decoder.feed(body[: len(body) // 2])
    assert any(isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta) for event in early)
