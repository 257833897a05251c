"""The recorded exchanges over real HTTP, through the transport that all providers share."""

import json
from functools import partial
from typing import Any

import pytest
from recorded_http import check_broken_within, check_closed_before, check_error
from recordings import Exchange, is_streamed, of_kind, parameters, recorded
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.response_reader import MADE_UP

from ymera_service.sdk.content import ToolCall, user
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Endpoint
from ymera_service.sdk.testing.answers import Answer, count_of, events_of
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

EXCHANGES = [each for each in recorded("gemini/*.json", "vertexai/*.json") if each["endpoint"] != "chat.completions"]
STREAMED = next(each for each in EXCHANGES if len(each["expect"].get("text", "")) > 400 and is_streamed(each))


def at(replay: Any, transport: HttpTransport, exchange: Exchange, *options: str) -> GeminiProvider:
    endpoint = Endpoint(f"{replay.url(exchange['id'], *options)}/v1beta", {"x-goog-api-key": "AIza-test"})
    return GeminiProvider("gemini", endpoint, transport)


def request(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("gemini-2.5-flash", Prompt((user("Hi"),)), is_streamed(exchange))


@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("split=byte",)], ids=["plain", "random", "byte"])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
async def test_a_recorded_answer_arrives(
    replay: Any, transport: HttpTransport, exchange: Exchange, options: tuple[str, ...]
) -> None:
    events = await events_of(at(replay, transport, exchange, *options), request(exchange))
    check_events(events)
    answer, expected = Answer.of(events), exchange["expect"]
    calls = [call_of(call) for call in answer.tool_calls]
    assert (answer.text, answer.finish_reason, calls) == (
        expected["text"],
        expected["finish_reason"],
        expected["tool_calls"],
    )
    assert answer.usage
    assert answer.usage.output_tokens == expected["usage"]["output"]


def call_of(call: ToolCall) -> dict[str, Any]:
    named = {"name": call.name, "arguments": json.loads(call.arguments)}
    return named if call.id.startswith(MADE_UP) else named | {"id": call.id}


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
async def test_a_recorded_error_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    await check_error(at(replay, transport, exchange), request(exchange), exchange)


@pytest.mark.parametrize("exchange", parameters(of_kind("models", EXCHANGES)))
async def test_a_recorded_listing_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    models = await at(replay, transport, exchange).models()
    assert [f"models/{model.name}" for model in models] == exchange["expect"]["ids"]
    assert all(model.price_vendor == "google" and model.context_window and model.max_output_tokens for model in models)


@pytest.mark.parametrize("exchange", parameters(of_kind("count_tokens", EXCHANGES)))
async def test_a_recorded_count_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    tokens = await count_of(at(replay, transport, exchange), "gemini-2.5-flash", Prompt((user("Hi"),)))
    assert tokens == exchange["expect"]["input"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
async def test_a_connection_that_breaks_within_an_answer_interrupts_it(
    replay: Any, transport: HttpTransport, share: float
) -> None:
    await check_broken_within(partial(at, replay, transport), request(STREAMED), STREAMED, share)


async def test_a_connection_that_closes_before_its_answer_failed(replay: Any, transport: HttpTransport) -> None:
    await check_closed_before(partial(at, replay, transport), request(STREAMED), STREAMED)


async def test_what_is_asked_arrives_with_its_credentials(replay: Any, transport: HttpTransport) -> None:
    await events_of(at(replay, transport, STREAMED), request(STREAMED))
    received = replay.received[-1]
    model = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    assert (received["method"], received["path"], received["query"]) == ("POST", model, {"alt": "sse"})
    assert received["headers"]["x-goog-api-key"] == "<9 characters>"
