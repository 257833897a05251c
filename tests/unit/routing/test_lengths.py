"""Requests are as dear as answers of their category usually are long, and cost counts as requests are large."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.routing.conftest import Routing, observed
from ymera_service.config import RoutingSettings
from ymera_service.routing.decision import Preferences, Weights
from ymera_service.routing.learning import lengths
from ymera_service.routing.learning.lengths import LEAST_SIZE, MOST_SIZE, Lengths
from ymera_service.routing.prompts.estimate import TYPICAL_OUTPUT_TOKENS, needs_of
from ymera_service.routing.prompts.features import Features, features_of
from ymera_service.routing.prompts.reading import MergedReading
from ymera_service.sdk.content import user
from ymera_service.sdk.generation import MAX_TOKENS, Prompt, Sampling
from ymera_service.sdk.models import ModelInfo, Price

CHEAP = ModelInfo("cheap", price=Price(100_000, 100_000))
DEAR = ModelInfo("dear", price=Price(10_000_000, 30_000_000))


def answer(known: Lengths, tokens: int, *, category: str = "coding", asked: int = 100, times: int = 1) -> None:
    for _ in range(times):
        known.observe(category, input_tokens=asked, expected=known.expected({category: 1.0}), output_tokens=tokens)


def test_before_there_were_answers_a_typical_one_is_expected_and_every_request_is_a_usual_one() -> None:
    known = Lengths()
    assert known.expected({"coding": 1.0}) == TYPICAL_OUTPUT_TOKENS
    assert known.size(1_000_000, 1) == 1.0


def test_answers_of_a_category_say_most_of_that_and_something_of_others() -> None:
    known = Lengths()
    answer(known, 10, times=100)
    answer(known, 1_000, category="research", times=100)
    assert known.expected({"coding": 1.0}) < 60
    assert known.expected({"research": 1.0}) > 900
    assert 300 < known.expected({"coding": 0.5, "research": 0.5}) < 600
    assert 300 < known.expected({"empathy": 1.0}) < 1_000


def test_few_answers_say_little() -> None:
    known = Lengths()
    answer(known, 10)
    assert known.expected({"coding": 1.0}) > TYPICAL_OUTPUT_TOKENS / 2


def test_lengths_follow_what_changes() -> None:
    known = Lengths()
    answer(known, 100, times=1_000)
    answer(known, 1_000, times=5 * lengths.LATEST)
    assert known.expected({"coding": 1.0}) > 900


@pytest.mark.parametrize("tokens", [0, -5, MAX_TOKENS + 1])
def test_figures_that_say_nothing_change_no_length(tokens: int) -> None:
    known = Lengths()
    answer(known, tokens, times=50)
    assert known.expected({"coding": 1.0}) == TYPICAL_OUTPUT_TOKENS


def test_only_the_latest_categories_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "MOST_CATEGORIES", 2)
    known = Lengths()
    for category in ("a", "b", "c"):
        answer(known, 10, category=category, times=100)
    answer(known, 10_000, category="b", times=100)
    assert known.expected({"c": 1.0}) < known.expected({"a": 1.0}) < known.expected({"b": 1.0})


@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 10_000)), max_size=30), st.integers(0, 2**40))
def test_a_size_is_bounded_and_grows_with_the_request(answers: list[tuple[int, int]], tokens: int) -> None:
    known = Lengths()
    for asked, answered in answers:
        answer(known, answered, asked=asked)
    assert LEAST_SIZE <= known.size(tokens, 400) <= known.size(tokens + 100, 400) <= MOST_SIZE
    assert known.expected({"coding": 1.0}) >= 1


@given(st.floats(0, 1), st.floats(LEAST_SIZE, MOST_SIZE))
def test_weights_at_a_size_add_up_to_1_and_keep_quality_against_speed(setting: float, size: float) -> None:
    stated = Weights.between(setting)
    found = stated.at_size(size)
    assert found.quality + found.speed + found.cost == pytest.approx(1)
    assert found.quality * stated.speed == pytest.approx(stated.quality * found.speed)
    assert found.cost * stated.speed == pytest.approx(size * stated.cost * found.speed)


def test_a_request_whose_answer_is_short_is_expected_to_cost_less_but_limited_by_the_longest_one() -> None:
    routing = Routing({"p": [DEAR]}, RoutingSettings(exploration=0))
    before = routing.decide().candidates[0].expected_cost_micros
    answer(routing.evidence.lengths, 2, times=100)
    after = routing.decide().candidates[0].expected_cost_micros
    assert before is not None
    assert after is not None
    assert after < before / 5
    long = Prompt((user("hello"),), sampling=Sampling(max_output_tokens=10_000))
    assert routing.select(long).decision.candidates[0].expected_cost_micros == after
    excluded = routing.select(long, Preferences(max_cost_micros=310_000)).decision.candidates
    assert excluded[0].expected_cost_micros == after
    with pytest.raises(Exception, match="too expensive"):
        routing.select(long, Preferences(max_cost_micros=290_000))


def test_a_large_request_goes_to_the_cheap_model_and_a_small_one_to_the_good_one() -> None:
    routing = Routing({"p": [CHEAP, DEAR]}, RoutingSettings(exploration=0))
    routing.measure(coding={"p/cheap": 0.5, "p/dear": 0.85}, general={"p/cheap": 0.5, "p/dear": 0.85})
    answer(routing.evidence.lengths, 100, asked=400, times=200)
    large = routing.select("word " * 2_000, Preferences(weights=Weights(0.5, 0.0, 0.3)))
    small = routing.select("word", Preferences(weights=Weights(0.5, 0.0, 0.3)))
    assert large.decision.candidates[0].target.model == "p/cheap"
    assert small.decision.candidates[0].target.model == "p/dear"
    assert large.decision.weights == small.decision.weights == Weights(0.5, 0.0, 0.3).normalised()
    assert "times the usual size" in large.decision.candidates[0].components[2].evidence
    for candidate in large.decision.candidates:
        assert candidate.score == pytest.approx(sum(part.value * part.weight for part in candidate.components))


def test_a_decision_is_computed_again_with_the_size_and_the_length_of_then() -> None:
    routing = Routing({"p": [CHEAP, DEAR]}, RoutingSettings(exploration=0))
    answer(routing.evidence.lengths, 100, asked=400, times=200)
    selection = routing.select("word " * 2_000, full_view=True)
    assert selection.decision.inputs.size > 1
    answer(routing.evidence.lengths, 9_000, times=200)
    again = routing.router.recompute(selection.decision, routing.catalog.snapshot, features=selection.features)
    assert again == selection.decision


def features(text: str) -> Features:
    prompt = Prompt((user(text),))
    return features_of(prompt, MergedReading({"coding": 1.0}), needs_of(prompt))


def test_a_server_that_starts_recalls_lengths_from_judged_answers_once_for_each() -> None:
    routing = Routing({"p": [CHEAP]})
    known = {str(number): features("write a loop") for number in range(100)}
    judged = [replace(observed(1.0, one, name=name), tokens=9) for one in known for name in ("rating", "thumb")]
    routing.evidence.learn(judged, known)
    assert routing.evidence.lengths.expected({"coding": 1.0}) == TYPICAL_OUTPUT_TOKENS
    routing.evidence.learn(judged, known, past=True)
    assert routing.evidence.lengths.expected({"coding": 1.0}) < 60
    assert routing.evidence.lengths.size(10_000, 9) == MOST_SIZE
