"""A server on loopback whose every byte a test scripts."""

import asyncio
import os
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp.client_proto import ResponseHandler

from ymera_service.sdk.http import HttpRequest
from ymera_service.transport import HttpTransport

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Visit:
    """One request as it reached the server, and its connection; both are numbered from 1."""

    connection: int
    reader: StreamReader
    writer: StreamWriter
    head: bytes
    body: bytes

    @property
    def path(self) -> str:
        return self.head.split()[1].decode()

    @property
    def headers(self) -> dict[str, str]:
        lines = self.head.decode().split("\r\n")[1:-2]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    async def send(self, *data: bytes) -> None:
        self.writer.write(b"".join(data))
        await self.writer.drain()

    def reset(self) -> None:
        """Closes the connection so that the peer gets a reset."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def gone(self) -> None:
        """Waits until the client has closed the connection."""
        try:
            while await self.reader.read(65536):
                pass
        except ConnectionError:
            pass


Script = Callable[[Visit], Awaitable[None]]


@dataclass
class Upstream:
    """A server that runs the script for each request and closes the connection if the script does."""

    script: Script
    connections: int = 0
    visits: list[Visit] = field(default_factory=list)
    port: int = 0

    def request(self, path: str = "/", body: bytes = b"{}", **headers: str) -> HttpRequest:
        return HttpRequest("POST", f"http://127.0.0.1:{self.port}{path}", headers, body)

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        try:
            while not writer.is_closing():
                head = await reader.readuntil(b"\r\n\r\n")
                visit = Visit(connection, reader, writer, head, b"")
                visit.body = await reader.readexactly(int(visit.headers.get("content-length", 0)))
                self.visits.append(visit)
                await self.script(visit)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


Serve = Callable[[Script], Awaitable[Upstream]]


async def get(transport: HttpTransport, request: HttpRequest) -> bytes:
    """Returns a response's whole body."""
    async with asyncio.timeout(10), transport.open(request) as stream:
        return b"".join([piece async for piece in stream])


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def whole(body: bytes, *headers: bytes) -> bytes:
    lines = (b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def socket_of(protocol: ResponseHandler) -> tuple[int, int]:
    """Returns the descriptor and the inode of a client's socket."""
    assert protocol.transport is not None
    descriptor = protocol.transport.get_extra_info("socket").fileno()
    return descriptor, os.fstat(descriptor).st_ino


def is_open(descriptor: int, inode: int) -> bool:
    """Returns whether the descriptor is still that socket."""
    try:
        return os.fstat(descriptor).st_ino == inode
    except OSError:
        return False
