"""Every recorded exchange of the chat API decodes to what is expected of it, however its bytes arrive."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import ABOUT_THE_RECORDING, Exchange, body_of, cut_at, decode, of_kind, parameters, recorded
from ymera_cohere.decoder import ChatDecoder
from ymera_cohere.errors import ERRORS
from ymera_cohere.message_reader import PLAN

from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    UsageReported,
)
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.recorded import Cut, each_byte, each_event, randomly, whole

EXCHANGES = recorded("cohere/cohere.chat-v*.json")

NO_USAGE = {"input": 0, "output": 0, "cached_input": 0, "billed_input": 0, "billed_output": 0}
NOT_READ = ABOUT_THE_RECORDING | {"model"}
"""An answer does not name its model."""


def reasoning_of(events: list[ProviderEvent]) -> dict[str, str]:
    """Plans and thinking, by the signature that ends each."""
    found = {"tool_plan": "", "reasoning": ""}
    text = ""
    for event in events:
        if isinstance(event, ReasoningDelta):
            text += event.text
            if event.signature:
                found["tool_plan" if event.signature == PLAN else "reasoning"] += text
                text = ""
    assert not text, "reasoning without an end"
    return found


def neutral(decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """The events in the words of `expect`."""
    events = [event for event in decoded if not isinstance(event, ProviderError)]
    answer = Answer.of(events)
    [started] = [event for event in events if isinstance(event, ResponseStarted)]
    [reported] = [event for event in events if isinstance(event, UsageReported)]
    end = decoded[-1]
    assert isinstance(end, Finished)
    assert reported.billed
    return {
        "text": answer.text,
        **reasoning_of(events),
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)} for call in answer.tool_calls
        ],
        "finish_reason": end.reason.value,
        "finish_reason_raw": end.raw_reason,
        "citations": len(answer.citations),
        "usage": {
            "input": reported.usage.input_tokens,
            "output": reported.usage.output_tokens,
            "cached_input": reported.usage.cache_read_input_tokens,
            "reasoning_output": reported.usage.reasoning_output_tokens,
            "billed_input": reported.billed.input_tokens,
            "billed_output": reported.billed.output_tokens,
        },
        "response_id": started.response_id,
        "stream_complete": True,
    }


def check(exchange: Exchange, decoded: list[ProviderEvent | ProviderError]) -> None:
    """Whatever `expect` names is so, and whatever it leaves out was not there."""
    expected = {name: value for name, value in exchange["expect"].items() if name not in NOT_READ}
    unsaid = {"reasoning": "", "tool_plan": "", "citations": 0, "stream_complete": True}
    found = neutral(decoded)
    if "reasoning_output" not in expected["usage"]:  # the recorder does not read it
        thought = found["usage"].pop("reasoning_output")
        assert bool(thought) == bool(re.search(rb'"reasoning_tokens": ?[1-9]', body_of(exchange)))
    assert found == {**unsaid, **expected, "usage": {**NO_USAGE, **expected["usage"]}}


@pytest.mark.parametrize("cut", [whole, each_byte, each_event, randomly(7), randomly(8, 2)])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut) -> None:
    check(exchange, decode(ChatDecoder(), body_of(exchange), cut))


@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_citation_points_to_its_words(exchange: Exchange) -> None:
    events = [event for event in decode(ChatDecoder(), body_of(exchange)) if not isinstance(event, ProviderError)]
    text = Answer.of(events).text
    for citation in (event.citation for event in events if isinstance(event, CitationFound)):
        [span] = citation.spans
        assert text[span.start : span.end] == citation.cited_text
        assert citation.title


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    body = body_of(exchange)
    assert decode(ChatDecoder(), body, cut_at(cuts)) == decode(ChatDecoder(), body)


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    body = body_of(exchange).rstrip()
    # The end of a stream is the last event before `[DONE]`, of which only the closing brackets must not be lost.
    end = body.rfind(b'"finish_reason"') if "sse_text" in exchange["response"] else len(body)
    decoded = decode(ChatDecoder(), body[: int(end * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


@given(
    exchange=st.sampled_from(of_kind("completion", EXCHANGES)),
    noise=st.binary(max_size=40),
    place=st.floats(0, 1),
    replaces=st.integers(0, 40),
)
def test_noise_is_an_answer_or_a_provider_error(exchange: Exchange, noise: bytes, place: float, replaces: int) -> None:
    body = body_of(exchange)
    start = int(len(body) * place)
    decoded = decode(ChatDecoder(), body[:start] + noise + body[start + replaces :], randomly(3))
    assert isinstance(decoded[-1], Finished | ProviderError)
    assert sum(isinstance(event, Finished | ProviderError) for event in decoded) == 1


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
def test_a_recorded_error_has_its_meaning(exchange: Exchange) -> None:
    response = exchange["response"]
    error = ERRORS.of_response(HttpResponse(response["status"], response["headers"], body_of(exchange)))
    assert isinstance(error, AuthenticationFailed)
    assert error.message == exchange["expect"]["error"]["message"]


def test_every_recording_is_proved() -> None:
    assert {each["expect"]["kind"] for each in EXCHANGES} == {"completion", "error"}


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max(
        (each for each in of_kind("completion", EXCHANGES) if "stream" in each["features"]),
        key=lambda e: len(body_of(e)),
    )
    decoder = ChatDecoder()
    body = body_of(streamed)
    assert any(isinstance(event, TextDelta | ReasoningDelta) for event in decoder.feed(body[: len(body) // 2]))
