"""Distress of the user raises the share of empathy, the more the less the request is one for something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.prompts.empathy import raised
from ymera_service.sdk.classifiers import CATEGORIES, EMOTIONS

probabilities = st.lists(st.floats(0.01, 1.0), min_size=6, max_size=6).map(
    lambda values: dict(zip(CATEGORIES, [value / sum(values) for value in values], strict=True))
)


def test_a_general_request_of_someone_in_distress_is_one_for_empathy() -> None:
    felt = raised({"general": 0.7, "empathy": 0.2, "coding": 0.1}, {"sadness": 0.9, "neutral": 0.1})
    assert next(iter(felt)) == "empathy"
    assert felt["empathy"] > 0.5


@pytest.mark.parametrize("category", ["coding", "math", "research"])
def test_a_task_stays_the_task_and_is_answered_with_some_empathy(category: str) -> None:
    felt = raised({category: 1.0}, {"frustration": 1.0})
    assert next(iter(felt)) == category
    assert 0.05 < felt["empathy"] < 0.5


def test_work_on_given_words_is_left_alone_as_their_feelings_are_not_the_users() -> None:
    assert raised({"language": 1.0}, {"sadness": 1.0}) == {"language": 1.0}


@pytest.mark.parametrize(
    "emotions", [{}, {"neutral": 1.0}, {"joy": 1.0}, {"neutral": 0.5, "sadness": 0.3, "anger": 0.2}]
)
def test_without_likely_distress_nothing_changes(emotions: dict[str, float]) -> None:
    categories = {"general": 0.7, "coding": 0.3}
    assert raised(categories, emotions) == categories


@given(probabilities, st.sampled_from(EMOTIONS), st.floats(0, 1))
def test_probabilities_still_add_up_and_come_the_likeliest_first(
    categories: dict[str, float], emotion: str, probability: float
) -> None:
    felt = raised(categories, {emotion: probability})
    assert sum(felt.values()) == pytest.approx(1)
    assert [*felt.values()] == sorted(felt.values(), reverse=True) or felt is categories
    assert felt.get("empathy", 0.0) >= categories["empathy"] - 1e-12
