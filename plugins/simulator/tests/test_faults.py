"""Failures on purpose: each mode, its rate and its sequence."""

import asyncio

import pytest
from ymera_simulator import SimulatorProvider, SimulatorSettings

from ymera_service.sdk.content import user
from ymera_service.sdk.errors import (
    ConnectionFailed,
    MalformedResponse,
    ProviderError,
    ProviderOverloaded,
    ProviderServerError,
    RateLimited,
    StreamInterrupted,
)
from ymera_service.sdk.events import ProviderEvent, TextDelta
from ymera_service.sdk.generation import GenerateRequest, Prompt
from ymera_service.sdk.testing.answers import events_of, generate

HELLO = GenerateRequest("sim-small", Prompt((user("Hello!"),)))


def faulty(model: str = "sim-small", **fault: object) -> SimulatorProvider:
    return SimulatorProvider(SimulatorSettings.model_validate({"speed": 0, "faults": {model: fault}}))


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        ("reset", ConnectionFailed),
        ("rate_limit", RateLimited),
        ("server_error", ProviderServerError),
        ("overloaded", ProviderOverloaded),
        ("cut", StreamInterrupted),
        ("malformed", MalformedResponse),
    ],
)
async def test_each_mode_raises_its_error(mode: str, error: type[ProviderError]) -> None:
    with pytest.raises(error):
        await events_of(faulty(mode=mode), HELLO)


async def test_a_rate_limit_reports_when_to_retry() -> None:
    with pytest.raises(RateLimited) as caught:
        await events_of(faulty(mode="rate_limit", retry_after=2.5), HELLO)
    assert caught.value.retry_after == 2.5


async def test_a_cut_answer_has_begun() -> None:
    events: list[ProviderEvent] = []

    async def listen() -> None:
        async for event in generate(faulty(mode="cut"), HELLO):
            events.append(event)  # noqa: PERF401 - the error comes in the middle

    with pytest.raises(StreamInterrupted):
        await listen()
    assert any(isinstance(event, TextDelta) for event in events)


async def test_a_hang_ends_only_with_its_cancellation() -> None:
    task = asyncio.create_task(events_of(faulty(mode="hang"), HELLO))
    done, _ = await asyncio.wait([task], timeout=0.05)
    assert not done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_slow_waits_before_the_first_token_even_without_other_delays() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    settings = SimulatorSettings.model_validate({"speed": 0, "faults": {"*": {"mode": "slow", "delay": 9}}})
    await events_of(SimulatorProvider(settings, sleep), HELLO)
    assert slept == [9]


async def failures(provider: SimulatorProvider, calls: int) -> list[bool]:
    found = []
    for _ in range(calls):
        try:
            await events_of(provider, HELLO)
            found.append(False)
        except ProviderError:
            found.append(True)
    return found


async def test_calls_fail_at_the_stated_rate_in_a_repeatable_sequence() -> None:
    first, again = await failures(faulty(rate=0.2), 400), await failures(faulty(rate=0.2), 400)
    assert first == again
    assert 50 < sum(first) < 115


async def test_a_models_own_fault_goes_before_that_of_all() -> None:
    faults = {"*": {"mode": "reset"}, "sim-small": {"rate": 0.0}}
    provider = SimulatorProvider(SimulatorSettings.model_validate({"speed": 0, "faults": faults}))
    await events_of(provider, HELLO)
    with pytest.raises(ConnectionFailed):
        await events_of(provider, GenerateRequest("sim-large", HELLO.prompt))
