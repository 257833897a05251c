"""Conversion of the plans of benchmarks."""

from __future__ import annotations

from ymera.v1 import ymera_pb2

from tests.unit.api.conftest import by_field, plan_of
from ymera_service.serving.checks.violations import Violations


def test_a_benchmarks_defaults_and_bounds() -> None:
    faults = Violations()
    plan = plan_of(ymera_pb2.BenchmarkRequest(models=["a/*"], seed=3), faults)
    assert not by_field(faults)
    assert (plan.models, plan.seed, plan.tasks_per_category, plan.concurrency) == (("a/*",), 3, 5, 4)
    plan_of(ymera_pb2.BenchmarkRequest(tasks_per_category=1001, concurrency=-1, suites=[""]), faults)
    assert set(by_field(faults)) == {"tasks_per_category", "concurrency", "suites[0]"}
    many = Violations()
    plan_of(ymera_pb2.BenchmarkRequest(models=["*"] * 129), many)
    assert list(by_field(many)) == ["models"]
