"""The recorded exchanges of Converse over real HTTP, through the transport that all providers share."""

from typing import Any

import pytest
from recordings import Exchange, body_of, is_streamed, of_kind, parameters, recorded, until_it_failed
from ymera_bedrock.authorization import by_signature
from ymera_bedrock.credentials import constant
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.signing import Credentials

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, Finished, ResponseStarted, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

EXCHANGES = recorded("bedrock/bedrock.converse*.json")
KEY = Credentials("AKIOFNOBODY", "secret-of-nobody", "session-of-nobody")


def provider_at(url: str, transport: HttpTransport) -> BedrockProvider:
    return BedrockProvider({"us-east-1": Region.of("us-east-1", url)}, {"": by_signature(constant(KEY))}, transport)


def request_of(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)), is_streamed(exchange))


@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("split=byte",)], ids=["plain", "random", "byte"])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
async def test_a_recorded_answer_arrives(
    replay: Any, transport: HttpTransport, exchange: Exchange, options: tuple[str, ...]
) -> None:
    provider = provider_at(replay.url(exchange["id"], *options), transport)
    events = await events_of(provider, request_of(exchange))
    check_events(events)
    asked = exchange["response"]["headers"].get("x-amzn-requestid")
    assert [event.response_id for event in events if isinstance(event, ResponseStarted)] == ([asked] if asked else [])
    found, expected = Answer.of(events), exchange["expect"]
    assert found.text == expected["text"]
    assert found.usage
    assert (found.usage.input_tokens, found.usage.output_tokens) == (
        expected["usage"]["input"],
        expected["usage"]["output"],
    )


@pytest.mark.parametrize("exchange", parameters(of_kind("error", EXCHANGES)))
async def test_a_recorded_error_arrives(replay: Any, transport: HttpTransport, exchange: Exchange) -> None:
    with pytest.raises(ProviderError) as caught:
        await events_of(provider_at(replay.url(exchange["id"]), transport), request_of(exchange))
    expected = exchange["expect"]["error"]
    assert (caught.value.status, caught.value.message) == (expected["status"], expected["message"])


def longest() -> Exchange:
    return max((each for each in EXCHANGES if is_streamed(each)), key=lambda e: len(e["expect"]["text"]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_connection_that_breaks_within_an_answer_interrupts_it(
    replay: Any, transport: HttpTransport, share: float
) -> None:
    cut = int(len(body_of(longest())) * share)
    events, error = await until_it_failed(
        provider_at(replay.url(longest()["id"], f"cut={cut}"), transport), request_of(longest())
    )
    assert isinstance(error, StreamInterrupted)
    assert events[0] == Accepted()
    assert not any(isinstance(event, Finished) for event in events)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert longest()["expect"]["text"].startswith(text)


async def test_a_connection_that_closes_before_its_answer_failed(replay: Any, transport: HttpTransport) -> None:
    events, error = await until_it_failed(
        provider_at(replay.url(longest()["id"], "reset"), transport), request_of(longest())
    )
    assert isinstance(error, ConnectionFailed)
    assert events == []
