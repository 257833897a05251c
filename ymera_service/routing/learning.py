"""Lets routing know what this server and others on the same database have observed of answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from ymera_service.routing.evidence import Evidence
from ymera_service.routing.features import Features, from_json
from ymera_service.routing.judged import MOST_ANSWERS
from ymera_service.storage import Database

_log = structlog.get_logger(__name__)

LATE = timedelta(seconds=10)
"""How far behind a server's observations may be stored, and its clock; each reading goes back so far."""
LATEST = timedelta(minutes=10)
"""The same for the readings that go back further now and then."""
FAR_READINGS = 300
"""Every so many readings goes back further."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _features(stored: bytes) -> Features | None:
    try:
        return from_json(stored)
    except ValueError as error:
        _log.warning("features_not_readable", problem=str(error))
        return None


class Learner:
    """Reads the log of observations from where it left off; the first reading takes all that counts."""

    def __init__(self, database: Database, evidence: Evidence, now: Callable[[], datetime] = _utc_now) -> None:
        self._observations = database.observations
        self._evidence = evidence
        self._now = now
        self._read_at: datetime | None = None
        self._readings = 0

    async def reread(self) -> None:
        """Reads what was observed since the last reading.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        began, past = self._now(), self._read_at is None
        back = LATEST if self._readings % FAR_READINGS == FAR_READINGS - 1 else LATE
        since = None if self._read_at is None else self._read_at - back
        found = await self._observations.latest(MOST_ANSWERS, since)
        features = {one.request_id: read for one, stored in found if stored and (read := _features(stored))}
        self._evidence.learn([one for one, _ in found], features, past=past)
        self._read_at, self._readings = began, self._readings + 1
