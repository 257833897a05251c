from collections import Counter
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.policy import Order, arrange

LEVELS = st.sampled_from([0.1, 0.5, 0.9])
SEEDS = st.integers(0, 2**64 - 1)
TIERS = st.none() | st.lists(st.booleans(), min_size=40, max_size=40)


def order(
    scores: list[float],
    seed: int = 0,
    *,
    limit: int = 16,
    free: list[bool] | None = None,
    pinned: bool = False,
    exploration: float = 0.0,
    doubt: float = 1e9,
) -> Order:
    """Returns the order of some targets, which is the same whether they are taken as few or as many.

    By default any of them may be the best in truth.
    """
    draw = Random(7)
    numbers = [draw.getrandbits(64) for _ in scores]
    tiers = None if free is None else [int(not each) for each in free[: len(scores)]]
    few, many = (
        arrange(
            given,
            hashes,
            seed=seed,
            limit=limit,
            tiers=tiers,
            pinned=pinned,
            exploration=exploration,
            doubts=np.full(len(scores), doubt),
        )
        for given, hashes in ((scores, numbers), (np.array(scores), np.array(numbers, np.uint64)))
    )
    assert few == replace(many, propensity=few.propensity)
    assert few.propensity == pytest.approx(many.propensity)
    return few


@given(scores=st.lists(LEVELS, min_size=1, max_size=40), seed=SEEDS, free=TIERS, limit=st.integers(1, 50))
def test_the_best_come_first_after_free_ones_if_those_are_preferred(
    scores: list[float], seed: int, free: list[bool] | None, limit: int
) -> None:
    positions = order(scores, seed, limit=limit, free=free).positions
    keys = [(free is not None and not free[position], -scores[position]) for position in range(len(scores))]
    assert [keys[position] for position in positions] == sorted(keys)[:limit]
    assert len(set(positions)) == len(positions)


@given(
    scores=st.lists(LEVELS, min_size=1, max_size=40),
    seed=SEEDS,
    free=TIERS,
    limit=st.integers(1, 20),
    exploration=st.sampled_from([0.0, 0.5]),
)
def test_a_short_ranking_is_the_beginning_of_the_whole_one(
    scores: list[float], seed: int, free: list[bool] | None, limit: int, exploration: float
) -> None:
    short = order(scores, seed, limit=limit, free=free, exploration=exploration)
    whole = order(scores, seed, limit=len(scores), free=free, exploration=exploration)
    assert short.positions == whole.positions[:limit]
    assert (short.propensity, short.drawn) == (whole.propensity, whole.drawn)


@given(
    scores=st.lists(LEVELS, min_size=1, max_size=5),
    exploration=st.sampled_from([0.0, 0.3, 1.0]),
    free=st.none() | st.lists(st.booleans(), min_size=5, max_size=5),
    pinned=st.booleans(),
)
def test_propensities_of_all_possible_firsts_add_up_to_one(
    scores: list[float], exploration: float, free: list[bool] | None, pinned: bool
) -> None:
    propensities: dict[int, float] = {}
    for seed in range(400):
        made = order(scores, seed, free=free, exploration=exploration, pinned=pinned)
        assert propensities.setdefault(made.positions[0], made.propensity) == made.propensity
    assert sum(propensities.values()) == pytest.approx(1)


@pytest.mark.parametrize("limit", [2, 16])
def test_the_frequency_of_a_first_candidate_matches_its_propensity(limit: int) -> None:
    scores = [0.9, 0.2, 0.9, 0.9]
    firsts = [order(scores, seed, limit=limit, exploration=0.3) for seed in range(4_000)]
    counts = Counter(made.positions[0] for made in firsts)
    stated = {made.positions[0]: made.propensity for made in firsts}
    assert stated == pytest.approx({0: 0.3, 1: 0.075, 2: 0.3, 3: 0.3}, abs=0.02)
    for first, propensity in stated.items():
        assert counts[first] / 4_000 == pytest.approx(propensity, abs=0.03)
    assert sum(stated.values()) == pytest.approx(1)


def test_equal_candidates_get_the_last_ranks_at_random() -> None:
    counts = Counter(
        position for seed in range(2_000) for position in order([0.5] * 40 + [0.9], seed, limit=5).positions
    )
    assert counts[40] == 2_000
    for position in range(40):
        assert counts[position] == pytest.approx(200, abs=70)


def test_nothing_is_explored_while_a_session_stays_with_its_target() -> None:
    assert {order([0.9, 0.1], seed, exploration=1.0, pinned=True).positions[0] for seed in range(50)} == {0}


def test_only_free_targets_are_explored_if_they_are_preferred() -> None:
    made = [order([0.9, 0.1, 0.8], seed, exploration=1.0, free=[False, True, True]) for seed in range(50)]
    assert {each.positions[0] for each in made} == {1, 2}
    assert [each.propensity for each in made] == pytest.approx([0.5] * 50)
    assert {each.drawn for each in made if each.positions[0] == 1} == {True}
    assert {each.drawn for each in made if each.positions[0] == 2} == {False}


def test_the_order_of_two_equal_ones_does_not_depend_on_others() -> None:
    for seed in range(20):
        alone = order([0.5, 0.5], seed).positions
        among = [position for position in order([0.5, 0.5, 0.5, 0.7], seed).positions if position < 2]
        assert tuple(among) == alone


@pytest.mark.parametrize("doubt", [0.0, 0.02])
def test_a_score_that_is_surely_lower_is_never_drawn(doubt: float) -> None:
    made = [order([0.9, 0.89, 0.5], seed, exploration=1.0, doubt=doubt) for seed in range(200)]
    assert {each.positions[0] for each in made} == ({0, 1} if doubt else {0})
    assert all(each.propensity == 1.0 for each in made) == (doubt == 0.0)


def test_the_likelier_a_target_is_the_best_the_more_often_it_is_drawn() -> None:
    made = [order([0.9, 0.88, 0.86], seed, exploration=0.8, doubt=0.05) for seed in range(4_000)]
    counts = Counter(each.positions[0] for each in made)
    stated = {each.positions[0]: each.propensity for each in made}
    assert counts[0] > counts[1] > counts[2] > 0
    for first, propensity in stated.items():
        assert counts[first] / 4_000 == pytest.approx(propensity, abs=0.03)


@given(
    targets=st.lists(st.tuples(st.integers(0, 4), LEVELS), min_size=1, max_size=30),
    seed=SEEDS,
    limit=st.integers(1, 40),
)
def test_a_lower_tier_goes_first_whatever_the_scores_are(
    targets: list[tuple[int, float]], seed: int, limit: int
) -> None:
    tiers, scores = zip(*targets, strict=True)
    hashes = np.arange(len(targets), dtype=np.uint64)
    made = arrange(np.array(scores), hashes, seed=seed, limit=limit, tiers=tiers)
    keys = [(tier, -score) for tier, score in targets]
    assert [keys[position] for position in made.positions] == sorted(keys)[:limit]
