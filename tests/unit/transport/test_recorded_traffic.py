"""Recorded streams arrive byte for byte, and faults of their delivery are distinguished."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.transport.upstream import get
from ymera_service.sdk.errors import ConnectionFailed, StreamInterrupted
from ymera_service.sdk.http import HttpRequest
from ymera_service.transport import HttpTransport

WIRE = Path(__file__).parents[4] / "shared" / "wire"

pytestmark = pytest.mark.skipif(not WIRE.exists(), reason="the recorded traffic is not beside the checkout")


def _streams() -> list[tuple[str, bytes]]:
    found = []
    for file in sorted(WIRE.glob("*/*.json"))[::10]:
        exchange = json.loads(file.read_text("utf-8"))
        if "sse_text" in exchange["response"] and exchange["response"]["status"] == 200:
            found.append((exchange["id"], exchange["response"]["sse_text"].encode()))
    return sorted(found, key=lambda stream: len(stream[1]))[:5]


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    command = [sys.executable, str(WIRE / "replay_server.py")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[1]
        server.terminate()


def _request(base_url: str, exchange: str, *options: str) -> HttpRequest:
    return HttpRequest("POST", f"{base_url}/replay/{'~'.join((exchange, *options))}", {}, b"{}")


async def _receive(received: bytearray, transport: HttpTransport, request: HttpRequest) -> None:
    async with transport.open(request) as stream:
        async for piece in stream:
            received += piece


@pytest.mark.parametrize("split", ["event", "byte", "random"])
async def test_a_stream_arrives_byte_for_byte(split: str, base_url: str, transport: HttpTransport) -> None:
    for exchange, body in _streams():
        assert await get(transport, _request(base_url, exchange, f"split={split}")) == body


async def test_a_stream_cut_anywhere_is_interrupted_after_the_data_before_it(
    base_url: str, transport: HttpTransport
) -> None:
    for exchange, body in _streams():
        for length in (0, 1, len(body) // 2, len(body) - 1):
            received = bytearray()
            with pytest.raises(StreamInterrupted):
                await _receive(received, transport, _request(base_url, exchange, f"cut={length}"))
            assert received == body[:length]


async def test_a_reset_is_a_failed_connection(base_url: str, transport: HttpTransport) -> None:
    for exchange, _ in _streams():
        with pytest.raises(ConnectionFailed):
            await get(transport, _request(base_url, exchange, "reset"))


async def test_a_stalled_stream_waits_until_its_caller_gives_up(base_url: str, transport: HttpTransport) -> None:
    exchange, body = _streams()[-1]
    received = bytearray()
    stalled = _receive(received, transport, _request(base_url, exchange, "stall=10"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(stalled, 0.3)
    assert received == body[:10]
    assert await get(transport, _request(base_url, exchange)) == body
