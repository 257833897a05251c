"""Replays of past requests."""

from datetime import UTC, datetime
from math import isfinite

from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.routing.decision import Weights
from ymera_service.routing.replay.off_policy import Estimate
from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.replay import Replayed

MAX_MODELS = 100
"""Models that are counted in a response."""


def weights_of(request: pb.ReplayRequest) -> Weights | None:
    """Returns the weights to replay with; None if there are none."""
    given = request.weights
    return Weights(given.quality, given.speed, given.cost) if request.HasField("weights") else None


def since_of(request: pb.ReplayRequest, faults: Violations) -> datetime | None:
    """Returns the time from which requests are replayed; None if there is none, or noted if it can't be one."""
    if not request.HasField("start_time"):
        return None
    try:
        return request.start_time.ToDatetime(UTC)
    except (ValueError, OverflowError):
        faults.add("start_time", "is not a time from year 1 to year 9999")
        return None


def replay_message(found: Replayed) -> pb.ReplayResponse:
    """Returns what a replay found."""
    return pb.ReplayResponse(
        policy=found.policy,
        requests=found.requests,
        skipped_requests=found.skipped,
        unchanged_requests=found.unchanged,
        quality=_estimate(found.quality),
        cost_micros=_estimate(found.cost),
        latency_seconds=_estimate(found.latency),
        models=[
            pb.ReplayedModel(model=model, recorded=found.recorded[model], replayed=found.replayed[model])
            for model in sorted(
                found.recorded.keys() | found.replayed.keys(),
                key=lambda model: (-found.replayed[model], -found.recorded[model], model),
            )[:MAX_MODELS]
        ],
    )


def _estimate(estimate: Estimate | None) -> pb.ReplayEstimate | None:
    if estimate is None:
        return None
    fields: Fields = {
        "recorded": estimate.recorded,
        "estimate": estimate.mean,
        "requests": estimate.samples,
        "matching_requests": estimate.matching,
        "overlap": estimate.overlap,
    }
    if isfinite(estimate.low):
        fields |= {"low": estimate.low, "high": estimate.high}
    return pb.ReplayEstimate(**fields)
