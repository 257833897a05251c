"""A measurement's stream ends in exactly one terminal event, whatever ends the run."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from ymera_service.benchmark.plan import BenchmarkPlan
from ymera_service.benchmark.runner import BenchmarkCompleted, BenchmarkEvent, BenchmarkStarted
from ymera_service.sdk.errors import InternalError, StorageUnavailable, SuiteNotFound, YmeraError
from ymera_service.serving.benchmarks import Benchmarks, BenchmarkStopped
from ymera_service.serving.calls import Call
from ymera_service.serving.checks.violations import Violations

STARTED = BenchmarkStarted("run", ["acme/a"], ["basics"], 1, 0, 0, 7)
HANG = object()
Step = BenchmarkEvent | BaseException | object


class ScriptedRunner:
    """Stands in for `BenchmarkRunner`."""

    def __init__(self, *steps: Step) -> None:
        self._steps = steps
        self.hanging = asyncio.Event()

    async def run(self, plan: BenchmarkPlan) -> AsyncGenerator[Any, None]:
        for step in self._steps:
            if isinstance(step, BaseException):
                raise step
            if step is HANG:
                self.hanging.set()
                await asyncio.Event().wait()
            yield step


async def stream(runner: ScriptedRunner, call: Call, write: Callable[[Any], Any] = lambda _: None) -> list[Any]:
    written: list[Any] = []

    async def send(event: tuple[int, Any]) -> None:
        write(event)
        written.append(event)

    plan, faults = BenchmarkPlan(), Violations()
    try:
        await Benchmarks(runner).stream(call, plan, faults, lambda number, event: (number, event), send)  # type: ignore[arg-type]
    except (YmeraError, asyncio.CancelledError) as error:
        written.append(error)
    return written


def a_call() -> Call:
    return Call("Benchmark", "id", 0.0, 60.0)


async def test_a_whole_run_ends_with_its_scores() -> None:
    done = BenchmarkCompleted("run", [])
    assert await stream(ScriptedRunner(STARTED, done), a_call()) == [(1, STARTED), (2, done)]


@pytest.mark.parametrize(
    ("error", "reason"), [(StorageUnavailable("disk full"), StorageUnavailable), (KeyError("x"), InternalError)]
)
async def test_a_run_that_fails_ends_with_the_failure_and_raises_it(error: Exception, reason: type[YmeraError]) -> None:
    first, (number, last), raised = await stream(ScriptedRunner(STARTED, error), a_call())
    assert first == (1, STARTED)
    assert (number, type(last), last.error.reason, last.cancelled) == (2, BenchmarkStopped, reason.reason, False)
    assert isinstance(raised, reason)


async def test_a_run_that_never_began_has_no_events() -> None:
    [raised] = await stream(ScriptedRunner(SuiteNotFound("no such suite")), a_call())
    assert isinstance(raised, SuiteNotFound)


@pytest.mark.parametrize("stopped", [True, False], ids=["the server stops", "the caller goes away"])
async def test_a_cancelled_run_ends_with_an_event_if_someone_can_read_it(stopped: bool) -> None:
    call, runner = a_call(), ScriptedRunner(STARTED, HANG)
    task = asyncio.create_task(stream(runner, call))
    await asyncio.wait_for(runner.hanging.wait(), 10)
    call.stopped = stopped
    task.cancel()
    _first, *terminal, raised = await task
    assert [(number, event.error.reason, event.cancelled) for number, event in terminal] == (
        [(2, "SHUTTING_DOWN", True)] if stopped else []
    )
    assert isinstance(raised, asyncio.CancelledError)


async def test_a_fault_of_the_connection_is_not_taken_for_one_of_the_run() -> None:
    def broken(event: object) -> None:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await stream(ScriptedRunner(STARTED), a_call(), broken)
