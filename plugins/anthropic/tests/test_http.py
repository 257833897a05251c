"""The recorded exchanges over real HTTP, through the transport that all providers share."""

import importlib.util
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from ymera_anthropic.provider import AnthropicProvider, Vendor
from ymera_anthropic.settings import AnthropicSettings

from ymera_service.config import TransportSettings
from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, ProviderEvent, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.testing.answers import Answer, count_of, events_of, generate
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

Exchange = dict[str, Any]

WIRE = Path(__file__).parents[4] / "shared" / "wire"
if not (WIRE / "replay_server.py").exists():
    pytest.skip(f"no recordings in {WIRE}", allow_module_level=True)

EXCHANGES: list[Exchange] = [
    exchange
    for path in sorted(WIRE.glob("*/*.json"))
    if (exchange := json.loads(path.read_bytes()))["vendor"] == "anthropic" or exchange["endpoint"] == "messages"
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


def at(replay: Any, transport: HttpTransport, exchange: Exchange, *options: str) -> AnthropicProvider:
    vendor = Vendor(
        "anthropic", f"{replay.url(exchange['id'], *options)}/v1", {"": {"x-api-key": "sk-test"}}, "anthropic"
    )
    return AnthropicProvider(vendor, AnthropicSettings(), transport)


def request(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("claude-sonnet-4-6", Prompt((user("Hi"),)), "sse_text" in exchange["response"])


@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("crlf",)], ids=["plain", "random", "crlf"])
@pytest.mark.parametrize("exchange", of_kind("completion"))
async def test_a_recorded_answer_arrives(
    replay: Any, transport: HttpTransport, exchange: Exchange, options: tuple[str, ...]
) -> None:
    events = await events_of(at(replay, transport, exchange, *options), request(exchange))
    check_events(events)
    answer, expected = Answer.of(events), exchange["expect"]
    calls = [{"id": call.id, "name": call.name, "arguments": json.loads(call.arguments)} for call in answer.tool_calls]
    assert (answer.text, answer.finish_reason, calls) == (
        expected["text"],
        expected["finish_reason"],
        expected["tool_calls"],
    )
    assert answer.usage
    assert answer.usage.input_tokens == expected["usage"]["input"]


@pytest.mark.parametrize("exchange", of_kind("error"))
async def test_a_recorded_error_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    with pytest.raises(ProviderError) as caught:
        await events_of(at(replay, transport, exchange), request(exchange))
    expected = exchange["expect"]["error"]
    assert (caught.value.status, caught.value.message) == (expected["status"], expected["message"])


@pytest.mark.parametrize("exchange", of_kind("models"))
async def test_a_recorded_listing_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    models = await at(replay, transport, exchange).models()
    assert [model.name for model in models] == exchange["expect"]["ids"]
    assert all(
        model.price_vendor == "anthropic" and model.context_window and model.max_output_tokens for model in models
    )


@pytest.mark.parametrize("exchange", of_kind("count_tokens"))
async def test_a_recorded_count_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    tokens = await count_of(at(replay, transport, exchange), "claude-haiku-4-5", Prompt((user("Hi"),)))
    assert tokens == exchange["expect"]["input"]


async def events_until_it_failed(provider: AnthropicProvider) -> tuple[list[ProviderEvent], ProviderError]:
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
    assert (received["method"], received["path"]) == ("POST", "/v1/messages")
    assert received["headers"]["anthropic-version"] == "2023-06-01"
    assert received["headers"]["x-api-key"] == "<7 characters>"
    assert received["json"]["stream"] is True
