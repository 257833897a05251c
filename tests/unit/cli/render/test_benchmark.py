"""The scores of a run, and what routing would choose."""

from ymera.v1 import usage_pb2, ymera_pb2

from tests.unit.cli.render.shown import TWO_SECONDS, lines
from ymera_service.cli.render import benchmark


def test_scores_are_listed_by_model_and_category() -> None:
    good = ymera_pb2.BenchmarkScore(
        model="acme/large",
        category="coding",
        tasks=5,
        score=0.8,
        score_low=0.38,
        score_high=0.96,
        median_duration=TWO_SECONDS,
        usage=usage_pb2.Usage(cost_micros=1200),
    )
    none = ymera_pb2.BenchmarkScore(model="acme/large", category="math", failures=5)
    assert lines(benchmark.scores(ymera_pb2.BenchmarkCompleted(scores=[good, none]))) == [
        "model       category  score  95 % interval  tasks  failed  median time          cost",
        "acme/large  coding     0.80      0.38–0.96      5       0       2.00 s       $0.0012",
        "            math          –                     0       5               cost unknown",
    ]
    assert lines(benchmark.scores(ymera_pb2.BenchmarkCompleted())) == ["Nothing was measured."]


def test_choices_are_shown_with_how_sure_they_are() -> None:
    done = ymera_pb2.BenchmarkCompleted(
        scores=[ymera_pb2.BenchmarkScore(model="acme/large", category="math", tasks=5, failures=1)],
        choices=[
            ymera_pb2.BenchmarkChoice(
                category="math", model="acme/large", rival="acme/small", certainty=0.999, certainty_before=0.5
            ),
            ymera_pb2.BenchmarkChoice(category="coding", model="acme/large", certainty=0.78, certainty_before=0.4),
        ],
        end=ymera_pb2.BENCHMARK_END_SETTLED,
    )
    done.scores[0].usage.cost_micros = 1200
    assert lines(benchmark.choices(done)) == [
        "",
        "category  would be chosen  sure  before  otherwise most likely",
        "math      acme/large       99 %    50 %  acme/small",
        "coding    acme/large       78 %    40 %  –",
    ]
    assert benchmark.ending(done) == (
        "6 tasks were measured for $0.0012, as no other would be likely to change a choice; not yet sure: coding"
    )
