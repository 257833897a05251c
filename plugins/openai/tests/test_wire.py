"""Every recorded exchange in OpenAI's forms decodes to what is expected of it, however its bytes arrive."""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import Exchange, body_of, error_of, recorded
from ymera_openai.chat_completions import ChatCompletions
from ymera_openai.chat_decoder import ChatDecoder
from ymera_openai.errors import decode_error
from ymera_openai.listing import Offer
from ymera_openai.provider import OpenAiProvider
from ymera_openai.quirks import Quirks
from ymera_openai.responses import Responses
from ymera_openai.responses_decoder import ResponsesDecoder

from ymera_service.config import TransportSettings
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import (
    CitationFound,
    Finished,
    OutputItem,
    ReasoningDelta,
    RefusalDelta,
    ResponseStarted,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from ymera_service.sdk.generation import GenerateRequest, Prompt, Usage
from ymera_service.sdk.http import Decoder, Endpoint, HttpResponse
from ymera_service.sdk.testing.answers import generate
from ymera_service.sdk.testing.recorded import each_byte, whole
from ymera_service.sdk.wire.decoder import Item
from ymera_service.transport import HttpTransport

Summary = dict[str, Any]

# `str` makes an empty id for a call that came without one, which is what is expected of it here.
GENERATION: dict[str, Callable[[], Decoder]] = {
    "chat.completions": lambda: ChatDecoder(str),
    "completions": ChatDecoder,
    "agents.completions": ChatDecoder,
    "responses": ResponsesDecoder,
}
OTHER_FORMATS = {
    ("anthropic", "models"): "Anthropic's own listing",
    ("cohere", "embeddings"): "Cohere's own form",
    ("gemini", "embeddings"): "Google's own form",
    ("gemini", "models"): "Google's own form",
    ("ollama", "embeddings"): "Ollama's own form",
}
"""What is not in OpenAI's form and therefore not this plugin's; errors of these are read all the same."""
EXCHANGES = recorded("*/*.json")


def of_kind(kind: str, *endpoints: str) -> list[Any]:
    """The exchanges of these endpoints, as test parameters."""
    return [
        pytest.param(exchange, id=exchange["id"])
        for exchange in EXCHANGES
        if exchange["endpoint"] in endpoints
        and exchange["expect"]["kind"] == kind
        and (kind == "error" or (exchange["vendor"], exchange["endpoint"]) not in OTHER_FORMATS)
    ]


COMPLETIONS = of_kind("completion", *GENERATION)


def decode(decoder: Decoder, pieces: Iterable[bytes]) -> list[Item]:
    items: list[Item] = []
    for piece in pieces:
        items += decoder.feed(piece)
    return [*items, *decoder.close()]


def pieces_at(body: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    start = 0
    for cut in sorted({cut for cut in cuts if 0 < cut < len(body)} | {len(body)}):
        yield body[start:cut]
        start = cut


def summary(items: list[Item]) -> Summary:
    """What a decoder's items say, in the words of `expect`."""
    errors = [item for item in items if isinstance(item, ProviderError)]
    assert errors in ([], items[-1:]), "an error is the last item"
    finished = [item for item in items if isinstance(item, Finished)]
    assert finished in ([], items[-1:]), "what ends an answer is the last item"
    started = next((item for item in items if isinstance(item, ResponseStarted)), ResponseStarted())
    texts: dict[int, str] = {}
    for item in items:
        if isinstance(item, TextDelta):
            assert item.text
            texts[item.choice] = texts.get(item.choice, "") + item.text
    result: Summary = {
        "text": texts.get(0, ""),
        "all_texts": [texts[choice] for choice in sorted(texts)],
        "choices": len(texts),
        "reasoning": "".join(item.text for item in items if isinstance(item, ReasoningDelta)),
        "refusal": "".join(item.text for item in items if isinstance(item, RefusalDelta)),
        "tool_calls": tool_calls(items),
        "citations": sum(isinstance(item, CitationFound) for item in items),
        "output_types": [item.type for item in items if isinstance(item, OutputItem)],
        "model": started.model,
        "response_id": started.response_id,
        "usage": usage_of(items),
        "stream_complete": bool(finished),
    }
    for end in finished:
        result |= {"finish_reason": end.reason.value, "finish_reason_raw": end.raw_reason}
        result |= {"stop_sequence": end.stop_sequence, "incomplete_reason": end.incomplete_reason}
    for error in errors:
        result["error_in_stream"] = error_of(error)
    return result


def tool_calls(items: list[Item]) -> list[Summary]:
    calls: dict[int, Summary] = {}
    for item in items:
        if isinstance(item, ToolCallDelta):
            call = calls.setdefault(item.index, {"id": item.id, "name": item.name, "arguments": ""})
            assert call["name"], "the first delta of a call has its name"
            call["arguments"] += item.arguments
    return [parsed(calls[index]) for index in sorted(calls)]


def parsed(call: Summary) -> Summary:
    found = {"id": call["id"], "name": call["name"]} if call["id"] else {"name": call["name"]}
    try:
        arguments = json.loads(call["arguments"] or "{}")
    except ValueError:
        arguments = None
    if isinstance(arguments, dict):
        return found | {"arguments": arguments}
    return found | {"arguments_raw": call["arguments"]}


def usage_of(items: list[Item]) -> Summary | None:
    reports = [item for item in items if isinstance(item, UsageReported)]
    assert len(reports) <= 1
    return counts(reports[0].usage) | {"total": reports[0].total_tokens} if reports else None


def counts(usage: Usage) -> Summary:
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "cached_input": usage.cache_read_input_tokens,
        "cache_write": usage.cache_creation_input_tokens,
        "reasoning_output": usage.reasoning_output_tokens,
    }


def wanted(exchange: Exchange) -> Summary:
    """What is expected, in the form of `summary`; what the recording is silent about is left out."""
    expect = {
        name: value
        for name, value in exchange["expect"].items()
        if name not in ("kind", "computed_by", "note", "stream_chunks", "native_finish_reason")
    }
    for name in ("error", "error_in_stream"):
        if name in expect:
            expect[name] = {field: value for field, value in expect[name].items() if field != "sdk_exception"}
            if "code" in expect[name]:
                expect[name]["code"] = str(expect[name]["code"])
    if (usage := expect.get("usage")) and "cached_input" in usage:
        # Grok on Azure reports more cached tokens than the prompt has.
        expect["usage"] = usage | {"cached_input": min(usage["cached_input"], usage["input"])}
    if expect.get("finish_reason") == "error" and "error_in_stream" in expect:
        # A failed response is decoded as the error that it holds; the error is its end.
        expect = {name: value for name, value in expect.items() if not name.startswith(("finish_", "stream_"))}
    return expect


def assert_summary(found: Summary, expected: Summary) -> None:
    for name, value in expected.items():
        if isinstance(value, dict) and isinstance(found.get(name), dict):
            assert {field: found[name].get(field) for field in value} == value, name
        else:
            assert found.get(name) == value, name
    for name in ("reasoning", "refusal", "citations", "error_in_stream"):
        assert name in expected or not found.get(name), f"{name} was made up"
    if "usage" not in expected:
        assert found.get("usage") is None


@pytest.mark.parametrize("exchange", COMPLETIONS)
def test_an_answer_decodes_to_what_was_said(exchange: Exchange) -> None:
    found = summary(decode(GENERATION[exchange["endpoint"]](), whole(body_of(exchange))))
    assert_summary(found, wanted(exchange))


@pytest.mark.parametrize("exchange", COMPLETIONS)
def test_an_answer_does_not_depend_on_how_its_bytes_arrive(exchange: Exchange) -> None:
    decoder, body = GENERATION[exchange["endpoint"]], body_of(exchange)
    expected = summary(decode(decoder(), whole(body)))
    cuts = random.Random(exchange["id"]).choices(range(len(body) + 1), k=200)
    assert summary(decode(decoder(), each_byte(body))) == expected
    assert summary(decode(decoder(), pieces_at(body, cuts))) == expected
    if "sse_text" in exchange["response"]:
        other_ends = re.sub(rb"\r?\n", b"\r\n", body)
        assert summary(decode(decoder(), each_byte(other_ends))) == expected
        assert summary(decode(decoder(), pieces_at(other_ends, cuts))) == expected


STREAMS = [case.values[0] for case in COMPLETIONS if "sse_text" in case.values[0]["response"]]


@given(data=st.data())
def test_random_cuts_change_nothing(data: st.DataObject) -> None:
    exchange = data.draw(st.sampled_from(STREAMS))
    decoder, body = GENERATION[exchange["endpoint"]], body_of(exchange)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=60))
    assert summary(decode(decoder(), pieces_at(body, cuts))) == summary(decode(decoder(), whole(body)))


