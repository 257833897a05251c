"""The requirements on a classifier; see `ymera_service.sdk.classifiers`."""

import math
from collections.abc import Mapping
from time import perf_counter

from ymera_service.sdk.classifiers import Classifier
from ymera_service.sdk.generation import Prompt


def check_probabilities(probabilities: Mapping[str, float]) -> None:
    """Asserts that there is at least one, that each is from 0 to 1, and that they add up to 1."""
    assert probabilities, "the classifier returned no category"
    assert all(name and name == name.strip().lower() for name in probabilities), (
        f"invalid category names: {list(probabilities)}"
    )
    assert all(0 <= value <= 1 for value in probabilities.values()), f"not from 0 to 1: {probabilities}"
    total = math.fsum(probabilities.values())
    assert math.isclose(total, 1, abs_tol=1e-6), f"they add up to {total}: {probabilities}"


def check_pure(classifier: Classifier, prompt: Prompt) -> None:
    """Asserts that the same prompt gets the same probabilities."""
    assert dict(classifier.classify(prompt)) == dict(classifier.classify(prompt)), (
        "the same prompt got different probabilities"
    )


def check_quick(classifier: Classifier, prompt: Prompt, seconds: float, tries: int = 50) -> None:
    """Asserts that the fastest of several tries, which other load disturbs least, takes at most `seconds`."""
    took = min(_seconds(classifier, prompt) for _ in range(tries))
    assert took <= seconds, f"{took * 1000:.2f} ms is more than {seconds * 1000:.2f} ms"


def _seconds(classifier: Classifier, prompt: Prompt) -> float:
    start = perf_counter()
    classifier.classify(prompt)
    return perf_counter() - start
