import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.evidence import BENCHMARK_ANSWER_TOKENS, Evidence
from ymera_service.storage.records import BenchmarkSummary


def measured(*summaries: tuple[str, str, int, float]) -> Evidence:
    evidence = Evidence()
    evidence.load(BenchmarkSummary(model, category, tasks, score, 4.0) for model, category, tasks, score in summaries)
    return evidence


def test_nothing_measured_means_the_middle_and_says_so() -> None:
    quality = Evidence().quality("p/m", "coding")
    assert quality.value == 0.5
    assert quality.evidence == "not yet measured; taken as the mean, 0.50"


def test_many_tasks_speak_for_themselves() -> None:
    evidence = measured(("p/good", "coding", 5_000, 0.9), ("p/bad", "coding", 5_000, 0.1))
    assert evidence.quality("p/good", "coding").value == pytest.approx(0.9, abs=0.01)
    assert evidence.quality("p/bad", "coding").value == pytest.approx(0.1, abs=0.01)
    assert evidence.quality("p/good", "coding").evidence == "0.90 over 5000 coding tasks"


def test_one_lucky_task_does_not_beat_many_good_ones() -> None:
    evidence = measured(("p/lucky", "coding", 1, 1.0), ("p/proven", "coding", 100, 0.9), ("p/poor", "coding", 100, 0.3))
    assert evidence.quality("p/lucky", "coding").value < evidence.quality("p/proven", "coding").value


def test_a_model_good_elsewhere_is_expected_to_be_good_here_too() -> None:
    evidence = measured(("p/good", "math", 50, 0.9), ("p/bad", "math", 50, 0.2), ("p/other", "coding", 50, 0.5))
    good, bad = evidence.quality("p/good", "coding"), evidence.quality("p/bad", "coding")
    assert good.value > evidence.quality("p/unheard-of", "coding").value > bad.value
    assert good.evidence.startswith("not yet measured in coding")
    assert good.evidence.endswith("from 50 tasks of other kinds")


def test_a_hard_category_does_not_make_its_models_look_bad_elsewhere() -> None:
    evidence = measured(
        ("p/in-hard", "hard", 50, 0.3),
        ("p/too", "hard", 50, 0.2),
        ("p/in-easy", "easy", 50, 0.8),
        ("p/x", "easy", 50, 0.9),
    )
    assert evidence.quality("p/in-hard", "other").value > evidence.quality("p/in-easy", "other").value


def test_loading_again_replaces_what_was_known() -> None:
    evidence = measured(("p/m", "coding", 50, 0.9))
    assert evidence.quality("p/m", "coding").value > 0.8
    evidence.load([])
    assert evidence.quality("p/m", "coding").value == 0.5
    assert evidence.categories == set()
    assert evidence.summaries("p/m") == {}


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.integers(0, 1_000), st.floats(0, 1)),
        unique_by=lambda row: row[:2],
    )
)
def test_every_quality_lies_between_0_and_1(rows: list[tuple[str, str, int, float]]) -> None:
    evidence = measured(*rows)
    table = evidence.table(("v", "x"))
    for model in "abcd":
        values = [evidence.quality(model, category).value for category in ("v", "x")]
        assert all(0 <= value <= 1 for value in values)
        assert list(table.measured.get(model, table.others)) == values


def test_the_time_of_a_benchmark_task_stands_in_until_a_call_was_measured() -> None:
    evidence = measured(("p/m", "coding", 10, 0.9))
    pace = evidence.pace("p/m")
    assert pace is not None
    assert pace.latency(BENCHMARK_ANSWER_TOKENS) == pytest.approx(4.0)
    evidence.observe("p/m", output_tokens=100, time_to_first_token=0.5, duration=1.5)
    pace = evidence.pace("p/m")
    assert pace is not None
    assert pace.latency(200) == pytest.approx(0.5 + 200 * 0.01)
    evidence.load([BenchmarkSummary("p/m", "coding", 10, 0.9, 60.0)])
    assert evidence.pace("p/m") == pace


def test_latency_moves_towards_what_the_latest_calls_took() -> None:
    evidence = Evidence()
    assert evidence.pace("p/m") is None
    evidence.observe("p/m", output_tokens=100, time_to_first_token=1.0, duration=2.0)
    latencies = []
    for _ in range(40):
        evidence.observe("p/m", output_tokens=100, time_to_first_token=2.0, duration=6.0)
        pace = evidence.pace("p/m")
        assert pace is not None
        latencies.append(pace.latency(100))
    assert latencies == sorted(latencies)
    assert latencies[0] < 3.0
    assert latencies[-1] == pytest.approx(6.0, abs=0.01)


@given(
    tokens=st.integers(-5, 10_000),
    first=st.none() | st.floats(0, 100),
    duration=st.floats(-1, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf]),
)
def test_no_call_makes_latency_absurd(tokens: int, first: float | None, duration: float) -> None:
    evidence = Evidence()
    for _ in range(2):
        evidence.observe("p/m", output_tokens=tokens, time_to_first_token=first, duration=duration)
    pace = evidence.pace("p/m")
    if pace is not None:
        assert math.isfinite(pace.latency(500))
        assert pace.latency(0) >= 0
        assert pace.latency(500) >= pace.latency(1)
