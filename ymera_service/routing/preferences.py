"""Checks of what a caller prefers, before anything is computed from it."""

import math
from collections.abc import Collection, Iterable

from ymera_service.routing.decision import Preferences, Weights
from ymera_service.sdk.errors import FieldViolation, InvalidRequest

MAX_TEXT = 128
"""The most characters of a session id, an agent's name and a category."""


def check_hint(hint: str, categories: Collection[str]) -> None:
    """Checks a category that the caller named.

    Raises:
        InvalidRequest: It is not among the categories.
    """
    if hint not in categories:
        known = ", ".join(sorted(categories))
        problem = f"{hint[:64]!r} is not a category; the categories are {known}"
        raise InvalidRequest([FieldViolation("preferences.category_hint", problem)])


def faults_of(preferences: Preferences) -> Iterable[FieldViolation]:
    """Yields everything that is wrong with preferences, but for the category: which ones exist may change."""
    yield from _weights(preferences.weights)
    yield from _limits(preferences)
    yield from _texts(preferences)


def _weights(weights: Weights | None) -> Iterable[FieldViolation]:
    if weights is None:
        return
    named = {"quality": weights.quality, "speed": weights.speed, "cost": weights.cost}
    wrong = [name for name, weight in named.items() if not (math.isfinite(weight) and weight >= 0)]
    for name in wrong:
        yield FieldViolation(f"preferences.weights.{name}", f"is {named[name]}; give a number of at least 0")
    if not wrong and not 0 < sum(named.values()) < math.inf:
        remedy = "only their proportions matter: at least one above 0, and their sum a finite number"
        yield FieldViolation("preferences.weights", f"can't be weighed against each other; {remedy}")


def _limits(preferences: Preferences) -> Iterable[FieldViolation]:
    cost, latency = preferences.max_cost_micros, preferences.max_latency
    if cost is not None and cost < 0:
        yield FieldViolation("preferences.max_cost_micros", f"is {cost}; give at least 0, or leave it out")
    if latency is not None and not latency > 0:
        yield FieldViolation("preferences.max_latency", f"is {latency:g} s; give more than 0, or leave it out")


def _texts(preferences: Preferences) -> Iterable[FieldViolation]:
    for name in ("session_id", "agent_name", "category_hint"):
        length = len(getattr(preferences, name))
        if length > MAX_TEXT:
            yield FieldViolation(f"preferences.{name}", f"has {length} characters; at most {MAX_TEXT} are allowed")
