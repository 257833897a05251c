"""Of a request's observations, the latest of each name counts; one replaces that of the same id. On both databases."""

from dataclasses import replace
from datetime import timedelta

from tests.integration.storage.conftest import mark_summed
from ymera_service.config import StorageSettings
from ymera_service.storage import Database, Recorder, Retention
from ymera_service.storage.records import ExecutionRecord, Observation, ObservationSource

FEEDBACK = ObservationSource.FEEDBACK


async def test_an_observation_is_read_as_it_was_written(database_url: str, observation: Observation) -> None:
    counted = replace(observation, id="2", name="tests", value=None, amount=7.5, time_to_first_token=None)
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(observation, counted)
        assert await database.observations.of(observation.request_id, FEEDBACK) == [observation, counted]
        assert await database.observations.of("another", FEEDBACK) == []


async def test_a_later_observation_counts_and_replaces_that_of_its_id(
    database_url: str, observation: Observation
) -> None:
    later = replace(observation, id="2", value=1.0, created_at=observation.created_at + timedelta(seconds=1))
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(later)
        await recorder.record(observation)
        assert await database.observations.of(observation.request_id, FEEDBACK) == [later]
        changed = replace(later, value=0.5)
        await recorder.record(later, changed)
        assert await database.observations.of(observation.request_id, FEEDBACK) == [changed]
        assert [one for one, _ in await database.observations.latest(9)] == [observation, changed]


async def test_observations_are_deleted_when_executions_of_their_age_are(
    database_url: str, observation: Observation, execution: ExecutionRecord
) -> None:
    settings = StorageSettings(url="sqlite:///unused", retention_days=5)
    recent = replace(observation, id="2", name="thumb", created_at=observation.created_at + timedelta(days=2))
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await recorder.record(observation, recent, execution)
        await mark_summed(database)
        await Retention(database, settings, now=lambda: observation.created_at + timedelta(days=6)).prune()
        assert await database.observations.of(observation.request_id, FEEDBACK) == [recent]
