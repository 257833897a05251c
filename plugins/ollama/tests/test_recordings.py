"""Every recorded exchange in Ollama's format decodes to what is expected of it, however its bytes arrive."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import (
    ABOUT_THE_RECORDING,
    WIRE,
    Exchange,
    body_of,
    cut_at,
    decode,
    of_kind,
    parameters,
    recorded,
    with_crlf,
)
from ymera_ollama.answer_reader import MADE_UP
from ymera_ollama.decoder import ChatDecoder
from ymera_ollama.embeddings import decode as decode_embeddings
from ymera_ollama.errors import ERRORS
from ymera_ollama.listing import profile_of

from ymera_service.sdk.errors import AuthenticationFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Finished, ProviderEvent, ResponseStarted, TextDelta, ToolCallDelta, UsageReported
from ymera_service.sdk.generation import Usage
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.testing.answers import Answer
from ymera_service.sdk.testing.recorded import Cut, each_byte, each_line, randomly, whole

OTHER_FORMATS = {"chat.completions": "OpenAI's form, which ymera-openai reads"}
EXCHANGES = [each for each in recorded("ollama/*.json") if each["endpoint"] not in OTHER_FORMATS]


def neutral(decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """The events in the words of `expect`."""
    events = [event for event in decoded if not isinstance(event, ProviderError)]
    answer = Answer.of(events)
    [started] = [event for event in events if isinstance(event, ResponseStarted)]
    [usage] = [event.usage for event in events if isinstance(event, UsageReported)]
    end = decoded[-1]
    assert isinstance(end, Finished)
    return {
        "text": answer.text,
        "reasoning": answer.reasoning,
        "tool_calls": [call_of(call.id, call.name, call.arguments) for call in answer.tool_calls],
        "finish_reason": end.reason.value,
        "finish_reason_raw": end.raw_reason,
        "usage": {"input": usage.input_tokens, "output": usage.output_tokens},
        "model": started.model,
        "stream_complete": True,
    }


def call_of(id: str, name: str, arguments: str) -> dict[str, Any]:
    call = {"name": name, "arguments": json.loads(arguments)}
    return call if id.startswith(MADE_UP) else call | {"id": id}


def check(exchange: Exchange, decoded: list[ProviderEvent | ProviderError]) -> None:
    """Whatever `expect` names is so, and whatever it leaves out was not there."""
    expected = {name: value for name, value in exchange["expect"].items() if name not in ABOUT_THE_RECORDING}
    silent = {"reasoning": "", "stream_complete": True, **expected}
    silent["usage"] = {"input": 0, **expected["usage"]}  # older versions leave out what they had in their cache
    assert neutral(decoded) == silent


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("cut", [whole, each_byte, each_line, randomly(7), randomly(8, 2)])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut, crlf: bool) -> None:
    check(exchange, decode(ChatDecoder(), body_of(exchange), with_crlf(cut) if crlf else cut))


@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_an_answer_in_one_piece_may_be_set_in_several_lines(exchange: Exchange) -> None:
    if "stream" not in exchange["features"]:
        body = orjson.dumps(orjson.loads(body_of(exchange)), option=orjson.OPT_INDENT_2)
        check(exchange, decode(ChatDecoder(), body))


def without_made_up(events: list[ProviderEvent | ProviderError]) -> list[ProviderEvent | ProviderError]:
    """The events without the ids that were made up."""
    return [
        ToolCallDelta(event.index, "", event.name, event.arguments)
        if isinstance(event, ToolCallDelta) and event.id.startswith(MADE_UP)
        else event
        for event in events
    ]


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    body = body_of(exchange)
    assert without_made_up(decode(ChatDecoder(), body, cut_at(cuts))) == without_made_up(decode(ChatDecoder(), body))


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    body = body_of(exchange).rstrip()
    decoded = decode(ChatDecoder(), body[: int(len(body) * share)])
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


@pytest.mark.parametrize("exchange", parameters(of_kind("embeddings", EXCHANGES)))
def test_recorded_embeddings_are_read(exchange: Exchange) -> None:
    embeddings = decode_embeddings(HttpResponse(200, {}, body_of(exchange)))
    expected = exchange["expect"]
    assert len(embeddings.vectors) == expected["count"]
    assert {len(vector) for vector in embeddings.vectors} == {expected["dims"]}
    assert list(embeddings.vectors[0][:3]) == expected["first"]
    assert embeddings.model == expected.get("model", "")
    assert embeddings.usage == (Usage(expected["usage"]["input"]) if "usage" in expected else None)


@pytest.mark.parametrize("exchange", parameters(of_kind("model_info", EXCHANGES)))
def test_a_recorded_description_states_the_context(exchange: Exchange) -> None:
    profile = profile_of(exchange["request"]["json"]["name"], orjson.loads(body_of(exchange)))
    assert profile.context_window == exchange["expect"]["context_length"]


def test_a_recorded_refusal_of_a_key_is_read_in_either_form() -> None:
    path = next((WIRE / "ollama").glob("*4f6f4999ad.json"))
    response = json.loads(path.read_bytes())["response"]
    for body in (response["body_text"].encode(), b'{"error": "unauthorized"}'):
        error = ERRORS.of_response(HttpResponse(response["status"], response["headers"], body))
        assert isinstance(error, AuthenticationFailed)
        assert error.message.lower() == "unauthorized"


def test_every_recording_is_proved() -> None:
    assert {each["expect"]["kind"] for each in EXCHANGES} == {"completion", "embeddings", "model_info"}


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max(
        (each for each in of_kind("completion", EXCHANGES) if "stream" in each["features"]),
        key=lambda each: len(body_of(each)),
    )
    decoder = ChatDecoder()
    body = body_of(streamed)
    assert any(isinstance(event, TextDelta) for event in decoder.feed(body[: len(body) // 2]))
