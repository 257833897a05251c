"""Many requests: memory, files and tasks stay as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Observe

if TYPE_CHECKING:
    from tests.faults.conftest import Client, Server

Serve = Callable[..., AbstractAsyncContextManager["Server"]]
Connect = Callable[[str], AbstractAsyncContextManager["Client"]]

CALLERS = 8
GROWTH = 16
"""MiB that the process may grow by in all; caches fill up to their bounds."""
CONFIG = """
[storage]
url = "sqlite:///{folder}/ymera.db"
[log]
format = "json"
[plugins]
disabled = ["anthropic", "openai"]
[plugins.simulator]
speed = 0
"""
LONG = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.mark.parametrize("requests", [1_000, pytest.param(50_000, marks=LONG)])
async def test_memory_and_files_do_not_grow(
    serve: Serve, connect: Connect, tmp_path: Path, requests: int, observe: Observe
) -> None:
    async with serve(CONFIG.format(folder=tmp_path)) as server, connect(server.address) as client:
        process = Path(f"/proc/{server.process.pid}")
        await load(client, requests // 2)
        memory, files = resident(process), descriptors(process)
        await load(client, requests)
        grown = resident(process) - memory
        observe(f"{grown:+.1f} MiB over {requests} requests, from {memory:.0f}; {files} files before and after")
        assert grown <= GROWTH
        assert descriptors(process) <= files + CALLERS
        assert (await client.health()).in_flight_requests == 0


async def load(client: Client, requests: int) -> None:
    """Makes this many requests, half of them as streams."""

    async def caller(number: int) -> None:
        for _ in range(requests // CALLERS):
            if number % 2:
                await client.execute("What is 6 × 7?")
            else:
                assert (await client.read_stream("What is 6 × 7?")).kind == "completed"

    await asyncio.gather(*map(caller, range(CALLERS)))


def resident(process: Path) -> float:
    """Returns the MiB of memory in use."""
    return int((process / "status").read_text().partition("VmRSS:")[2].split()[0]) / 1024


def descriptors(process: Path) -> int:
    return sum(1 for _ in (process / "fd").iterdir())
