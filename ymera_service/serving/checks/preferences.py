"""What a caller prefers, as far as it can be wrong in itself. Whether a category exists, routing knows."""

import math

from ymera_service.routing.decision import Preferences, Weights
from ymera_service.serving.checks.violations import Violations

MAX_TEXT = 128
"""Characters of a session id, an agent's name and a category."""


def check_preferences(preferences: Preferences, faults: Violations) -> None:
    """Notes every fault under `preferences`."""
    _check_weights(preferences.weights, faults)
    _check_limits(preferences, faults)
    faults.texts("preferences.allow_models", preferences.allow_models)
    faults.texts("preferences.deny_models", preferences.deny_models)
    faults.text("preferences.session_id", preferences.session_id, max_length=MAX_TEXT)
    faults.text("preferences.agent_name", preferences.agent_name, max_length=MAX_TEXT)
    faults.text("preferences.category_hint", preferences.category_hint, max_length=MAX_TEXT)


def _check_weights(weights: Weights | None, faults: Violations) -> None:
    if weights is None:
        return
    named = {"quality": weights.quality, "speed": weights.speed, "cost": weights.cost}
    wrong = [name for name, weight in named.items() if not (math.isfinite(weight) and weight >= 0)]
    for name in wrong:
        faults.add(f"preferences.weights.{name}", f"is {named[name]}; give a number of at least 0")
    if not wrong and not 0 < sum(named.values()) < math.inf:
        remedy = "only their proportions matter: at least one above 0, and their sum a finite number"
        faults.add("preferences.weights", f"can't be weighed against each other; {remedy}")


def _check_limits(preferences: Preferences, faults: Violations) -> None:
    cost, latency = preferences.max_cost_micros, preferences.max_latency
    if cost is not None and cost < 0:
        faults.add("preferences.max_cost_micros", f"is {cost}; give at least 0, or leave it out")
    if latency is not None and not latency > 0:
        faults.add("preferences.max_latency", f"is {latency:g} s; give more than 0, or leave it out")
