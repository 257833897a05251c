"""A process that may open no more files: what needs none goes on, nothing is held against a target, and it recovers."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from ymera.v1 import ymera_pb2

from tests.conftest import Observe
from tests.faults.conftest import CONFIG, Failure, state_of

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Server, Upstream

Serve = Callable[..., AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

WAIT = 10.0
CALLS = 20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits another process")
async def test_without_free_descriptors_the_cause_is_stated_and_service_resumes(
    serve: Serve, connect: Connect, first: Upstream, tmp_path: Path, observe: Observe
) -> None:
    async with (
        serve(CONFIG.format(folder=tmp_path, url=first.url)) as server,
        connect(server.address) as client,
    ):
        await client.health()
        pid, limit = server.process.pid, resource.RLIMIT_NOFILE
        before = resource.prlimit(pid, limit)
        resource.prlimit(pid, limit, (lowest_free_descriptor(pid), before[1]))
        outcomes = Counter(await asyncio.gather(*(outcome(client) for _ in range(CALLS))))
        state = await client.health()
        resource.prlimit(pid, limit, before)
        observe(f"{dict(outcomes)}; {state_of(state)}")
        again = await asyncio.gather(*(client.execute() for _ in range(CALLS)))
        stored = [await client.recorded(answer.request_id) for answer in again]
        async with connect(server.address) as other:
            recovered = await other.health()
    assert outcomes.keys() == {"PROVIDER_CONNECTION_FAILED"}
    assert not any(provider.breakers for provider in state.providers)
    assert state.network.status == ymera_pb2.HEALTH_STATUS_DEGRADED
    assert "Too many open files" in state_of(state)
    assert [one.usage for one in stored] == [answer.usage for answer in again]
    assert recovered.status == ymera_pb2.HEALTH_STATUS_OK


def lowest_free_descriptor(pid: int) -> int:
    used = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    return next(number for number in count() if number not in used)


async def outcome(client: Client) -> str:
    try:
        await client.execute()
    except grpc.aio.AioRpcError as error:
        return Failure(error).reason
    return "answered"
