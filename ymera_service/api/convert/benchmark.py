"""Measurements: what is to be measured, how far it is, and the scores."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from ymera.v1 import ymera_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.api.convert.content import messages_of
from ymera_service.api.convert.usage import duration_fields, failure_fields, seconds_of, usage_fields
from ymera_service.benchmark.events import BenchmarkCompleted, BenchmarkProgress, BenchmarkStarted, RunEnd, Settled
from ymera_service.benchmark.own import OwnSuite, OwnTask
from ymera_service.benchmark.plan import MAX_TASKS_PER_CATEGORY, BenchmarkPlan
from ymera_service.benchmark.scores import BenchmarkScore
from ymera_service.serving.benchmarks import (
    DEFAULT_ADAPTIVE_TASKS,
    DEFAULT_CONCURRENCY,
    DEFAULT_TASKS,
    BenchmarkStopped,
    SentEvent,
)
from ymera_service.serving.checks.limits import MAX_PARTS, fits
from ymera_service.serving.checks.own_suites import of_task
from ymera_service.serving.checks.violations import Violations


def plan_of(request: pb.BenchmarkRequest, faults: Violations) -> BenchmarkPlan:
    """Returns what is to be measured."""
    own = _own_suite(request.own_suite, faults) if request.HasField("own_suite") else None
    if request.resume_run_id and request.tasks_per_category:
        faults.add("tasks_per_category", "has to be 0 with resume_run_id, as the run says what is measured")
    return BenchmarkPlan(
        models=tuple(request.models) if fits("models", len(request.models), faults) else (),
        suites=tuple(request.suites) if fits("suites", len(request.suites), faults) else (),
        categories=tuple(request.categories) if fits("categories", len(request.categories), faults) else (),
        tasks_per_category=request.tasks_per_category or _usual_tasks(request, own),
        seed=request.seed if request.HasField("seed") else None,
        concurrency=request.concurrency or DEFAULT_CONCURRENCY,
        plan_only=request.plan_only,
        max_cost_micros=request.max_cost_micros if request.HasField("max_cost_micros") else None,
        max_requests=request.max_requests if request.HasField("max_requests") else None,
        max_seconds=_max_seconds(request, faults),
        adaptive=request.adaptive,
        judges=tuple(request.judge_models) if fits("judge_models", len(request.judge_models), faults) else (),
        own_suite=own,
        resume=request.resume_run_id,
    )


def _usual_tasks(request: pb.BenchmarkRequest, own: OwnSuite | None) -> int:
    if own:
        return MAX_TASKS_PER_CATEGORY
    return DEFAULT_ADAPTIVE_TASKS if request.adaptive else DEFAULT_TASKS


def _max_seconds(request: pb.BenchmarkRequest, faults: Violations) -> float | None:
    given = request.HasField("max_duration")
    return seconds_of("max_duration", request.max_duration, faults) if given else None


def _own_suite(suite: pb.OwnSuite, faults: Violations) -> OwnSuite:
    tasks = suite.tasks
    return OwnSuite(suite.name, suite.category, _own_tasks(tasks, faults) if _fit(tasks, faults) else ())


def _fit(tasks: Sequence[pb.OwnTask], faults: Violations) -> bool:
    """Returns whether the tasks are few enough to be converted, noting it if they are not."""
    if not fits("own_suite.tasks", len(tasks), faults):
        return False
    parts = sum([len(message.parts) for task in tasks for message in task.messages])
    if parts > MAX_PARTS:
        faults.add("own_suite.tasks", f"hold {parts:,} parts; at most {MAX_PARTS:,} are allowed")
    return parts <= MAX_PARTS


def _own_tasks(tasks: Sequence[pb.OwnTask], faults: Violations) -> list[OwnTask]:
    found = []
    for index, task in enumerate(tasks):
        with of_task(index, faults):
            found.append(_own_task(task, faults))
    return found


def _own_task(task: pb.OwnTask, faults: Violations) -> OwnTask:
    return OwnTask(
        id=sha256(task.SerializeToString(deterministic=True)).hexdigest()[:24],
        messages=messages_of(task.messages, faults),
        answers=tuple(task.answers) if fits("answers", len(task.answers), faults) else (),
        choices=tuple(task.choices) if fits("choices", len(task.choices), faults) else (),
        contains=tuple(task.contains) if fits("contains", len(task.contains), faults) else (),
    )


def benchmark_response(sequence: int, event: SentEvent) -> pb.BenchmarkResponse:
    """Returns an event of a measurement under its number."""
    name, convert = _EVENTS[type(event)]
    fields: Fields = {name: convert(event)} if name else convert(event)
    return pb.BenchmarkResponse(sequence=sequence, **fields)


def _started(event: BenchmarkStarted) -> Fields:
    return {
        "run_id": event.run_id,
        "models": event.models,
        "suites": event.suites,
        "total_tasks": event.total_tasks,
        "expected_cost_micros": event.expected_cost_micros,
        "unpriced_models": event.unpriced_models,
        "seed": event.seed,
        "completed_tasks": event.completed_tasks,
        "adaptive": event.adaptive,
        "comparisons": event.comparisons,
        "related_comparisons": event.related_comparisons,
    }


def _progress(event: BenchmarkProgress) -> Fields:
    return {
        "completed_tasks": event.completed_tasks,
        "total_tasks": event.total_tasks,
        "model": event.model,
        "suite": event.suite,
        "category": event.category,
        "task_id": event.task_id,
        "score": None if event.error else event.score,
        "duration": duration_fields(event.duration),
        "error": failure_fields(event.error),
    }


def _completed(event: BenchmarkCompleted) -> Fields:
    return {
        "run_id": event.run_id,
        "scores": [_score(score) for score in event.scores],
        "choices": [_choice(settled) for settled in event.choices],
        "end": _ENDS[event.end],
    }


def _choice(settled: Settled) -> Fields:
    choice = settled.choice
    return {
        "category": choice.category,
        "model": choice.model,
        "rival": choice.rival,
        "certainty": choice.certainty,
        "certainty_before": settled.certainty_before,
        "expected_loss": choice.expected_loss,
    }


def _score(score: BenchmarkScore) -> Fields:
    return {
        "model": score.model,
        "category": score.category,
        "tasks": score.tasks,
        "failures": score.failures,
        **(_measured(score) if score.tasks else {}),
        "usage": usage_fields(score.usage, score.cost_micros),
    }


def _measured(score: BenchmarkScore) -> Fields:
    return {
        "score": score.score,
        "score_low": score.score_low,
        "score_high": score.score_high,
        "median_duration": duration_fields(score.median_duration),
    }


def _stopped(event: BenchmarkStopped) -> Fields:
    return {"cancelled" if event.cancelled else "failed": {"error": failure_fields(event.error)}}


_ENDS = {
    RunEnd.ALL_DONE: pb.BENCHMARK_END_ALL_DONE,
    RunEnd.SETTLED: pb.BENCHMARK_END_SETTLED,
    RunEnd.LIMIT_REACHED: pb.BENCHMARK_END_LIMIT_REACHED,
}
_EVENTS: dict[type[Any], tuple[str, Callable[[Any], Fields]]] = {
    BenchmarkStarted: ("started", _started),
    BenchmarkProgress: ("progress", _progress),
    BenchmarkCompleted: ("completed", _completed),
    BenchmarkStopped: ("", _stopped),
}
"""The name of an event in the contract and its fields; the name of the last one depends on what stopped the run."""
