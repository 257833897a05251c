from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.learning.judged import Tally
from ymera_service.routing.learning.quality import ALIKE, Qualities
from ymera_service.sdk.priors import Expectation
from ymera_service.storage.records import BenchmarkSummary

LATEST = datetime(2026, 11, 29, tzinfo=UTC)
Row = tuple[str, str, int, float]
"""Model, category, tasks, score."""


def known(*rows: Row, expected: Mapping[str, float] | None = None) -> Qualities:
    """Returns the qualities after these measurements; `expected` is model → what is expected of it in coding."""
    summaries = [BenchmarkSummary(model, category, tasks, score, 4.0) for model, category, tasks, score in rows]
    expectations = {model: Expectation({"coding": each}, "hearsay") for model, each in (expected or {}).items()}
    return Qualities(summaries, expectations.get)


def test_where_nothing_is_known_quality_is_in_the_middle_and_the_evidence_says_so() -> None:
    qualities = known()
    assert qualities.value("p/m", "coding") == 0.5
    assert qualities.evidence("p/m", "coding") == "not yet measured; taken as 0.50, the mean"


def test_what_is_expected_counts_before_anything_is_measured() -> None:
    qualities = known(expected={"p/m": 0.8})
    assert qualities.value("p/m", "coding") == 0.8
    assert qualities.evidence("p/m", "coding") == "not yet measured; taken as 0.80, from hearsay"
    assert qualities.value("p/m", "math") == 0.5
    assert qualities.evidence("p/m", "math") == "not yet measured; taken as 0.50, the mean"


def test_measurements_outweigh_what_was_expected_the_more_tasks_they_rest_on() -> None:
    values = [
        known(("p/m", "coding", tasks, 0.2), expected={"p/m": 0.9}).value("p/m", "coding")
        for tasks in (1, 8, 50, 5_000)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.65
    assert values[-1] == pytest.approx(0.2, abs=0.01)


def test_an_easy_benchmark_does_not_make_the_measured_better_than_those_that_are_expected_to_be_better() -> None:
    expected = {"p/weak": 0.4, "p/strong": 0.9}
    qualities = known(("p/weak", "coding", 50, 0.95), expected=expected)
    assert qualities.value("p/strong", "coding") > 0.95
    assert qualities.value("p/weak", "coding") > 0.8


def test_a_model_that_falls_short_in_one_category_is_expected_to_in_others() -> None:
    expected = {"p/a": 0.8, "p/b": 0.8}
    qualities = known(("p/a", "math", 50, 0.1), ("p/b", "math", 50, 0.9), expected=expected)
    assert qualities.value("p/a", "coding") < 0.8 < qualities.value("p/b", "coding")
    value = qualities.value("p/a", "coding")
    sentence = qualities.evidence("p/a", "coding")
    assert sentence == f"not yet measured in coding; taken as {value:.2f} from 50 tasks of other kinds and hearsay"


def test_with_many_tasks_the_score_dominates() -> None:
    qualities = known(("p/good", "coding", 5_000, 0.9), ("p/bad", "coding", 5_000, 0.1))
    assert qualities.value("p/good", "coding") == pytest.approx(0.9, abs=0.01)
    assert qualities.value("p/bad", "coding") == pytest.approx(0.1, abs=0.01)
    assert qualities.evidence("p/good", "coding") == "0.90 over 5000 coding tasks"


def test_one_right_task_does_not_outrank_many() -> None:
    qualities = known(("p/lucky", "coding", 1, 1.0), ("p/proven", "coding", 100, 0.9), ("p/poor", "coding", 100, 0.3))
    assert qualities.value("p/lucky", "coding") < qualities.value("p/proven", "coding")


def test_scores_in_other_categories_raise_the_expected_quality() -> None:
    qualities = known(("p/good", "math", 50, 0.9), ("p/bad", "math", 50, 0.2), ("p/other", "coding", 50, 0.5))
    good, bad = qualities.value("p/good", "coding"), qualities.value("p/bad", "coding")
    assert good > qualities.value("p/unheard-of", "coding") > bad
    sentence = qualities.evidence("p/good", "coding")
    assert sentence == f"not yet measured in coding; taken as {good:.2f} from 50 tasks of other kinds"


def test_low_scores_in_a_hard_category_do_not_lower_the_quality_in_others() -> None:
    qualities = known(
        ("p/in-hard", "hard", 50, 0.3),
        ("p/too", "hard", 50, 0.2),
        ("p/in-easy", "easy", 50, 0.8),
        ("p/x", "easy", 50, 0.9),
    )
    assert qualities.value("p/in-hard", "other") > qualities.value("p/in-easy", "other")


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("abc"), st.sampled_from(["coding", "y", "z"]), st.integers(1, 1_000), st.floats(0, 1)
        ),
        unique_by=lambda row: row[:2],
    ),
    expected=st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1)),
)
def test_every_quality_lies_between_0_and_1(rows: list[Row], expected: dict[str, float]) -> None:
    qualities = known(*rows, expected=expected)
    assert all(0 <= qualities.value(model, category) <= 1 for model in "abcd" for category in ("v", "coding", "y", "z"))


