"""Reads the stored form of attempts and failures, which `recording` writes."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import orjson

from ymera_service.execution.facts import Attempt, Turn
from ymera_service.execution.recording import FACTS
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Adaptation, AdaptationKind, FinishReason, Usage
from ymera_service.sdk.targets import Deployment, Target


def turns_from_json(stored: bytes) -> tuple[Turn, ...]:
    """Returns the turns of a stored execution with their attempts."""
    attempts: list[dict[str, Any]] = orjson.loads(stored)
    return tuple(
        Turn(number, tuple(_attempt(one) for one in group)) for number, group in groupby(attempts, itemgetter("turn"))
    )


def failure_from_json(stored: bytes) -> Failure:
    """Returns a stored failure."""
    return Failure(**orjson.loads(stored))


def _attempt(stored: Mapping[str, Any]) -> Attempt:
    model: str = stored["model"]
    reason, error = stored["finish_reason"], stored.get("error")
    return Attempt(
        number=stored["number"],
        target=Target(model.partition("/")[0], model, Deployment(stored["account"], stored["endpoint"])),
        began_at=0.0,
        duration=stored["duration"],
        time_to_first_token=stored["time_to_first_token"],
        usage=Usage(
            stored["input_tokens"],
            stored["output_tokens"],
            stored["cache_read_input_tokens"],
            stored["cache_creation_input_tokens"],
            stored["reasoning_output_tokens"],
        ),
        cost_micros=stored["cost_micros"],
        estimated=stored["estimated"],
        finish_reason=FinishReason(reason) if reason else None,
        error=Failure(**error) if error else None,
        simulated=stored["simulated"],
        hedge=stored.get("hedge", False),
        counted_micros=stored.get("counted_micros", 0),
        **{name: stored[name] for name in FACTS if name in stored},
        adaptations=tuple(
            [Adaptation(AdaptationKind(kind), field, detail) for kind, field, detail in stored.get("adaptations", ())]
        ),
    )
