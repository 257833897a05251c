"""Every recorded exchange in Anthropic's format decodes to what is expected of it, however its bytes arrive."""

import json
from collections.abc import Callable
from typing import Any

import orjson
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
    of_kind,
    parameters,
    recorded,
    with_crlf,
)
from ymera_anthropic.decoder import MessagesDecoder
from ymera_anthropic.errors import ERRORS
from ymera_anthropic.listing import read_page
from ymera_anthropic.provider import AnthropicProvider, Vendor
from ymera_anthropic.settings import AnthropicSettings

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.answers import Answer, count_of
from ymera_service.sdk.testing.recorded import Cut, RecordedTransport, each_byte, each_event, randomly, whole
from ymera_service.sdk.testing.recorded import Exchange as Response

EXCHANGES = [each for each in recorded("*/*.json") if each["vendor"] == "anthropic" or each["endpoint"] == "messages"]


def neutral(decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """The events in the words of `expect`."""
    events = [event for event in decoded if not isinstance(event, ProviderError)]
    answer = Answer.of(events)
    started = next(event for event in events if isinstance(event, ResponseStarted))
    end = decoded[-1]
    assert isinstance(end, Finished)
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": [arguments_of(call.id, call.name, call.arguments) for call in answer.tool_calls],
        "finish_reason": end.reason.value,
        "finish_reason_raw": end.raw_reason,
        "stop_sequence": end.stop_sequence,
        "citations": len(answer.citations),
        "block_types": [event.type for event in events if isinstance(event, OutputItem)],
        "usage": usage_of(answer),
        "model": started.model,
        "response_id": started.response_id,
        "stream_complete": True,
    }


def arguments_of(id: str, name: str, arguments: str) -> dict[str, Any]:
    try:
        value = json.loads(arguments)
    except ValueError:
        return {"id": id, "name": name, "arguments_raw": arguments}
    return {"id": id, "name": name, "arguments": value}


def usage_of(answer: Answer) -> dict[str, int]:
    usage = answer.usage
    assert usage
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached_input": usage.cache_read_input_tokens,
        "cache_write": usage.cache_creation_input_tokens,
        "reasoning_output": usage.reasoning_output_tokens,
    }


def check(exchange: Exchange, decoded: list[ProviderEvent | ProviderError]) -> None:
    """Whatever `expect` names is so, and whatever it leaves out was not there."""
    expected = {name: value for name, value in exchange["expect"].items() if name not in ABOUT_THE_RECORDING}
    silent = {"reasoning": "", "stop_sequence": "", "citations": 0, "stream_complete": True, **expected}
    silent["usage"] = {"cached_input": 0, "cache_write": 0, "reasoning_output": 0, **expected["usage"]}
    assert neutral(decoded) == silent


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("cut", [whole, each_byte, each_event, randomly(7), randomly(8, 2)])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut, crlf: bool) -> None:
    check(exchange, decode(MessagesDecoder(), body_of(exchange), with_crlf(cut) if crlf else cut))


@given(
    exchange=st.sampled_from(of_kind("completion", EXCHANGES)),
    cuts=st.lists(st.integers(0, 100_000), max_size=12),
)
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    assert decode(MessagesDecoder(), body_of(exchange), cut_at(cuts)) == decode(MessagesDecoder(), body_of(exchange))


@given(
    exchange=st.sampled_from(of_kind("completion", EXCHANGES)),
    share=st.floats(0, 1, exclude_max=True),
)
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    body = body_of(exchange).rstrip()
    # What comes after the last event's data says no more.
    end = body.find(b'"message_stop"') if "sse_text" in exchange["response"] else len(body)
    decoded = decode(MessagesDecoder(), body[: int(end * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


def test_usage_reported_before_an_interruption_is_kept() -> None:
    streamed = next(each for each in EXCHANGES if each["response"].get("sse_text"))
    decoded = decode(MessagesDecoder(), body_of(streamed).partition(b"event: message_delta")[0])
    assert isinstance(decoded[-2], UsageReported)
    assert decoded[-2].usage.input_tokens > 0
    assert isinstance(decoded[-1], StreamInterrupted)


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
def test_a_recorded_error_has_its_meaning(exchange: Exchange) -> None:
    check_error(exchange, ERRORS)


@pytest.mark.parametrize("exchange", parameters(of_kind("models", EXCHANGES)))
def test_a_recorded_listing_names_its_models_in_order(exchange: Exchange) -> None:
    listed, _ = read_page(orjson.loads(body_of(exchange)))
    expected = exchange["expect"]
    assert (len(listed), list(listed)) == (expected["count"], expected["ids"])


@pytest.mark.parametrize("exchange", parameters(of_kind("count_tokens", EXCHANGES)))
async def test_a_recorded_count_is_read(exchange: Exchange, recorded_http: Callable[..., RecordedTransport]) -> None:
    transport = recorded_http(Response(body_of(exchange), path="/messages/count_tokens"))
    provider = AnthropicProvider(Vendor("anthropic", "http://upstream/v1", {}), AnthropicSettings(), transport)
    assert await count_of(provider, "claude-haiku-4-5", Prompt((user("x"),))) == exchange["expect"]["input"]


def test_every_recording_is_proved() -> None:
    proved = {"completion", "error", "models", "count_tokens"}
    assert {each["expect"]["kind"] for each in EXCHANGES} == proved


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max(
        (each for each in EXCHANGES if each["response"].get("sse_text")), key=lambda each: len(body_of(each))
    )
    decoder = MessagesDecoder()
    body = body_of(streamed)
    early = [*decoder.feed(body[: len(body) // 2])]
    assert any(isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta | CitationFound) for event in early)
