"""What is made of a prompt: the readings of several classifiers are checked and merged into one.

Probabilities and complexity are means of what those classifiers say that say anything, weighted by how much each one
counts. Vectors of different classifiers have nothing in common: that of the classifier that counts most is taken.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import starmap
from math import inf, isclose, isfinite
from operator import itemgetter, mul

from ymera_service.routing.prompts.empathy import raised
from ymera_service.sdk.classifiers import EMOTIONS, MAX_VECTOR, Reading

UNCLASSIFIED = "general"
"""What every task is taken for without a classifier, or where it fails."""
MAX_CATEGORIES = 8
"""The likeliest categories that count."""
LEAST_LIKELY = 0.005
"""The probability of an emotion that is worth keeping."""
STEPS = 1000
"""Probabilities of emotions and complexity are kept in thousandths. `round` would take three times as long."""
MOST_GIVEN = 1000
"""Probabilities that a classifier may return, of what it declares and anything else."""
_EMOTIONS = frozenset(EMOTIONS)
_probability = _weight = itemgetter(1)


@dataclass(slots=True)
class MergedReading:
    """What is made of a prompt.

    Attributes:
        categories: Category → probability, the likeliest first, adding up to 1; never empty. Emotions have
            raised empathy.
        emotions: Emotion → probability, the likeliest first, without those below `LEAST_LIKELY`; empty where nothing is
            known of it.
        complexity: From 0 to 1; None where nothing is known of it.
        vector: Empty if there is none.
        vector_of: Names the classifier and its version that the vector is of; vectors of different ones have nothing in
            common.
    """

    categories: dict[str, float]
    emotions: dict[str, float] = field(default_factory=dict)
    complexity: float | None = None
    vector: Sequence[float] = ()
    vector_of: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The classifier that readings are from.

    Attributes:
        name: Also says its version.
        weight: How much its readings count beside those of others.
        categories: Those that its readings may have.
    """

    name: str
    weight: float
    categories: frozenset[str]


_NO_SOURCE = Source("", 0.0, frozenset())


def checked(given: Reading, source: Source) -> Reading:
    """Returns a reading with the categories and emotions that are known.

    Raises:
        ValueError: A part of it is not valid.
    """
    if (complexity := given.complexity) is not None and not 0 <= complexity <= 1:
        raise ValueError(f"its complexity is {complexity!r:.100}")
    categories, emotions = _known(given.categories, source.categories), _known(given.emotions, _EMOTIONS)
    vector = _figures(given.vector) if len(given.vector) else ()
    if categories is given.categories and emotions is given.emotions and vector is given.vector:
        return given
    return Reading(categories, emotions, complexity, vector)


def _figures(given: Sequence[float]) -> tuple[float, ...]:
    vector = tuple(map(float, given[: MAX_VECTOR + 1]))
    if len(vector) > MAX_VECTOR or not isfinite(sum(vector)):
        raise ValueError("its vector is too long, or not finite")
    return vector


def _known(given: Mapping[str, float], known: AbstractSet[str]) -> Mapping[str, float]:
    if not given:
        return {}
    if len(given) > MOST_GIVEN:
        raise ValueError(f"there are {len(given)} probabilities")
    found = given if given.keys() <= known else {name: value for name, value in given.items() if name in known}
    total = sum(found.values())
    if not 0 < total < inf or min(found.values()) < 0:
        raise ValueError(f"these are not probabilities of what it declares: {dict(given)!r:.500}")
    return found if isclose(total, 1) else {name: value / total for name, value in found.items()}


def merged(readings: Sequence[tuple[Source, Reading]]) -> MergedReading:
    """Returns what several classifiers make of a prompt together; their readings were checked."""
    source, reading = readings[0] if len(readings) == 1 else _together(readings)
    likeliest = sorted(reading.categories.items(), key=_probability, reverse=True)
    if len(likeliest) > MAX_CATEGORIES:
        total = sum(map(_probability, likeliest[:MAX_CATEGORIES]))
        likeliest = [(name, probability / total) for name, probability in likeliest[:MAX_CATEGORIES]]
    emotions = [(name, value) for name, value in reading.emotions.items() if value >= LEAST_LIKELY]
    felt = {name: int(value * STEPS + 0.5) / STEPS for name, value in sorted(emotions, key=_probability, reverse=True)}
    return MergedReading(
        raised(dict(likeliest) or {UNCLASSIFIED: 1.0}, felt),
        felt,
        None if reading.complexity is None else int(reading.complexity * STEPS + 0.5) / STEPS,
        reading.vector,
        source.name if reading.vector else "",
    )


def _together(readings: Sequence[tuple[Source, Reading]]) -> tuple[Source, Reading]:
    """Returns the mean of several readings, or of none, and the source of its vector."""
    complexities = [(reading.complexity, one.weight) for one, reading in readings if reading.complexity is not None]
    complexity = sum(starmap(mul, complexities)) / sum(map(_weight, complexities)) if complexities else None
    vectors = [(-one.weight, one.name, one, reading.vector) for one, reading in readings if reading.vector]
    _, _, source, vector = min(vectors, default=(0.0, "", _NO_SOURCE, ()))
    return source, Reading(
        _mean([(reading.categories, one.weight) for one, reading in readings if reading.categories]),
        _mean([(reading.emotions, one.weight) for one, reading in readings if reading.emotions]),
        complexity,
        vector,
    )


def _mean(weighted: Sequence[tuple[Mapping[str, float], float]]) -> Mapping[str, float]:
    """Returns the means of probabilities."""
    total, sums = sum(map(_weight, weighted)), defaultdict[str, float](float)
    for probabilities, weight in weighted:
        for name, probability in probabilities.items():
            sums[name] += probability * weight / total
    return sums
