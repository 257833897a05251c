"""Scores of suites of different difficulty are joined so that a hard one costs no good model its place."""

from math import exp
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ymera_service.routing.learning.difficulty import fitted, information, joined
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.sdk.priors import Expectation
from ymera_service.storage.comparisons import Matches
from ymera_service.storage.records import BenchmarkSummary

Rows = list[tuple[str, str, int, float]]
"""Model, suite, number of tasks, share that was solved."""

rows = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(["easy", "hard", "odd"]), st.integers(1, 200), st.floats(0, 1)
    ),
    min_size=1,
    max_size=18,
    unique_by=lambda each: each[:2],
)


def equally(model: str, category: str) -> float:
    return 0.5


def summaries(found: Rows) -> list[BenchmarkSummary]:
    return [BenchmarkSummary(model, "math", tasks, score, 1.0, suite) for model, suite, tasks, score in found]


def scores(found: Rows, expected: object = equally) -> dict[str, float]:
    return {each.model: each.score for each in joined(summaries(found), expected)}  # type: ignore[arg-type]  # a function


@given(rows)
def test_scores_are_shares_and_each_model_has_one(found: Rows) -> None:
    made = joined(summaries(found), equally)
    assert [each.model for each in made] == list(dict.fromkeys(model for model, *_ in found))
    assert all(0 <= each.score <= 1 for each in made)
    for each in made:
        assert each.tasks == sum(tasks for model, _, tasks, _ in found if model == each.model)


@given(rows)
def test_one_suite_stays_as_it_is(found: Rows) -> None:
    alone = [each for each in summaries(found) if each.suite == "easy"]
    assert joined(alone, equally) == alone


@given(rows, st.randoms())
def test_the_order_of_results_does_not_matter(found: Rows, draw: Random) -> None:
    mixed = list(found)
    draw.shuffle(mixed)
    other = scores(mixed)
    assert scores(found) == {model: pytest.approx(score, abs=1e-3) for model, score in other.items()}


@given(rows, st.data())
def test_who_solves_more_is_not_taken_for_worse(found: Rows, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(found) - 1))
    model, suite, tasks, score = found[at]
    better = [*found[:at], (model, suite, tasks, min(1.0, score + 0.2)), *found[at + 1 :]]
    others = {each[1] for each in found}
    if len(others) > 1:
        assert scores(better)[model] >= scores(found)[model] - 1e-3


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8), st.integers(1, 100))
def test_of_models_with_the_same_tasks_the_order_is_that_of_what_they_solved(
    shares: list[tuple[float, float]], tasks: int
) -> None:
    found = [
        (f"m{at}", suite, tasks, share)
        for at, pair in enumerate(shares)
        for suite, share in zip(("easy", "hard"), pair, strict=True)
    ]
    made = scores(found)
    for one, first in enumerate(shares):
        for other, second in enumerate(shares):
            if sum(first) > sum(second) + 1e-3:
                assert made[f"m{one}"] >= made[f"m{other}"] - 1e-4


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_the_values_found_are_the_most_probable_ones(seed: int) -> None:
    draw = np.random.default_rng(seed)
    tasks = draw.integers(0, 50, (6, 3)).astype(float)
    solved, prior = np.floor(tasks * draw.random((6, 3))), draw.normal(0, 1, 6)

    def posterior(values: np.ndarray) -> float:
        abilities, difficulties = values[:6], values[6:]
        chances = 1 / (1 + np.exp(-(abilities[:, None] - difficulties[None, :])))
        likely = (solved * np.log(chances) + (tasks - solved) * np.log(1 - chances)).sum()
        return float(likely - (((abilities - prior) / 1.5) ** 2).sum() / 2 - ((difficulties / 1.5) ** 2).sum() / 2)

    best = np.concatenate(fitted(tasks, solved, prior))
    for _ in range(20):
        assert posterior(best) >= posterior(best + draw.normal(0, 0.05, 9)) - 1e-6


def solve_rate(ability: float, difficulty: float) -> float:
    return 1 / (1 + exp(difficulty - ability))


def test_a_good_model_keeps_its_place_when_it_is_measured_on_a_hard_suite() -> None:
    """The best model did the hard suite alone, the fifth the easy one, and the three between them both."""
    abilities = {"best": 3.0, "second": 2.2, "third": 1.5, "fourth": 0.5, "fifth": -0.5}
    difficulty, done = {"easy": -1.0, "hard": 2.0}, {"best": ["hard"], "fifth": ["easy"]}
    by_mean = by_difficulty = 0
    for seed in range(40):
        draw, found = Random(seed), []
        for model, ability in abilities.items():
            for suite in done.get(model, ["easy", "hard"]):
                solved = sum(draw.random() < solve_rate(ability, difficulty[suite]) for _ in range(60))
                found.append((model, suite, 60, solved / 60))
        means = {model: np.mean([each[3] for each in found if each[0] == model]) for model in abilities}
        made = scores(found)
        by_mean += max(means, key=means.__getitem__) == "best"
        by_difficulty += max(made, key=made.__getitem__) == "best"
        assert min(made, key=made.__getitem__) == "fifth"
    assert by_difficulty >= 38
    assert by_mean < 20


