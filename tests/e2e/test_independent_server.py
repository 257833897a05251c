"""A server of vendors' formats that others wrote, `@copilotkit/aimock`, driven through a real Ymera.

Recordings prove that Ymera reads what vendors once wrote; this server also answers what Ymera sends today, streamed and
not, in each format. It is a second reading of the vendors' documents. Version 1.43.0 differs from them in these points,
which are left out of the proof:

- Cohere: thinking is a block of the type `text` in it, `thinking` in the document; a rerank without a fixture of its
  own has no results.
- Ollama: thinking is in `reasoning_content` and vectors of `/api/embed` in `embedding`; in the document, in `thinking`
  and `embeddings`.
- Gemini: calls end with `FUNCTION_CALL`, which is not among the documented reasons (`STOP`); there are `embedContent`
  and no `batchEmbedContents`, which takes several texts.
- Converse: the stream announces thinking by a `contentBlockStart`, which the document has for tools alone. Ymera reads
  it all the same.
- InvokeModel: the pieces of a stream are the documents themselves, in base64 in the document. Ymera reads both.
- Nothing counts tokens (`/v1/messages/count_tokens`, `:countTokens`), and but for chat completions all counts are 0.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
import pytest_asyncio
from ymera.v1 import content_pb2, inference_pb2, inference_pb2_grpc, routing_pb2, ymera_pb2, ymera_pb2_grpc

from tests.e2e import aimock
from tests.e2e.recorded.serving import serving

aimock.needed()

WAIT = 30.0
MODULE_LOOP = pytest.mark.asyncio(loop_scope="module")
TEXT = "Hello, wörld: 1, 2, 3 🌍"
VECTOR = [0.5, -0.25]
ARGUMENTS = {"city": "Paris"}
FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": "weather"},
            "response": {"toolCalls": [{"name": "get_weather", "arguments": json.dumps(ARGUMENTS)}]},
        },
        {"match": {"userMessage": "think"}, "response": {"content": TEXT, "reasoning": "Six times seven."}},
        {
            "match": {"userMessage": "busy"},
            "response": {"error": {"message": "Slow down.", "type": "rate_limit_error"}, "status": 429},
        },
        {"match": {"userMessage": "hello"}, "response": {"content": TEXT}},
        {"match": {"inputText": "text"}, "response": {"embedding": VECTOR}},
    ]
}
MODELS = {
    "chat": "deepseek-reasoner",
    "responses": "o3",
    "anthropic": "claude-opus-4-6",
    "gemini": "gemini-2.5-flash",
    "bedrock": "us.anthropic.claude-opus-4-6-v1",
    "bedrock, InvokeModel": "us.anthropic.claude-sonnet-4-6-v1",
    "cohere": "command-a-reasoning-08-2025",
    "ollama": "qwen3",
}
"""The model that is asked in each format, which begins with the name of its provider."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of the independent server."""
    async with aimock.answering(tmp_path_factory.mktemp("aimock"), FIXTURES) as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def channel(server: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[grpc.aio.Channel]:
    """A connection to a Ymera, each of whose providers calls the independent server in a format of its own."""
    openai = {"base_url": f"{server}/v1", "api_key": "k"}
    plugins: dict[str, Any] = {
        "openai": {
            "endpoints": {
                "chat": openai | {"models": [MODELS["chat"], "text-embedding-3-small"], "like": "deepseek"},
                "responses": openai | {"models": [MODELS["responses"]], "dialect": "responses", "like": "openai"},
            },
        },
        "anthropic": {"base_url": f"{server}/v1", "api_key": "k", "models": {MODELS["anthropic"]: {}}},
        "gemini": {
            "base_url": f"{server}/v1beta",
            "api_key": "k",
            "models": {MODELS["gemini"]: {}},
        },
        "bedrock": {
            "base_url": server,
            "api_key": "k",
            "models": {MODELS["bedrock"]: {}, MODELS["bedrock, InvokeModel"]: {"api": "messages"}},
        },
        "cohere": {
            "base_url": server,
            "api_key": "k",
            "models": {name: {} for name in (MODELS["cohere"], "embed-v4.0")},
        },
        "ollama": {"hosts": {"mock": server}, "models": {MODELS["ollama"]: {}}},
    }
    async with serving(tmp_path_factory.mktemp("independent"), plugins) as channel:
        yield channel


SCHEMA = json.dumps({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})
WEATHER = content_pb2.Tool(
    function=content_pb2.Function(name="get_weather", description="Returns the weather.", parameters_schema=SCHEMA)
)


def asked(provider: str, words: str, *tools: content_pb2.Tool, **more: Any) -> dict[str, Any]:
    question = content_pb2.Message(role=content_pb2.ROLE_USER, parts=[content_pb2.Part(text=words)])
    only = routing_pb2.RoutingPreferences(allow_models=[f"{provider.partition(',')[0]}/{MODELS[provider]}"])
    return {"prompt": content_pb2.Prompt(messages=[question], tools=tools, **more), "preferences": only}


async def whole(channel: grpc.aio.Channel, request: dict[str, Any]) -> tuple[str, str, list[Any], Any]:
    answer = await ymera_pb2_grpc.YmeraServiceStub(channel).Execute(ymera_pb2.ExecuteRequest(**request), timeout=WAIT)
    [message] = answer.messages
    text = "".join(part.text for part in message.parts)
    reasoning = "".join(part.reasoning.text for part in message.parts)
    calls = [part.tool_call for part in message.parts if part.HasField("tool_call")]
    return text, reasoning, [(call.name, json.loads(call.arguments)) for call in calls], answer


async def streamed(channel: grpc.aio.Channel, request: dict[str, Any]) -> tuple[str, str, list[Any], Any]:
    text = reasoning = ""
    calls: dict[int, list[str]] = {}
    stub, last = ymera_pb2_grpc.YmeraServiceStub(channel), ymera_pb2.ExecuteStreamResponse()
    async for last in stub.ExecuteStream(ymera_pb2.ExecuteStreamRequest(**request), timeout=WAIT):
        text += last.text_delta.text
        reasoning += last.reasoning_delta.text
        if last.HasField("tool_call_delta"):
            call = calls.setdefault(last.tool_call_delta.index, ["", ""])
            call[0] += last.tool_call_delta.name
            call[1] += last.tool_call_delta.arguments
    return text, reasoning, [(name, json.loads(arguments)) for name, arguments in calls.values()], last.completed


ways = pytest.mark.parametrize("way", [whole, streamed])
formats = pytest.mark.parametrize("provider", MODELS)


@MODULE_LOOP
@ways
@formats
async def test_an_answer_is_read(channel: grpc.aio.Channel, provider: str, way: Any) -> None:
    text, _, calls, end = await way(channel, asked(provider, "Say hello."))
    assert (text, calls) == (TEXT, [])
    assert end.finish_reason == content_pb2.FINISH_REASON_STOP


@MODULE_LOOP
@ways
@formats
async def test_a_tool_call_is_read(channel: grpc.aio.Channel, provider: str, way: Any) -> None:
    _, _, calls, end = await way(channel, asked(provider, "What is the weather?", WEATHER))
    assert calls == [("get_weather", ARGUMENTS)]
    if provider != "gemini":
        assert end.finish_reason == content_pb2.FINISH_REASON_TOOL_CALLS


@MODULE_LOOP
@ways
@pytest.mark.parametrize("provider", ["chat", "responses", "anthropic", "gemini", "bedrock", "bedrock, InvokeModel"])
async def test_thinking_is_read(channel: grpc.aio.Channel, provider: str, way: Any) -> None:
    text, reasoning, _, _ = await way(channel, asked(provider, "Please think."))
    assert (text, reasoning) == (TEXT, "Six times seven.")


@MODULE_LOOP
@ways
@formats
async def test_a_refusal_has_its_meaning(channel: grpc.aio.Channel, provider: str, way: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await way(channel, asked(provider, "Are you busy?"))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "Slow down" in str(caught.value.details())


@MODULE_LOOP
@pytest.mark.parametrize("model", ["chat/text-embedding-3-small", "cohere/embed-v4.0"])
async def test_texts_are_embedded(channel: grpc.aio.Channel, model: str) -> None:
    only = routing_pb2.RoutingPreferences(allow_models=[model])
    request = inference_pb2.EmbedRequest(inputs=["a text", "another text"], preferences=only)
    reply = await inference_pb2_grpc.InferenceServiceStub(channel).Embed(request, timeout=WAIT)
    assert [list(embedding.values) for embedding in reply.embeddings] == [VECTOR, VECTOR]
