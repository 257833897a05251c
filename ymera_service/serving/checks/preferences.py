"""What a caller prefers, as far as it can be wrong in itself. Whether a category exists, routing knows."""

import math

from ymera_service.routing.decision import Preferences, Weights
from ymera_service.serving.checks.violations import MAX_PATTERN, Violations

MAX_TEXT = 128
"""Characters of a session id, a category and a policy."""


def check_preferences(preferences: Preferences, faults: Violations) -> None:
    """Notes every fault under `preferences`."""
    if preferences.weights is not None:
        check_weights(preferences.weights, faults, "preferences.weights")
    _check_limits(preferences, faults)
    faults.texts("preferences.allow_models", preferences.allow_models)
    faults.texts("preferences.deny_models", preferences.deny_models)
    faults.texts("preferences.data_regions", preferences.data_regions)
    faults.text("preferences.session_id", preferences.session_id, max_length=MAX_TEXT)
    faults.text("preferences.category_hint", preferences.category_hint, max_length=MAX_TEXT)
    faults.text("preferences.policy", preferences.policy, max_length=MAX_TEXT)
    faults.text("preferences.model", preferences.model, max_length=MAX_PATTERN)
    faults.texts("preferences.fallback_models", preferences.fallback_models)
    if preferences.fallback_models and not preferences.model:
        faults.add("preferences.fallback_models", "go with model only; set model, or use allow_models")


def check_weights(weights: Weights, faults: Violations, path: str) -> None:
    """Notes what is wrong with weights under their path."""
    named = {"quality": weights.quality, "speed": weights.speed, "cost": weights.cost}
    wrong = [name for name, weight in named.items() if not (math.isfinite(weight) and weight >= 0)]
    for name in wrong:
        faults.add(f"{path}.{name}", f"is {named[name]}; give a number of at least 0")
    if not wrong and not 0 < sum(named.values()) < math.inf:
        remedy = "only their proportions matter: at least one above 0, and their sum a finite number"
        faults.add(path, f"can't be weighed against each other; {remedy}")


def _check_limits(preferences: Preferences, faults: Violations) -> None:
    for name, low in (("max_cost_micros", 0), ("max_attempts", 1)):
        value = getattr(preferences, name)
        if value is not None and value < low:
            faults.add(f"preferences.{name}", f"is {value}; give at least {low}, or leave it out")
    for name in ("max_latency", "first_token_timeout"):
        seconds = getattr(preferences, name)
        if seconds is not None and not seconds > 0:
            faults.add(f"preferences.{name}", f"is {seconds:g} s; give more than 0, or leave it out")
