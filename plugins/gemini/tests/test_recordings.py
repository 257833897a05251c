"""Every recorded exchange in Gemini's format decodes to what is expected of it, however its bytes arrive."""

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
)
from ymera_gemini.decoder import GenerateContentDecoder
from ymera_gemini.embeddings import decode as decode_embeddings
from ymera_gemini.errors import ERRORS
from ymera_gemini.listing import read_page
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.response_reader import MADE_UP

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    ProviderEvent,
    ReasoningDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import Prompt, Usage
from ymera_service.sdk.http import Endpoint, HttpResponse
from ymera_service.sdk.testing.answers import Answer, count_of
from ymera_service.sdk.testing.recorded import Cut, RecordedTransport, each_byte, each_event, randomly, whole
from ymera_service.sdk.testing.recorded import Exchange as Response

OTHER_FORMATS = {"chat.completions": "OpenAI's form, which ymera-openai reads"}
EXCHANGES = [each for each in recorded("gemini/*.json", "vertexai/*.json") if each["endpoint"] not in OTHER_FORMATS]

NO_USAGE = {"input": 0, "output": 0, "cached_input": 0, "reasoning_output": 0, "total": None}


def with_lf(cut: Cut) -> Cut:
    """Google ends lines with CR LF."""
    return lambda body: cut(body.replace(b"\r\n", b"\n"))


def neutral(decoded: list[ProviderEvent | ProviderError]) -> dict[str, Any]:
    """The events in the words of `expect`."""
    events = [event for event in decoded if not isinstance(event, ProviderError)]
    answer = Answer.of(events)
    started = next(event for event in events if isinstance(event, ResponseStarted))
    end = decoded[-1]
    assert isinstance(end, Finished)
    texts: dict[int, str] = {}
    for event in events:
        if isinstance(event, TextDelta):
            texts[event.choice] = texts.get(event.choice, "") + event.text
    return {
        "text": answer.text,
        "all_texts": [texts[choice] for choice in sorted(texts)],
        "choices": len(texts),
        "reasoning": answer.reasoning,
        "tool_calls": [call_of(call.id, call.name, call.arguments) for call in answer.tool_calls],
        "finish_reason": end.reason.value,
        "finish_reason_raw": end.raw_reason,
        "block_reason": end.incomplete_reason,
        "citations": len(answer.citations),
        "usage": usage_of(events),
        "model": started.model,
        "response_id": started.response_id,
        "stream_complete": True,
    }


def test_recorded_citations_point_at_the_words_that_they_quote() -> None:
    cited = 0
    for exchange in of_kind("completion", EXCHANGES):
        events = [
            event
            for event in decode(GenerateContentDecoder(), body_of(exchange))
            if not isinstance(event, ProviderError)
        ]
        answer = Answer.of(events)
        for citation in answer.citations:
            found = [answer.text[span.start : span.end] for span in citation.spans]
            assert " ".join(found) == citation.cited_text
            cited += len(found)
    assert cited > 3


def call_of(id: str, name: str, arguments: str) -> dict[str, Any]:
    call = {"name": name, "arguments": json.loads(arguments)}
    return call if id.startswith(MADE_UP) else call | {"id": id}


def usage_of(events: list[ProviderEvent]) -> dict[str, int | None]:
    [reported] = [event for event in events if isinstance(event, UsageReported)]
    usage = reported.usage
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached_input": usage.cache_read_input_tokens,
        "reasoning_output": usage.reasoning_output_tokens,
        "total": reported.total_tokens,
    }


def check(exchange: Exchange, decoded: list[ProviderEvent | ProviderError]) -> None:
    """Whatever `expect` names is so, and whatever it leaves out was not there."""
    expected = {name: value for name, value in exchange["expect"].items() if name not in ABOUT_THE_RECORDING}
    texts = expected.get("all_texts", [expected["text"]] if expected["text"] else [])
    unsaid = {"reasoning": "", "citations": 0, "block_reason": "", "stream_complete": True}
    silent = {**unsaid, **expected, "all_texts": texts, "choices": len(texts)}
    silent["finish_reason_raw"] = str(silent["finish_reason_raw"])
    silent["usage"] = {**NO_USAGE, **expected["usage"]}
    silent["usage"].pop("tool_use_input", None)  # a part of the input, which an event has no place for
    assert neutral(decoded) == silent