@given(data=st.data())
def test_an_answer_cut_short_is_never_taken_for_a_whole_one(data: st.DataObject) -> None:
    exchange = data.draw(st.sampled_from(STREAMS))
    decoder, body = GENERATION[exchange["endpoint"]], body_of(exchange)
    cut = data.draw(st.integers(0, len(body)))
    items = decode(decoder(), whole(body[:cut]))
    if not isinstance(items[-1], Finished):
        assert isinstance(items[-1], ProviderError)
        return
    # Only what comes after the vendor's own end may be missing.
    assert re.search(rb'\[DONE\]|"(finish_reason|status)":\s*"', body[:cut])


@pytest.mark.parametrize("exchange", COMPLETIONS)
def test_a_body_without_its_end_is_interrupted(exchange: Exchange) -> None:
    body = body_of(exchange).rstrip()
    items = decode(GENERATION[exchange["endpoint"]](), whole(body[: min(len(body) // 3, 60)]))
    assert isinstance(items[-1], StreamInterrupted)


@pytest.mark.parametrize("exchange", of_kind("error", *GENERATION, "embeddings", "models", "moderations", "rerank"))
def test_an_error_is_what_it_means(exchange: Exchange) -> None:
    response = exchange["response"]
    error = decode_error(HttpResponse(response["status"], response["headers"], body_of(exchange)))
    assert_summary({"error": error_of(error)}, wanted(exchange))


ERRORS = of_kind("error", *GENERATION)


async def over_http(replay: Any, exchange: Exchange, *options: str) -> tuple[list[Item], ProviderError | None]:
    """What a provider yields, and what it raises at last."""
    quirks = Quirks()
    dialect = Responses(quirks) if exchange["endpoint"] == "responses" else ChatCompletions(quirks)
    items: list[Item] = []
    async with HttpTransport(TransportSettings()) as transport:
        endpoint = Endpoint(replay.url(exchange["id"], *options))
        provider = OpenAiProvider("replay", dialect, endpoint, transport, offer=Offer())
        request = GenerateRequest("any", Prompt((user("Hello"),)), "sse_text" in exchange["response"])
        try:
            async for event in generate(provider, request):
                items.append(event)  # noqa: PERF401  # what came before a failure counts
        except ProviderError as error:
            return items, error
    return items, None


def without_made_up_ids(found: Summary) -> Summary:
    for call in found["tool_calls"]:
        if re.fullmatch(r"call_[0-9a-f]{32}", call.get("id", "")):
            del call["id"]
    return found


@pytest.mark.parametrize("options", [(), ("split=random", "seed=7")], ids=["events", "random"])
@pytest.mark.parametrize("exchange", COMPLETIONS)
async def test_an_answer_comes_over_http(replay: Any, exchange: Exchange, options: tuple[str, ...]) -> None:
    items, error = await over_http(replay, exchange, *options)
    assert_summary(without_made_up_ids(summary(items + ([error] if error else []))), wanted(exchange))


@pytest.mark.parametrize("exchange", ERRORS)
async def test_an_error_comes_over_http(replay: Any, exchange: Exchange) -> None:
    items, error = await over_http(replay, exchange)
    assert items == []
    assert error
    assert_summary({"error": error_of(error)}, wanted(exchange))


@pytest.mark.parametrize("exchange", STREAMS[::10], ids=lambda exchange: str(exchange["id"]))
async def test_a_connection_that_breaks_is_distinguished(replay: Any, exchange: Exchange) -> None:
    items, error = await over_http(replay, exchange, "cut=40")
    assert isinstance(error, StreamInterrupted)
    assert not any(isinstance(item, Finished) for item in items)
    items, error = await over_http(replay, exchange, "reset")
    assert items == []
    assert isinstance(error, ConnectionFailed)
