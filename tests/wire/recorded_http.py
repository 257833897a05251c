"""What every provider has to do with recorded exchanges over HTTP."""

from collections.abc import Callable

import pytest
from recordings import Exchange, body_of, until_it_failed

from ymera_service.sdk.errors import ConnectionFailed, ProviderError, StreamInterrupted
from ymera_service.sdk.events import Accepted, Finished, TextDelta
from ymera_service.sdk.generation import GenerateRequest
from ymera_service.sdk.providers import Provider
from ymera_service.sdk.testing.answers import events_of

Make = Callable[..., Provider]
"""Returns a provider at an exchange; further arguments are options of the server that replays it."""


async def check_error(provider: Provider, request: GenerateRequest, exchange: Exchange) -> None:
    """Asserts that a recorded error is raised with its status and message."""
    with pytest.raises(ProviderError) as caught:
        await events_of(provider, request)
    expected = exchange["expect"]["error"]
    assert (caught.value.status, caught.value.message) == (expected["status"], expected["message"])


async def check_broken_within(make: Make, request: GenerateRequest, exchange: Exchange, share: float) -> None:
    """Asserts that a stream whose connection breaks after a share of its bytes is interrupted."""
    cut = int(len(body_of(exchange)) * share)
    events, error = await until_it_failed(make(exchange, f"cut={cut}"), request)
    assert isinstance(error, StreamInterrupted)
    assert events[0] == Accepted()
    assert not any(isinstance(event, Finished) for event in events)
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    assert exchange["expect"]["text"].startswith(text)


async def check_closed_before(make: Make, request: GenerateRequest, exchange: Exchange) -> None:
    """Asserts that a connection that closes before the answer has failed."""
    events, error = await until_it_failed(make(exchange, "reset"), request)
    assert isinstance(error, ConnectionFailed)
    assert events == []
