"""Runs of a bench, their events, and faults of its models."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from ymera_service.benchmark.runner import BenchmarkCompleted, BenchmarkEvent, BenchmarkPlan, BenchmarkProgress
from ymera_service.sdk.errors import ProviderError, RateLimited
from ymera_service.sdk.events import Finished, ProviderEvent, TextDelta, UsageReported
from ymera_service.sdk.generation import FinishReason, GenerateRequest, Usage

if TYPE_CHECKING:
    from tests.unit.benchmark.conftest import Bench


async def run(bench: "Bench", plan: BenchmarkPlan) -> list[BenchmarkEvent]:
    async with asyncio.timeout(20), aclosing(bench.runner.run(plan)) as events:
        return [event async for event in events]


def completed(events: list[BenchmarkEvent]) -> BenchmarkCompleted:
    assert isinstance(events[-1], BenchmarkCompleted)
    return events[-1]


def progress(events: list[BenchmarkEvent]) -> list[BenchmarkProgress]:
    return [event for event in events if isinstance(event, BenchmarkProgress)]


async def wrong(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield TextDelta("no idea")
    yield Finished(FinishReason.STOP)


async def rate_limited(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield UsageReported(Usage(7, 0))
    raise RateLimited("slow down", retry_after=1.0)


async def hanging(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield TextDelta("1")
    await asyncio.Event().wait()


async def cut_off(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield TextDelta("1")


async def cancelled(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield TextDelta("1")
    raise asyncio.CancelledError


async def broken(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
    yield TextDelta("1")
    raise KeyError("a defect")


def refusing(
    bench: "Bench", times: int, error: ProviderError
) -> Callable[[GenerateRequest], AsyncGenerator[ProviderEvent, None]]:
    """Returns a fault: a provider that refuses the first calls."""
    left = [times]

    async def fault(request: GenerateRequest) -> AsyncGenerator[ProviderEvent, None]:
        if left[0]:
            left[0] -= 1
            raise error
        async for event in bench.provider.answer(request):
            yield event

    return fault
