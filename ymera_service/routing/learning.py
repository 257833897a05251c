"""Lets routing know what this server and others on the same database have observed of answers."""

from collections.abc import Callable
from datetime import datetime

import structlog

from ymera_service.routing.evidence import Evidence
from ymera_service.routing.features import Features, from_json
from ymera_service.routing.judged import MOST_ANSWERS
from ymera_service.routing.log_reading import LogReading, utc_now
from ymera_service.storage import Database

_log = structlog.get_logger(__name__)


def _features(stored: bytes) -> Features | None:
    try:
        return from_json(stored)
    except ValueError as error:
        _log.warning("features_not_readable", problem=str(error))
        return None


class Learner:
    """Reads the log of observations from where it left off; the first reading takes all that counts."""

    def __init__(self, database: Database, evidence: Evidence, now: Callable[[], datetime] = utc_now) -> None:
        self._observations = database.observations
        self._evidence = evidence
        self._reading = LogReading(now)

    async def reread(self) -> None:
        """Reads what was observed since the last reading.

        Raises:
            StorageUnavailable: The database can't be read.
        """
        past = self._reading.is_first
        with self._reading.since() as since:
            found = await self._observations.latest(MOST_ANSWERS, since)
            features = {one.request_id: read for one, stored in found if stored and (read := _features(stored))}
            self._evidence.learn([one for one, _ in found], features, past=past)