def judged(model: str, category: str, answers: float, mean: float, *rows: Row) -> Qualities:
    """Returns the qualities after these measurements and judged answers of one model in one category."""
    summaries = [BenchmarkSummary(model, category, tasks, score, 4.0) for model, category, tasks, score in rows]
    return Qualities(summaries, tallies={model: {category: Tally(answers, mean, LATEST)}})


def test_judged_answers_count_like_tasks() -> None:
    alone = judged("p/m", "coding", 20, 0.2).value("p/m", "coding")
    assert alone == pytest.approx(known(("p/m", "coding", 20, 0.2)).value("p/m", "coding"), abs=0.01)
    both = judged("p/m", "coding", 20, 0.2, ("p/m", "coding", 20, 1.0))
    assert both.value("p/m", "coding") == pytest.approx(0.59, abs=0.02)
    assert (
        both.evidence("p/m", "coding")
        == "1.00 over 20 coding tasks and 0.20 over 20 judged coding answers until 2026-11-29"
    )


def test_one_bad_answer_says_nothing_of_other_categories_and_many_do() -> None:
    for answers in (1, ALIKE):
        assert judged("p/m", "coding", answers, 0.0).value("p/m", "empathy") == 0.5
    qualities = judged("p/m", "coding", 40, 0.0)
    assert qualities.value("p/m", "empathy") < 0.5
    assert "from 40 answers of other kinds" in qualities.evidence("p/m", "empathy")


def test_what_is_known_of_empathy_survives_a_bad_answer_to_a_coding_task() -> None:
    before, after = known(("p/m", "empathy", 30, 0.9)), judged("p/m", "coding", 1, 0.0, ("p/m", "empathy", 30, 0.9))
    assert after.value("p/m", "empathy") == before.value("p/m", "empathy")
    assert after.belief("p/m", "empathy").variance == before.belief("p/m", "empathy").variance


def test_doubt_shrinks_with_what_is_known_and_never_vanishes() -> None:
    variances = [judged("p/m", "coding", answers, 1.0).belief("p/m", "coding").variance for answers in (0.1, 8, 500)]
    assert variances == sorted(variances, reverse=True)
    assert 0 < variances[-1] < 0.0002
    assert known().belief("p/m", "coding").variance == pytest.approx(0.25 / 9)


def test_what_is_known_of_other_categories_makes_a_belief_surer_but_less_than_the_same_of_its_own() -> None:
    elsewhere = judged("p/m", "coding", 21, 0.5).belief("p/m", "empathy")
    own = judged("p/m", "empathy", 21, 0.5).belief("p/m", "empathy")
    assert own.tasks == 29
    assert elsewhere.tasks == 18
    assert own.variance < elsewhere.variance < known().belief("p/m", "empathy").variance


def test_no_number_of_tasks_of_other_categories_makes_a_model_known_in_one_it_was_never_tried_in() -> None:
    many, most = (judged("p/m", "coding", answers, 0.5).belief("p/m", "empathy") for answers in (1_000, 1_000_000))
    assert many.variance == most.variance
    assert many.variance**0.5 == pytest.approx(0.1, abs=0.01)
    own = judged("p/m", "empathy", 1_000, 0.5, ("p/m", "coding", 1_000_000, 0.5)).belief("p/m", "empathy")
    assert own.variance < many.variance / 10
