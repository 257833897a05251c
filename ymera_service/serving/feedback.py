"""Takes what callers say of past answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import fmean

from ymera_service.serving.checks.violations import Violations
from ymera_service.serving.history import History
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionRecord, Observation, ObservationSource

RECORD_SECONDS = 10.0
"""How long storage may take to make feedback durable."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a caller says of the answer to a request; None where it does not say.

    Attributes:
        rating: From 0 to 1.
        thumb: Up or down.
        corrected: Something in the answer was wrong.
        edit_distance: The share of the answer that was changed, from 0 to 1.
    """

    request_id: str
    rating: float | None = None
    thumb: bool | None = None
    corrected: bool | None = None
    edit_distance: float | None = None

    @property
    def values(self) -> Mapping[str, float]:
        """How good the answer was by each kind of feedback that is given, from 0 to 1."""
        values = {
            "rating": self.rating,
            "thumb": None if self.thumb is None else float(self.thumb),
            "corrected": None if self.corrected is None else float(not self.corrected),
            "edit_distance": None if self.edit_distance is None else 1.0 - self.edit_distance,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Credit:
    """What feedback was credited to; `quality` is the mean of all feedback that the request has."""

    model: str
    category: str
    quality: float


class Feedbacks:
    """Makes feedback durable, each kind once per request."""

    def __init__(
        self,
        history: History,
        database: Database,
        recorder: Recorder,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._history = history
        self._observations = database.observations
        self._recorder = recorder
        self._now = now

    async def give(self, feedback: Feedback, faults: Violations, caller: str = "") -> Credit:
        """Takes feedback on a request of this caller; what was given before is not stored again.

        Args:
            feedback: What the caller says.
            faults: What the conversion of the feedback found.
            caller: Who says it.

        Raises:
            InvalidRequest: Nothing is said, a figure is not from 0 to 1, or the request got no answer.
            ExecutionNotFound: No execution of that id is stored, or it is another caller's.
            StorageUnavailable: The feedback is not durable.
        """
        _check(feedback, faults)
        record = (await self._history.find(feedback.request_id, caller)).record
        if not record.model:
            faults.add("request_id", "is of a request that got no answer; give that of an answer")
            faults.check()
        known = {one.name: one.value for one in await self._observations.of(record.request_id, _SOURCE)}
        given = {name: value for name, value in feedback.values.items() if known.get(name) != value}
        if given:
            await self._record(record, given)
        qualities = [value for value in (known | given).values() if value is not None]
        return Credit(record.model, record.category, fmean(qualities))

    async def _record(self, record: ExecutionRecord, given: Mapping[str, float]) -> None:
        observations = [self._observation(record, name, value) for name, value in given.items()]
        await self._recorder.record(*observations, within=RECORD_SECONDS)

    def _observation(self, record: ExecutionRecord, name: str, value: float) -> Observation:
        return Observation(
            id=f"{record.request_id} {name}",  # a change replaces the row, so that a flood of them leaves one
            created_at=self._now(),
            request_id=record.request_id,
            source=_SOURCE,
            name=name,
            value=value,
            amount=None,
            model=record.model,
            category=record.category,
            caller=record.caller,
            tokens=record.usage.output_tokens,
            time_to_first_token=record.time_to_first_token,
        )


_SOURCE = ObservationSource.FEEDBACK


def _check(feedback: Feedback, faults: Violations) -> None:
    for name in ("rating", "edit_distance"):
        if (figure := getattr(feedback, name)) is not None:
            faults.number(name, figure, 0, 1)
    if not feedback.values:
        faults.add("rating", "is missing, as are thumb, corrected and edit_distance; give at least one of them")
    faults.check()