def test_without_models_in_common_what_is_expected_decides() -> None:
    found = [("known", "hard", 50, 0.5), ("other", "easy", 50, 0.7)]
    expected = {"known": 0.9, "other": 0.3}
    assert scores(found)["known"] < scores(found)["other"]
    known = scores(found, lambda model, _: expected[model])
    assert known["known"] > known["other"]


def test_evidence_is_joined_and_says_so() -> None:
    evidence = Evidence()
    found = [("a", "easy", 50, 0.9), ("b", "easy", 50, 0.8), ("b", "hard", 50, 0.3), ("c", "hard", 50, 0.5)]
    evidence.load(summaries(found))
    qualities = evidence.qualities
    assert qualities.value("c", "math") > qualities.value("b", "math")
    assert "over 50 math tasks of suites of different difficulty" in qualities.evidence("c", "math")
    before = evidence.benchmarks
    evidence.load(summaries(found))
    assert evidence.benchmarks is before
    evidence.expect(lambda model: Expectation({"math": 0.95 if model == "a" else 0.2}, "a table"))
    assert evidence.benchmarks is before, "it costs no request anything"
    evidence.load(summaries(found))
    assert evidence.benchmarks != before


def test_many_models_are_joined_at_once() -> None:
    draw = Random(1)
    found = [(f"m{at}", suite, 30, draw.random()) for at in range(1000) for suite in ("x", "y", "z")]
    assert len(scores(found)) == 1000


def test_tasks_that_all_models_solve_say_less_than_tasks_that_half_of_them_solve() -> None:
    known = [
        BenchmarkSummary(f"p/{name}", "math", 20, share, 1.0, suite)
        for suite, share in (("easy", 1.0), ("hard", 0.5))
        for name in "abc"
    ]
    found = information(known, "math", ["p/a", "p/new"], ["easy", "hard", "unused"], lambda model, category: 0.5)
    assert found.shape == (2, 3)
    assert (found[:, 0] < found[:, 1]).all()
    assert ((found >= 0) & (found <= 0.25)).all()


def played(strengths: list[float], games: int, seed: int = 1) -> list[Matches]:
    """Returns matches of models whose answers are better with the probability of their strengths."""
    draw = Random(seed)
    found = []
    for one, mine in enumerate(strengths):
        for other, theirs in enumerate(strengths[one + 1 :], one + 1):
            won = sum(draw.random() < 1 / (1 + exp(theirs - mine)) for _ in range(games))
            found.append(Matches("empathy", f"p/{one}", f"p/{other}", games, float(won)))
    return found


def test_comparisons_alone_find_a_known_order_and_distances() -> None:
    strengths = [1.5, 0.5, -0.5, -1.5]
    made = joined([], lambda model, category: 0.5, played(strengths, 200))
    assert [each.model for each in sorted(made, key=lambda each: -each.score)] == ["p/0", "p/1", "p/2", "p/3"]
    for each, strength in zip(sorted(made, key=lambda each: each.model), strengths, strict=True):
        assert each.score == pytest.approx(1 / (1 + exp(-strength)), abs=0.06)
        assert each.comparisons == 600
        assert 1 <= each.tasks <= 600


def test_more_comparisons_are_worth_more_and_leave_graded_tasks_their_worth() -> None:
    graded = [BenchmarkSummary(f"p/{n}", "empathy", 10, 0.5, 1.0, "suite") for n in range(4)]
    few, many = (
        {each.model: each for each in joined(graded, lambda model, category: 0.5, played([0.0] * 4, games))}
        for games in (4, 40)
    )
    for model in few:
        assert 10 <= few[model].tasks < many[model].tasks <= 10 + 120
        assert few[model].median_duration == 1.0


def test_models_with_graded_tasks_and_comparisons_are_joined_on_one_scale() -> None:
    graded = [
        BenchmarkSummary("p/0", "empathy", 50, 0.9, 1.0, "suite"),
        BenchmarkSummary("p/1", "empathy", 50, 0.3, 1.0, "suite"),
    ]
    made = {
        each.model: each.score
        for each in joined(graded, lambda m, c: 0.5, [Matches("empathy", "p/0", "p/2", 30, 15.0)])
    }
    assert made["p/2"] > made["p/1"] + 0.3, "it is as good as the better model, without a graded task"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(4, 7), st.integers(1, 500), st.floats(0, 1)), max_size=12))
def test_any_comparisons_give_scores_between_nothing_and_everything(games: list[tuple[int, int, int, float]]) -> None:
    matches = [Matches("empathy", f"p/{a}", f"p/{b}", count, count * share) for a, b, count, share in games]
    for each in joined([], lambda model, category: 0.5, matches):
        assert 0 <= each.score <= 1
        assert each.tasks >= 1
