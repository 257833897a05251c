"""Lets routing know what this server and others on the same database have observed of answers."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from ymera_service.routing.learning.evidence import Evidence
from ymera_service.routing.learning.judged import MOST_ANSWERS
from ymera_service.routing.log_reading import LogReading, utc_now
from ymera_service.routing.prompts.features import Features, readable
from ymera_service.storage import Database
from ymera_service.storage.records import Observation


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
            features = await asyncio.to_thread(_features, found)
            for _ in self._evidence.learning([one for one, _ in found], features, past=past):
                await asyncio.sleep(0)  # other requests are served meanwhile


def _features(found: Iterable[tuple[Observation, bytes | None]]) -> Mapping[str, Features]:
    return {one.request_id: read for one, stored in found if stored and (read := readable(stored))}
