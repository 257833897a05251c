"""Past runs of benchmarks and their results."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from ymera.v1 import benchmarks_pb2, usage_pb2

from tests.unit.cli.render.shown import TWO_SECONDS, lines
from ymera_service.cli.render import past_benchmarks

RUN = benchmarks_pb2.BenchmarkRun(
    run_id="01a22543-6677-7524-bc89-e2ce5d85d05e",
    start_time=Timestamp(seconds=1_800_000_000),
    models=["acme/large", "acme/small"],
    suites=["basics"],
    total_tasks=1200,
    completed_tasks=7,
    failures=1,
    usage=usage_pb2.Usage(cost_micros=1234),
)


@pytest.mark.parametrize(("width", "named"), [(200, "suites"), (80, "state"), (60, "run"), (40, "run")])
def test_runs_fit_the_terminal(width: int, named: str) -> None:
    shown = lines(past_benchmarks.runs([RUN]), width)
    assert named in shown[0]
    assert all(len(line) <= width for line in shown)
    assert RUN.run_id in shown[1]
    assert lines(past_benchmarks.runs([]))[0].startswith("Nothing was measured yet.")


@pytest.mark.parametrize("width", [80, 40])
def test_a_result_shows_what_was_asked_and_answered_and_why(width: int) -> None:
    wrong = benchmarks_pb2.BenchmarkResult(
        model="acme/large",
        suite="basics",
        task_id="math/travel/7/3",
        score=0.5,
        duration=TWO_SECONDS,
        answer=benchmarks_pb2.BenchmarkAnswer(
            prompt="How far?\nIn km.",
            answer="12 \x1b[31mkm",
            findings=[
                benchmarks_pb2.BenchmarkFinding(name="unit", passed=True),
                benchmarks_pb2.BenchmarkFinding(name="answer", detail="a right answer is 13"),
            ],
        ),
    )
    failed = benchmarks_pb2.BenchmarkResult(model="acme/small", suite="basics", error_reason="RATE_LIMITED")
    shown = lines(past_benchmarks.results([wrong, failed], more=True), width)
    assert all(len(line) <= width for line in shown)
    text = " ".join(" ".join(shown).split())
    for part in (
        "math/travel/7/3 · 0.50 · 2.00 s",
        "How far? In km.",
        "12 \\x1b[31mkm",
        "✓ unit",
        "right answer is 13",
    ):
        assert part in text
    assert "RATE_LIMITED" in text
    assert "no longer kept" in text
    assert "-n shows" in text
