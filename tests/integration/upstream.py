"""A provider on this machine that speaks all three formats, keeps what it is sent, and answers as it is set to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

Json = dict[str, Any]

CHAT: Json = {
    "id": "chat-1",
    "model": "gpt-5.1",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
RESPONSE: Json = {
    "id": "resp-1",
    "model": "gpt-5.1",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "Hi."}]}],
    "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
}
MESSAGE: Json = {
    "id": "msg-1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "Hi."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
CONTENT: Json = {
    "responseId": "content-1",
    "modelVersion": "gemini-2.5-flash",
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hi."}]}, "finishReason": "STOP"}],
    "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
}
_BY_END = {"completions": CHAT, "responses": RESPONSE, "messages": MESSAGE}


class Upstream:
    """What arrived, and what is answered; an answer of `None` is the usual one of the format."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.answer: Json | None = None
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        """Keeps a request and answers it."""
        self.bodies.append(orjson.loads(await request.read()))
        self.headers.append(dict(request.headers))
        usual = _BY_END.get(request.path.rpartition("/")[2], CONTENT)
        return web.json_response(self.answer or usual)

    @property
    def tables(self) -> dict[str, Any]:
        """The settings of plugins with an endpoint here for each format."""
        chat: Json = {"base_url": f"{self.url}/v1", "models": ["gpt-5.1"], "like": "openai"}
        return {
            "openai": {
                "discover_local": False,
                "endpoints": {"chat": chat, "responses": {**chat, "dialect": "responses"}},
            },
            "ollama": {"discover_local": False},
            "anthropic": {
                "endpoints": {"messages": {"base_url": f"{self.url}/v1", "models": {"claude-opus-4-6": {}}}},
            },
            "gemini": {
                "endpoints": {"content": {"base_url": f"{self.url}/v1beta", "models": {"gemini-2.5-flash": {}}}},
            },
        }


CHAT_MODEL, RESPONSES_MODEL = "chat/gpt-5.1", "responses/gpt-5.1"
MESSAGES_MODEL, CONTENT_MODEL = "messages/claude-opus-4-6", "content/gemini-2.5-flash"
MODELS = (CHAT_MODEL, RESPONSES_MODEL, MESSAGES_MODEL, CONTENT_MODEL)


@asynccontextmanager
async def serving() -> AsyncIterator[Upstream]:
    """Serves an upstream on a free port."""
    upstream = Upstream()
    app = web.Application()
    app.router.add_post("/{path:.*}", upstream.take)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        upstream.url = f"http://{host}:{port}"
        yield upstream
    finally:
        await runner.cleanup()
