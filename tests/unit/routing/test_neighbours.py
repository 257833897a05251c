"""Answers to similar requests correct what is expected in the class, while that comes nearer to the truth."""

from dataclasses import replace
from random import Random

import pytest

from tests.unit.routing.conftest import FixedClassifier, Routing, observed
from ymera_service.config import RoutingSettings
from ymera_service.routing.learning import evidence, neighbours
from ymera_service.routing.learning.neighbours import (
    NO_CORRECTION,
    Corrections,
    Neighbours,
    Numbers,
    Similar,
    Sums,
    Trial,
)
from ymera_service.routing.prompts.estimate import needs_of
from ymera_service.routing.prompts.features import Features, features_of
from ymera_service.routing.prompts.reading import MergedReading
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.models import ModelInfo

SQL = "which rows of the table does this query with a join return, number {}"
CSS = "centre this button of the page in its container, number {}"


def features(text: str) -> Features:
    prompt = Prompt((user(text),))
    return features_of(prompt, MergedReading({"coding": 1.0}), needs_of(prompt))


def corrections(known: Similar, text: str) -> Corrections:
    sums = Sums(known.numbers)
    known.add(features(text), sums)
    return sums.corrections()


def learn(known: Neighbours, count: int, *, sql: float, css: float) -> None:
    for number in range(count):
        for text, quality in ((SQL, sql), (CSS, css)):
            asked = text.format(number)
            known.take(asked, features(asked), "p/a", expected=0.5, quality=quality)


def test_answers_to_similar_requests_count_and_others_hardly() -> None:
    known = Neighbours(Numbers())
    learn(known, 30, sql=1.0, css=0.0)
    assert known.trial.share
    assert (corrections(known, SQL.format("x")).of("p/a") or 0) > 0.3
    assert (corrections(known, CSS.format("x")).of("p/a") or 0) < -0.3
    assert corrections(known, "").of("p/a") is None


def test_forgotten_answers_correct_nothing() -> None:
    known = Neighbours(Numbers())
    learn(known, 30, sql=1.0, css=0.0)
    known.forget(lambda request_id: request_id.startswith("centre"))
    assert abs(corrections(known, SQL.format("x")).of("p/a") or 0) < 0.1
    assert (corrections(known, CSS.format("x")).of("p/a") or 0) < -0.3


def test_nothing_is_corrected_before_it_was_tried() -> None:
    known = Neighbours(Numbers())
    learn(known, neighbours.FEWEST_TRIED // 2, sql=1.0, css=0.0)
    assert known.trial.share == 0


def test_of_corrections_that_are_too_large_only_the_share_counts_that_comes_true() -> None:
    trial = Trial()
    for number in range(2 * neighbours.FEWEST_TRIED):
        better = 0.4 if number % 2 else -0.4
        trial.take(better, expected=0.5, quality=0.5 + better / 4)
    assert trial.share == pytest.approx(0.25)
    for _ in range(3 * neighbours.TRIED):
        trial.take(0.4, expected=0.5, quality=0.4)
    assert trial.share == 0


def test_of_each_source_the_share_counts_that_comes_true() -> None:
    source = Neighbours(numbers := Numbers())
    learn(source, 30, sql=1.0, css=0.0)
    every, quarter = Sums(numbers), Sums(numbers)
    source.add(features(SQL.format("x")), every)
    source.add(features(SQL.format("x")), quarter, 0.25)
    whole = every.corrections().of("p/a")
    assert whole
    assert quarter.corrections().of("p/a") == pytest.approx(whole / 4)


def test_chance_is_not_taken_for_a_pattern() -> None:
    known, draw = Neighbours(Numbers()), Random(3)
    words = [f"word{number}" for number in range(60)]
    for number in range(400):
        asked = features(" ".join(draw.sample(words, 8)))
        known.take(str(number), asked, "p/a", expected=0.5, quality=float(draw.random() < 0.5))
    assert known.trial.share == 0


def test_later_feedback_on_the_same_answer_replaces() -> None:
    known, asked = Neighbours(Numbers()), features(SQL)
    known.take("r", asked, "p/a", expected=0.5, quality=1.0)
    known.take("r", asked, "p/a", expected=0.9, quality=0.0)
    assert corrections(known, SQL).of("p/a") == pytest.approx(-0.5 / (1 + NO_CORRECTION), abs=1e-6)


def test_only_the_latest_answers_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST_KEPT", 10)
    known = Neighbours(Numbers())
    learn(known, 20, sql=1.0, css=1.0)
    for number in range(10):
        known.take(f"other {number}", features("other things"), "p/b", expected=0.5, quality=0.0)
    assert corrections(known, SQL).of("p/a") is None


def experienced() -> Routing:
    """Two models of the same quality in the class, each good at another kind of request."""
    routing = Routing({"p": [ModelInfo("css"), ModelInfo("sql")]}, RoutingSettings(exploration=0))
    routing.classifiers = {"fixed": FixedClassifier({"coding": 1.0})}
    for number in range(30):
        for text, good in ((SQL, "p/sql"), (CSS, "p/css")):
            for model in ("p/sql", "p/css"):
                one = observed(float(model == good), model=model)
                routing.evidence.learn([one], {one.request_id: features(text.format(number))})
    return routing


def test_the_model_that_is_better_at_such_requests_goes_first_and_the_decision_says_why() -> None:
    routing = experienced()
    for text, good in ((SQL, "p/sql"), (CSS, "p/css")):
        best = routing.decide(text).candidates[0]
        assert best.target.model == good
        assert best.components[0].evidence.endswith("by similar requests")
        assert best.score == pytest.approx(sum(part.value * part.weight for part in best.components))
    assert "similar" not in routing.decide("?").candidates[0].components[0].evidence


def test_a_corrected_decision_is_computed_again_from_the_features_that_were_kept() -> None:
    routing = experienced()
    selection = routing.select(SQL, full_view=True)
    catalog, kept = routing.catalog.snapshot, selection.features
    assert routing.router.recompute(selection.decision, catalog, features=kept) == selection.decision


def test_without_features_nothing_is_corrected() -> None:
    routing = Routing({"p": [ModelInfo("a")]}, RoutingSettings(features=False))
    for number in range(40):
        one = observed(1.0)
        routing.evidence.learn([one], {one.request_id: features(SQL.format(number))})
    selection = routing.select(SQL)
    assert selection.features is None
    assert "similar" not in selection.decision.candidates[0].components[0].evidence


def test_of_the_past_only_answers_that_are_kept_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "MOST_KEPT", 10)
    taken: list[str] = []
    monkeypatch.setattr(Neighbours, "take", lambda _self, request_id, *_, **__: taken.append(request_id))
    judged = [replace(observed(1.0), request_id=str(number // 2)) for number in range(80)]
    known = {str(number): features("sql") for number in range(40)}
    evidence.Evidence().learn(judged, known, past=True)
    assert taken == [str(number) for number in range(30, 40)]
