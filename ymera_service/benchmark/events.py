"""The events of a run, in the order in which they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ymera_service.benchmark.choices import Choice
from ymera_service.benchmark.judging import JudgingTask
from ymera_service.benchmark.measuring import Measurement
from ymera_service.benchmark.scores import BenchmarkScore
from ymera_service.sdk.failures import Failure


@dataclass(frozen=True, slots=True)
class BenchmarkStarted:
    """What will be measured; `total_tasks` is the sum over all models, and `expected_cost_micros` over those whose
    price is known. `seed` chose the tasks. `completed_tasks` were done before the run was interrupted. An adaptive run
    may start fewer tasks. `comparisons` of the tasks are made by judges, `related_comparisons` of them by a judge of
    the family of a compared model."""

    run_id: str
    models: list[str]
    suites: list[str]
    total_tasks: int
    expected_cost_micros: int
    unpriced_models: int
    seed: int
    completed_tasks: int = 0
    adaptive: bool = False
    comparisons: int = 0
    related_comparisons: int = 0


@dataclass(frozen=True, slots=True)
class BenchmarkProgress:
    """One task is done and its result is durable.

    `score` is 0 and `error` is set if the task could not be graded, and None if it is not graded; `duration` is in
    seconds.
    """

    completed_tasks: int
    total_tasks: int
    model: str
    suite: str
    category: str
    task_id: str
    score: float | None
    duration: float
    error: Failure | None


class RunEnd(Enum):
    """Why no more tasks are started."""

    ALL_DONE = auto()
    SETTLED = auto()
    """The run was adaptive, and no task that is left can change a choice."""
    LIMIT_REACHED = auto()


@dataclass(frozen=True, slots=True)
class Settled:
    """A choice after a run, and the probability with which it was the right one by what was known before."""

    choice: Choice
    certainty_before: float


@dataclass(frozen=True, slots=True)
class BenchmarkCompleted:
    """Terminal: no more tasks are started, all results are stored, and routing uses them.

    `choices` says for each category what routing would now choose of the models measured, by its usual weights.
    """

    run_id: str
    scores: list[BenchmarkScore]
    choices: Sequence[Settled] = ()
    end: RunEnd = RunEnd.ALL_DONE


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
        score=0.0 if measurement.error else None if isinstance(job.task, JudgingTask) else measurement.score,
        duration=measurement.duration,
        error=measurement.error,
    )
