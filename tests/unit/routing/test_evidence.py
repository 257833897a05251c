import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.latency import BENCHMARK_ANSWER_TOKENS, LONGEST
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.storage.records import BenchmarkSummary

TARGETS = (Target("p", "p/m"),)


def pace(evidence: Evidence, tokens: int = BENCHMARK_ANSWER_TOKENS) -> float | None:
    """Returns the seconds that an answer of p/m is expected to take."""
    return evidence.paces(TARGETS).latencies([0], tokens)[0]


def measured(*summaries: tuple[str, str, int, float]) -> Evidence:
    evidence = Evidence()
    evidence.load(BenchmarkSummary(model, category, tasks, score, 4.0) for model, category, tasks, score in summaries)
    return evidence


def test_loading_again_replaces_what_was_known() -> None:
    evidence = measured(("p/m", "coding", 50, 0.9))
    assert evidence.summaries("p/m") != {}
    evidence.load([])
    assert evidence.categories == set()
    assert evidence.summaries("p/m") == {}


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.1, 1.5])
def test_an_invalid_score_is_ignored(score: float) -> None:
    evidence = measured(("p/m", "coding", 50, score), ("p/n", "coding", 50, 0.6))
    assert evidence.summaries("p/m") == {}
    assert [summary.model for summary in evidence.benchmarks] == ["p/n"]


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, LONGEST * 2])
def test_an_invalid_benchmark_time_is_ignored(seconds: float) -> None:
    evidence = Evidence()
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, seconds)])
    assert pace(evidence) is None
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, seconds), BenchmarkSummary("p/m", "math", 10, 0.9, 4.0)])
    assert pace(evidence) == pytest.approx(4.0)


def test_loading_the_same_again_changes_nothing() -> None:
    evidence = measured(("p/m", "coding", 50, 0.9))
    before = evidence.benchmarks
    evidence.load([BenchmarkSummary("p/m", "coding", 50, 0.9, 4.0)])
    assert evidence.benchmarks is before


def test_the_time_of_benchmark_tasks_is_used_until_a_call_was_measured() -> None:
    evidence = measured(("p/m", "coding", 10, 0.9))
    assert pace(evidence) == pytest.approx(4.0)
    evidence.observe("p/m", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    assert pace(evidence) == pytest.approx(0.5 + 200 * 0.01)
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, 60.0)])
    assert pace(evidence) == pytest.approx(0.5 + 200 * 0.01)


def test_each_endpoint_of_a_model_has_its_own_latency() -> None:
    evidence = measured(("p/m", "coding", 10, 0.9))
    targets = (Target("p", "p/m", Deployment("key", "a")), Target("p", "p/m", Deployment("key", "b")))
    evidence.observe("p/m@a", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    paces = evidence.paces(targets)
    assert paces.latencies([0, 1], 200) == pytest.approx([2.5, 4.0])


def test_returned_latencies_never_change() -> None:
    evidence = Evidence()
    before = evidence.paces(TARGETS)
    assert before.columns.unknown.tolist() == [True]
    evidence.observe("p/m", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    after = evidence.paces(TARGETS)
    evidence.observe("p/other", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    assert evidence.paces(TARGETS) is after
    assert before.latencies([0], 100) == [None]
    assert before.columns.unknown.tolist() == [True]
    assert after.latencies([0], 100) == [1.5]
    assert after.columns.latencies(100).tolist() == [1.5]
    assert (before.columns.unknown.tolist(), after.columns.unknown.tolist()) == ([True], [False])
    with pytest.raises(ValueError, match="read-only"):
        after.columns.first_token[0] = 1.0


def test_latency_moves_towards_that_of_the_latest_calls() -> None:
    evidence = Evidence()
    assert pace(evidence) is None
    evidence.observe("p/m", output_tokens=100, time_to_first_token=1.0, duration=2.0)
    latencies = []
    for _ in range(40):
        evidence.observe("p/m", output_tokens=100, time_to_first_token=2.0, duration=6.0)
        latencies.append(pace(evidence, 100) or 0.0)
    assert latencies == sorted(latencies)
    assert latencies[0] < 3.0
    assert latencies[-1] == pytest.approx(6.0, abs=0.01)


ODD = st.sampled_from([math.nan, math.inf, -math.inf, -1.0])


@given(
    calls=st.lists(
        st.tuples(st.integers(-5, 10_000), st.none() | st.floats(0, 100) | ODD, st.floats(-1, 1e9) | ODD), max_size=4
    )
)
def test_latency_is_finite_and_does_not_decrease_with_length(calls: list[tuple[int, float | None, float]]) -> None:
    evidence = Evidence()
    for tokens, first, duration in calls:
        evidence.observe("p/m", output_tokens=tokens, time_to_first_token=first, duration=duration)
        known = pace(evidence, 0), pace(evidence, 1), pace(evidence, 500)
        if known != (None, None, None):
            assert 0 <= (known[0] or 0.0) <= (known[1] or 0.0) <= (known[2] or 0.0) < math.inf
