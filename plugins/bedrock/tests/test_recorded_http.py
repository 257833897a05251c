"""The recorded exchanges of Converse over real HTTP, through the transport that all providers share."""

from functools import partial
from typing import Any

import pytest
from recorded_http import check_broken_within, check_closed_before, check_error
from recordings import Exchange, is_streamed, of_kind, parameters, recorded
from ymera_bedrock.authorization import by_signature
from ymera_bedrock.credentials import constant
from ymera_bedrock.provider import BedrockProvider
from ymera_bedrock.regions import Region
from ymera_bedrock.signing import Credentials

from ymera_service.sdk.content import user
from ymera_service.sdk.events import ResponseStarted
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.testing.answers import Answer, events_of
from ymera_service.sdk.testing.checks.providers import check_events
from ymera_service.transport import HttpTransport

EXCHANGES = recorded("bedrock/bedrock.converse*.json")
KEY = Credentials("AKIOFNOBODY", "secret-of-nobody", "session-of-nobody")


def at(replay: Any, transport: HttpTransport, exchange: Exchange, *options: str) -> BedrockProvider:
    url = replay.url(exchange["id"], *options)
    return BedrockProvider({"us-east-1": Region.of("us-east-1", url)}, {"": by_signature(constant(KEY))}, transport)


def request_of(exchange: Exchange) -> GenerateRequest:
    return GenerateRequest("amazon.nova-lite-v1:0", Prompt((user("Hi"),)), is_streamed(exchange))


@pytest.mark.parametrize("options", [(), ("split=random", "seed=3"), ("split=byte",)], ids=["plain", "random", "byte"])
@pytest.mark.parametrize("exchange", parameters(of_kind("completion", EXCHANGES)))
async def test_a_recorded_answer_arrives(
    replay: Any, transport: HttpTransport, exchange: Exchange, options: tuple[str, ...]
) -> None:
    events = await events_of(at(replay, transport, exchange, *options), request_of(exchange))
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
    await check_error(at(replay, transport, exchange), request_of(exchange), exchange)


def longest() -> Exchange:
    return max((each for each in EXCHANGES if is_streamed(each)), key=lambda e: len(e["expect"]["text"]))


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_connection_that_breaks_within_an_answer_interrupts_it(
    replay: Any, transport: HttpTransport, share: float
) -> None:
    await check_broken_within(partial(at, replay, transport), request_of(longest()), longest(), share)


async def test_a_connection_that_closes_before_its_answer_failed(replay: Any, transport: HttpTransport) -> None:
    await check_closed_before(partial(at, replay, transport), request_of(longest()), longest())
