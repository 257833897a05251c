"""Times of requests."""

from datetime import UTC, datetime
from typing import Literal, Protocol

from google.protobuf.timestamp_pb2 import Timestamp

from ymera_service.serving.checks.violations import Violations

_Name = Literal["start_time", "end_time"]


class _Timed(Protocol):
    @property
    def start_time(self) -> Timestamp: ...

    @property
    def end_time(self) -> Timestamp: ...

    def HasField(self, name: _Name, /) -> bool: ...  # protobuf's name


def moment(name: _Name, wanted: _Timed, faults: Violations, path: str = "") -> datetime | None:
    """Returns a time; None if it is absent or can't be one, which is noted under `path` and its name."""
    if not wanted.HasField(name):
        return None
    try:
        return getattr(wanted, name).ToDatetime(UTC)  # type: ignore[no-any-return]  # by its name
    except (ValueError, OverflowError):
        faults.add(f"{path}{name}", "is not a time from year 1 to year 9999")
        return None
