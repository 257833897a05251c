import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.evidence import Evidence
from ymera_service.routing.latency import BENCHMARK_ANSWER_TOKENS, LONGEST
from ymera_service.sdk.targets import Deployment, Target
from ymera_service.storage.records import BenchmarkSummary

TARGETS = (Target("p", "p/m"),)


def pace(evidence: Evidence, tokens: int = BENCHMARK_ANSWER_TOKENS) -> float | None:
    """Returns the seconds that an answer of p/m is expected to take."""
    return evidence.paces(TARGETS).latency(0, tokens)


def measured(*summaries: tuple[str, str, int, float]) -> Evidence:
    evidence = Evidence()
    evidence.load(BenchmarkSummary(model, category, tasks, score, 4.0) for model, category, tasks, score in summaries)
    return evidence


def test_without_measurements_quality_is_in_the_middle_and_the_evidence_says_so() -> None:
    qualities = Evidence().qualities
    assert qualities.value("p/m", "coding") == 0.5
    assert qualities.evidence("p/m", "coding") == "not yet measured; taken as the mean, 0.50"


def test_stated_quality_counts_until_a_model_is_measured() -> None:
    assert Evidence().qualities.value("p/m", "coding", 0.8) == 0.8
    assert Evidence().qualities.evidence("p/m", "coding", 0.8) == "not yet measured; its provider states 0.80"
    qualities = measured(("p/m", "math", 50, 0.2)).qualities
    assert qualities.value("p/m", "coding", 0.8) == qualities.value("p/m", "coding")


def test_with_many_tasks_the_score_dominates() -> None:
    evidence = measured(("p/good", "coding", 5_000, 0.9), ("p/bad", "coding", 5_000, 0.1))
    assert evidence.qualities.value("p/good", "coding") == pytest.approx(0.9, abs=0.01)
    assert evidence.qualities.value("p/bad", "coding") == pytest.approx(0.1, abs=0.01)
    assert evidence.qualities.evidence("p/good", "coding") == "0.90 over 5000 coding tasks"


def test_one_right_task_does_not_outrank_many() -> None:
    evidence = measured(("p/lucky", "coding", 1, 1.0), ("p/proven", "coding", 100, 0.9), ("p/poor", "coding", 100, 0.3))
    assert evidence.qualities.value("p/lucky", "coding") < evidence.qualities.value("p/proven", "coding")


def test_scores_in_other_categories_raise_the_expected_quality() -> None:
    evidence = measured(("p/good", "math", 50, 0.9), ("p/bad", "math", 50, 0.2), ("p/other", "coding", 50, 0.5))
    qualities = evidence.qualities
    good, bad = qualities.value("p/good", "coding"), qualities.value("p/bad", "coding")
    assert good > qualities.value("p/unheard-of", "coding") > bad
    sentence = qualities.evidence("p/good", "coding")
    assert sentence == f"not yet measured in coding; taken as {good:.2f} from 50 tasks of other kinds"


def test_low_scores_in_a_hard_category_do_not_lower_the_quality_in_others() -> None:
    evidence = measured(
        ("p/in-hard", "hard", 50, 0.3),
        ("p/too", "hard", 50, 0.2),
        ("p/in-easy", "easy", 50, 0.8),
        ("p/x", "easy", 50, 0.9),
    )
    assert evidence.qualities.value("p/in-hard", "other") > evidence.qualities.value("p/in-easy", "other")


def test_loading_again_replaces_what_was_known() -> None:
    evidence = measured(("p/m", "coding", 50, 0.9))
    assert evidence.qualities.value("p/m", "coding") > 0.8
    evidence.load([])
    assert evidence.qualities.value("p/m", "coding") == 0.5
    assert evidence.categories == set()
    assert evidence.summaries("p/m") == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 1_000), st.floats(0, 1)),
        unique_by=lambda row: row[:2],
    )
)
def test_every_quality_lies_between_0_and_1(rows: list[tuple[str, str, int, float]]) -> None:
    qualities = measured(*rows).qualities
    assert all(0 <= qualities.value(model, category) <= 1 for model in "abcd" for category in "vxyz")


@pytest.mark.parametrize("score", [math.nan, math.inf, -0.1, 1.5])
def test_an_invalid_score_is_ignored(score: float) -> None:
    evidence = measured(("p/m", "coding", 50, score), ("p/n", "coding", 50, 0.6))
    assert evidence.summaries("p/m") == {}
    assert evidence.qualities.value("p/n", "coding") > 0.55


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -1.0, LONGEST * 2])
def test_an_invalid_benchmark_time_is_ignored(seconds: float) -> None:
    evidence = Evidence()
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, seconds)])
    assert pace(evidence) is None
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, seconds), BenchmarkSummary("p/m", "math", 10, 0.9, 4.0)])
    assert pace(evidence) == pytest.approx(4.0)


def test_loading_the_same_again_changes_nothing() -> None:
    evidence = measured(("p/m", "coding", 50, 0.9))
    before = evidence.qualities
    evidence.load([BenchmarkSummary("p/m", "coding", 50, 0.9, 4.0)])
    assert evidence.qualities is before


def test_the_time_of_benchmark_tasks_is_used_until_a_call_was_measured() -> None:
    evidence = measured(("p/m", "coding", 10, 0.9))
    assert pace(evidence) == pytest.approx(4.0)
    evidence.observe("p/m", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    assert pace(evidence) == pytest.approx(0.5 + 200 * 0.01)
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, 60.0)])
    assert pace(evidence) == pytest.approx(0.5 + 200 * 0.01)


def test_each_target_of_a_model_has_its_own_latency() -> None:
    evidence = measured(("p/m", "coding", 10, 0.9))
    targets = (Target("p", "p/m", Deployment("a")), Target("p", "p/m", Deployment("b")))
    evidence.observe("p/m#a", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    paces = evidence.paces(targets)
    assert [paces.latency(row, 200) for row in range(2)] == pytest.approx([2.5, 4.0])


def test_returned_latencies_never_change() -> None:
    evidence = Evidence()
    before = evidence.paces(TARGETS)
    assert before.columns.unknown.tolist() == [True]
    evidence.observe("p/m", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    after = evidence.paces(TARGETS)
    evidence.observe("p/other", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    assert evidence.paces(TARGETS) is after
    assert before.latency(0, 100) is None
    assert before.columns.unknown.tolist() == [True]
    assert after.latency(0, 100) == 1.5
    assert after.columns.latencies(100).tolist() == [1.5]
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
