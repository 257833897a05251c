"""Durations, errors and what was consumed."""

from google.protobuf.duration_pb2 import Duration

from ymera_service.api.convert import Fields
from ymera_service.execution.facts import Consumption
from ymera_service.sdk.failures import Failure
from ymera_service.sdk.generation import Usage
from ymera_service.serving.checks.violations import Violations

_NANOS = 1_000_000_000


def duration_fields(seconds: float | None) -> Fields | None:
    """Returns a google.protobuf.Duration of this many seconds, not negative; None if they are not known."""
    if seconds is None:
        return None
    whole, nanos = divmod(round(max(seconds, 0.0) * _NANOS), _NANOS)
    return {"seconds": whole, "nanos": nanos}


def seconds_of(field: str, duration: Duration, faults: Violations) -> float:
    """Returns a duration in seconds."""
    if not -1_000_000_000 < duration.nanos < 1_000_000_000:
        faults.add(field, "has to have fewer than 1,000,000,000 nanos")
    return duration.seconds + duration.nanos / 1e9


def failure_fields(failure: Failure | None) -> Fields | None:
    """Returns an `Error`."""
    if failure is None:
        return None
    return {
        "reason": failure.reason,
        "message": failure.message,
        "metadata": dict(failure.metadata),
        "retry_after": duration_fields(failure.retry_after),
    }


def consumption_fields(consumption: Consumption) -> Fields:
    """Returns a `Usage` with its cost."""
    return usage_fields(consumption.usage, consumption.cost_micros, estimated=consumption.estimated)


def usage_fields(usage: Usage, cost_micros: int | None, *, estimated: bool = False) -> Fields:
    """Returns a `Usage`; a cost of `None` is left out."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_input_tokens": usage.cache_read_input_tokens,
        "cache_creation_input_tokens": usage.cache_creation_input_tokens,
        "reasoning_output_tokens": usage.reasoning_output_tokens,
        "cost_micros": cost_micros,
        "estimated": estimated,
    }
