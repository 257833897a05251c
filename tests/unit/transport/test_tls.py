"""TLS trusts only the system's authorities."""

import asyncio
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.transport.upstream import CHUNKED, chunk, get, is_open, socket_of
from ymera_service.config import TransportSettings
from ymera_service.sdk.errors import ConnectionFailed
from ymera_service.sdk.http import HttpRequest
from ymera_service.transport import HttpTransport

CLIENT = """
import asyncio, sys
from ymera_service.config import TransportSettings
from ymera_service.sdk.http import HttpRequest, read
from ymera_service.transport import HttpTransport

async def main():
    async with HttpTransport(TransportSettings()) as transport:
        for _ in range(2):
            async with transport.open(HttpRequest("GET", sys.argv[1])) as stream:
                print((await read(stream)).body.decode())

asyncio.run(main())
"""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    if not (program := shutil.which("openssl")):
        pytest.skip("no openssl to make a certificate with")
    file = tmp_path / "both.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    keys = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([program, "req", "-x509", "-days", "1", *subject, *keys], check=True, capture_output=True)
    file.write_bytes((tmp_path / "key").read_bytes() + (tmp_path / "certificate").read_bytes())
    return file


@pytest.fixture
async def address(certificate: Path) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_a_certificate_of_an_unknown_authority_is_rejected(address: str, transport: HttpTransport) -> None:
    with pytest.raises(ConnectionFailed, match="certificate"):
        await get(transport, HttpRequest("GET", address))


async def test_a_server_without_tls_is_a_failed_connection(transport: HttpTransport) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        with pytest.raises(ConnectionFailed, match=r"TLS|closed the connection"):
            await get(transport, HttpRequest("GET", f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"))


async def test_closing_does_not_wait_for_the_servers_close_notify(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    finish = asyncio.Event()

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(CHUNKED + chunk(b"some"))
        await finish.wait()
        writer.transport.abort()

    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", trusting)
    async with (
        HttpTransport(TransportSettings()) as transport,
        await asyncio.start_server(deaf, "127.0.0.1", 0, ssl=context) as server,
    ):
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        try:
            async with transport.open(HttpRequest("GET", address)) as stream:
                assert await anext(aiter(stream)) == b"some"
                (protocol,) = transport._session.connector._acquired  # type: ignore[union-attr]
                descriptor, inode = socket_of(protocol)
            await asyncio.sleep(0.05)  # a few iterations of the loop; far less than the server waits
            assert not is_open(descriptor, inode)
        finally:
            finish.set()


async def test_the_authorities_of_ssl_cert_file_are_trusted(address: str, certificate: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLIENT, address, env={"SSL_CERT_FILE": str(certificate)}, stdout=subprocess.PIPE
    )
    output, _ = await asyncio.wait_for(process.communicate(), 30)
    assert output == b"secret\nsecret\n"
