"""Every recorded exchange in Ollama's format decodes to what is expected of it, however its bytes arrive."""

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
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

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
OTHER_FORMATS = {"chat.completions": "OpenAI's form, which ymera-openai reads"}
EXCHANGES: list[Exchange] = [
    exchange
    for path in sorted((WIRE / "ollama").glob("*.json"))
    if (exchange := json.loads(path.read_bytes()))["endpoint"] not in OTHER_FORMATS
]
if not EXCHANGES:
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

SAID_BY_THE_RECORDER = {"kind", "computed_by", "note", "stream_chunks"}


def body_of(exchange: Exchange) -> bytes:
    response = exchange["response"]
    return str(response["body_text"]).encode()


def chosen(kind: str) -> list[Exchange]:
    return [each for each in EXCHANGES if each["expect"]["kind"] == kind]


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in chosen(kind)]


def decode(body: bytes, cut: Cut = whole) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    decoded = [event for piece in cut(body) for event in decoder.feed(piece)]
    return [*decoded, *decoder.close()]


def at(cuts: Iterable[int]) -> Cut:
    def cut(body: bytes) -> Iterable[bytes]:
        points = [0, *sorted(point % (len(body) + 1) for point in cuts), len(body)]
        return [body[start:end] for start, end in pairwise(points)]

    return cut


def with_crlf(cut: Cut) -> Cut:
    return lambda body: cut(body.replace(b"\n", b"\r\n"))


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
    expected = {name: value for name, value in exchange["expect"].items() if name not in SAID_BY_THE_RECORDER}
    silent = {"reasoning": "", "stream_complete": True, **expected}
    silent["usage"] = {"input": 0, **expected["usage"]}  # older versions leave out what they had in their cache
    assert neutral(decoded) == silent


@pytest.mark.parametrize("crlf", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("cut", [whole, each_byte, each_line, randomly(7), randomly(8, 2)])
@pytest.mark.parametrize("exchange", of_kind("completion"))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut, crlf: bool) -> None:
    check(exchange, decode(body_of(exchange), with_crlf(cut) if crlf else cut))


@pytest.mark.parametrize("exchange", of_kind("completion"))
def test_an_answer_in_one_piece_may_be_set_in_several_lines(exchange: Exchange) -> None:
    if "stream" not in exchange["features"]:
        check(exchange, decode(orjson.dumps(orjson.loads(body_of(exchange)), option=orjson.OPT_INDENT_2)))


def without_made_up(events: list[ProviderEvent | ProviderError]) -> list[ProviderEvent | ProviderError]:
    """The events without the ids that were made up."""
    return [
        ToolCallDelta(event.index, "", event.name, event.arguments)
        if isinstance(event, ToolCallDelta) and event.id.startswith(MADE_UP)
        else event
        for event in events
    ]


@given(exchange=st.sampled_from(chosen("completion")), cuts=st.lists(st.integers(0, 100_000), max_size=12))
def test_events_do_not_depend_on_where_the_bytes_were_cut(exchange: Exchange, cuts: list[int]) -> None:
    body = body_of(exchange)
    assert without_made_up(decode(body, at(cuts))) == without_made_up(decode(body))


@given(exchange=st.sampled_from(chosen("completion")), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    body = body_of(exchange).rstrip()
    decoded = decode(body[: int(len(body) * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


@given(
    exchange=st.sampled_from(chosen("completion")),
    noise=st.binary(max_size=40),
    place=st.floats(0, 1),
    replaces=st.integers(0, 40),
)
def test_noise_is_an_answer_or_a_provider_error(exchange: Exchange, noise: bytes, place: float, replaces: int) -> None:
    body = body_of(exchange)
    start = int(len(body) * place)
    decoded = decode(body[:start] + noise + body[start + replaces :], randomly(3))
    assert isinstance(decoded[-1], Finished | ProviderError)
    assert sum(isinstance(event, Finished | ProviderError) for event in decoded) == 1


@pytest.mark.parametrize("exchange", of_kind("embeddings"))
def test_recorded_embeddings_are_read(exchange: Exchange) -> None:
    embeddings = decode_embeddings(HttpResponse(200, {}, body_of(exchange)))
    expected = exchange["expect"]
    assert len(embeddings.vectors) == expected["count"]
    assert {len(vector) for vector in embeddings.vectors} == {expected["dims"]}
    assert list(embeddings.vectors[0][:3]) == expected["first"]
    assert embeddings.model == expected.get("model", "")
    assert embeddings.usage == (Usage(expected["usage"]["input"]) if "usage" in expected else None)


@pytest.mark.parametrize("exchange", of_kind("model_info"))
def test_a_recorded_description_tells_the_context(exchange: Exchange) -> None:
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
        (each for each in chosen("completion") if "stream" in each["features"]), key=lambda each: len(body_of(each))
    )
    decoder = ChatDecoder()
    body = body_of(streamed)
    assert any(isinstance(event, TextDelta) for event in decoder.feed(body[: len(body) // 2]))
