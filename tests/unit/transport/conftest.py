"""The transport and scripted servers, on both event loops."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from tests.unit.transport.upstream import Script, Serve, Upstream
from ymera_service.config import TransportSettings
from ymera_service.transport import HttpTransport

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers, and stops them and their tasks at the end."""
    tasks: set[asyncio.Task[None]] = set()
    servers: list[asyncio.Server] = []

    async def start(script: Script) -> Upstream:
        upstream = Upstream(script)

        def accept(reader: StreamReader, writer: StreamWriter) -> None:
            tasks.add(asyncio.create_task(upstream.accept(reader, writer)))

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        servers.append(server)
        upstream.port = server.sockets[0].getsockname()[1]
        return upstream

    yield start
    for server in servers:
        server.close()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def transport() -> AsyncIterator[HttpTransport]:
    async with HttpTransport(TransportSettings(connect_seconds=5)) as transport:
        yield transport
