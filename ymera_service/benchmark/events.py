"""The events of a run, in the order in which they come."""

from dataclasses import dataclass

from ymera_service.benchmark.measuring import Measurement
from ymera_service.benchmark.scores import BenchmarkScore
from ymera_service.sdk.failures import Failure


@dataclass(frozen=True, slots=True)
class BenchmarkStarted:
    """What will be measured; `total_tasks` is the sum over all models, and `expected_cost_micros` over those whose
    price is known. `seed` chose the tasks. `completed_tasks` were done before the run was interrupted."""

    run_id: str
    models: list[str]
    suites: list[str]
    total_tasks: int
    expected_cost_micros: int
    unpriced_models: int
    seed: int
    completed_tasks: int = 0


@dataclass(frozen=True, slots=True)
class BenchmarkProgress:
    """One task is done and its result is durable.

    `score` is 0 and `error` is set if the task could not be graded; `duration` is in seconds.
    """

    completed_tasks: int
    total_tasks: int
    model: str
    suite: str
    category: str
    task_id: str
    score: float
    duration: float
    error: Failure | None


@dataclass(frozen=True, slots=True)
class BenchmarkCompleted:
    """Terminal: all tasks are done and stored, and routing uses the results."""

    run_id: str
    scores: list[BenchmarkScore]


BenchmarkEvent = BenchmarkStarted | BenchmarkProgress | BenchmarkCompleted


def progress_of(completed: int, total: int, measurement: Measurement) -> BenchmarkProgress:
    """Returns the event of a task that is done."""
    job = measurement.job
    return BenchmarkProgress(
        completed_tasks=completed,
        total_tasks=total,
        model=job.model.id,
        suite=job.suite.name,
        category=job.task.category,
        task_id=job.task.id,
        score=measurement.score or 0.0,
        duration=measurement.duration,
        error=measurement.error,
    )
