"""The requirements on a source of facts; see `ymera_service.sdk.facts`."""

from time import perf_counter

from ymera_service.sdk.facts import FactSource
from ymera_service.sdk.models import ModelInfo


def check_facts(found: ModelInfo | None, model: ModelInfo) -> None:
    """Asserts that a source states facts about the model that was asked for, and which price is its own."""
    if found is None:
        return
    assert found.name == model.name, f"states facts about {found.name!r}, not about {model.name!r}"
    assert not found.capabilities & found.unknown, "states a capability and leaves it open"
    assert found.price is None or found.price.source not in ("provider", "configuration", "local"), (
        f"the price of a table has the source {found.price.source!r}"
    )


def check_quick(source: FactSource, model: ModelInfo, seconds: float, tries: int = 20) -> None:
    """Asserts that the fastest of several tries, which other load disturbs least, takes at most `seconds`."""
    took = min(_seconds(source, model) for _ in range(tries))
    assert took <= seconds, f"{took * 1000:.2f} ms is more than {seconds * 1000:.2f} ms"


def _seconds(source: FactSource, model: ModelInfo) -> float:
    start = perf_counter()
    source.facts("acme", model)
    return perf_counter() - start
