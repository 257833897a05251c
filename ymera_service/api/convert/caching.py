"""Hints for the caches of providers."""

from google.protobuf.duration_pb2 import Duration
from ymera.v1 import content_pb2 as pb

from ymera_service.sdk.content import CacheHint

_NANOS = 1_000_000_000


def hint_of(part: pb.Part | pb.Tool) -> CacheHint | None:
    """Returns the hint of a part or a tool; None if it has none."""
    if not part.HasField("cache"):
        return None
    return CacheHint(_seconds(part.cache.ttl) if part.cache.HasField("ttl") else None)


def _seconds(duration: Duration) -> float:
    return duration.seconds + duration.nanos / _NANOS
