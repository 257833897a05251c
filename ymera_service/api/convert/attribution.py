"""Who a request is for."""

from ymera.v1 import routing_pb2 as pb

from ymera_service.api.convert import Fields
from ymera_service.sdk.context import UNATTRIBUTED, Attribution
from ymera_service.serving.checks.limits import fits
from ymera_service.serving.checks.violations import Violations


def attribution_of(attribution: pb.Attribution, faults: Violations) -> Attribution:
    """Returns what the caller said of itself; the checks are in `serving.checks`."""
    if not attribution.ByteSize():
        return UNATTRIBUTED
    labels = attribution.labels
    kept = dict(labels) if fits("attribution.labels", len(labels), faults) else {}
    return Attribution(attribution.agent_name, attribution.end_user, kept)


def attribution_fields(attribution: Attribution) -> Fields | None:
    """Returns an `Attribution`; None if the caller said nothing."""
    if attribution == UNATTRIBUTED:
        return None
    return {
        "agent_name": attribution.agent_name,
        "end_user": attribution.end_user,
        "labels": dict(attribution.labels),
    }
