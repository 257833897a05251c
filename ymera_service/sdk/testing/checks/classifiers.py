"""The requirements on a classifier; see `ymera_service.sdk.classifiers`."""

import math
from collections.abc import Collection, Mapping
from time import perf_counter

from ymera_service.sdk.classifiers import EMOTIONS, MAX_VECTOR, Classifier, Reading
from ymera_service.sdk.generation import Prompt


def check_reading(reading: Reading, categories: Collection[str]) -> None:
    """Asserts that a reading judges something, and that what it has is valid."""
    assert isinstance(reading, Reading), f"not a Reading: {reading!r:.200}"
    assert reading != Reading(), "the reading is empty"
    check_probabilities(reading.categories, categories, "categories")
    check_probabilities(reading.emotions, EMOTIONS, "emotions")
    assert reading.complexity is None or 0 <= reading.complexity <= 1, f"complexity {reading.complexity}"
    assert len(reading.vector) <= MAX_VECTOR, f"the vector has {len(reading.vector)} figures"
    assert all(map(math.isfinite, reading.vector)), "the vector has figures that are not finite"


def check_probabilities(probabilities: Mapping[str, float], known: Collection[str], kind: str) -> None:
    """Asserts that probabilities, if there are any, have known names, are from 0 to 1, and add up to 1."""
    unknown = [name for name in probabilities if name not in known]
    assert not unknown, f"not among the classifier's {kind}: {unknown}"
    assert all(0 <= value <= 1 for value in probabilities.values()), f"not from 0 to 1: {probabilities}"
    total = math.fsum(probabilities.values())
    assert not probabilities or math.isclose(total, 1, abs_tol=1e-6), f"they add up to {total}: {probabilities}"


def check_categories(classifier: Classifier) -> None:
    """Asserts that the categories are at most 100 names in lower case."""
    names = classifier.categories
    assert len(names) <= 100, f"{len(names)} categories"
    assert all(name and name == name.strip().lower() and len(name) <= 64 for name in names), f"invalid names: {names}"


def check_pure(classifier: Classifier, prompt: Prompt) -> None:
    """Asserts that the same prompt gets the same reading."""
    first, second = classifier.read(prompt), classifier.read(prompt)
    same = [*first.vector] == [*second.vector] and _judgements(first) == _judgements(second)
    assert same, "the same prompt got different readings"


def _judgements(reading: Reading) -> tuple[object, ...]:
    return dict(reading.categories), dict(reading.emotions), reading.complexity


def check_quick(classifier: Classifier, prompt: Prompt, seconds: float, tries: int = 50) -> None:
    """Asserts that the fastest of several tries, which other load disturbs least, takes at most `seconds`."""
    took = min(_seconds(classifier, prompt) for _ in range(tries))
    assert took <= seconds, f"{took * 1000:.2f} ms is more than {seconds * 1000:.2f} ms"


def _seconds(classifier: Classifier, prompt: Prompt) -> float:
    start = perf_counter()
    classifier.read(prompt)
    return perf_counter() - start
