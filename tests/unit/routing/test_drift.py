"""Changes of how good a model's answers are, found in what they were judged to be worth; and forgetting them."""

from datetime import timedelta
from random import Random

import pytest
import structlog

from tests.unit.routing.conftest import NOW, observed
from ymera_service.routing.learning.drift import FEWEST, drift_of
from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.judged import Judged
from ymera_service.storage.records import Observation, ObservationSource

HOUR = timedelta(hours=1)


def answers(*parts: tuple[int, float], seed: int = 1) -> list[Observation]:
    """Returns an answer an hour: of each part so many, of which this share is good."""
    draw, shares = Random(seed), [share for count, share in parts for _ in range(count)]
    return [
        observed(float(draw.random() < share), age=(len(shares) - place) * HOUR) for place, share in enumerate(shares)
    ]


def reset(model: str = "p/a", category: str = "", *, age: timedelta = timedelta()) -> Observation:
    one = observed(None, model=model, category=category, age=age)
    return Observation(
        **{name: getattr(one, name) for name in one.__slots__} | {"source": ObservationSource.RESET, "name": "reset"}
    )


@pytest.mark.parametrize(("after", "word"), [(0.3, "worse"), (1.0, "better")])
def test_a_change_is_found_with_its_time_and_its_evidence(after: float, word: str) -> None:
    given = answers((60, 0.65), (40, after))
    drift = drift_of([(one.created_at, one.value or 0.0) for one in given])
    assert drift is not None
    assert abs(drift.since - given[60].created_at) <= 12 * HOUR
    assert drift.answers_before + drift.answers_after == 100
    assert f"got {word} since {drift.since:%Y-%m-%d %H:%M} UTC: {drift.after:.2f} over" in str(drift)


def test_a_change_ends_when_answers_are_as_good_as_before() -> None:
    given = [(one.created_at, one.value or 0.0) for one in answers((80, 0.9), (30, 0.2), (60, 0.9))]
    begun, ended = drift_of(given[:110]), drift_of(given)
    assert begun is not None
    assert begun.after < begun.before
    assert ended is None


def test_of_two_changes_the_last_is_reported() -> None:
    drift = drift_of([(one.created_at, one.value or 0.0) for one in answers((60, 1.0), (40, 0.1), (60, 0.6))])
    assert drift is not None
    assert drift.before < 0.25
    assert 0.45 < drift.after < 0.75


def test_where_nothing_changes_nothing_is_found() -> None:
    found = 0
    for seed in range(60):
        given = [(one.created_at, one.value or 0.0) for one in answers((200, 0.8), seed=seed)]
        found += any(drift_of(given[:count]) for count in range(20, 201, 5))
    assert found <= 2


def test_answers_of_the_same_time_are_not_a_change() -> None:
    draw = Random(1)
    assert drift_of([(NOW, float(draw.random() < 0.8)) for _ in range(200)]) is None


def test_few_answers_prove_nothing() -> None:
    assert drift_of([]) is None
    assert drift_of([(one.created_at, one.value or 0.0) for one in answers((FEWEST, 1.0), (FEWEST - 1, 0.0))]) is None


def test_a_change_is_logged_once() -> None:
    evidence, given = Evidence(lambda: NOW), answers((60, 0.9), (60, 0.2))
    with structlog.testing.capture_logs() as logs:
        for start in range(0, len(given), 10):
            evidence.learn(given[start : start + 10])
    [logged] = logs
    assert (logged["event"], logged["model"], logged["category"]) == ("quality drifted", "p/a", "coding")
    assert logged["evidence"].startswith("got worse since 2026-11-26")
    assert evidence.drifts["p/a", "coding"].answers_before == pytest.approx(60, abs=5)


def test_the_end_of_a_change_is_logged_once() -> None:
    evidence, given = Evidence(lambda: NOW), answers((60, 0.9), (30, 0.1), (60, 0.9))
    evidence.learn(given[:90])
    assert "p/a" in {model for model, _ in evidence.drifts}
    with structlog.testing.capture_logs() as logs:
        for start in range(90, len(given), 10):
            evidence.learn(given[start : start + 10])
    assert [(one["event"], one["model"]) for one in logs] == [("quality drift ended", "p/a")]


def test_a_change_is_part_of_the_evidence_of_the_models_quality_in_that_category_alone() -> None:
    evidence = Evidence(lambda: NOW)
    evidence.learn([*answers((60, 0.9), (60, 0.2)), observed(0.5, category="math", age=HOUR)], past=True)
    told = evidence.qualities.evidence("p/a", "coding")
    assert told.endswith(f"; {evidence.drifts['p/a', 'coding']}")
    assert "since" not in evidence.qualities.evidence("p/a", "math")


def test_what_happened_before_the_start_is_known_and_not_logged() -> None:
    evidence = Evidence(lambda: NOW)
    with structlog.testing.capture_logs() as logs:
        evidence.learn(answers((60, 0.9), (60, 0.2)), past=True)
    assert logs == []
    assert ("p/a", "coding") in evidence.drifts


@pytest.mark.parametrize("reset_first", [True, False])
@pytest.mark.parametrize("category", ["", "coding"])
def test_a_reset_forgets_what_was_observed_before_in_whatever_order_it_is_read(
    category: str, reset_first: bool
) -> None:
    judged, given = Judged(NOW), answers((60, 0.9), (60, 0.2))
    other = [observed(0.5, model="p/b", age=HOUR * 2), observed(0.5, category="math", age=HOUR * 2)]
    marker = reset(category=category, age=HOUR * 30 + HOUR / 2)
    judged.add([marker, *given, *other] if reset_first else [*given, *other, marker], NOW)
    tally = judged.tallies["p/a"]["coding"]
    assert tally.weight == pytest.approx(30, abs=1.5)
    assert tally.mean < 0.5
    assert ("p/a", "coding") not in judged.drifts
    assert set(judged.tallies) == {"p/a", "p/b"}
    before = judged.tallies
    judged.add([marker, *given[:40]], NOW)
    assert judged.tallies is before


def test_a_reset_of_one_category_leaves_the_others() -> None:
    judged = Judged(NOW)
    judged.add([observed(1.0, age=HOUR), observed(1.0, category="math", age=HOUR), reset(category="coding")], NOW)
    assert set(judged.tallies["p/a"]) == {"math"}
    judged.add([reset()], NOW)
    assert judged.tallies == {}
