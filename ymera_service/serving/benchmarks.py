"""Measurements, as every protocol offers them."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runner import BenchmarkEvent, BenchmarkRunner
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.plans import check_plan
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.stream import deliver_all

Written = TypeVar("Written")

DEFAULT_TASKS = 5
DEFAULT_CONCURRENCY = 4
"""For callers that do not say."""


class Benchmarks:
    """Measures models for calls."""

    def __init__(self, runner: BenchmarkRunner) -> None:
        self._runner = runner

    async def stream(
        self,
        call: Call,
        plan: BenchmarkPlan,
        faults: Violations,
        convert: Callable[[int, BenchmarkEvent], Written],
        write: Callable[[Written], Awaitable[None]],
    ) -> None:
        """Writes the events of a measurement as they come, numbered from 1.

        Raises:
            InvalidRequest: With all faults of the plan, and those that its conversion found.
            YmeraError: As `BenchmarkRunner.run`.
        """
        check_plan(plan, faults)
        faults.check()
        call.notes["models"] = len(plan.models)
        async with aclosing(self._runner.run(plan)) as events:
            await deliver_all(events, convert, write)
