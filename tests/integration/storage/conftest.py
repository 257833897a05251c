"""Records to store."""

from datetime import UTC, datetime

import pytest

from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database
from ymera_service.storage.records import (
    BenchmarkResult,
    CatalogVersion,
    ExecutionRecord,
    ExecutionStatus,
    Observation,
    ObservationSource,
)


async def mark_summed(database: Database) -> None:
    """Says that the usage of all records is summed, as retention deletes no execution before."""
    long_ago, far_ahead = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
    async for hour in database.usage_hours.stale(long_ago, far_ahead):
        await database.usage_hours.replace(hour, await database.usage_hours.count(hour), [])


@pytest.fixture
def execution() -> ExecutionRecord:
    """An execution in which every field has a value that differs from its default."""
    return ExecutionRecord(
        request_id="0199c0de-0000-7000-8000-000000000001",
        created_at=datetime(2026, 11, 21, 3, 4, 5, 678901, tzinfo=UTC),
        status=ExecutionStatus.TRUNCATED,
        category="coding",
        model="acme/large",
        target="acme/large@eu",
        usage=Usage(10, 20, 3, 4, 5),
        usage_estimated=True,
        cost_micros=2**40,
        finish_reason="length",
        duration=1.25,
        time_to_first_token=0.5,
        session_id="a session",
        agent_name="ägent",
        end_user="üser",
        labels={"team": "größer"},
        catalog_version="a version",
        decision='{"category":"coding","why":"é\\u0000"}'.encode(),
        attempts=b'[{"number":1}]',
        error=b'{"reason":"STREAM_INTERRUPTED"}',
        features=b'{"version":1}',
    )


@pytest.fixture
def observation() -> Observation:
    """A rating of the execution."""
    return Observation(
        id="0199c0de-0000-7000-8000-000000000002",
        created_at=datetime(2026, 11, 21, 4, tzinfo=UTC),
        request_id="0199c0de-0000-7000-8000-000000000001",
        source=ObservationSource.FEEDBACK,
        name="rating",
        value=0.25,
        amount=None,
        model="acme/large",
        category="coding",
        caller="checkout",
        tokens=20,
        time_to_first_token=0.5,
    )


@pytest.fixture
def result() -> BenchmarkResult:
    """A graded task."""
    return BenchmarkResult(
        run_id="run",
        created_at=datetime(2026, 11, 21, tzinfo=UTC),
        model="acme/large",
        suite="basics",
        category="math",
        task_id="basics/math/1",
        score=0.5,
        duration=2.0,
        usage=Usage(1, 2),
        cost_micros=None,
    )


@pytest.fixture
def version() -> CatalogVersion:
    """A catalog version."""
    return CatalogVersion("a version", datetime(2026, 11, 21, tzinfo=UTC), '[{"id":"acme/größer"}]'.encode())
