from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymera_service.routing.learning.likeness import BY_CATEGORY, BY_COMPLEXITY, BY_LENGTH, Requests
from ymera_service.routing.prompts.features import VERSION, Features

WORDS = st.sets(st.integers(0, 11), min_size=1, max_size=6)


def _features(words: set[int], complexity: float, tokens: int, coding: float) -> Features:
    categories = {"coding": coding, "math": 1 - coding}
    return Features(VERSION, categories, {}, complexity, tokens, (), tuple(sorted(words)))


FEATURES = st.builds(
    _features, WORDS, st.floats(0, 1), st.integers(0, 2_000_000), st.floats(0, 1, allow_subnormal=False)
)


def _likeness(one: Features, other: Features, rarity: dict[int, float]) -> float:
    """Returns the cosine of the words by their rarity, times a bell curve over the distance of what is read."""
    lengths = [sqrt(sum(rarity[word] for word in each.words)) for each in (one, other)]
    shared = sum(rarity[word] for word in {*one.words} & {*other.words})
    apart = [
        (one.complexity - other.complexity) * BY_COMPLEXITY,
        (log(max(one.input_tokens, 1)) - log(max(other.input_tokens, 1))) * BY_LENGTH,
        *((one.categories[name] - other.categories[name]) * BY_CATEGORY for name in one.categories),
    ]
    return shared / (lengths[0] * lengths[1]) * exp(sum(each * each for each in apart) / -2)


@given(
    known=st.lists(FEATURES, min_size=1, max_size=12), asked=FEATURES, counted=st.booleans(), most=st.integers(1, 15)
)
def test_the_nearest_share_rare_words_and_are_read_alike(
    known: list[Features], asked: Features, counted: bool, most: int
) -> None:
    requests = Requests(20)
    for column, each in enumerate(known):
        requests.put(column, each)
    rarity = dict.fromkeys(range(12), 1.0)
    if counted:
        requests.count(len(known))
        for word in rarity:
            frequency = sum(word in each.words for each in known)
            rarity[word] = log((1 + len(known)) / (1 + frequency)) ** 2 if frequency > 1 else 0.0
    if not any(rarity[word] for word in asked.words):
        assert requests.nearest(asked, len(known), most) is None
        return
    found = requests.nearest(asked, len(known), most)
    assert found is not None
    columns, likenesses = [each.tolist() for each in found]
    assert len({*columns}) == len(columns) == min(most, len(known))
    alike = [_likeness(asked, each, rarity) if any(rarity[word] for word in each.words) else 0.0 for each in known]
    assert likenesses == pytest.approx([alike[column] for column in columns], rel=1e-3, abs=1e-9)
    assert sorted(likenesses) == pytest.approx(sorted(alike)[-most:], rel=1e-3, abs=1e-9)
