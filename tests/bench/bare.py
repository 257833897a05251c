"""The bare grpc.aio servers that Ymera is compared with: `python bare.py echo`, `call URL` or `record URL`.

All use Ymera's messages. `echo` answers from memory; `call` makes one HTTP call with aiohttp and passes the answer on;
`record` also stores 1 KB per request in SQLite and answers when that is durable. They do nothing else: no checks, no
routing, no log. What `record` costs more than `call` is thus the least that an accounted request costs in Python.
"""

import asyncio
import json
import sqlite3
import sys
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import aiohttp
import grpc.aio
import uvloop
from upstream import CHUNKS
from ymera.v1 import content_pb2 as content
from ymera.v1 import ymera_pb2 as ymera
from ymera.v1 import ymera_pb2_grpc as rpc

TEXT = "word " * CHUNKS


def answer(text: str) -> ymera.ExecuteResponse:
    message = content.Message(role=content.ROLE_ASSISTANT, parts=[content.Part(text=text)])
    return ymera.ExecuteResponse(messages=[message], finish_reason=content.FINISH_REASON_STOP)


def delta(number: int, text: str) -> ymera.ExecuteStreamResponse:
    return ymera.ExecuteStreamResponse(sequence=number, text_delta=ymera.TextDelta(text=text))


class Echo(rpc.YmeraServiceServicer):
    async def Execute(self, request: ymera.ExecuteRequest, context: Any) -> ymera.ExecuteResponse:
        return answer(TEXT)

    async def ExecuteStream(
        self, request: ymera.ExecuteStreamRequest, context: Any
    ) -> AsyncIterator[ymera.ExecuteStreamResponse]:
        for number in range(1, CHUNKS + 1):
            yield delta(number, "word ")


class Call(rpc.YmeraServiceServicer):
    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self.session = session

    def _post(self, prompt: content.Prompt, *, stream: bool) -> Any:
        messages = [{"role": "user", "content": message.parts[0].text} for message in prompt.messages]
        body = json.dumps({"model": "fast", "messages": messages, "stream": stream}).encode()
        headers = {"content-type": "application/json", "authorization": "Bearer benchmark"}
        return self.session.post(self.url, data=body, headers=headers)

    async def Execute(self, request: ymera.ExecuteRequest, context: Any) -> ymera.ExecuteResponse:
        async with self._post(request.prompt, stream=False) as response:
            document = json.loads(await response.read())
        return answer(document["choices"][0]["message"]["content"])

    async def ExecuteStream(
        self, request: ymera.ExecuteStreamRequest, context: Any
    ) -> AsyncIterator[ymera.ExecuteStreamResponse]:
        number = 0
        async with self._post(request.prompt, stream=True) as response:
            async for line in response.content:
                if not line.startswith(b"data: {"):
                    continue
                choices = json.loads(line[6:])["choices"]
                if choices and (text := choices[0]["delta"].get("content")):
                    number += 1
                    yield delta(number, text)


class Record(Call):
    def __init__(self, url: str, session: aiohttp.ClientSession, table: "Table") -> None:
        super().__init__(url, session)
        self.table = table

    async def Execute(self, request: ymera.ExecuteRequest, context: Any) -> ymera.ExecuteResponse:
        response = await super().Execute(request, context)
        await self.table.add(ROW)
        return response


ROW = "x" * 1024
Batch = list[tuple[str, asyncio.Future[None]]]


class Table:
    """Rows in SQLite, which a thread commits: all that have come during a commit in the next one."""

    def __init__(self, file: Path) -> None:
        self._waiting: Batch = []
        self._batches: SimpleQueue[Batch] = SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._busy = False
        threading.Thread(target=self._commit, args=(file,), daemon=True).start()

    async def add(self, row: str) -> None:
        written = self._loop.create_future()
        self._waiting.append((row, written))
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._pass_on)
        await written

    def _pass_on(self) -> None:
        self._batches.put(self._waiting)
        self._waiting = []

    def _acknowledge(self, batch: Batch) -> None:
        for _, written in batch:
            written.set_result(None)
        self._busy = bool(self._waiting)
        if self._busy:
            self._pass_on()

    def _commit(self, file: Path) -> None:
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE record (id INTEGER PRIMARY KEY, facts TEXT)")
        while True:
            batch = self._batches.get()
            connection.executemany("INSERT INTO record (facts) VALUES (?)", [(row,) for row, _ in batch])
            connection.commit()
            self._loop.call_soon_threadsafe(self._acknowledge, batch)


def servicer_of(kind: str, url: str, session: aiohttp.ClientSession, folder: str) -> rpc.YmeraServiceServicer:
    if kind == "echo":
        return Echo()  # type: ignore[abstract]  # no other method is called
    if kind == "call":
        return Call(url, session)  # type: ignore[abstract]
    return Record(url, session, Table(Path(folder) / "record.db"))  # type: ignore[abstract]


async def main(kind: str, url: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with aiohttp.ClientSession() as session:
            await serve(servicer_of(kind, url, session, folder))


async def serve(servicer: rpc.YmeraServiceServicer) -> None:
    server = grpc.aio.server()
    rpc.add_YmeraServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
