"""What odd answers and errors mean."""

import json
from typing import Any

import pytest
from ymera_ollama.decoder import ChatDecoder
from ymera_ollama.dialect import OllamaDialect
from ymera_ollama.embeddings import decode as decode_embeddings

from ymera_service.sdk.content import TokenLogprob
from ymera_service.sdk.errors import (
    ContextTooLong,
    InvalidProviderRequest,
    MalformedResponse,
    NotFound,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import Finished, LogprobsDelta, ProviderEvent, TextDelta, ToolCallDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, Usage
from ymera_service.sdk.http import HttpResponse
from ymera_service.sdk.testing.answers import Answer


def decoded(*lines: Any) -> list[ProviderEvent | ProviderError]:
    decoder = ChatDecoder()
    body = "".join(json.dumps(line) + "\n" for line in lines)
    return [*decoder.feed(body.encode()), *decoder.close()]


def answered(*lines: Any) -> Answer:
    return Answer.of([event for event in decoded(*lines) if not isinstance(event, ProviderError)])


def said(**message: Any) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": "", **message}, "done": False}


END = {"model": "m", "done": True, "done_reason": "stop"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("load", FinishReason.ERROR),
        ("unload", FinishReason.ERROR),
        ("", FinishReason.STOP),
    ],
)
def test_the_reason_of_the_end(raw: str, reason: FinishReason) -> None:
    assert decoded(said(content="Hi"), {**END, "done_reason": raw})[-1] == Finished(reason, raw)
    called = decoded(said(tool_calls=[{"function": {"name": "f"}}]), {**END, "done_reason": raw})
    wanted = FinishReason.TOOL_CALLS if reason is FinishReason.STOP else reason
    assert called[-1] == Finished(wanted, raw)


@pytest.mark.parametrize(
    ("given", "arguments"),
    [({"a": 1}, '{"a":1}'), ('{"a": 1}', '{"a": 1}'), ({}, "{}"), (None, "{}"), ("", "{}")],
)
def test_arguments_are_an_object_or_its_text(given: Any, arguments: str) -> None:
    [call] = answered(said(tool_calls=[{"function": {"name": "f", "arguments": given}}]), END).tool_calls
    assert (call.name, call.arguments) == ("f", arguments)
    assert call.id


def test_two_calls_with_one_place_stay_two() -> None:
    call = {"function": {"index": 0, "name": "f", "arguments": {}}}
    calls = [event for event in decoded(said(tool_calls=[call, call]), END) if isinstance(event, ToolCallDelta)]
    assert [event.index for event in calls] == [0, 1]
    assert calls[0].id != calls[1].id


def test_a_prompt_that_was_in_the_cache_is_not_counted_by_older_versions() -> None:
    [usage] = [event.usage for event in decoded({**END, "eval_count": 3}) if isinstance(event, UsageReported)]
    assert usage == Usage(0, 3)
    assert answered(END).usage is None


def test_probabilities_follow_the_text_of_their_tokens() -> None:
    other = {"token": "Ho", "logprob": -2.5, "bytes": [72, 111]}
    token = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [other]}
    [_, text, found, _] = decoded({**said(content="Hi"), "logprobs": [token]}, END)
    assert text == TextDelta("Hi")
    assert found == LogprobsDelta((TokenLogprob("Hi", -0.5, b"Hi", (TokenLogprob("Ho", -2.5, b"Ho"),)),))


def test_what_follows_the_end_is_ignored() -> None:
    assert answered(said(content="Hi"), END, said(content="more"), {"error": "late"}).text == "Hi"


def test_an_error_within_a_stream_follows_the_text_before_it() -> None:
    [_, text, error] = decoded(
        said(content="Hi"), {"error": "an error was encountered while running the model: unexpected EOF"}
    )
    assert text == TextDelta("Hi")
    assert isinstance(error, ProviderServerError)


@pytest.mark.parametrize("message", [{"content": 7}, {"thinking": []}, {"tool_calls": [{"function": {}}]}])
def test_a_part_of_the_answer_that_is_not_in_the_format_is_not_lost_silently(message: dict[str, Any]) -> None:
    assert isinstance(decoded(said(**message), END)[-1], MalformedResponse)


def test_a_line_that_is_cut_off_is_an_interruption_and_one_that_is_not_an_object_malformed() -> None:
    decoder = ChatDecoder()
    cut = [*decoder.feed(b'{"message":{"content":"a"}}\n{"message":{"con'), *decoder.close()]
    assert isinstance(cut[-1], StreamInterrupted)
    assert isinstance(decoded(said(content="a"), [1])[-1], MalformedResponse)


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (404, "model 'qwen3:8b' not found", NotFound),
        (404, "model 'qwen3:8b' not found, try pulling it first", NotFound),
        (404, 'model "qwen3:8b" not found, try pulling it first', NotFound),
        (400, '"gemma3:1b" does not support thinking', InvalidProviderRequest),
        (400, "registry.ollama.ai/library/gemma3:1b does not support tools", InvalidProviderRequest),
        (400, "the input length exceeds the context length", ContextTooLong),
        (400, "prompt too long; exceeded max context length by 12 tokens", ContextTooLong),
        (429, "you have reached your hourly usage limit", RateLimited),
        (500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)", ProviderOverloaded),
        (500, "llama runner process has terminated: exit status 2", ProviderServerError),
        (503, "server busy, please try again.  maximum pending requests exceeded", ProviderOverloaded),
    ],
)
def test_an_error_has_the_meaning_of_its_sentence(status: int, sentence: str, kind: type[ProviderError]) -> None:
    error = OllamaDialect().decode_error(HttpResponse(status, {}, json.dumps({"error": sentence}).encode()))
    assert type(error) is kind
    assert error.status == status
    if kind is NotFound:
        assert "run `ollama pull qwen3:8b`" in error.message
    else:
        assert error.message == sentence


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"embeddings": []}',
        b'{"embeddings": [7]}',
        b'{"embeddings": [["a"]]}',
        b'{"embeddings": [[[1]]]}',
        b'{"embeddings": {"a": 1}}',
        b"[]",
    ],
)
def test_embeddings_that_are_not_vectors_are_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        decode_embeddings(HttpResponse(200, {}, body))


def test_an_error_instead_of_embeddings_keeps_its_meaning() -> None:
    with pytest.raises(NotFound, match="ollama pull bge-m3"):
        decode_embeddings(HttpResponse(200, {}, b'{"error": "model \'bge-m3\' not found"}'))
