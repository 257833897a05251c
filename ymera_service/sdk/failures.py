"""Errors as data."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ymera_service.sdk.errors import FieldViolation, InternalError, InvalidRequest, YmeraError


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as data, to be stored, sent and shown. `retry_after` is in seconds."""

    reason: str
    message: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    retry_after: float | None = None

    @classmethod
    def of(cls, error: YmeraError) -> "Failure":
        """Returns the data of an error."""
        return cls(error.reason, error.message, error.metadata, error.retry_after)

    def as_error(self) -> YmeraError:
        """Returns the error that this is the data of, as far as it can be rebuilt."""
        kind = next((kind for kind in _kinds(YmeraError) if kind.reason == self.reason), InternalError)
        if kind is InvalidRequest:
            return InvalidRequest([FieldViolation(self.metadata.get("field", ""), self.message)])
        error = kind(self.message, retry_after=self.retry_after)
        error.metadata = dict(self.metadata)
        return error


def _kinds(kind: type[YmeraError]) -> Iterator[type[YmeraError]]:
    """Yields the leaves of the tree in `ymera_service.sdk.errors`."""
    own = [child for child in kind.__subclasses__() if child.__module__ == YmeraError.__module__]
    for child in own:
        yield from _kinds(child)
    if not own:
        yield kind
