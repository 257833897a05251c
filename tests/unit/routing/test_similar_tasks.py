"""What models did in benchmark tasks corrects what is expected of them for requests like those."""

from array import array
from collections.abc import Mapping, Sequence
from random import Random

import pytest

from tests.unit.routing.conftest import FixedClassifier, Routing, observed
from tests.unit.routing.test_neighbours import CSS, SQL, corrections, features
from ymera_service.config import RoutingSettings
from ymera_service.routing.learning.neighbours import FEWEST_TRIED, Numbers
from ymera_service.routing.learning.similar_tasks import SimilarTasks
from ymera_service.routing.prompts.features import to_json
from ymera_service.sdk.models import ModelInfo
from ymera_service.storage.benchmark_tasks import MeasuredTasks
from ymera_service.storage.records import BenchmarkSummary


def half(model: str, category: str) -> float:
    return 0.5


def measured(texts: Sequence[str], scores: Mapping[str, Mapping[int, float]]) -> MeasuredTasks:
    kept = {number: to_json(features(text)) for number, text in enumerate(texts)}
    return MeasuredTasks(kept, {model: ([*each], [*each.values()]) for model, each in scores.items()})


def two_kinds(count: int) -> MeasuredTasks:
    """Tasks of two kinds, at one of which each of two models is good."""
    texts = [text.format(number) for number in range(count) for text in (SQL, CSS)]
    sql = {number: float(number % 2 == 0) for number in range(2 * count)}
    return measured(texts, {"p/sql": sql, "p/css": {number: 1 - score for number, score in sql.items()}})


def test_tasks_that_are_like_a_request_count_and_others_hardly() -> None:
    known = SimilarTasks(two_kinds(20), Numbers(), half)
    assert known.trial.share
    found = corrections(known, SQL.format("x"))
    assert (found.of("p/sql") or 0) > 0.3
    assert (found.of("p/css") or 0) < -0.3
    assert found.of("p/other") is None
    assert corrections(known, "").of("p/sql") is None


def test_few_tasks_prove_nothing() -> None:
    assert SimilarTasks(two_kinds(FEWEST_TRIED // 2 - 1), Numbers(), half).trial.share == 0


def test_chance_is_not_taken_for_a_pattern() -> None:
    draw = Random(3)
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join(draw.sample(words, 8)) for _ in range(400)]
    scores = {model: {number: float(draw.random() < 0.5) for number in range(400)} for model in ("p/a", "p/b")}
    trial = SimilarTasks(measured(texts, scores), Numbers(), half).trial
    assert trial.tried == FEWEST_TRIED
    assert trial.share == 0


def test_a_task_says_nothing_of_models_that_did_not_do_it() -> None:
    tasks = measured([SQL, SQL, CSS, CSS], {"p/a": {0: 1.0, 1: 1.0}, "p/b": {}})
    known = SimilarTasks(tasks, Numbers(), half)
    assert (corrections(known, SQL).of("p/a") or 0) > 0
    assert corrections(known, SQL).of("p/b") is None


def test_tasks_that_are_not_kept_any_more_and_features_of_another_version_say_nothing() -> None:
    kept = {7: to_json(features(SQL)), 3: to_json(features(SQL)), 5: b'{"version":0}', 9: to_json(features(CSS))}
    tasks = MeasuredTasks(kept, {"p/a": (array("q", [3, 5, 6, 7, 8]), array("f", [1.0, 0.0, 0.0, 1.0, 0.0]))})
    found = corrections(SimilarTasks(tasks, Numbers(), half), SQL)
    assert found.of("p/a") == pytest.approx(0.5 * 2 / (2 + 2), abs=1e-6)


def benchmarked() -> Routing:
    routing = Routing({"p": [ModelInfo("css"), ModelInfo("sql")]}, RoutingSettings(exploration=0))
    routing.classifiers = {"fixed": FixedClassifier({"coding": 1.0})}
    summaries = [BenchmarkSummary(model, "coding", 40, 0.5, 1.0) for model in ("p/css", "p/sql")]
    routing.evidence.load(summaries, (), two_kinds(20))
    return routing


def test_the_model_that_was_better_in_such_tasks_goes_first_and_the_decision_says_why() -> None:
    routing = benchmarked()
    for text, good in ((SQL, "p/sql"), (CSS, "p/css")):
        best = routing.decide(text.format("x")).candidates[0]
        assert best.target.model == good
        assert best.components[0].evidence.endswith("by similar requests")
    assert "similar" not in routing.decide("?").candidates[0].components[0].evidence


def test_judged_answers_end_what_tasks_wrongly_promise_and_a_later_benchmark_does_not_bring_it_back() -> None:
    routing = benchmarked()
    for number in range(20):
        for text, bad in ((SQL, "p/sql"), (CSS, "p/css")):
            for model in ("p/sql", "p/css"):
                one = observed(float(model != bad), model=model)
                routing.evidence.learn([one], {one.request_id: features(text.format(number))})
    assert routing.decide(SQL.format("x")).candidates[0].target.model == "p/css"
    summaries = [BenchmarkSummary(model, "coding", 60, 0.5, 1.0) for model in ("p/css", "p/sql")]
    routing.evidence.load(summaries, (), two_kinds(30))
    assert routing.decide(SQL.format("x")).candidates[0].target.model == "p/css"
