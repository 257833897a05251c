"""The ledgers of two servers on one database: both come to the sum of the records, in whatever order those arrive."""

import asyncio
import random
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import Connection, text

from ymera_service.access.spending import Budget, Ledger, Period, Tab
from ymera_service.execution.usage_sums import UsageSums
from ymera_service.storage import Database, Recorder
from ymera_service.storage.records import ExecutionRecord, UnsettledExecution
from ymera_service.storage.usage_hours import HOUR

pytestmark = pytest.mark.timeout(60)

DAY = datetime(2026, 11, 21, tzinfo=UTC)
STEPS = 60


class World:
    """Time, and what the records come to by now."""

    def __init__(self, template: ExecutionRecord) -> None:
        self.template = template
        self.now = DAY + 20 * HOUR
        self.records: dict[str, ExecutionRecord] = {}

    def record(self, request_id: str, at: datetime, micros: int, *, priced: bool = True) -> ExecutionRecord:
        known = {"cost_micros": micros} if priced else {"cost_micros": None, "counted_micros": micros}
        attempts = [{"model": "a/x", "account": "", "estimated": False, **known}]
        made = replace(
            self.template,
            request_id=request_id,
            created_at=at,
            caller="trial",
            attempts=orjson.dumps(attempts),
            cost_micros=micros if priced else None,
            spent_micros=None if priced else micros,
        )
        self.records[request_id] = made
        return made

    @property
    def spent(self) -> int:
        return sum(each.cost_micros or each.spent_micros or 0 for each in self.records.values())


class Server:
    """A server of the database, as far as it counts what is spent."""

    def __init__(self, database: Database, recorder: Recorder, world: World) -> None:
        self.recorder = recorder
        self.budget = Budget("trial", {Period.DAY: 10**12, Period.MONTH: 10**12}, lambda: world.now)
        self.ledger = Ledger([self.budget], database.usage_hours, lambda: world.now)
        self.sums = UsageSums(database, now=lambda: world.now)

    async def execute(self, record: ExecutionRecord) -> None:
        """Makes a call that costs what the record says. It counts here once the record is durable."""
        tab = Tab(self.budget)
        tab.reserve(1, 500)
        await self.recorder.record(record)
        tab.charge(1, record.cost_micros or record.spent_micros or 0)
        tab.close()


def unsettled(record: ExecutionRecord, estimate: int) -> UnsettledExecution:
    values = {field.name: getattr(record, field.name) for field in fields(UnsettledExecution)}
    return UnsettledExecution(**values | {"cost_micros": estimate, "spent_micros": None})


@pytest.mark.parametrize("seed", range(2))
async def test_both_ledgers_come_to_the_sum_of_the_records(
    database_url: str, execution: ExecutionRecord, seed: int
) -> None:
    draw, world = random.Random(seed), World(execution)
    async with (
        Database.open(database_url) as one,
        Database.open(database_url) as other,
        Recorder(one) as recorder,
        Recorder(other) as another,
    ):
        servers = [Server(one, recorder, world), Server(other, another, world)]
        for number in range(STEPS):
            server, at = draw.choice(servers), world.now - draw.random() * draw.choice([HOUR / 60, 15 * HOUR])
            record = world.record(f"{number:06}", at, draw.randrange(400), priced=draw.random() < 0.8)
            under_way = [asyncio.create_task(server.execute(record))]
            if draw.random() < 0.2:  # recovered by one server, settled by the other
                estimate = unsettled(record, 777)
                await servers[0].recorder.record(estimate)
            if draw.random() < 0.2:
                under_way.append(asyncio.create_task(draw.choice(servers).sums.sum_hours()))
            if draw.random() < 0.3:
                under_way.append(asyncio.create_task(draw.choice(servers).ledger.reread()))
            if draw.random() < 0.5:
                await asyncio.sleep(0)
            await asyncio.gather(*under_way)
            if number % 10 == 9:
                for each in servers:
                    await each.sums.sum_hours()  # of the hours that got a late record
                    each.ledger = Ledger([each.budget], one.usage_hours, lambda: world.now)  # reads all days
                    await each.ledger.reread()
                    assert each.budget.spent(Period.DAY) == world.spent
                    assert each.budget.spent(Period.MONTH) == world.spent
                    assert each.budget.reserved == 0
            world.now += draw.random() * timedelta(minutes=1)


async def test_what_was_spent_in_hours_that_are_not_summed_is_read_from_an_index_alone(sqlite_url: str) -> None:
    plans: list[str] = []

    def explain(connection: Connection) -> None:
        query = (
            "EXPLAIN QUERY PLAN SELECT caller, sum(coalesce(spent_micros, cost_micros, 0)) FROM executions"
            " WHERE caller IN ('a', 'b') AND caller != '' AND created_at >= '2026' AND created_at < '2027'"
            " GROUP BY caller"
        )
        plans.extend(str(row) for row in connection.execute(text(query)))

    async with Database.open(sqlite_url) as database:
        await database.write(explain)
    assert "COVERING INDEX executions_by_caller" in plans[0]