@pytest.mark.parametrize("lf", [False, True], ids=["crlf", "lf"])
@pytest.mark.parametrize("cut", [whole, each_byte, each_event, randomly(7), randomly(8, 2)])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
def test_a_recorded_answer_decodes_to_what_is_expected(exchange: Exchange, cut: Cut, lf: bool) -> None:
    check(exchange, decode(GenerateContentDecoder(), body_of(exchange), with_lf(cut) if lf else cut))


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
    assert without_made_up(decode(GenerateContentDecoder(), body, cut_at(cuts))) == without_made_up(
        decode(GenerateContentDecoder(), body)
    )


@given(exchange=st.sampled_from(of_kind("completion", EXCHANGES)), share=st.floats(0, 1, exclude_max=True))
def test_an_answer_that_was_cut_off_is_interrupted_and_never_finished(exchange: Exchange, share: float) -> None:
    body = body_of(exchange).rstrip()
    # A stream may end at any time after its finish reason, which is all that says that it is whole.
    end = body.rfind(b'"finishReason"') if "sse_text" in exchange["response"] else len(body)
    decoded = decode(GenerateContentDecoder(), body[: int(end * share)])
    assert isinstance(decoded[-1], StreamInterrupted)
    assert not any(isinstance(event, Finished) for event in decoded)


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
def test_a_recorded_error_has_its_meaning(exchange: Exchange) -> None:
    check_error(exchange, ERRORS)


@pytest.mark.parametrize("exchange", parameters(of_kind("models", EXCHANGES)))
def test_a_recorded_listing_names_its_models_in_order(exchange: Exchange) -> None:
    listed, after = read_page(orjson.loads(body_of(exchange)))
    expected = exchange["expect"]
    assert (len(listed), list(listed)) == (
        expected["count"],
        [name.removeprefix("models/") for name in expected["ids"]],
    )
    assert after == ""


@pytest.mark.parametrize("exchange", parameters(of_kind("count_tokens", EXCHANGES)))
async def test_a_recorded_count_is_read(exchange: Exchange, recorded_http: Callable[..., RecordedTransport]) -> None:
    transport = recorded_http(Response(body_of(exchange), path=":countTokens"))
    provider = GeminiProvider("gemini", Endpoint("http://upstream/v1beta"), transport)
    assert await count_of(provider, "gemini-3.5-flash", Prompt((user("x"),))) == exchange["expect"]["input"]


@pytest.mark.parametrize("exchange", parameters(of_kind("embeddings", EXCHANGES)))
def test_recorded_embeddings_are_read(exchange: Exchange) -> None:
    embeddings = decode_embeddings(HttpResponse(200, {}, body_of(exchange)))
    expected = exchange["expect"]
    assert len(embeddings.vectors) == expected["count"]
    assert {len(vector) for vector in embeddings.vectors} == {expected["dims"]}
    assert list(embeddings.vectors[0][:3]) == expected["first"]
    tokens = expected.get("usage", {}).get("input")
    assert embeddings.usage == (Usage(tokens) if tokens else None)


def test_every_recording_is_proved() -> None:
    proved = {"completion", "error", "models", "count_tokens", "embeddings"}
    assert {each["expect"]["kind"] for each in EXCHANGES} == proved


def test_deltas_are_emitted_as_they_arrive() -> None:
    streamed = max(
        (each for each in of_kind("completion", EXCHANGES) if "sse_text" in each["response"]),
        key=lambda e: len(body_of(e)),
    )
    decoder = GenerateContentDecoder()
    body = body_of(streamed)
    early = [*decoder.feed(body[: len(body) // 2])]
    assert any(isinstance(event, TextDelta | ReasoningDelta | ToolCallDelta | CitationFound) for event in early)
