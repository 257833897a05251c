"""Measurements, as every protocol offers them."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runner import BenchmarkEvent, BenchmarkRunner
from ymera_service.sdk.errors import InternalError, ModelNotPermitted, ShuttingDown, YmeraError
from ymera_service.sdk.failures import Failure
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.plans import check_plan
from ymera_service.serving.checks.violations import Violations

log = structlog.get_logger(__name__)

Written = TypeVar("Written")

DEFAULT_TASKS = 5
DEFAULT_ADAPTIVE_TASKS = 30
DEFAULT_CONCURRENCY = 4
"""For callers that do not say."""


@dataclass(frozen=True, slots=True)
class BenchmarkStopped:
    """Terminal: the run ended early; `cancelled` says that the server is stopping. Results until then are stored."""

    error: Failure
    cancelled: bool = False


SentEvent = BenchmarkEvent | BenchmarkStopped


class Benchmarks:
    """Measures models for calls. Only administrators may do so by tasks of their own."""

    def __init__(self, runner: BenchmarkRunner) -> None:
        self._runner = runner

    async def stream(
        self,
        call: Call,
        plan: BenchmarkPlan,
        faults: Violations,
        convert: Callable[[int, SentEvent], Written],
        write: Callable[[Written], Awaitable[None]],
    ) -> None:
        """Writes the events of a measurement as they come, numbered from 1.

        After the first event, the last one is always terminal.

        Raises:
            InvalidRequest: With all faults of the plan, and those that its conversion found.
            CallerRateLimited: The caller has sent as many requests as it may.
            ModelNotPermitted: The caller's spending is limited.
            NotAdministrator: The caller may not measure by tasks of its own.
            YmeraError: As `BenchmarkRunner.run`; if the run had begun, the last event says the same.
        """
        check_plan(plan, faults)
        faults.check()
        if call.caller.budget is not None:  # measurements are not accounted for by caller
            raise ModelNotPermitted("a key with a limit of spending can't measure models")
        if plan.own_suite is not None:
            call.caller.check_administrator("measure by tasks of its own, as the results count for all callers")
        call.caller.admit()
        plan = replace(plan, caller=call.caller.name, caller_models=call.caller.allow_models)
        call.notes["models"] = len(plan.models)
        number = 0

        async def send(event: SentEvent) -> None:
            nonlocal number
            number += 1
            await write(convert(number, event))

        try:
            async with aclosing(self._events(call, plan)) as events:
                async for event in events:
                    await send(event)
        except asyncio.CancelledError:
            if number and call.stopped:
                await send(BenchmarkStopped(Failure.of(ShuttingDown("the server is stopping")), cancelled=True))
            raise

    async def _events(self, call: Call, plan: BenchmarkPlan) -> AsyncGenerator[SentEvent, None]:
        """Yields the events of a run; what ends it early is yielded, if it had begun, and then raised."""
        begun = False
        try:
            async with aclosing(self._runner.run(plan)) as events:
                async for event in events:
                    begun = True
                    yield event
        except Exception as error:  # noqa: BLE001  # whatever it is, the stream gets its last event
            failed = error if isinstance(error, YmeraError) else _defect(call, error)
            if begun:
                yield BenchmarkStopped(Failure.of(failed))
            raise failed from None


def _defect(call: Call, error: Exception) -> InternalError:
    log.error("measurement failed inside", request_id=call.request_id, exc_info=error)
    return InternalError(f"the server failed inside; request id {call.request_id} finds the cause in its log")
