"""Leases, which one holder has at a time."""

import asyncio
from datetime import UTC, datetime, timedelta

from ymera_service.storage import Database

START = datetime(2026, 1, 1, tzinfo=UTC)
LATER = START + timedelta(seconds=10)


async def claim(database: Database, holder: str, now: datetime = START, name: str = "work") -> bool:
    return await database.leases.claim(name, holder, now=now, until=now + timedelta(seconds=10))


async def test_a_lease_has_one_holder_until_its_end(database_url: str) -> None:
    async with Database.open(database_url) as database:
        assert await claim(database, "a")
        assert not await claim(database, "b", LATER - timedelta(seconds=1))
        assert await claim(database, "b", name="other work")
        assert await claim(database, "a", LATER - timedelta(seconds=1)), "the holder renews it"
        assert not await claim(database, "b", LATER)
        assert await claim(database, "b", LATER + timedelta(seconds=9))
        assert not await claim(database, "a", LATER + timedelta(seconds=10))


async def test_a_lease_is_freed_by_its_holder_alone(database_url: str) -> None:
    async with Database.open(database_url) as database:
        assert await claim(database, "a")
        await database.leases.release("work", "b")
        assert not await claim(database, "b")
        await database.leases.release("work", "a")
        assert await claim(database, "b")


async def test_of_many_servers_one_gets_it(database_url: str) -> None:
    async with Database.open(database_url) as one, Database.open(database_url) as other:
        claims = [claim(database, f"{number}") for number in range(10) for database in (one, other)]
        assert sum(await asyncio.gather(*claims)) in (1, 2)  # both claims of a holder may succeed
