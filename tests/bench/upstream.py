"""A fast local upstream in OpenAI's format, for benchmarks: `python upstream.py` prints its port.

It answers immediately with fixed bytes: a whole answer, or 50 chunks of server-sent events a millisecond apart, so
that each arrives separately, as from a vendor. `GET /N/models` lists N models.
"""

import asyncio
import json
import re
from typing import cast

import uvloop

CHUNKS = 50
CHUNK_SECONDS = 0.001

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
_USAGE = b'"usage":{"prompt_tokens":12,"completion_tokens":50,"total_tokens":62}'
_WHOLE = (
    b'{"id":"c","object":"chat.completion","model":"fast","choices":[{"index":0,"finish_reason":"stop",'
    b'"message":{"role":"assistant","content":"' + b"word " * CHUNKS + b'"}}],' + _USAGE + b"}"
)
_CHUNK = (
    b'data: {"id":"c","object":"chat.completion.chunk","model":"fast","choices":[{"index":0,"delta":'
    b'{"content":"word "},"finish_reason":null}]}\n\n'
)
_END = (
    b'data: {"id":"c","object":"chat.completion.chunk","model":"fast","choices":[{"index":0,"delta":{},'
    b'"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c","object":"chat.completion.chunk","model":"fast","choices":[],' + _USAGE + b"}\n\n"
    b"data: [DONE]\n\n"
)


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        if not separator or len(body) < int(length[1] if length else 0):
            return
        self._received = b""
        self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            self._whole(_models(head))
        elif re.search(rb'"stream": ?true', body):
            self._write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            self._stream(CHUNKS)
        else:
            self._whole(_WHOLE)

    def _whole(self, body: bytes) -> None:
        self._write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
        )

    def _stream(self, left: int) -> None:
        if not left:
            self._write(b"%x\r\n" % len(_END) + _END + b"\r\n0\r\n\r\n")
            return
        self._write(b"%x\r\n" % len(_CHUNK) + _CHUNK + b"\r\n")
        asyncio.get_running_loop().call_later(CHUNK_SECONDS, self._stream, left - 1)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _models(head: bytes) -> bytes:
    """Returns a list with the number of models in the path, by default one."""
    path = head.split(b" ", 2)[1].strip(b"/").split(b"/")
    count = int(path[0]) if path[0].isdigit() else 1
    data = [{"id": f"fast-{number:04}", "object": "model", "owned_by": "bench"} for number in range(count)]
    return json.dumps({"object": "list", "data": data}).encode()


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main())
