"""Two servers with a limit of spending, of which one is killed with -9: all that was spent counts, once."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import orjson
import pytest
from sqlalchemy import func, select
from ymera.v1 import routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.conftest import Observe
from tests.faults.conftest import Failure, prompt
from tests.faults.test_spend_after_kill import rows_of, take_time, text_of
from ymera_service.access.keys import digest, new_key
from ymera_service.storage.tables import executions

if TYPE_CHECKING:
    from tests.faults.conftest import Server, Upstream

WAIT = 60.0
KEY = new_key()
LIMIT = 60_000
"""Micro-USD; a call is taken to cost some 1,500, and costs 305."""
CALLERS = 8
CONFIG = """
[storage]
url = "{url}"
state_folder = "{folder}/state"
[log]
format = "json"
[catalog.prices."first/m"]
input = 100
output = 1
[[access.callers]]
name = "trial"
key_sha256 = "{digest}"
spend_per_day = {limit}
[plugins]
disabled = ["anthropic", "ollama", "simulator"]
[plugins.openai]
discover_local = false
[plugins.openai.endpoints.first]
base_url = "{first}"
models = ["m"]
"""


class Trial:
    """Callers who ask until their limit is reached, or their server has gone."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.number = 0

    async def ask(self, stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> str:
        """Returns why a request was refused; empty if it was answered, or its server was killed meanwhile."""
        self.number += 1
        name = f"call-{self.number}"
        who = routing_pb2.Attribution(agent_name=name)
        request = ymera_pb2.ExecuteRequest(prompt=prompt(name), attribution=who)
        try:
            await stub.Execute(request, metadata=[("authorization", f"Bearer {KEY}")], timeout=WAIT)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
                return Failure(error).message
        return ""

    async def spend(self, server: Server, *, kill_after: int | None = None) -> None:
        """Asks from several callers at once until the limit is reached, or kills the server after this many calls."""
        killed = False

        async def caller(stub: ymera_pb2_grpc.YmeraServiceAsyncStub) -> None:
            nonlocal killed
            while server.process.returncode is None:
                refusal = await self.ask(stub)
                if kill_after is not None and len(self.upstream.requests) >= kill_after:
                    if not killed:
                        killed = True
                        server.process.kill()  # once: a second time would take the exit code from who waits for it
                    return
                if refusal and "reserved" not in refusal:
                    return

        async with grpc.aio.insecure_channel(server.address) as channel, asyncio.timeout(WAIT):
            stub: ymera_pb2_grpc.YmeraServiceAsyncStub = ymera_pb2_grpc.YmeraServiceStub(channel)
            await asyncio.gather(*(caller(stub) for _ in range(CALLERS)))

    async def shown(self, server: Server) -> int:
        """Returns what the server says that the caller has spent, in micro-USD."""
        async with grpc.aio.insecure_channel(server.address) as channel:
            found = re.search(r"has spent \$([\d.]+\d)", await self.ask(ymera_pb2_grpc.YmeraServiceStub(channel)))
        assert found is not None
        return round(float(found[1]) * 1_000_000)


@pytest.mark.timeout(300)
async def test_two_servers_of_which_one_is_killed_count_what_a_caller_spent_once(
    serve: Callable[..., AbstractAsyncContextManager[Server]],
    database_url: str,
    tmp_path: Path,
    first: Upstream,
    observe: Observe,
) -> None:
    first.script = take_time
    limit = LIMIT / 1_000_000
    config = CONFIG.format(url=database_url, folder=tmp_path, digest=digest(KEY), limit=limit, first=first.url)
    trial = Trial(first)
    async with serve(config) as survivor:
        async with serve(config) as victim:
            await asyncio.gather(trial.spend(victim, kill_after=100), trial.spend(survivor))
            assert await victim.process.wait() == -signal.SIGKILL
        async with serve(config) as successor:
            await trial.spend(successor)
            spent = func.coalesce(executions.c.spent_micros, executions.c.cost_micros, 0)
            # Nothing is under way any more: what was is recorded by the successor.
            [(stored,)] = await rows_of(database_url, select(func.sum(spent)))
            async with asyncio.timeout(WAIT):
                # Each reads what is stored at intervals.
                while {await trial.shown(server) for server in (survivor, successor)} != {stored}:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
    rows = await rows_of(database_url, select(executions.c.agent_name, executions.c.status, executions.c.attempts))
    called = Counter(row.agent_name for row in rows for _ in orjson.loads(row.attempts))
    unknown = sum(row.status == "unknown" for row in rows)
    observe(f"{stored} of {LIMIT} micro-USD spent by {len(first.requests)} calls, {unknown} of them unknown")
    assert called == Counter(map(text_of, first.requests))
    assert stored >= LIMIT - 2_000
    assert 0 < unknown <= CALLERS
