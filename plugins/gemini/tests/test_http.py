"""The recorded exchanges over real HTTP, through the transport that all providers share."""

import importlib.util
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from ymera_gemini.provider import GeminiProvider
from ymera_gemini.response_reader import MADE_UP

from ymera_service.config import TransportSettings
from ymera_service.sdk.content import ToolCall, user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, ProviderEvent, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.http import Endpoint
from ymera_service.sdk.testing.answers import Answer, count_of, events_of, generate
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
if not (WIRE / "replay_server.py").exists():
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

EXCHANGES: list[Exchange] = [
    exchange
    for vendor in ("gemini", "vertexai")
    for path in sorted((WIRE / vendor).glob("*.json"))
    if (exchange := json.loads(path.read_bytes()))["endpoint"] != "chat.completions"
]
STREAMED = next(
    each for each in EXCHANGES if len(each["expect"].get("text", "")) > 400 and "sse_text" in each["response"]
)


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(each, id=each["id"]) for each in EXCHANGES if each["expect"]["kind"] == kind]


@pytest.fixture(scope="module")
def replay() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("replay_server", WIRE / "replay_server.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["replay_server"] = module  # its dataclasses look there for their own module
    spec.loader.exec_module(module)
    with module.ReplayServer(WIRE) as server:
        yield server


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport(TransportSettings()) as transport:
        yield transport


def at(replay: Any, transport: HttpTransport, exchange: Exchange, *options: str) -> GeminiProvider:
    endpoint = Endpoint(f"{replay.url(exchange['id'], *options)}/v1beta", {"x-goog-api-key": "AIza-test"})
    return GeminiProvider("gemini", endpoint, transport)


def request(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("gemini-2.5-flash", Prompt((user("Hi"),)), "sse_text" in exchange["response"])


@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("split=byte",)], ids=["plain", "random", "byte"])
@pytest.mark.parametrize("exchange", of_kind("completion"))
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


@pytest.mark.parametrize("exchange", of_kind("error"))
async def test_a_recorded_error_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    with pytest.raises(ProviderError) as caught:
        await events_of(at(replay, transport, exchange), request(exchange))
    expected = exchange["expect"]["error"]
    assert (caught.value.status, caught.value.message) == (expected["status"], expected["message"])


@pytest.mark.parametrize("exchange", of_kind("models"))
async def test_a_recorded_listing_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    models = await at(replay, transport, exchange).models()
    assert [f"models/{model.name}" for model in models] == exchange["expect"]["ids"]
    assert all(model.price_vendor == "google" and model.context_window and model.max_output_tokens for model in models)


@pytest.mark.parametrize("exchange", of_kind("count_tokens"))
async def test_a_recorded_count_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    tokens = await count_of(at(replay, transport, exchange), "gemini-2.5-flash", Prompt((user("Hi"),)))
    assert tokens == exchange["expect"]["input"]


async def events_until_it_failed(provider: GeminiProvider) -> tuple[list[ProviderEvent], ProviderError]:
    events: list[ProviderEvent] = []
    try:
        async for event in generate(provider, request(STREAMED)):
            events.append(event)  # noqa: PERF401  # what came before the failure is wanted
    except ProviderError as error:
        return events, error
    pytest.fail(f"it did not fail but reported {events}")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
async def test_a_connection_that_breaks_within_an_answer_interrupts_it(
    replay: Any, transport: HttpTransport, share: float
) -> None:
    cut = int(len(STREAMED["response"]["sse_text"].encode()) * share)
    events, error = await events_until_it_failed(at(replay, transport, STREAMED, f"cut={cut}"))
    assert isinstance(error, StreamInterrupted)
    assert events[0] == Accepted()
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert STREAMED["expect"]["text"].startswith(text)


async def test_a_connection_that_closes_before_its_answer_failed(replay: Any, transport: HttpTransport) -> None:
    events, error = await events_until_it_failed(at(replay, transport, STREAMED, "reset"))
    assert isinstance(error, ConnectionFailed)
    assert events == []


async def test_what_is_asked_arrives_with_its_credentials(replay: Any, transport: HttpTransport) -> None:
    await events_of(at(replay, transport, STREAMED), request(STREAMED))
    received = replay.received[-1]
    model = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
    assert (received["method"], received["path"], received["query"]) == ("POST", model, {"alt": "sse"})
    assert received["headers"]["x-goog-api-key"] == "<9 characters>"
