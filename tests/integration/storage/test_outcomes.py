"""Claims of idempotency keys, on both databases."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ymera_service.storage import Database, Recorder
from ymera_service.storage.outcomes import KEPT
from ymera_service.storage.records import ExecutionRecord, Outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FIRST = Outcome("", "key", "1", "print", NOW, NOW)


async def test_a_key_is_free_again_after_a_day(database_url: str) -> None:
    async with Database.open(database_url) as database:
        assert await database.outcomes.claim(FIRST) == FIRST
        assert await database.outcomes.claim(replace(FIRST, request_id="2", created_at=NOW + KEPT)) == FIRST
        later = replace(FIRST, request_id="3", created_at=NOW + KEPT + timedelta(seconds=1))
        assert await database.outcomes.claim(later) == later


async def test_a_key_belongs_to_its_caller(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await database.outcomes.claim(FIRST)
        other = replace(FIRST, caller="someone", request_id="2")
        assert await database.outcomes.claim(other) == other


async def test_only_the_owner_of_a_claim_releases_it(database_url: str) -> None:
    async with Database.open(database_url) as database:
        await database.outcomes.claim(FIRST)
        second = replace(FIRST, request_id="2")
        await database.outcomes.release(second)
        assert await database.outcomes.claim(second) == FIRST
        await database.outcomes.release(FIRST)
        assert await database.outcomes.claim(second) == second


async def test_of_many_servers_that_claim_a_key_one_gets_it(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        claims = [replace(FIRST, request_id=str(number)) for number in range(12)]
        databases = [one, other] * 6
        stored = await asyncio.gather(
            *(database.outcomes.claim(claim) for database, claim in zip(databases, claims, strict=True))
        )
        assert len(set(stored)) == 1
        assert sum(got == claim for got, claim in zip(stored, claims, strict=True)) == 1


async def test_an_outcome_is_written_with_its_execution(database_url: str, execution: ExecutionRecord) -> None:
    async with Database.open(database_url) as database, Recorder(database) as recorder:
        await database.outcomes.claim(FIRST)
        done = replace(FIRST, answer=b'{"messages":[]}')
        await recorder.record(execution, done)
        assert await database.outcomes.claim(replace(FIRST, request_id="2")) == done
        assert await database.executions.get(execution.request_id) == execution
