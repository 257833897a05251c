"""The two bare grpc.aio servers that Ymera is compared with: `python bare.py echo` and `python bare.py call URL`.

Both use Ymera's messages. `echo` answers from memory; `call` makes one HTTP call with aiohttp and
passes the answer on. They do nothing else: no checks, no routing, no record.
"""

import json
import sys
from collections.abc import AsyncIterator
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


async def main(kind: str, url: str) -> None:
    async with aiohttp.ClientSession() as session:
        server = grpc.aio.server()
        servicer: rpc.YmeraServiceServicer
        servicer = Echo() if kind == "echo" else Call(url, session)  # type: ignore[abstract]  # no other method is called
        rpc.add_YmeraServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        print(f"127.0.0.1:{port}", flush=True)
        await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
