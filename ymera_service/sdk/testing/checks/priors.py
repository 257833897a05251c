"""The requirements on a prior; see `ymera_service.sdk.priors`."""

from time import perf_counter

from ymera_service.sdk.models import Model
from ymera_service.sdk.priors import Expectation, QualityPrior


def check_expectation(expectation: Expectation | None) -> None:
    """Asserts that qualities are from 0 to 1 and that the basis is stated, if anything is expected."""
    if expectation is None:
        return
    assert expectation.quality, "nothing is expected, which None says"
    assert all(0 <= value <= 1 for value in expectation.quality.values()), f"not from 0 to 1: {expectation.quality}"
    assert expectation.basis.strip(), "the basis is empty"


def check_quick(prior: QualityPrior, model: Model, seconds: float, tries: int = 20) -> None:
    """Asserts that the fastest of several tries, which other load disturbs least, takes at most `seconds`."""
    took = min(_seconds(prior, model) for _ in range(tries))
    assert took <= seconds, f"{took * 1000:.2f} ms is more than {seconds * 1000:.2f} ms"


def _seconds(prior: QualityPrior, model: Model) -> float:
    start = perf_counter()
    prior.expect(model)
    return perf_counter() - start
