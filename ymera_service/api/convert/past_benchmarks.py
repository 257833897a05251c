"""Past runs of benchmarks, and their results."""

from ymera_service.api.convert import Fields
from ymera_service.api.convert.usage import duration_fields, usage_fields
from ymera_service.benchmark.runs import findings_from_json
from ymera_service.sdk.benchmarks import Finding
from ymera_service.serving.past_benchmarks import PastRun
from ymera_service.storage.records import BenchmarkAnswer, BenchmarkResult


def run_fields(past: PastRun) -> Fields:
    """Returns a run with the totals of its results."""
    return {
        "run_id": past.run.run_id,
        "start_time": past.run.created_at,
        "end_time": past.run.ended_at,
        "models": past.plan.models,
        "suites": past.plan.suites,
        "seed": past.plan.seed,
        "total_tasks": past.plan.total_tasks,
        "completed_tasks": past.totals.tasks,
        "failures": past.totals.failures,
        "usage": usage_fields(past.totals.usage, past.totals.cost_micros),
    }


def result_fields(result: BenchmarkResult, answer: BenchmarkAnswer | None) -> Fields:
    """Returns a result, with what was asked and answered if that is still kept."""
    return {
        "model": result.model,
        "suite": result.suite,
        "category": result.category,
        "task_id": result.task_id,
        "create_time": result.created_at,
        "score": result.score,
        "error_reason": result.error_reason,
        "duration": duration_fields(result.duration),
        "usage": usage_fields(result.usage, result.cost_micros),
        "answer": None if answer is None else _answer(answer),
    }


def _answer(answer: BenchmarkAnswer) -> Fields:
    findings = [_finding(each) for each in findings_from_json(answer.findings)]
    return {"prompt": answer.prompt, "answer": answer.answer, "findings": findings}


def _finding(finding: Finding) -> Fields:
    return {"name": finding.name, "passed": finding.passed, "detail": finding.detail}
