"""The cost and latency of a durable record: `uv run tests/bench/recorder.py [postgresql://…]`.

Records of 3 KB arrive 100 and 1,000 times a second, evenly and independently of earlier ones, and from callers
that create the next one when theirs is durable. The figures are CPU microseconds of this process per record, arrivals
included (measured as `idle` and not subtracted), records per commit, and milliseconds until a record was durable.
Without a URL a SQLite file in a temporary folder is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop
from uuid_utils import uuid7

from ymera_service.sdk.generation import Usage
from ymera_service.storage import Database, Recorder
from ymera_service.storage.backend import Rows
from ymera_service.storage.records import ExecutionRecord, ExecutionStatus

SECONDS = 5.0
Write = Callable[[ExecutionRecord], Awaitable[None]]


@dataclass(frozen=True)
class Figures:
    """Of one load: CPU µs per record, records per second and per commit, and latencies in ms."""

    cpu: float
    rate: float
    batch: float
    p50: float
    p99: float

    def __str__(self) -> str:
        return (
            f"{self.cpu:7.0f} µs CPU  {self.rate:8.0f}/s  {self.batch:6.1f} a commit"
            f"  p50 {self.p50:6.2f} ms  p99 {self.p99:6.2f} ms"
        )


class Meter:
    """Counts commits and measures the time of records."""

    def __init__(self, database: Database, write: Write) -> None:
        self.commits = 0
        self._insert, self._write = database.insert, write
        self._latencies: list[float] = []
        database.insert = self._counted  # type: ignore[method-assign]

    async def _counted(self, rows: Rows) -> None:
        self.commits += 1
        await self._insert(rows)

    async def one(self) -> None:
        """Records once."""
        began = time.perf_counter()
        await self._write(record())
        self._latencies.append(time.perf_counter() - began)

    async def measure(self, load: Awaitable[None]) -> Figures:
        """Returns the cost of the load."""
        self._latencies, self.commits = [], 0
        cpu, began = time.process_time(), time.perf_counter()
        await load
        cpu, took, count = time.process_time() - cpu, time.perf_counter() - began, len(self._latencies)
        cuts = [1000 * cut for cut in statistics.quantiles(self._latencies, n=100)]
        return Figures(1e6 * cpu / count, count / took, count / max(self.commits, 1), cuts[49], cuts[98])


def record() -> ExecutionRecord:
    """An execution of the usual size."""
    return ExecutionRecord(
        request_id=str(uuid7()),
        created_at=datetime.now(UTC),
        status=ExecutionStatus.COMPLETED,
        category="coding",
        model="acme/large",
        target="acme/large@eu",
        usage=Usage(200, 300),
        usage_estimated=False,
        cost_micros=12,
        finish_reason="stop",
        duration=1.0,
        time_to_first_token=0.2,
        session_id="",
        agent_name="",
        end_user="",
        labels={},
        catalog_version="0" * 32,
        decision=b'{"decision":"%s"}' % (b"d" * 2500),
        attempts=b'[{"attempt":"%s"}]' % (b"a" * 300),
    )


async def arrivals(meter: Meter, rate: int) -> None:
    """Submits records evenly."""
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(rate * SECONDS)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            group.create_task(meter.one())


async def callers(meter: Meter, count: int) -> None:
    """Runs this number of callers that record as fast as they can."""
    until = time.perf_counter() + SECONDS

    async def call() -> None:
        while time.perf_counter() < until:
            await meter.one()

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(call())


async def idle(_: ExecutionRecord) -> None:
    """Records nothing."""


async def main(url: str) -> None:
    """Measures and prints."""
    async with Database.open(url) as database, Recorder(database) as recorder:
        await recorder.record(record())
        print(database.backend)
        for rate in (100, 1000):
            meter = Meter(database, idle)
            print(f"{rate:5}/s, idle   {await meter.measure(arrivals(meter, rate))}")
            meter = Meter(database, recorder.record)
            print(f"{rate:5}/s         {await meter.measure(arrivals(meter, rate))}")
        for count in (1, 64, 512):
            print(f"{count:5} callers   {await meter.measure(callers(meter, count))}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", nargs="?")
    url = parser.parse_args().url
    with tempfile.TemporaryDirectory() as folder:
        uvloop.run(main(url or f"sqlite:///{Path(folder) / 'ymera.db'}"))
