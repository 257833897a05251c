import math

import pytest

from ymera_service.routing.decision import Preferences, Weights
from ymera_service.sdk.errors import FieldViolation, InvalidRequest
from ymera_service.serving.checks.preferences import MAX_TEXT, check_preferences
from ymera_service.serving.checks.violations import Violations


@pytest.mark.parametrize(
    ("preferences", "fields"),
    [
        (Preferences(), []),
        (Preferences(weights=Weights(-1, 0, 1)), ["weights.quality"]),
        (Preferences(weights=Weights(1, math.nan, 1)), ["weights.speed"]),
        (Preferences(weights=Weights(1, 1, math.inf)), ["weights.cost"]),
        (Preferences(weights=Weights(0, 0, 0)), ["weights"]),
        (Preferences(weights=Weights(1e308, 1e308, 1e308)), ["weights"]),
        (Preferences(max_cost_micros=-1), ["max_cost_micros"]),
        (Preferences(max_latency=-1.0), ["max_latency"]),
        (Preferences(max_latency=0.0), ["max_latency"]),
        (Preferences(max_latency=math.nan), ["max_latency"]),
        (Preferences(session_id="s" * (MAX_TEXT + 1)), ["session_id"]),
        (Preferences(model="m" * 257), ["model"]),
        (Preferences(model="m", fallback_models=("a", "")), ["fallback_models[1]"]),
        (Preferences(fallback_models=("a",)), ["fallback_models"]),
        (Preferences(max_attempts=0), ["max_attempts"]),
        (Preferences(first_token_timeout=0.0), ["first_token_timeout"]),
        (Preferences(first_token_timeout=math.nan), ["first_token_timeout"]),
        (Preferences(category_hint="c" * (MAX_TEXT + 1), max_cost_micros=-1), ["max_cost_micros", "category_hint"]),
    ],
)
def test_all_invalid_preferences_are_reported(preferences: Preferences, fields: list[str]) -> None:
    faults = Violations()
    check_preferences(preferences, faults)
    found: tuple[FieldViolation, ...] = ()
    try:
        faults.check()
    except InvalidRequest as error:
        found = error.violations
    assert [fault.field for fault in found] == [f"preferences.{field}" for field in fields]
